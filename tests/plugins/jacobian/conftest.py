"""Jacobian fusion from plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from brownout_jacobian.fusion import JacobianFusion
from brownout_registry import Task


def head(W: Tensor) -> nn.Linear:
    """A fitted head of that weight; its bias is already in the logits."""
    linear = nn.Linear(W.shape[1], W.shape[0], dtype=W.dtype)
    with torch.no_grad():
        linear.weight.copy_(W)
    return linear


@pytest.fixture
def build() -> Callable[..., JacobianFusion]:
    """``build([W0, W1], freq, gamma=0.1)``: the fusion of modalities m0, m1, ..."""

    def make(weights: Sequence[ArrayLike], freq: ArrayLike, **options: Any) -> JacobianFusion:
        frequencies = tuple(np.asarray(freq, dtype=float).tolist())
        heads = {f"m{i}": head(torch.as_tensor(np.asarray(W))) for i, W in enumerate(weights)}
        return JacobianFusion(Task(tuple(map(str, range(len(frequencies)))), frequencies), heads, **options)

    return make


@pytest.fixture
def predict(build: Callable[..., JacobianFusion]) -> Callable[..., NDArray[np.float64]]:
    """``predict([W0, W1], [z0, z1], freq, gamma=0.1)``: probabilities of one sample."""

    def run(
        weights: Sequence[ArrayLike], logits: Sequence[ArrayLike], freq: ArrayLike, **options: Any
    ) -> NDArray[np.float64]:
        fusion = build(weights, freq, **options)
        sources = {f"m{i}": torch.as_tensor(np.asarray(z))[None] for i, z in enumerate(logits)}
        present = torch.ones(1, len(logits), dtype=torch.bool)
        return fusion(sources, present).logits.softmax(-1)[0].numpy()

    return run
