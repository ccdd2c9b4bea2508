"""What must not reach a fusion's prediction: absent content, other samples, how often it was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from brownout.conformance.demands.fusion_asking import copied, fused, named, patterns
from brownout.conformance.demands.fusion_cases import Case, all_built, built, card_of
from brownout.conformance.demands.fusion_toys import toy
from brownout.conformance.demands.fusion_training import loss_of, trainable
from brownout.conformance.kit import NotApplicable, Subject, Violation
from brownout.conformance.samples import same
from brownout.engine.inputs import mix
from brownout.engine.models import Joint, blank
from brownout.engine.seeding import seed
from brownout_registry import Inputs, Padded, Prediction

TOLERANCE = 1e-5
CONTENTS = {"NaN": torch.nan, "infinity": torch.inf, "a million": 1e6, "-3": -3.0}
RIGHT = "choose rows by torch.where or by index, not by multiplication with the mask"


def absent_content(subject: Subject) -> None:
    """Whatever stands in an absent modality's rows, prediction, loss and gradients are the same bit by bit."""
    for case in all_built(subject, len(built(subject).below)):
        present = patterns(len(case.below))
        sources, targets = toy(case, len(present))
        clean = _hidden(sources, present, 0.0)
        for what, value in CONTENTS.items():
            other = _hidden(sources, present, value)
            _compare(what, named(fused(case, clean, present)), named(fused(case, other, present)))
            if isinstance(case.fusion, nn.Module) and list(case.module.parameters()):
                ask = partial(_gradients, case, present=present, targets=targets)
                _compare(f"{what}, in training,", ask(clean), ask(other))


def batch_does_not_matter(subject: Subject) -> None:
    """In evaluation a sample's prediction is the same in any order, and alone."""
    case = built(subject)
    present = patterns(len(case.below)).repeat(2, 1)[1:]
    sources = case.sources(len(present))
    whole = named(fused(case, sources, present))
    order = torch.randperm(len(present), generator=torch.Generator().manual_seed(0))
    chunks = {"another order": (order,), "batches of one": order.split(1), "batches of four": order.split(4)}
    for what, rows in chunks.items():
        pieces = [named(fused(case, _taken(sources, each), present[each])) for each in rows]
        for name, values in whole.items():
            _near(f"{name} in {what}", torch.cat([piece[name] for piece in pieces]), values[torch.cat(rows)])


def cached_equals_uncached(subject: Subject) -> None:
    """Fusing representations (at the decision level: logits) that were computed apart and kept is the joint pass.

    Each modality is encoded on its own, in other chunks, and kept; the fusion is asked twice and may not change them.
    """
    if card_of(subject).level == "input":
        raise NotApplicable("a fusion at input level owns its encoders, so that nothing of it is kept")
    case = built(subject)
    present = patterns(len(case.below)).repeat(2, 1)
    encoders = {name: _encoder(case, name) for name in case.below}
    inputs: dict[str, Inputs] = {name: torch.randn(len(present), 6) for name in case.below}
    if isinstance(case.fusion, nn.Module):
        case.fusion.eval()
    with torch.inference_mode():
        whole = _seeded(lambda: Joint(encoders, _module(case), case.task).eval()(inputs, present))
        kept = {
            name: blank(torch.cat([encode(part) for part in inputs[name].split(5)]), present[:, column])  # type: ignore[union-attr]
            for column, (name, encode) in enumerate(encoders.items())
        }
        given = copied(kept)
        once, twice = (_seeded(lambda: case.fusion(given, present)) for _ in range(2))
    for name, values in kept.items():
        if name not in given or not same(values, given[name]):
            raise Violation(f"the fusion changes the sources of {name!r} that it was given; they are kept for others")
    for name, values in named(whole).items():
        _near(f"{name} of separately computed sources", named(once)[name], values)
        _near(f"{name} of sources fused a second time", named(twice)[name], values)


def _hidden(sources: Mapping[str, Any], present: Tensor, value: float) -> dict[str, Any]:
    """The sources with something else where they are absent."""
    return {
        name: mix(each, _full(each, value), ~present[:, column]) for column, (name, each) in enumerate(sources.items())
    }


def _full(values: Any, value: float) -> Any:
    if isinstance(values, Padded):
        return Padded(torch.full_like(values.values, value), torch.full_like(values.lengths, values.values.shape[1]))
    return [f"text {value}"] * len(values) if isinstance(values, list) else torch.full_like(values, value)


def _gradients(case: Case, sources: Mapping[str, Any], present: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """The loss of a batch and the gradient of every parameter, by name."""
    case = replace(case, fusion=deepcopy(case.module))
    loss = loss_of(case, sources, present, targets)
    loss.backward()
    found = {f"the gradient of {name}": each.grad for name, each in trainable(case).items()}
    return {"the loss": loss.detach(), **{name: each for name, each in found.items() if each is not None}}


def _compare(content: str, clean: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> None:
    for name, values in clean.items():
        if not torch.equal(values.nan_to_num(12345.0), other[name].nan_to_num(12345.0)):
            change = float((values.double() - other[name].double()).abs().max())
            raise Violation(
                f"{content} in the rows of an absent modality changes {name} by up to {change:.3g}; {RIGHT}"
            )


def _near(what: str, found: Tensor, expected: Tensor) -> None:
    scale = expected[torch.isfinite(expected)].abs().max().clamp(min=1) if expected.numel() else 1
    if not torch.allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE * float(scale), equal_nan=True):
        change = float((found - expected).abs().max())
        raise Violation(f"{what} differs by up to {change:.3g} from that of the whole batch at once; equal is right")


def _taken(sources: Mapping[str, Any], rows: Tensor) -> dict[str, Any]:
    def take(values: Any) -> Any:
        if isinstance(values, Padded):
            return Padded(values.values[rows], values.lengths[rows])
        return [values[row] for row in rows.tolist()] if isinstance(values, list) else values[rows]

    return {name: take(each) for name, each in sources.items()}


def _encoder(case: Case, name: str) -> nn.Module:
    below = case.below[name]
    seed(len(name))
    if case.decides:
        return nn.Sequential(nn.Linear(6, below.in_features), below)
    return nn.Sequential(nn.Linear(6, torch.Size(below.shape).numel()), nn.Unflatten(1, below.shape))


def _module(case: Case) -> nn.Module:
    return case.fusion if isinstance(case.fusion, nn.Module) else _Called(case.fusion)


class _Called(nn.Module):
    """A plain function in the place of a module."""

    def __init__(self, function: Callable[..., Prediction]) -> None:
        super().__init__()
        self.function = function

    def forward(self, sources: Mapping[str, Any], present: Tensor) -> Prediction:
        """What the function gives."""
        return self.function(sources, present)


def _seeded(ask: Callable[[], Prediction]) -> Prediction:
    seed(0)
    return ask()
