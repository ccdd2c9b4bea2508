"""Any timm model as an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from brownout_registry import Modality, Representation, UsageError
from brownout_vision.image import image_shape
from brownout_vision.preprocess import Preprocess
from brownout_vision.timm_model import create, first_channels, model_config, without_classifier
from brownout_vision.weights import load_weights, read_weights


class TimmEncoder(nn.Module):
    """A model of the library timm (Wightman 2019) without its classifier; see `Preprocess` for what it sees.

    Size: ``size`` if given; the model's own if it comes with weights or takes no other; else the modality's.

    Channels: a single one is repeated to RGB where the weights are for RGB. Otherwise the first convolution
    takes the modality's channels; timm derives its weights from those for RGB if they come from the hub.

    Shapes: ``[B, C, H, W]`` to the pooled vector ``[B, D]``, or to the last map before pooling ``[B, D, h, w]``.

    Args:
        modality: an image-like modality.
        model: name in timm, with or without the tag of its weights.
        pretrained: weights from the model hub.
        weights: file of weights: .safetensors, or .pth or .pt with tensors only. A classifier in it is left out.
        output: ``features`` (vector) or ``map``.
        size: height and width that the model sees, in pixels: one number or two.

    Example:
        >>> modality = Modality("picture", "image", (3, 32, 32), range=(0.0, 1.0))
        >>> encoder = TimmEncoder(modality, model="test_resnet", output="map")
        >>> encoder(torch.rand(2, 3, 32, 32)).shape, encoder.representation
        (torch.Size([2, 96, 1, 1]), Representation(kind='map', shape=(96, 1, 1)))

    Raises:
        UsageError: unknown model, weights that are out of reach or do not fit, or a size the model cannot take.
    """

    def __init__(
        self,
        modality: Modality,
        *,
        model: str,
        pretrained: bool = False,
        weights: str | None = None,
        output: Literal["features", "map"] = "features",
        size: int | Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        if pretrained and weights:
            raise UsageError("encoder 'timm': give 'pretrained' or 'weights', not both")
        shape, config = image_shape(modality, "timm"), model_config(model)
        state = without_classifier(read_weights(weights), config) if weights else {}
        channels = first_channels(shape[0], config, pretrained, state)
        own_size = pretrained or bool(weights) or config.fixed_input_size
        sides = _sides(size, config.input_size[1:] if own_size else shape[1:])
        self.preprocess = Preprocess(modality, channels, sides, config.mean, config.std)
        self.net = create(model, channels, pretrained)
        if weights:
            load_weights(self.net, state, weights)
        self.output = output
        self.representation = self._representation(model, shape)

    def forward(self, inputs: Tensor) -> Tensor:
        """Features ``[B, D]`` or the last map ``[B, D, h, w]``."""
        images = self.preprocess(inputs)
        return self._last_map(images) if self.output == "map" else self.net(images)

    def _last_map(self, images: Tensor) -> Tensor:
        """Whether convolutions, patches or windows: timm lays all of them out as [B, D, h, w]."""
        net: Any = self.net
        maps = net.forward_intermediates(images, indices=1, norm=True, intermediates_only=True, output_fmt="NCHW")
        return maps[-1]  # type: ignore[no-any-return]

    @torch.no_grad()
    def _representation(self, model: str, shape: tuple[int, ...]) -> Representation:
        """What comes out, seen on one blank image."""
        self.eval()
        try:
            out = self(torch.zeros(1, *shape))
        except (RuntimeError, AssertionError, ValueError, AttributeError) as error:
            reason = str(error).partition("\n")[0]
            sides = "×".join(map(str, self.preprocess.size))
            raise UsageError(f"encoder 'timm': {model!r} gives no {self.output} at size {sides}: {reason}") from error
        self.train()
        return Representation("map" if self.output == "map" else "vector", tuple(out.shape[1:]))


def _sides(size: int | Sequence[int] | None, default: Sequence[int]) -> tuple[int, ...]:
    sides = (size, size) if isinstance(size, int) else tuple(size or default)
    if len(sides) != 2 or min(sides) < 1:
        raise UsageError(f"encoder 'timm': option 'size' is {size!r}, expected one or two positive numbers")
    return sides
