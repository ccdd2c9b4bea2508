"""What the tests of audio perturbations share: clips, and perturbations made as the engine makes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from brownout_audio.plugin import brownout_perturbations
from brownout_registry import Modality, Padded, Perturbation, bind_options, resolve

CARDS = {card.name: card for card in brownout_perturbations()}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three recordings as npy files, one of them shorter than any clip."""
    root = tmp_path_factory.mktemp("recordings")
    generator = np.random.default_rng(0)
    for index, length in enumerate((3, 700, 5000)):
        np.save(root / f"{index}.npy", generator.standard_normal(length).astype(np.float32))
    return root


@pytest.fixture(scope="session")
def make(folder: Path) -> Callable[..., Perturbation]:
    """``make(name, modality, levels=None, **options)``: default levels and options unless given."""

    def build(name: str, modality: Modality, levels: Sequence[float] | None = None, **options: Any) -> Perturbation:
        card = CARDS[name]
        given = {"folder": str(folder), **options} if name == "background-noise" else options
        chosen = levels or card.levels.get(modality.kind, card.levels.get("*"))
        perturbation: Perturbation = resolve(card)(modality, chosen, **bind_options(card, given))
        return perturbation

    return build


@pytest.fixture(scope="session")
def clips() -> Callable[..., Padded]:
    """``clips(lengths, seed=0, peak=0.3)``: noise with a slow swell, zero behind each end."""

    def build(lengths: Sequence[int], seed: int = 0, peak: float = 0.3, padding: int = 0) -> Padded:
        ends, steps = torch.tensor(lengths), max(lengths, default=0) + padding
        noise = torch.rand(len(lengths), max(lengths, default=0), generator=torch.Generator().manual_seed(seed)) * 2 - 1
        values = torch.zeros(len(lengths), steps)
        values[:, : noise.shape[1]] = peak * noise * (0.6 + 0.4 * torch.sin(torch.arange(noise.shape[1]) / 30))
        return Padded(values * (torch.arange(steps) < ends[:, None]), ends)

    return build
