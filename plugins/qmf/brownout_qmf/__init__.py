"""Quality-aware multimodal fusion (QMF).

The fusion is `brownout_qmf.fusion.qmf`, the paper's equations are functions of `brownout_qmf.formulas` (tensors) and
`brownout_qmf.theory` (arrays). Nothing is imported here, so that listing the plugin does not import torch.
"""
