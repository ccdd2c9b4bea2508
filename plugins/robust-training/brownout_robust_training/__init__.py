"""Training recipes that make any trained method, and any unimodal classifier, more robust.

Attacks are crafted by the pure functions of `brownout_robust_training.crafting`; each recipe has a module of its own.
Nothing is imported here, so that listing the plugin does not import torch.
"""
