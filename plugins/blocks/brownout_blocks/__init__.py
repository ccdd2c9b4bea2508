"""Pieces that several fusion plugins share; plain functions on tensors."""

from brownout_blocks.decisions import Power, log_frequencies, log_prior, stack_logits, statistical_logits
from brownout_blocks.heads import mlp, pool, pooled_size

__all__ = [
    "Power",
    "log_frequencies",
    "log_prior",
    "mlp",
    "pool",
    "pooled_size",
    "stack_logits",
    "statistical_logits",
]
