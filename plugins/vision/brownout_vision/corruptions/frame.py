"""What all corruptions share: the range, the constants, the draws, and 8 bits at the end.

A result never depends on a sample's place in the batch: everything is made of elementwise operations in a fixed
order, so a batch may also be cut into parts that fit a processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

from brownout_registry import Modality, Noise, Perturbation, UsageError
from brownout_vision.corruptions.profiles import constants

Quantise: TypeAlias = bool | Literal["auto"]
Apply: TypeAlias = Callable[..., Tensor]
Draw: TypeAlias = Callable[[Noise, tuple[int, ...], Any], tuple[Tensor, ...]]
SMALLEST = 8
CACHED = 2**16
ALMOST = 2**-11


def corruption(
    name: str,
    modality: Modality,
    levels: Sequence[float],
    apply: Apply,
    draw: Draw | None = None,
    *,
    profile: str,
    quantise: Quantise,
    channels: Sequence[int] = (),
    values: int = CACHED,
) -> Perturbation:
    """A perturbation from ``apply(x, constants, *draws)``, where x is ``[B, C, H, W]`` in [0, 1].

    Args:
        name: of the corruption.
        modality: image-like, with a declared range ([0, 1] for an image without one).
        levels: see `brownout_vision.corruptions.profiles.constants`.
        apply: gives the corrupted images, which are then clipped to [0, 1].
        draw: ``draw(noise, (C, H, W), constants)`` gives what is random, ``[B, ...]`` each.
        profile: which constants.
        quantise: truncate the result to 256 levels; ``auto``: of images.
        channels: the numbers of channels it makes sense for; empty: any.
        values: how many values ``apply`` is given at a time on a CPU, at least one image; by default what a core's
            cache holds, more for what does little to each value.

    Raises:
        UsageError: the modality is not image-like, too small, without a range, or a level is out of range.
    """
    check_modality(name, modality, channels)
    table = constants(name, modality, levels, profile)
    low, high = modality.range or (0.0, 1.0)
    eight_bits = in_eight_bits(modality, quantise)

    def one_part(inputs: Tensor, chosen: Any, draws: Sequence[Tensor]) -> Tensor:
        images = inputs.to(torch.promote_types(inputs.dtype, torch.float32))
        images = images if (low, high) == (0, 1) else (images - low) / (high - low)
        result = apply(images, chosen, *(_moved(each, images) for each in draws))
        result = images.clone() if result is images else result
        result = truncated(result) if eight_bits else result.clamp_(0, 1)
        if (low, high) == (0, 1):
            return result.to(inputs.dtype)
        return (result * (high - low) + low).to(inputs.dtype).clamp_(low, high)

    def perturb(inputs: Tensor, severity: int, noise: Noise) -> Tensor:
        chosen = table[severity - 1]
        draws = draw(noise, tuple(inputs.shape[1:]), chosen) if draw else ()
        size = _images(inputs, values)
        if 0 < len(inputs) <= size:
            return one_part(inputs, chosen, draws)
        result = torch.empty_like(inputs)
        for start in range(0, len(inputs), size):
            part = slice(start, start + size)
            result[part] = one_part(inputs[part], chosen, [each[part] for each in draws])
        return result

    return perturb


def check_modality(name: str, modality: Modality, channels: Sequence[int] = ()) -> None:
    """Refuse what is not image-like, is too small, or has a number of channels that makes no sense."""
    where = f"perturbation {name!r} of {modality.name!r}"
    if len(modality.shape) != 3:
        raise UsageError(f"{where}: its shape is {modality.shape}, expected an image (C, H, W)")
    count, height, width = modality.shape
    if min(height, width) < SMALLEST:
        raise UsageError(f"{where}: it is {height}×{width} pixels, expected at least {SMALLEST}×{SMALLEST}")
    if channels and count not in channels:
        expected = " or ".join(map(str, channels))
        raise UsageError(f"{where}: it has {count} {'channel' if count == 1 else 'channels'}, expected {expected}")
    if modality.range is None and modality.kind != "image":
        raise UsageError(f"{where}: a {modality.kind} must declare its range, because levels are shares of it")


def in_eight_bits(modality: Modality, quantise: Quantise) -> bool:
    """Whether results have 256 levels."""
    return modality.kind == "image" if quantise == "auto" else quantise


def truncated(images: Tensor) -> Tensor:
    """Clip to [0, 1] and truncate to a multiple of 1/255.

    What lacks less than 1/2048 of a level, a rounding error, is that level.

    Example:
        >>> truncated(torch.tensor([1 / 255, 1.9 / 255, 1.0])) * 255
        tensor([  1.,   1., 255.])
    """
    return (images * 255).add_(ALMOST).floor_().clamp_(0, 255).div_(255)


def _images(images: Tensor, values: int) -> int:
    """How many images are worked on at a time."""
    budget = values if images.device.type == "cpu" else 1024 * CACHED
    return max(1, budget // max(1, images[:1].numel()))


def _moved(draw: Tensor, images: Tensor) -> Tensor:
    return draw.to(images) if draw.is_floating_point() else draw.to(images.device)
