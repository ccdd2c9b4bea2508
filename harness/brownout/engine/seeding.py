"""Torch's global random state, set before whatever may draw from it."""

from __future__ import annotations

import torch


def seed(value: int) -> None:
    """Seed the CPU and, once it is in use, CUDA.

    ``torch.manual_seed`` also queues a call with a formatted stack trace for every kind of device that is
    not in use, which costs a millisecond or two: too much for every chunk of every cell.
    """
    torch.default_generator.manual_seed(value)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(value)
