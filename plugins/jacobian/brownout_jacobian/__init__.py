"""Sample-wise Jacobian regularisation for late fusion, without training.

The fusion is `brownout_jacobian.fusion.JacobianFusion`, its equations are functions of `brownout_jacobian.formulas`.
Nothing is imported here, so that listing the plugin does not import torch.
"""
