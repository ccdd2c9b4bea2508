"""Whether a fusion can be moved: to another type of numbers, to another device."""

from __future__ import annotations

import torch
from torch import Tensor

from brownout.conformance.demands.fusion_asking import fused, patterns
from brownout.conformance.demands.fusion_cases import built
from brownout.conformance.kit import NotApplicable, Subject, Violation
from brownout_registry import Padded, UsageError

TOLERANCE = 1e-3


def moves_to_another_type(subject: Subject) -> None:
    """``.to(torch.float64)`` gives float64 logits near those of float32, or refuses by a UsageError."""
    _moved(subject, torch.float64)


def moves_to_another_device(subject: Subject) -> None:
    """On a GPU it predicts what it does on the CPU."""
    device = accelerator()
    if device is None:
        raise NotApplicable("there is no CUDA device here")
    _moved(subject, device)


def accelerator() -> str | None:
    """Where `moves_to_another_device` moves it."""
    return "cuda" if torch.cuda.is_available() else None


def _moved(subject: Subject, target: torch.dtype | str) -> None:
    case = built(subject)
    module, present = case.module, patterns(len(case.below))[1:]
    sources = case.sources(len(present))
    expected = fused(case, sources, present).logits
    try:
        module.to(target)
    except UsageError as refusal:
        raise NotApplicable(str(refusal)) from refusal
    device = None if isinstance(target, torch.dtype) else target
    moved = {name: _to(each, target) for name, each in sources.items()}
    try:
        found = fused(case, moved, present.to(device)).logits
    except RuntimeError as error:
        raise Violation(f"moved to {target} it raises '{error}': make its tensors parameters or buffers") from error
    _check_moved(found, expected, target)


def _check_moved(found: Tensor, expected: Tensor, target: torch.dtype | str) -> None:
    there = found.dtype == target if isinstance(target, torch.dtype) else found.device.type == torch.device(target).type
    if not there:
        raise Violation(f"moved to {target}, with sources there, its logits are {found.dtype} on {found.device}")
    scale = float(expected.abs().max().clamp(min=1))
    change = float((found.cpu().double() - expected.double()).abs().max())
    if not change <= TOLERANCE * scale:
        raise Violation(f"moved to {target}, its logits differ by up to {change:.3g}; {TOLERANCE * scale:.3g} is right")


def _to(values: object, target: torch.dtype | str) -> object:
    if isinstance(values, Padded):
        lengths = values.lengths if isinstance(target, torch.dtype) else values.lengths.to(target)
        return Padded(values.values.to(target), lengths)
    return values.to(target) if isinstance(values, Tensor) else values
