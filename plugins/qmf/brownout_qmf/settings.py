"""The fusion's options, and which of them are refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal, TypeAlias, get_args

from brownout_qmf.formulas import Uncertainty
from brownout_qmf.history import Average
from brownout_qmf.ranking import RankLoss
from brownout_registry import Task, UsageError, check_option

Update: TypeAlias = Literal["before", "after"]
"""Whether a batch enters the history before or after its regulariser."""
FUSION = "fusion 'qmf'"


@dataclass(frozen=True)
class Settings:
    """The options of `brownout_qmf.fusion.qmf`, alpha and beta resolved; see there."""

    hidden: Sequence[int]
    uncertainty: Uncertainty
    temperature: float
    alpha: float
    beta: float
    dynamic: bool | Literal["evaluation"]
    detach: bool
    unimodal_loss: bool
    lam: float
    rank_loss: RankLoss
    history: Average
    normalise_history: bool
    update: Update


def resolve_weight(
    uncertainty: Uncertainty, alpha: float | Literal["auto"], beta: float | Literal["auto"]
) -> tuple[float, float]:
    """Alpha and beta of eq. 9, ``auto`` resolved.

    Example:
        >>> resolve_weight("energy", "auto", "auto"), resolve_weight("entropy", "auto", 2.0)
        ((-0.1, 0.0), (-1.0, 2.0))
    """
    usual = (-0.1, 0.0) if uncertainty == "energy" else (-1.0, 1.0)
    return usual[0] if alpha == "auto" else alpha, usual[1] if beta == "auto" else beta


def check(task: Task, given: Settings) -> None:
    """Refuse what `brownout_qmf.fusion.qmf` cannot do.

    Raises:
        UsageError: an option out of its range, or dense prediction.
    """
    if task.kind != "classification":
        raise UsageError(f"{FUSION} predicts one label per sample, but this is dense prediction: choose another fusion")
    _check_choices(given)
    _check_numbers(given)


def _check_choices(given: Settings) -> None:
    kinds = {"uncertainty": Uncertainty, "rank_loss": RankLoss, "history": Average, "update": Update}
    for name, kind in kinds.items():
        value, choices = getattr(given, name), get_args(kind)
        check_option(value in choices, FUSION, name, value, f"one of {', '.join(choices)}")
    for name in ("detach", "unimodal_loss", "normalise_history"):
        value = getattr(given, name)
        check_option(isinstance(value, bool), FUSION, name, value, "true or false")
    dynamic = given.dynamic
    check_option(isinstance(dynamic, bool) or dynamic == "evaluation", FUSION, "dynamic", dynamic,
                 "true, false or 'evaluation'")  # fmt: skip


def _check_numbers(given: Settings) -> None:
    listed = isinstance(given.hidden, list | tuple)
    widths = listed and all(_is_number(width) and width > 0 and isinstance(width, int) for width in given.hidden)
    check_option(widths, FUSION, "hidden", given.hidden, "a list of positive integers")
    t, alpha, beta, lam = given.temperature, given.alpha, given.beta, given.lam
    check_option(_is_number(t) and t > 0, FUSION, "temperature", t, "a positive number")
    fixed = given.uncertainty == "evidence"
    check_option(not fixed or t == 1, FUSION, "temperature", t, "1: uncertainty 'evidence' has no temperature")
    check_option(_is_number(alpha) and alpha < 0, FUSION, "alpha", alpha, "a number below 0, or 'auto'")
    check_option(_is_number(beta) and beta >= 0, FUSION, "beta", beta, "a number from 0, or 'auto'")
    check_option(_is_number(lam) and lam >= 0, FUSION, "lam", lam, "a number from 0")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
