"""What both fusions share: their options, and the mean of the unimodal logits."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

import torch
from torch import Tensor

from brownout_blocks import stack_logits
from brownout_registry import Prediction, Task, UsageError, check_option


def average(logits: Mapping[str, Tensor], present: Tensor, prior: Tensor) -> Prediction:
    """The mean of the present modalities' logits, with the unimodal logits (zero where absent).

    Args:
        logits: ``[B, K]`` by modality, in the column order of ``present``.
        present: bool ``[B, V]``.
        prior: ``[K]``, the logits of a sample of which nothing is present.

    Example:
        >>> logits = {"audio": torch.tensor([[4.0, 0.0]] * 3), "video": torch.tensor([[0.0, 2.0]] * 3)}
        >>> present = torch.tensor([[True, True], [True, False], [False, False]])
        >>> average(logits, present, torch.tensor([-1.0, -2.0])).logits
        tensor([[ 2.,  1.],
                [ 4.,  0.],
                [-1., -2.]])
    """
    z = stack_logits(logits, list(logits), present)
    count = present.sum(dim=1, keepdim=True)
    fused = torch.where(count > 0, z.sum(dim=1) / count.clamp_min(1), prior)
    return Prediction(fused, unimodal=dict(zip(logits, z.unbind(dim=1), strict=True)))


def check(fusion: str, task: Task, ratio: float, gate_factor: float) -> None:
    """Refuse dense prediction, and a ratio or gate factor that is no positive number."""
    if task.kind == "dense":
        raise UsageError(f"fusion {fusion!r} classifies samples; it gives no dense prediction")
    for name, value in (("ratio", ratio), ("gate_factor", gate_factor)):
        check_option(isfinite(value) and value > 0, f"fusion {fusion!r}", name, value, "a positive number")
