"""Multimodal transfer modules: gates by which modalities rescale each other's channels.

The module is `brownout_mmtm.transfer.MMTM`; the fusions are `brownout_mmtm.fusion.MMTMFusion` over representations and
`brownout_mmtm.resnet.MMTMResNet` over images. Nothing is imported here, so that listing the plugin imports no torch.
"""
