"""Demands on encoders: what goes in and what comes out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import Tensor

from brownout.conformance.demands import demand, told
from brownout.conformance.kit import NotApplicable, Subject
from brownout.conformance.samples import constant_of, copy_of, inputs_of, modality_of_kind, same
from brownout_registry import EncoderCard, Inputs, Kind, Padded, Representation, UsageError

DIMENSIONS = {"vector": 1, "map": 3, "sequence": 2}
SHAPES: dict[Kind, tuple[tuple[int, ...], ...]] = {
    "image": ((3, 32, 40), (3, 32, 32), (1, 64, 64), (3, 8, 8), (3, 1, 1)),
    "spectrogram": ((1, 32, 40), (1, 64, 64), (1, 1, 1)),
    "depth": ((1, 32, 40), (1, 64, 64), (1, 1, 1)),
    "vector": ((12,), (1,), (300,)),
    "audio": ((4000,), (8000,), (1,)),
    "sequence": ((40, 3), (300, 1), (1, 1)),
    "text": ((),),
}
LARGE = 1e4


def gives_what_it_declares(subject: Subject) -> None:
    """Every kind in every mode."""
    for kind, module in built(subject):
        with told(f"for {kind}"):
            out, where = module(inputs_of(kind, 4)), f"for {kind}"
            _fits(module, out, 4, where)
            module.eval()
            _fits(module, module(inputs_of(kind, 4)), 4, f"{where} in evaluation")


def takes_or_refuses_a_shape(subject: Subject) -> None:
    """Larger, smaller and degenerate shapes; a refusal is a `UsageError`."""
    for kind in kinds_of(subject):
        for shape in SHAPES[kind]:
            with told(f"for {kind} of shape {shape}"):
                try:
                    module = subject.build(modality_of_kind(kind, shape=shape))
                except UsageError:
                    continue
                inputs = inputs_of(kind, 4, shape)
                if hasattr(module, "prepare"):
                    module.prepare(inputs)
                module.eval()
                _fits(module, module(inputs), 4, f"for {kind} of shape {shape}")


def finite_on_extremes(subject: Subject) -> None:
    """In evaluation, after training inputs of the usual kind and after constant ones."""
    for kind, module in built(subject):
        for what, inputs in _extremes(kind):
            with told(f"for {kind}, {what}"):
                module.eval()
                demand(bool(torch.isfinite(module(inputs)).all()), f"NaN or infinite on {what} of kind {kind}")
    for kind in kinds_of(subject):
        with told(f"for {kind}"):
            module = subject.build(modality_of_kind(kind))
            if hasattr(module, "prepare"):
                module.prepare(constant_of(kind, 1.0, 4))
                finite = bool(torch.isfinite(module.eval()(inputs_of(kind, 4))).all())
                demand(finite, f"NaN or infinite after prepare on constant inputs of kind {kind}")


def input_untouched(subject: Subject) -> None:
    """In training and in evaluation."""
    for kind in kinds_of(subject):
        with told(f"for {kind}"):
            module, inputs = subject.build(modality_of_kind(kind)), inputs_of(kind, 4)
            before = copy_of(inputs)
            if hasattr(module, "prepare"):
                module.prepare(inputs)
                demand(same(inputs, before), f"prepare changed its inputs of kind {kind}")
            module(inputs), module.eval()(inputs)
            demand(same(inputs, before), f"a call changed its inputs of kind {kind}: work on a copy")


def built(subject: Subject, seed: int = 0) -> Iterator[tuple[Kind, Any]]:
    """For every kind it takes, an encoder of the usual shape with its statistics taken, in training mode."""
    for kind in kinds_of(subject):
        with told(f"for {kind}"):
            torch.manual_seed(seed)
            module = subject.build(modality_of_kind(kind))
            if hasattr(module, "prepare"):
                module.prepare(inputs_of(kind, 6, seed=1))
        yield kind, module.train()


def kinds_of(subject: Subject) -> tuple[Kind, ...]:
    """The kinds that the card says it takes.

    Raises:
        NotApplicable: the card is none of an encoder.
    """
    if not isinstance(subject.card, EncoderCard):
        raise NotApplicable(f"{subject.name} is a {subject.card.kind}")
    return cast("tuple[Kind, ...]", subject.card.takes)


def _fits(module: Any, out: Tensor, rows: int, where: str) -> None:
    given = getattr(module, "representation", None)
    if not isinstance(given, Representation):
        demand(False, f"{where}: attribute 'representation' is {given!r}, expected a Representation")
        return
    sizes = all(isinstance(size, int) and size > 0 for size in given.shape)
    valid = sizes and len(given.shape) == DIMENSIONS.get(given.kind)
    demand(valid, f"{where}: {given} is no valid representation")
    expected = (rows, *given.shape)
    demand(tuple(out.shape) == expected, f"{where}: gave shape {tuple(out.shape)}, declares {expected}")
    demand(out.dtype == torch.float32, f"{where}: gave {out.dtype}, expected torch.float32")


def _extremes(kind: Kind) -> Iterator[tuple[str, Inputs]]:
    for value in (0.0, 1.0, LARGE, -LARGE):
        yield f"constant {value:g}", constant_of(kind, value)
    if kind == "text":
        yield "a long text", ["word " * 2000, "x" * 5000]
        yield "unusual characters", ["\x00\u200d\U0001f600 ﷽ \ud7ff", " \n\t "]
    if kind in ("audio", "sequence"):
        inputs = inputs_of(kind, 2)
        assert isinstance(inputs, Padded)
        one = torch.ones_like(inputs.lengths)
        yield "single steps", Padded(torch.zeros_like(inputs.values).index_fill(1, torch.tensor([0]), 0.5), one)
