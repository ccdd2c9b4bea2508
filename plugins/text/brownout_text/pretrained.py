"""Models and tokenisers of the library transformers, from safetensors alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.utils import logging

from brownout_registry import UsageError

WHERE = "encoder 'transformers'"
BROKEN = (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError)


def load(model: str, pretrained: bool) -> tuple[Any, Any]:
    """The tokeniser and the model; an encoder-decoder gives its encoder.

    Raises:
        UsageError: nothing of that name is at hand, or its weights are no safetensors or do not fit.
    """
    place = locate(model)
    if pretrained:
        _refuse_pickles(place)
    try:
        with _quiet():
            config = AutoConfig.from_pretrained(place, trust_remote_code=False)
            tokeniser = AutoTokenizer.from_pretrained(place, trust_remote_code=False)
            net = _weights(model, place) if pretrained else AutoModel.from_config(config, dtype=torch.float32)
    except BROKEN as error:
        reason = str(error).partition("\n")[0].rstrip(". ")
        hint = "give a local folder with config.json, the tokenizer's files and model.safetensors"
        raise UsageError(f"{WHERE}: {model!r} cannot be loaded: {reason}; {hint}") from error
    return tokeniser, net.get_encoder() if config.is_encoder_decoder else net


def locate(model: str) -> str:
    """The folder, or the name in the hub, that ``model`` stands for.

    ``package:name/folder`` is a folder inside an installed package, which is not imported; anything else that
    is no folder is taken for a name in the hub.

    Example:
        >>> locate("bert-base-uncased")
        'bert-base-uncased'
        >>> Path(locate("package:transformers/models")).name
        'models'

    Raises:
        UsageError: the package is not installed or has no such folder.
    """
    scheme, _, rest = model.partition(":")
    if scheme != "package":
        return str(Path(model).expanduser()) if model.startswith("~") else model
    name, _, inside = rest.partition("/")
    spec = find_spec(name) if name.isidentifier() else None
    folders = [Path(each) / inside for each in (spec and spec.submodule_search_locations) or []]
    for folder in folders:
        if folder.is_dir():
            return str(folder)
    missing = f"has no folder {inside!r}" if folders else "is not installed"
    raise UsageError(f"{WHERE}: model {model!r}: package {name!r} {missing}")


def _weights(model: str, place: str) -> Any:
    net, report = AutoModel.from_pretrained(
        place,
        dtype=torch.float32,
        use_safetensors=True,
        trust_remote_code=False,
        ignore_mismatched_sizes=True,
        output_loading_info=True,
    )
    keys = sorted(report["missing_keys"]) + sorted(each[0] for each in report["mismatched_keys"])
    keys = [key for key in keys if not key.startswith("pooler.")]  # which pooling over tokens leaves unused
    if keys:
        raise UsageError(f"{WHERE}: the weights of {model!r} lack or do not fit {', '.join(keys[:3])}")
    return net


def _refuse_pickles(place: str) -> None:
    folder = Path(place)
    if folder.is_dir() and any(folder.glob("pytorch_model*.bin")) and not any(folder.glob("*.safetensors")):
        raise UsageError(
            f"{WHERE}: {place!r} holds its weights as a pickle (pytorch_model.bin), which is not read: "
            "save them as model.safetensors"
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Neither progress bars nor a table of what was loaded: what is wrong becomes an error."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
