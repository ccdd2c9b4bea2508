"""Perturbations that draw one number for each sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

from brownout_registry import Modality, Noise


def shift(modality: Modality, levels: Sequence[float]) -> Callable[[Tensor, int, Noise], Tensor]:
    """x + level u, with one u in [0, 1) for each sample."""

    def perturb(inputs: Tensor, severity: int, noise: Noise) -> Tensor:
        draws = noise.uniform("shift").reshape(-1, *[1] * (inputs.ndim - 1))
        return inputs + levels[severity - 1] * draws

    return perturb


def lose_words(modality: Modality, levels: Sequence[float]) -> Callable[[list[str], int, Noise], list[str]]:
    """A share of the words becomes the word ``w0``, from a random place on."""

    def perturb(texts: list[str], severity: int, noise: Noise) -> list[str]:
        draws = noise.uniform("place").tolist()
        return [_lose(text.split(), levels[severity - 1], u) for text, u in zip(texts, draws, strict=True)]

    return perturb


def _lose(words: list[str], share: float, draw: float) -> str:
    first = int(draw * len(words))
    lost = {(first + step) % len(words) for step in range(round(share * len(words)))}
    return " ".join("w0" if place in lost else word for place, word in enumerate(words))


def scribble(modality: Modality, levels: Sequence[float]) -> Callable[[Tensor, int, Noise], Tensor]:
    """Add the level to the input itself."""
    return lambda inputs, severity, noise: inputs.add_(levels[severity - 1])
