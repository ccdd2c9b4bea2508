"""Our own draws against 64 seeds of the package: means of statistics of the change, as z values."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from brownout_features.plugin import brownout_perturbations as generic
from brownout_registry import Modality, bind_options, resolve
from brownout_vision.corruptions.frame import truncated
from brownout_vision.plugin import brownout_perturbations

CARDS = {card.name: card for card in (*generic(), *brownout_perturbations())}
SEEDS = 64
RANDOM = ["gaussian-noise", "shot-noise", "impulse-noise", "speckle-noise", "glass-blur", "motion-blur"]
RANDOM += ["snow", "fog", "elastic-transform", "spatter"]


def statistics(results: torch.Tensor, photo: torch.Tensor) -> dict[str, np.ndarray]:
    """Per seed: mean and std of each channel's change, mean distance, PSNR, histogram, and power in eight rings."""
    change = (results.double() - photo.double()).numpy()
    grey = (results * 255).round().long() >> 4
    spectrum = (np.abs(np.fft.fft2(change, norm="ortho")) ** 2).mean(1)
    radius = np.hypot(np.fft.fftfreq(change.shape[-2])[:, None], np.fft.fftfreq(change.shape[-1]))
    ring = np.where((radius > 0) & (radius <= 0.5), np.minimum(np.floor(16 * radius), 7), -1)
    return {
        "mean": change.mean((2, 3)),
        "std": change.std((2, 3)),
        "mad": np.abs(change).mean((1, 2, 3)),
        "psnr": -10 * np.log10((change**2).mean((1, 2, 3))),
        "hist": np.stack([(grey == level).double().mean((1, 2, 3)).numpy() for level in range(16)], 1),
        "psd": np.stack([spectrum[:, ring == each].mean(1) for each in range(8)], 1),
    }


def ours(noise_for, name: str, photo: torch.Tensor, severity: int, **options) -> dict[str, np.ndarray]:
    card = CARDS[name]
    modality = Modality("photo", "image", tuple(photo.shape), range=(0.0, 1.0))
    levels = card.levels.get("image", card.levels.get("*"))
    perturb = resolve(card)(modality, levels, **bind_options(card, options))
    batch = photo.expand(SEEDS, -1, -1, -1).contiguous()
    return statistics(truncated(perturb(batch, severity, noise_for(range(SEEDS)))), photo)


def photos_of(recorded) -> torch.Tensor:
    return torch.from_numpy(recorded("inputs")["x64"]).permute(0, 3, 1, 2).float() / 255


@pytest.mark.parametrize("severity", [1, 3, 5])
@pytest.mark.parametrize("name", RANDOM)
def test_statistics_are_the_packages(recorded, noise_for, name, severity):
    package = recorded("stats_64")
    for index, photo in enumerate(photos_of(recorded)):
        for statistic, mine in ours(noise_for, name, photo, severity).items():
            theirs = package[f"{name.replace('-', '_')}/{statistic}"][severity - 1, index].astype(float)
            spread = np.sqrt((mine.var(0, ddof=1) + theirs.var(0, ddof=1)) / SEEDS)
            distance = np.abs(mine.mean(0) - theirs.mean(0))
            assert (distance <= 5 * spread + 1e-6).all(), (statistic, (distance / np.maximum(spread, 1e-12)).max())


@pytest.mark.parametrize("severity", [1, 3, 5])
def test_stand_ins_of_frost_come_near_the_pictures(recorded, noise_for, severity):
    package = recorded("stats_64")
    for index, photo in enumerate(photos_of(recorded)):
        mine = ours(noise_for, "frost", photo, severity)
        for statistic, floor in {"mean": 0.04, "std": 0.02, "mad": 0.03, "psnr": 0.8}.items():
            theirs = package[f"frost/{statistic}"][severity - 1, index]
            assert np.abs(mine[statistic].mean(0) - theirs.mean(0)).max() < floor, statistic
