"""Weights from a local file, without executing anything that it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from brownout_registry import UsageError

_load_tensors = partial(torch.load, map_location="cpu", weights_only=True)
WHERE = "encoder 'timm': weights"
READERS: Mapping[str, Callable[[Path], Any]] = {".safetensors": load_file, ".pth": _load_tensors, ".pt": _load_tensors}


def read_weights(path: str) -> dict[str, Tensor]:
    """The named tensors of a ``.safetensors`` file, or of a ``.pth`` or ``.pt`` file that holds nothing else.

    Raises:
        UsageError: the file is absent, of another type, damaged, or holds more than tensors.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise UsageError(f"{WHERE} {path!r} is not a file")
    if file.suffix not in READERS:
        raise UsageError(f"{WHERE} {path!r} ends in {file.suffix!r}, expected {', '.join(READERS)}")
    try:
        state = READERS[file.suffix](file)
    except Exception as error:  # a damaged pickle fails in a dozen ways
        raise UsageError(f"{WHERE} {path!r} is damaged or holds more than tensors: save it as .safetensors") from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise UsageError(f"{WHERE} {path!r} is not a plain mapping of names to tensors: save it as .safetensors")
    return state


def load_weights(net: nn.Module, state: Mapping[str, Tensor], path: str) -> None:
    """Put tensors into a module; names and shapes must agree.

    Raises:
        UsageError: they do not; the first ones are named.
    """
    first = list(islice(_differences(net.state_dict(), state), 3))
    if first:
        raise UsageError(f"{WHERE} {path!r} does not fit the model: {'; '.join(first)}")
    net.load_state_dict(dict(state))


def _differences(own: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> Iterator[str]:
    """What keeps ``given`` from taking the place of ``own``, in words."""
    for name, tensor in own.items():
        if name not in given:
            yield f"{name} is missing"
        elif given[name].shape != tensor.shape:
            yield f"{name} has shape {tuple(given[name].shape)}, the model's is {tuple(tensor.shape)}"
    yield from (f"{name} is not in the model" for name in given if name not in own)
