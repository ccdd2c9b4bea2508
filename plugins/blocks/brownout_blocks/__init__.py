"""Pieces that several fusion plugins share; plain functions on tensors."""

from brownout_blocks.balls import Norm, by_row, direction, lengths, project, uniform_start
from brownout_blocks.decisions import Power, log_frequencies, log_prior, stack_logits, statistical_logits
from brownout_blocks.dropping import Drop, DropKind, all_copies, bernoulli, drop_of, patterns, uniform
from brownout_blocks.heads import mlp, pool, pool_present, pooled_size
from brownout_blocks.inputs import blanked, take, values_of, with_values
from brownout_blocks.sums import row_sums
from brownout_blocks.uncertainty import Evidence, evidence, reparameterise, standard_normal_kl, vacuity

__all__ = [
    "Drop",
    "DropKind",
    "Evidence",
    "Norm",
    "Power",
    "all_copies",
    "bernoulli",
    "blanked",
    "by_row",
    "direction",
    "drop_of",
    "evidence",
    "lengths",
    "log_frequencies",
    "log_prior",
    "mlp",
    "patterns",
    "pool",
    "pool_present",
    "pooled_size",
    "project",
    "reparameterise",
    "row_sums",
    "stack_logits",
    "standard_normal_kl",
    "statistical_logits",
    "take",
    "uniform",
    "uniform_start",
    "vacuity",
    "values_of",
    "with_values",
]
