"""The fusion's options, and which of them are refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal, TypeAlias, get_args

from brownout_qmf.formulas import Uncertainty
from brownout_qmf.history import Average
from brownout_qmf.ranking import RankLoss
from brownout_registry import (
    Task,
    above,
    below,
    check_choice,
    check_classification,
    check_number,
    check_option,
    check_widths,
)

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
    check_classification(FUSION, task)
    _check_choices(given)
    _check_numbers(given)


def _check_choices(given: Settings) -> None:
    kinds = {"uncertainty": Uncertainty, "rank_loss": RankLoss, "history": Average, "update": Update}
    for name, kind in kinds.items():
        check_choice(FUSION, name, getattr(given, name), get_args(kind))
    for name in ("detach", "unimodal_loss", "normalise_history"):
        value = getattr(given, name)
        check_option(isinstance(value, bool), FUSION, name, value, "true or false")
    dynamic = given.dynamic
    check_option(isinstance(dynamic, bool) or dynamic == "evaluation", FUSION, "dynamic", dynamic,
                 "true, false or 'evaluation'")  # fmt: skip


def _check_numbers(given: Settings) -> None:
    check_widths(FUSION, "hidden", given.hidden)
    t = given.temperature
    check_number(FUSION, "temperature", t, "a positive number", above(0))
    fixed = given.uncertainty == "evidence"
    check_option(not fixed or t == 1, FUSION, "temperature", t, "1: uncertainty 'evidence' has no temperature")
    check_number(FUSION, "alpha", given.alpha, "a number below 0, or 'auto'", -inf, below(0))
    check_number(FUSION, "beta", given.beta, "a number from 0, or 'auto'", 0)
    check_number(FUSION, "lam", given.lam, "a number from 0", 0)
