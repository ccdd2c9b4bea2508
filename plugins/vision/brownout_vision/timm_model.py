"""How a timm model is named, built, and fitted to a number of channels."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import timm
from torch import Tensor, nn

from brownout_registry import UsageError, unknown


def model_config(model: str) -> Any:
    """What timm knows of a model before building it: input size, statistics, names of its ends.

    Example:
        >>> model_config("test_resnet").input_size
        (3, 160, 160)

    Raises:
        UsageError: unknown model or tag of weights.
    """
    if not timm.is_model(model):
        close = get_close_matches(model, timm.list_models(), n=3)  # `unknown` would otherwise print all 1,400
        hint = unknown("model", model, close) if close else f"unknown model {model!r}; timm.list_models() has them"
        raise UsageError(f"encoder 'timm': {hint}")
    try:
        return timm.get_pretrained_cfg(model)
    except RuntimeError as error:  # a tag that the model has not
        tags = [name for name in timm.list_pretrained() if name.startswith(f"{model.partition('.')[0]}.")]
        raise UsageError(f"encoder 'timm': {unknown('model', model, tags)}") from error


def create(model: str, channels: int, pretrained: bool) -> nn.Module:
    """The model without its classifier.

    Raises:
        UsageError: the model hub is out of reach or has no weights for it.
    """
    try:
        return timm.create_model(model, pretrained=pretrained, in_chans=channels, num_classes=0)  # type: ignore[no-any-return]
    except (OSError, RuntimeError) as error:
        if not pretrained:
            raise
        raise UsageError(
            f"encoder 'timm': no pretrained weights for {model!r} from the model hub: give a local file as 'weights'"
        ) from error


def first_channels(own: int, config: Any, pretrained: bool, state: dict[str, Tensor]) -> int:
    """The channels that the first convolution takes, for ``own`` of the modality: see `TimmEncoder`.

    Raises:
        UsageError: the weights were made for other channels.
    """
    if pretrained:
        return 3 if own == 1 else own
    layers = [config.first_conv] if isinstance(config.first_conv, str) else config.first_conv
    kernel = state.get(f"{layers[0]}.weight")
    if kernel is None or kernel.dim() != 4:
        return own
    if own not in {1, kernel.shape[1]}:
        raise UsageError(f"encoder 'timm': the weights take {kernel.shape[1]} channels, the modality has {own}")
    return kernel.shape[1]


def without_classifier(state: dict[str, Tensor], config: Any) -> dict[str, Tensor]:
    """The tensors that `create` has a place for."""
    names = [config.classifier] if isinstance(config.classifier, str) else config.classifier or []
    prefixes = tuple(f"{name}." for name in names)
    return {name: tensor for name, tensor in state.items() if not name.startswith(prefixes)}
