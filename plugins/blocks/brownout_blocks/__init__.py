"""Pieces that several fusion plugins share; plain functions on tensors."""

from brownout_blocks.decisions import Power, log_frequencies, log_prior, stack_logits, statistical_logits
from brownout_blocks.heads import mlp, pool, pool_present, pooled_size
from brownout_blocks.uncertainty import Evidence, evidence, reparameterise, standard_normal_kl, vacuity

__all__ = [
    "Evidence",
    "Power",
    "evidence",
    "log_frequencies",
    "log_prior",
    "mlp",
    "pool",
    "pool_present",
    "pooled_size",
    "reparameterise",
    "stack_logits",
    "standard_normal_kl",
    "statistical_logits",
    "vacuity",
]
