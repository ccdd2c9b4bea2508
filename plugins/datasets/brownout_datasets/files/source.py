"""How one modality is stored: what a suite writes under ``modalities:``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, PositiveFloat, PositiveInt, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from brownout_registry import KINDS, Kind, UsageError, unknown

PICTURES = ("image", "spectrogram", "depth")
STEPS = ("audio", "sequence")
ONLY_FOR = {
    "columns": ("vector",),
    "size": PICTURES,
    "channels": PICTURES,
    "sample_rate": STEPS,
    "lengths": STEPS,
}

Size = Annotated[
    tuple[PositiveInt, PositiveInt], BeforeValidator(lambda size: (size, size) if isinstance(size, int) else size)
]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Source:
    """How one modality is stored.

    Attributes:
        kind: of the modality.
        column: where it lies.
        columns: several numeric columns, which together make one vector.
        range: smallest and largest canonical value (picture kinds: [0, 1], audio: [-1, 1]).
        scale: stored values are divided by it; by default 255, 65535 or 32768 for pictures and audio in uint8, uint16
            or int16, and 1 for all others.
        size: height and width, or one number for both, to which pictures from files are resized.
        channels: of pictures from files: 3 (colour) or 1 (grey).
        sample_rate: in Hz.
        lengths: column with the number of real steps of each sample.
        index: npz only: sample i is row ``index[i]`` of the column.
        file: npz only: another file in which ``column`` and ``lengths`` lie.
        present: column that says (true, false) whether a sample has this modality.
    """

    kind: Kind
    column: str | None = None
    columns: tuple[str, ...] = ()
    range: tuple[float, float] | None = None
    scale: PositiveFloat | None = None
    size: Size | None = None
    channels: Literal[1, 3] | None = None
    sample_rate: PositiveInt | None = None
    lengths: str | None = None
    index: str | None = None
    file: str | None = None
    present: str | None = None


def parse_sources(modalities: Any) -> dict[str, Source]:
    """The option ``modalities``, checked.

    Example:
        >>> parse_sources({"words": {"column": "text", "kind": "text"}})["words"].kind
        'text'
        >>> parse_sources({"words": {"colum": "text", "kind": "text"}})
        Traceback (most recent call last):
        ...
        brownout_registry.errors.UsageError: files: modalities.words: unknown key 'colum'; did you mean 'column'
        or 'columns'?

    Raises:
        UsageError: no mapping, an unknown key or kind, a value of the wrong type, or keys that do not go together.
    """
    if not isinstance(modalities, Mapping) or not modalities:
        raise UsageError(f"files: option 'modalities' is {modalities!r}, expected a mapping of name to column and kind")
    return {str(name): _parse(f"files: modalities.{name}", given) for name, given in modalities.items()}


def _parse(where: str, given: Any) -> Source:
    try:
        source = TypeAdapter(Source).validate_python(given)
    except ValidationError as error:
        raise UsageError(_first(where, error)) from error
    if bool(source.column) == bool(source.columns):
        raise UsageError(f"{where}: give either 'column' or 'columns'")
    for key, kinds in ONLY_FOR.items():
        if getattr(source, key) and source.kind not in kinds:
            raise UsageError(f"{where}.{key}: kind is {source.kind!r}, but only {' and '.join(kinds)} take {key!r}")
    if source.kind == "audio" and source.sample_rate is None:
        raise UsageError(f"{where}: kind 'audio' needs a 'sample_rate' in Hz")
    if source.range and source.range[0] >= source.range[1]:
        raise UsageError(f"{where}.range is {list(source.range)}, expected [low, high] with low below high")
    return source


def _first(where: str, error: ValidationError) -> str:
    """The first of pydantic's complaints as one line."""
    first = error.errors()[0]
    key = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "unexpected_keyword_argument":
        return f"{where}: {unknown('key', key, Source.__dataclass_fields__)}"
    if first["type"] == "missing":
        return f"{where}: key {key!r} is missing"
    if key == "kind":
        return f"{where}.kind: {unknown('kind', str(first['input']), KINDS)}"
    return f"{where}{'.' * bool(key)}{key}: {first['msg']}, got {first['input']!r}"
