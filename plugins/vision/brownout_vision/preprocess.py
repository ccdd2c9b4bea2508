"""From canonical images to what a timm model was made for."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from brownout_registry import Modality


class Preprocess(nn.Module):
    r"""Bring images to [0, 1], to the model's size and channels, and to its mean and standard deviation.

    .. math:: y = (\operatorname{resize}((x - \mathrm{low}) / (\mathrm{high} - \mathrm{low})) - \mu) / \sigma

    ``low`` and ``high`` are the modality's declared range, [0, 1] without one. Resizing is bilinear and
    antialiased, and takes the whole image, so that its aspect may change. If the model wants other than three
    channels, all of them share the averages of ``mean`` and ``std``.

    Shapes: ``[B, C, H, W]`` to ``[B, channels, *size]``, where C is ``channels`` or 1, which is repeated.

    Example:
        >>> depth = Modality("depth", "depth", (1, 8, 8), range=(0.0, 10.0))
        >>> preprocess = Preprocess(depth, channels=3, size=(4, 4), mean=[0.5] * 3, std=[0.5] * 3)
        >>> preprocess(torch.full((2, 1, 8, 8), 10.0)).shape, preprocess(torch.zeros(1, 1, 8, 8)).unique()
        (torch.Size([2, 3, 4, 4]), tensor([-1.]))
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, modality: Modality, channels: int, size: tuple[int, ...], mean: Sequence[float], std: Sequence[float]
    ) -> None:
        super().__init__()
        self.low, self.high = modality.range or (0.0, 1.0)
        self.channels, self.size = channels, size
        self.register_buffer("mean", _per_channel(mean, channels), persistent=False)
        self.register_buffer("std", _per_channel(std, channels), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Images as the model wants them."""
        images = (images - self.low) / (self.high - self.low)
        if images.shape[-2:] != self.size:
            images = interpolate(images, self.size, mode="bilinear", align_corners=False, antialias=True)
        return (images.expand(-1, self.channels, -1, -1) - self.mean) / self.std


def _per_channel(values: Sequence[float], channels: int) -> Tensor:
    numbers = torch.tensor(values)
    return (numbers if len(numbers) == channels else numbers.mean().expand(channels))[:, None, None].clone()
