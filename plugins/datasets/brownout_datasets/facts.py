"""The modalities of datasets whose options decide them: what their cards refer to, without torch or data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from brownout_datasets.choice import choose
from brownout_datasets.files.source import parse_sources
from brownout_registry import Kind

DIGITS_VIEWS: Mapping[str, Kind] = {
    "picture": "image",
    "pixels": "vector",
    "profiles": "vector",
    "frequency": "vector",
    "top": "vector",
    "bottom": "vector",
}
HANDWRITTEN6 = ("pix", "fou", "fac", "zer", "kar", "mor")
SISFALL = ("accel1", "gyro", "accel2")


def digits_views(views: Sequence[str], **_: Any) -> dict[str, Kind]:
    """The kinds of the views that are kept.

    Example:
        >>> digits_views(views=["picture", "top"])
        {'picture': 'image', 'top': 'vector'}

    Raises:
        UsageError: an unknown view, one named twice or none.
    """
    return {name: DIGITS_VIEWS[name] for name in choose("digits-views", "views", views, DIGITS_VIEWS)}


def handwritten6(views: Sequence[str | int], **_: Any) -> dict[str, Kind]:
    """The views that are kept, all vectors.

    Raises:
        UsageError: an unknown view, one named twice or none.
    """
    return dict.fromkeys(choose("handwritten6", "views", views, HANDWRITTEN6), "vector")


def sisfall(sensors: Sequence[str | int], **_: Any) -> dict[str, Kind]:
    """The sensors that are kept, all sequences.

    Raises:
        UsageError: an unknown sensor, one named twice or none.
    """
    return dict.fromkeys(choose("sisfall", "sensors", sensors, SISFALL), "sequence")


def avmnist_fsdd(audio: str, **_: Any) -> dict[str, Kind]:
    """An image and a spectrogram, or the waveform that was asked for."""
    return {"image": "image", "audio": "audio" if audio == "waveform" else "spectrogram"}


def files(modalities: Any, **_: Any) -> dict[str, Kind]:
    """What the suite says of its columns.

    Example:
        >>> files(modalities={"note": {"column": "text", "kind": "text"}})
        {'note': 'text'}

    Raises:
        UsageError: the option is not a mapping of name to column and kind.
    """
    return {name: source.kind for name, source in parse_sources(modalities).items()}
