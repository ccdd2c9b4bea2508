"""The protocols as mappings, each read from its file when it is asked for."""

from __future__ import annotations

from functools import partial
from importlib.resources import files
from typing import Any

import yaml


def read(name: str) -> dict[str, Any]:
    """What a suite's ``protocol`` would hold.

    Args:
        name: of a file in the package, without its ending.

    Returns:
        Keys of a suite's protocol; name and version are the card's.

    Example:
        >>> read("missing-all")
        {'missing': {'patterns': 'all', 'means': 'absent'}}
    """
    text = (files("brownout_protocols") / "data" / f"{name}.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content


missing_all = partial(read, "missing-all")
missing_rates = partial(read, "missing-rates")
imagenet_c = partial(read, "imagenet-c")
cifar_c = partial(read, "cifar-c")
text_noise = partial(read, "text-noise")
audio_noise = partial(read, "audio-noise")
missing_and_corruption = partial(read, "missing-and-corruption")
adversarial = partial(read, "adversarial")
jacobian_2022 = partial(read, "jacobian-2022")
qmf_2023 = partial(read, "qmf-2023")
dmrnet_2024 = partial(read, "dmrnet-2024")
raml_2023 = partial(read, "raml-2023")
