"""Fusions asked for predictions, as the engine asks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from brownout.conformance.demands.fusion_cases import Case
from brownout.conformance.samples import copy_of
from brownout.engine.seeding import seed
from brownout_registry import Prediction


def patterns(count: int) -> Tensor:
    """Every missing pattern, bool ``[2^V, V]``; the first has nothing, the last everything.

    Example:
        >>> patterns(2).int().tolist()
        [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    return torch.tensor(list(product([False, True], repeat=count)))


def fused(case: Case, sources: Mapping[str, Any], present: Tensor, start: int = 0) -> Prediction:
    """What the fusion predicts in evaluation, as the engine asks it: seeded, without gradients, on data of its own."""
    if isinstance(case.fusion, nn.Module):
        case.fusion.eval()
    seed(start)
    with torch.inference_mode():
        prediction: Prediction = case.fusion(copied(sources), present.clone())
    return prediction


def copied(sources: Mapping[str, Any]) -> dict[str, Any]:
    """The same sources elsewhere in memory."""
    return {name: copy_of(each) for name, each in sources.items()}


def named(prediction: Prediction, kinds: Sequence[str] = ("unimodal", "weights", "diagnostics")) -> dict[str, Tensor]:
    """All tensors of a prediction that are stored, by what they are."""
    found = {"logits": prediction.logits, "uncertainty": prediction.uncertainty, "embedding": prediction.embedding}
    for kind in kinds:
        found |= {f"{kind} of {name!r}": each for name, each in getattr(prediction, kind).items()}
    return {name: each for name, each in found.items() if each is not None}
