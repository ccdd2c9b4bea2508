"""ResNets of timm and where their weights come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import timm
from timm.models import load_state_dict
from timm.models.resnet import ResNet
from torch import Tensor, nn

from brownout_registry import Modality, UsageError

WHERE = "fusion 'mmtm-resnet'"


def create(model: str, channels: int, pretrained: bool) -> Any:
    """A ResNet of timm without its classifier.

    Raises:
        UsageError: unknown, no ResNet, or its weights are out of reach.

    Example:
        >>> create("test_resnet", 1, False).num_features
        96
    """
    if not timm.is_model(model):
        raise UsageError(f"{WHERE}, option 'model' is {model!r}, expected a ResNet of timm such as 'resnet18'")
    try:
        net = timm.create_model(model, pretrained=pretrained, in_chans=channels, num_classes=0)
    except (OSError, RuntimeError) as error:  # an unknown tag, or no way to the model hub
        hint = ": give a local file as 'weights'" if pretrained else ""
        raise UsageError(f"{WHERE}: timm cannot make {model!r} ({type(error).__name__}){hint}") from error
    if not isinstance(net, ResNet):
        raise UsageError(f"{WHERE}, option 'model' is {model!r}, which is no ResNet; 'resnet18' is one")
    return net


def first_channels(modality: Modality, pretrained: bool, state: dict[str, Tensor]) -> int:
    """What the first convolution takes: a single channel is repeated where the weights are for more.

    Raises:
        UsageError: the weights are for other channels.
    """
    own = modality.shape[0]
    kernels = [tensor.shape[1] for name, tensor in state.items() if name in {"conv1.weight", "conv1.0.weight"}]
    made_for = kernels[0] if kernels else 3 if pretrained and own == 1 else own
    if own not in {1, made_for}:
        raise UsageError(f"{WHERE}: the weights take {made_for} channels, modality {modality.name!r} has {own}")
    return made_for


def tensors(path: str) -> dict[str, Tensor]:
    """The tensors of a file, without executing anything that it holds and without a classifier.

    Raises:
        UsageError: it is absent or damaged, or holds more than tensors.
    """
    if not Path(path).is_file():
        raise UsageError(f"{WHERE}: weights {path!r} is not a file")
    try:
        state: dict[str, Tensor] = load_state_dict(path, weights_only=True)
    except Exception as error:  # a damaged file fails in a dozen ways
        raise UsageError(f"{WHERE}: weights {path!r} is damaged or holds more than tensors") from error
    return {name: tensor for name, tensor in state.items() if not name.startswith("fc.")}


def load(net: nn.Module, state: dict[str, Tensor], path: str | None) -> None:
    """Put the tensors of the file, if there is one, into the network.

    Raises:
        UsageError: they do not fit.
    """
    if path is None:
        return
    try:
        net.load_state_dict(state)
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip()
        raise UsageError(f"{WHERE}: weights {path!r} does not fit the model: {first[:200]}") from error
