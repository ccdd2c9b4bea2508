"""The options of the fusion, and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal, TypeAlias, get_args

from brownout_dmrnet.formulas import HCR, KLReduction
from brownout_registry import Representation, Task, UsageError, check_classification, check_option

COMPONENT = "fusion 'dmrnet'"
MOST_MODALITIES = 10

Probabilistic: TypeAlias = Literal["dmr", "pcme", "pe", "none"]
"""How the distribution is estimated, see `brownout_dmrnet.heads.build_head`."""

Head: TypeAlias = Literal["auto", "map", "vector"]
"""What `dmr` acts on: feature maps, or pooled vectors."""

SigmaHead: TypeAlias = Literal["log-sigma", "log-variance"]
"""What the second head predicts: ln sigma (eq. 6), or ln sigma^2 (the released code)."""

Hard: TypeAlias = Literal["mined", "weakest", "incomplete"] | Sequence[Sequence[str | int]]
"""Which combinations are hard, see `brownout_dmrnet.hard.HardCombinations`."""

CHOICES = {
    "probabilistic": get_args(Probabilistic),
    "head": get_args(Head),
    "sigma_head": get_args(SigmaHead),
    "kl_reduction": get_args(KLReduction),
    "hcr": get_args(HCR),
    "auxiliary": ("shared", "separate"),
}


@dataclass(frozen=True)
class Settings:
    """The options of `brownout_dmrnet.fusion.dmrnet`; see there."""

    probabilistic: Probabilistic
    head: Head
    sigma_head: SigmaHead
    alpha: float
    kl_reduction: KLReduction
    kl_detached: bool
    kl_from_epoch: int
    beta: float
    hcr: HCR
    hard: Hard
    hard_count: int | None
    from_epoch: int
    auxiliary: Literal["shared", "separate"]
    history_epochs: int
    diagnostics: bool


def check(task: Task, representations: Mapping[str, Representation], given: Settings) -> None:
    """Refuse options out of their range, dense prediction and too many modalities.

    Raises:
        UsageError: in one line.
    """
    check_classification(COMPONENT, task)
    if len(representations) > MOST_MODALITIES:
        what = f"{COMPONENT} keeps account of each combination of at most {MOST_MODALITIES} modalities"
        raise UsageError(f"{what}, but the dataset has {len(representations)}")
    _check_values(given)


def _check_values(given: Settings) -> None:
    for name, choices in CHOICES.items():
        _expect(getattr(given, name) in choices, given, name, f"one of {', '.join(map(repr, choices))}")
    for name in ("alpha", "beta"):
        _expect(_is_number(getattr(given, name)), given, name, "a number from 0")
    for name, low in (("kl_from_epoch", 0), ("from_epoch", 0), ("history_epochs", 1)):
        _expect(_is_whole(getattr(given, name), low), given, name, f"a whole number from {low}")
    _expect(given.hard_count is None or _is_whole(given.hard_count, 1), given, "hard_count", "a whole number from 1")
    if given.hard == "weakest":
        kept = f"a whole number from 1 to history_epochs ({given.history_epochs}), as hard is 'weakest'"
        _expect(1 <= given.from_epoch <= given.history_epochs, given, "from_epoch", kept)


def _expect(ok: bool, given: Settings, name: str, expected: str) -> None:
    check_option(ok, COMPONENT, name, getattr(given, name), expected)


def map_size(representations: Mapping[str, Representation]) -> tuple[int, ...] | None:
    """Height and width of the feature maps, if every modality gives one of the same; else None.

    Example:
        >>> map_size({"rgb": Representation("map", (3, 2, 4)), "depth": Representation("map", (8, 2, 4))})
        (2, 4)
    """
    sizes = {each.shape[1:] if each.kind == "map" else None for each in representations.values()}
    return next(iter(sizes)) if len(sizes) == 1 else None


def needs_maps(representations: Mapping[str, Representation], given: Settings) -> bool:
    """Whether the heads see feature maps.

    Raises:
        UsageError: they need maps of one size and do not get them, or ``head`` contradicts ``probabilistic``.
    """
    wanted = {"pcme": "map", "pe": "vector"}.get(given.probabilistic, given.head)
    if given.head not in {"auto", wanted}:
        what = f"{COMPONENT}, option 'head' is {given.head!r}"
        raise UsageError(
            f"{what}, but 'probabilistic' is {given.probabilistic!r}, which goes with {wanted!r} (or 'auto')"
        )
    size = map_size(representations)
    if wanted == "map" and size is None:
        which = "probabilistic" if given.probabilistic == "pcme" else "head"
        got = ", ".join(f"{name} ({each.kind} {each.shape})" for name, each in representations.items())
        what = f"{COMPONENT}, option {which!r} is {getattr(given, which)!r}"
        raise UsageError(f"{what}, which needs feature maps of one height and width from every modality, got {got}")
    return size is not None and wanted != "vector"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= 0


def _is_whole(value: object, low: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= low
