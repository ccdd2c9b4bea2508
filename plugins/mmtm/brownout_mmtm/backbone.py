"""One modality's ResNet, stage by stage."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from brownout_mmtm.networks import WHERE, create, first_channels, load, tensors
from brownout_registry import Modality, UsageError

TAKES = ("image", "spectrogram", "depth")
SMALLEST = 32


class Backbone(nn.Module):
    r"""A ResNet of timm (Wightman, 2019) without its classifier, on one image-like modality.

    Images are brought from the modality's declared range ([0, 1] without one) to the mean and standard deviation that
    timm states for the model, and to ``size`` if one is given (bilinear, antialiased). A single channel is repeated
    where the weights are for RGB.

    Args:
        modality: image-like, of any number of channels.
        model: name in timm.
        pretrained: weights from the model hub.
        weights: file of weights; a classifier in it is left out.
        size: side in pixels; None keeps the modality's own.

    Attributes:
        widths: channels after the stages 1 to 4.

    Raises:
        UsageError: not image-like, too small, no ResNet, or weights that are out of reach or do not fit.

    Example:
        >>> backbone = Backbone(Modality("depth", "depth", (1, 48, 40)), "test_resnet")
        >>> maps = backbone.stage(1, backbone.stem(torch.rand(2, 1, 48, 40)))
        >>> maps.shape, backbone.widths
        (torch.Size([2, 32, 12, 10]), (32, 48, 192, 96))
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        modality: Modality,
        model: str,
        pretrained: bool = False,
        weights: str | None = None,
        size: int | None = None,
    ) -> None:
        super().__init__()
        _check_taken(modality, size)
        self.low, self.high = modality.range or (0.0, 1.0)
        self.size = size
        state = tensors(weights) if weights else {}
        channels = first_channels(modality, pretrained, state)
        net = create(model, channels, pretrained)
        load(net, state, weights)
        self.net, self.channels = net, channels
        self.widths = tuple(int(each["num_chs"]) for each in net.feature_info[1:])
        for name in ("mean", "std"):
            self.register_buffer(name, _per_channel(net.default_cfg[name], channels), persistent=False)

    def stem(self, images: Tensor) -> Tensor:
        """From canonical images ``[B, C, H, W]`` to what the first stage takes."""
        x = (images - self.low) / (self.high - self.low)
        if self.size:
            x = interpolate(x, (self.size, self.size), mode="bilinear", align_corners=False, antialias=True)
        x = (x.expand(-1, self.channels, -1, -1) - self.mean) / self.std
        net: Any = self.net
        return net.maxpool(net.act1(net.bn1(net.conv1(x))))  # type: ignore[no-any-return]

    def stage(self, number: int, maps: Tensor) -> Tensor:
        """Stage 1 to 4: ``[B, C, h, w]`` to ``[B, widths[number - 1], h', w']``."""
        layer: nn.Module = getattr(self.net, f"layer{number}")
        return layer(maps)  # type: ignore[no-any-return]

    def pool(self, maps: Tensor) -> Tensor:
        """The last maps as vectors ``[B, widths[-1]]``."""
        net: Any = self.net
        return net.global_pool(maps)  # type: ignore[no-any-return]


def _check_taken(modality: Modality, size: int | None) -> None:
    name = modality.name
    if modality.kind not in TAKES or len(modality.shape) != 3:
        raise UsageError(f"{WHERE} takes {', '.join(TAKES)}; modality {name!r} is a {modality.kind} {modality.shape}")
    if min(modality.shape[1:] if size is None else (size,)) < SMALLEST:
        sides = "×".join(map(str, modality.shape[1:]))
        raise UsageError(
            f"{WHERE}, option 'size' is {size!r} and modality {name!r} has {sides} pixels, expected {SMALLEST} or more"
        )


def _per_channel(values: tuple[float, ...], channels: int) -> Tensor:
    numbers = torch.tensor(values)
    return (numbers if len(numbers) == channels else numbers.mean().expand(channels))[:, None, None].clone()
