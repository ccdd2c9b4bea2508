"""What all image encoders share: a look at the modality's shape, and standardised channels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from brownout_registry import Modality, UsageError


def image_shape(modality: Modality, encoder: str, smallest: int = 1) -> tuple[int, int, int]:
    """Channels, height and width of an image-like modality.

    Example:
        >>> image_shape(Modality("picture", "image", (3, 64, 48)), "lenet5")
        (3, 64, 48)

    Raises:
        UsageError: it is not image-like, or a side has fewer than ``smallest`` pixels.
    """
    where = f"encoder {encoder!r}: modality {modality.name!r}"
    if len(modality.shape) != 3:
        raise UsageError(f"{where} is {modality.kind} of shape {modality.shape}, expected an image (C, H, W)")
    channels, height, width = modality.shape
    if min(height, width) < smallest:
        raise UsageError(f"{where} is {height}×{width} pixels, expected at least {smallest}×{smallest}")
    return channels, height, width


class Standardise(nn.Module):
    """Subtract each channel's mean and divide by its standard deviation, over samples and pixels.

    Before `fit` it leaves images as they are. Shapes: ``[B, C, H, W]`` to the same.

    Example:
        >>> standardise = Standardise(channels=1)
        >>> standardise.fit(torch.tensor([[[[0.0, 4.0]]]]))
        >>> standardise(torch.tensor([[[[0.0, 2.0]]]]))
        tensor([[[[-1.,  0.]]]])
    """

    mean: Tensor
    std: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels, 1, 1))
        self.register_buffer("std", torch.ones(channels, 1, 1))

    def fit(self, images: Tensor) -> None:
        """Take mean and standard deviation from these images; a constant channel keeps its scale."""
        std, mean = torch.std_mean(images, dim=(0, 2, 3), correction=0)
        self.mean.copy_(mean[:, None, None])
        self.std.copy_(torch.where(std > 0, std, 1.0)[:, None, None])

    def forward(self, images: Tensor) -> Tensor:
        """Standardised images."""
        return (images - self.mean) / self.std
