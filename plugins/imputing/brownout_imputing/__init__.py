"""Fusions made for any subset of the modalities: HeMIS takes moments over it, ShaSpec imputes what is absent.

They are `brownout_imputing.hemis.Hemis` and `brownout_imputing.shaspec.ShaSpec`; what they compute with is in
`brownout_imputing.moments` and `brownout_imputing.features`. Nothing is imported here, so that listing the plugin does
not import torch.
"""
