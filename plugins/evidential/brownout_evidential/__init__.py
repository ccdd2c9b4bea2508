"""Fusions that say how far each modality can be trusted: TMC, ETMC and Multimodal Dynamics.

The fusions are `brownout_evidential.trusted.tmc`, `brownout_evidential.trusted.etmc` and
`brownout_evidential.dynamics.MultimodalDynamics`; opinions, Dempster's rule and the losses are functions of
`brownout_evidential.opinions` and `brownout_evidential.losses`. Nothing is imported here, so that listing the plugin
does not import torch.
"""
