"""DMRNet: decoupled multimodal representations, and a regulariser for hard combinations of modalities.

The fusion is `brownout_dmrnet.fusion.dmrnet`, its equations are functions of `brownout_dmrnet.formulas` and
`brownout_dmrnet.diversity`. Nothing is imported here, so that listing the plugin does not import torch.
"""
