"""Redundancy-Adaptive Multimodal Learning (RAML).

The fusion is `brownout_raml.fusion.Raml`, its equations are functions of `brownout_raml.formulas`.
Nothing is imported here, so that listing the plugin does not import torch.
"""
