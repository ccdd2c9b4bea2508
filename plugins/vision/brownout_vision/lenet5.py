"""LeNet-5."""

from __future__ import annotations

from torch import Tensor, nn

from brownout_registry import Modality, Representation
from brownout_vision.image import Standardise, image_shape


class LeNet5(nn.Module):
    r"""LeNet-5 (LeCun et al. 1998, section II.B) up to its layer F6.

    C1 (6 maps, 5×5) → S2 → C3 (16 maps, 5×5) → S4 → C5 (120 units) → F6 (84 units), each followed by
    :math:`\tanh`. The paper's 28×28 digits lie in a frame of 32×32; here C1 pads by two pixels, which is the
    same and fits every size: C5 covers whatever S4 leaves. Later habits that nearly all users share: S2 and S4
    are plain averages, C3 sees all maps of S2, and channels are standardised with training statistics.

    Shapes: ``[B, C, H, W]`` to the vector ``[B, 84]``, H and W at least 16.

    Example:
        >>> import torch
        >>> encoder = LeNet5(Modality("digit", "image", (1, 28, 28), range=(0.0, 1.0)))
        >>> encoder(torch.rand(2, 1, 28, 28)).shape, encoder.representation.shape
        (torch.Size([2, 84]), (84,))

    Raises:
        UsageError: the modality is not image-like, or too small.
    """

    def __init__(self, modality: Modality) -> None:
        super().__init__()
        channels, height, width = image_shape(modality, "lenet5", smallest=16)
        left = 16 * ((height // 2 - 4) // 2) * ((width // 2 - 4) // 2)
        self.representation = Representation("vector", (84,))
        self.standardise = Standardise(channels)
        self.layers = nn.Sequential(
            *(nn.Conv2d(channels, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2)),  # C1, S2
            *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2)),  # C3, S4
            *(nn.Flatten(), nn.Linear(left, 120), nn.Tanh()),  # C5
            *(nn.Linear(120, 84), nn.Tanh()),  # F6
        )

    def prepare(self, inputs: Tensor) -> None:
        """Take the channels' statistics from training images ``[N, C, H, W]``."""
        self.standardise.fit(inputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """The activations of F6, ``[B, 84]``."""
        return self.layers(self.standardise(inputs))  # type: ignore[no-any-return]
