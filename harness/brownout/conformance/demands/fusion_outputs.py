"""What a fusion predicts: for how much it can be built, under which patterns, in which shape, how far it can go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from brownout.conformance.demands.fusion_asking import fused, patterns
from brownout.conformance.demands.fusion_cases import Case, all_built, built, cases
from brownout.conformance.demands.fusion_toys import toy
from brownout.conformance.demands.fusion_training import loss_of
from brownout.conformance.kit import NotApplicable, Subject, Violation
from brownout_registry import Padded, Prediction

COUNTS, CLASSES = (1, 2, 3, 4), (2, 10, 100)
SUM_TOLERANCE = 1e-5


def builds(subject: Subject) -> None:
    """1 to 4 modalities and 2 to 100 classes, unless it refuses them by a UsageError."""
    refusals, wanted = [], [*((count, 3) for count in COUNTS), *((2, classes) for classes in CLASSES)]
    for count, classes in wanted:
        try:
            case = built(subject, (count,), classes)
        except NotApplicable as reason:
            refusals.append(reason)
            continue
        everything = torch.ones(3, count, dtype=torch.bool)
        check_logits(case, fused(case, case.sources(3), everything), everything)
    if len(refusals) == len(wanted):
        raise Violation(f"it refuses whatever it is put on: {refusals[-1]}")


def every_missing_pattern(subject: Subject) -> None:
    """Finite logits of the right shape under all patterns, in one batch and alone; in training a finite loss."""
    for case in [*all_built(subject, len(built(subject).below)), *_one_of_each(subject)]:
        table = patterns(len(case.below))
        check_logits(case, fused(case, case.sources(len(table)), table), table)
        for pattern in table:
            for rows in (1, 3):
                present = pattern.expand(rows, -1)
                check_logits(case, fused(case, case.sources(rows), present), present)
        _check_loss(case, table)


def extreme_inputs(subject: Subject) -> None:
    """Finite logits on sources 10,000 times as large, on zeros and on constants, whatever of them is there."""
    for case in cases(subject, (2, 3)):
        table = patterns(len(case.below))[1:]
        for what, factor, shift in (("10,000 times as large", 1e4, 0.0), ("zero", 0.0, 0.0), ("constant", 0.0, 1.0)):
            sources = {name: _changed(each, factor, shift) for name, each in case.sources(len(table)).items()}
            logits = fused(case, sources, table).logits
            if not bool(torch.isfinite(logits).all()):
                raise Violation(f"sources that are {what} give logits {_first_bad(logits)}; finite ones are right")


def valid_outputs(subject: Subject) -> None:
    """Probabilities sum to 1; weights, unimodal logits, uncertainty and the rest have the shapes of their contract."""
    for case in cases(subject, (1, 2, 3)):
        table = patterns(len(case.below))
        found = fused(case, case.sources(len(table)), table)
        sums = found.logits[1:].softmax(-1).sum(-1)
        if not bool(((sums - 1).abs() <= SUM_TOLERANCE).all()):
            raise Violation(f"softmax of the logits sums to {sums.min():.6g} for some sample, not to 1")
        _check_by_modality(case, "weights", found.weights, None)
        _check_by_modality(case, "unimodal", found.unimodal, len(case.task.classes))
        _check_others(found, len(table))


def check_logits(case: Case, prediction: Prediction, present: Tensor) -> None:
    """Refuse logits of the wrong shape or type, and those that are not finite."""
    logits, expected = prediction.logits, (len(present), len(case.task.classes))
    if tuple(logits.shape) != expected:
        raise Violation(f"logits have shape {tuple(logits.shape)}; {expected} (samples, classes) is right")
    if not logits.is_floating_point():
        raise Violation(f"logits are {logits.dtype}; floating-point numbers are right")
    bad = ~torch.isfinite(logits).all(1)
    if bool(bad.any()):
        row = int(bad.nonzero()[0])
        there = [name for name, here in zip(case.below, present[row].tolist(), strict=True) if here]
        what = f"only {', '.join(there)} of {', '.join(case.below)} there" if there else "nothing there"
        raise Violation(f"with {what} the logits are {logits[row].tolist()}; finite ones are right")


def _one_of_each(subject: Subject) -> Iterator[Case]:
    for count in COUNTS:
        with suppress(NotApplicable):
            yield built(subject, (count,))


def _check_loss(case: Case, present: Tensor) -> None:
    if not isinstance(case.fusion, torch.nn.Module) or not list(case.module.parameters()):
        return
    sources, targets = toy(case, len(present))
    loss = loss_of(case, sources, present, targets).detach()
    if loss.numel() != 1:
        raise Violation(f"the loss has shape {tuple(loss.shape)}; a scalar is right")
    if not bool(torch.isfinite(loss)):
        raise Violation(f"the loss of a batch with all {len(present)} missing patterns is {float(loss)}, not finite")


def _check_by_modality(case: Case, what: str, found: Mapping[str, Tensor], width: int | None) -> None:
    for name, values in found.items():
        if name not in case.below:
            raise Violation(f"{what} has the key {name!r}; the modalities are {', '.join(case.below)}")
        _check_shape(f"{what} of {name!r}", values, 2 ** len(case.below), width)
        if not bool(torch.isfinite(values).all()):
            raise Violation(f"{what} of {name!r} are {_first_bad(values)} for some sample; finite ones are right")


def _check_others(found: Prediction, rows: int) -> None:
    if found.uncertainty is not None and (
        tuple(found.uncertainty.shape) != (rows,) or bool(found.uncertainty.isnan().any())
    ):
        raise Violation(f"uncertainty has shape {tuple(found.uncertainty.shape)} or NaN; {(rows,)} numbers are right")
    if found.embedding is not None and (len(found.embedding) != rows or found.embedding.ndim != 2):
        raise Violation(f"embedding has shape {tuple(found.embedding.shape)}; ({rows}, D) is right")
    for name, values in found.diagnostics.items():
        _check_shape(f"diagnostic {name!r}", values, rows, None)


def _check_shape(what: str, values: Tensor, rows: int, width: int | None) -> None:
    fits = values.ndim in (1, 2) if width is None else tuple(values.shape[1:]) == (width,)
    if len(values) != rows or not fits:
        expected = f"({rows},) or ({rows}, D)" if width is None else f"({rows}, {width})"
        raise Violation(f"{what} has shape {tuple(values.shape)}; {expected} is right")


def _changed(values: Any, factor: float, shift: float) -> Any:
    if isinstance(values, Padded):
        return Padded(values.values * factor + shift, values.lengths)
    if isinstance(values, list):
        return [(text * 100 if factor > 1 else "") or "a" * int(shift) for text in values]
    return values * factor + shift


def _first_bad(values: Tensor) -> float:
    return float(values[~torch.isfinite(values)].flatten()[0])
