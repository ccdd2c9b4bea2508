"""Demands on perturbations: what comes out looks as what went in."""

from __future__ import annotations

from typing import Any

import torch

from brownout.conformance.demands import demand, told
from brownout.conformance.demands.perturbation_cases import Case, cases
from brownout.conformance.kit import Subject
from brownout.conformance.samples import constant_of, copy_of, inputs_of, modality_of_kind, numbers, same
from brownout_registry import Inputs, Kind, Padded, UsageError

SMALLEST: dict[Kind, tuple[tuple[int, ...], ...]] = {
    "image": ((3, 8, 8), (1, 8, 8), (3, 1, 1)),
    "spectrogram": ((1, 8, 8), (1, 1, 1)),
    "depth": ((1, 8, 8), (1, 1, 1)),
    "vector": ((1,),),
    "audio": ((16,), (1,)),
    "sequence": ((4, 1), (1, 1)),
    "text": ((),),
}


def input_untouched(subject: Subject) -> None:
    """At every severity."""
    for case in cases(subject):
        before = copy_of(case.inputs)
        for severity in case.severities:
            case.run(severity)
            demand(same(case.inputs, before), f"{case} s{severity} edited its input in place: give a new one")


def same_form(subject: Subject) -> None:
    """At every severity."""
    for case in cases(subject):
        for severity in case.severities:
            _has_form(case.run(severity), case.inputs, f"{case} s{severity}")


def finite(subject: Subject) -> None:
    """On usual and on constant inputs."""
    for case in cases(subject):
        if case.kind == "text":
            continue
        constants = [constant_of(case.kind, value) for value in (0.0, 0.5, 1.0)]
        for inputs in (case.inputs, *constants):
            for severity in case.severities:
                result = numbers(case.run(severity, inputs))
                demand(bool(torch.isfinite(result).all()), f"{case} s{severity} gives NaN or infinity")


def within_range(subject: Subject) -> None:
    """Where the modality declares one."""
    for case in cases(subject):
        if case.modality.range is None:
            continue
        low, high = case.modality.range
        for severity in case.severities:
            result = numbers(case.run(severity))
            least, most = float(result.min()), float(result.max())
            demand(low <= least and most <= high, f"{case} s{severity}: {least:g} to {most:g} left [{low:g}, {high:g}]")


def smallest_sizes(subject: Subject) -> None:
    """Each sample by itself, and samples that are hardly there."""
    for case in cases(subject):
        for severity in case.severities[:: max(1, len(case.severities) - 1)]:
            _has_form(case.run(severity, rows=[0]), case.rows([0]), f"{case} s{severity}, batch of one")
        for inputs, shape in _smallest(case.kind):
            with told(f"samples of shape {shape}"):
                _small_has_form(Case(subject, case.kind, case.levels, modality_of_kind(case.kind, shape=shape)), inputs)


def _small_has_form(case: Case, inputs: Inputs) -> None:
    try:
        function = case.build()
    except UsageError:
        return
    for severity in case.severities:
        result = function(inputs, severity, case.noise(range(len(inputs))))
        _has_form(result, inputs, f"{case} s{severity}, samples of shape {case.modality.shape}")


def _smallest(kind: Kind) -> list[tuple[Inputs, tuple[int, ...]]]:
    if kind == "text":
        return [(["", "a", " ", "好"], ())]
    return [(inputs_of(kind, 2, shape), shape) for shape in SMALLEST[kind]]


def _has_form(result: Any, inputs: Any, where: str) -> None:
    demand(type(result) is type(inputs), f"{where}: gave {type(result).__name__}, got {type(inputs).__name__}")
    if isinstance(inputs, list):
        texts = len(result) == len(inputs) and all(isinstance(text, str) for text in result)
        demand(texts, f"{where}: expected {len(inputs)} texts")
        return
    for fact in ("shape", "dtype", "device"):
        found, expected = getattr(numbers(result), fact), getattr(numbers(inputs), fact)
        demand(found == expected, f"{where}: gave {fact} {found}, got {expected}")
    demand(bool(torch.isfinite(numbers(result)).all()), f"{where}: gave NaN or infinity")
    if isinstance(inputs, Padded):
        demand(torch.equal(result.lengths, inputs.lengths), f"{where}: changed the lengths")
        behind = torch.arange(inputs.values.shape[1]) >= inputs.lengths[:, None]
        demand(not bool(result.values[behind].any()), f"{where}: wrote into the padding")
