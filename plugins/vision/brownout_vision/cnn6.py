"""The six-layer CNN for spectrograms."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from brownout_registry import Modality, Representation, UsageError
from brownout_vision.image import Standardise, image_shape

WIDTHS = (1, 2, 4, 8, 8, 16)


class CNN6(nn.Module):
    """Six convolutions for images of any size, as for the 112×112 spectrograms of AV-MNIST.

    The Jacobian paper (Gao et al. 2022, section 5.1) says "6-layer CNN", after CentralNet (Vielzeuf et al.
    2018), and no more. Ours to choose, and chosen for two CPU cores: 3×3 kernels of ``width`` times 1, 2, 4, 8,
    8, 16 maps, each with batch normalisation and ReLU; the first with stride 2, the next four followed by 2×2
    max pooling while at least 2×2 positions remain; the mean over positions; dropout; standardised channels.

    Shapes: ``[B, C, H, W]`` to the vector ``[B, 16 width]``, H and W at least 16.

    Args:
        modality: an image-like modality.
        width: maps of the first layer.
        dropout: probability of dropping a feature, in training.

    Example:
        >>> import torch
        >>> encoder = CNN6(Modality("audio", "spectrogram", (1, 112, 112)))
        >>> encoder(torch.rand(2, 1, 112, 112)).shape, encoder.representation.shape
        (torch.Size([2, 128]), (128,))

    Raises:
        UsageError: the modality is not image-like or too small, or an option is out of range.
    """

    def __init__(self, modality: Modality, *, width: int = 8, dropout: float = 0.0) -> None:
        super().__init__()
        channels, *size = image_shape(modality, "cnn6", smallest=16)
        if width < 1:
            raise UsageError(f"encoder 'cnn6': option 'width' is {width}, expected at least 1")
        if not 0 <= dropout < 1:
            raise UsageError(f"encoder 'cnn6': option 'dropout' is {dropout}, expected 0 <= dropout < 1")
        self.representation = Representation("vector", (width * WIDTHS[-1],))
        self.standardise = Standardise(channels)
        self.layers = nn.Sequential(
            *_layers(channels, [width * each for each in WIDTHS], min(size)),
            *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout)),
        )

    def prepare(self, inputs: Tensor) -> None:
        """Take the channels' statistics from training images ``[N, C, H, W]``."""
        self.standardise.fit(inputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """The pooled features ``[B, 16 width]``."""
        return self.layers(self.standardise(inputs))  # type: ignore[no-any-return]


def _layers(channels: int, widths: list[int], side: int) -> Iterator[nn.Module]:
    """Stops pooling at 2×2, so that batch normalisation has several values even in a batch of one."""
    pools = min(4, (side // 2).bit_length() - 2)
    for layer, width in enumerate(widths):
        yield from (nn.Conv2d(channels, width, 3, 1 if layer else 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        if 0 < layer <= pools:
            yield nn.MaxPool2d(2)
        channels = width
