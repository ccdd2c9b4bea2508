"""Adversarial attacks on one modality or on several, each within a budget of its own.

Each attack is a function of `brownout_registry.Attacked` and has a module of its own. Nothing is imported here, so
that listing the plugin does not import torch.
"""
