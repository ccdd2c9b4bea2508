"""Demands on encoders: a sample's representation is its own."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from brownout.conformance.demands import demand, told
from brownout.conformance.demands.encoder_form import built, kinds_of
from brownout.conformance.kit import NotApplicable, Subject
from brownout.conformance.samples import inputs_of, modality_of_kind, pad_behind
from brownout.engine.inputs import rows_of
from brownout_registry import Padded

RTOL, ATOL = 1e-3, 1e-4
"""Matrix products of other sizes round otherwise."""


@torch.no_grad()
def batch_does_not_matter(subject: Subject) -> None:
    """Other order, fewer companions, other companions."""
    for kind, module in built(subject):
        with told(f"for {kind}"):
            module.eval()
            inputs = inputs_of(kind)
            whole = module(inputs)
            for rows in ([4, 1, 5, 0, 2, 3], [2, 5], [3, 3, 0]):
                part = module(rows_of(inputs, torch.tensor(rows)))
                _agree(
                    part, whole[rows], f"for {kind}, samples {rows} encoded by themselves differ from those in a batch"
                )


@torch.no_grad()
def batch_of_one(subject: Subject) -> None:
    """In evaluation, against the same sample in a batch."""
    for kind, module in built(subject):
        with told(f"for {kind}"):
            module.eval()
            inputs = inputs_of(kind)
            whole = module(inputs)
            for row in range(3):
                alone = module(rows_of(inputs, torch.tensor([row])))
                _agree(alone, whole[[row]], f"for {kind}, sample {row} alone differs from itself in a batch")


@torch.no_grad()
def padding_is_not_seen(subject: Subject) -> None:
    """Behind each end stands something else."""
    kinds = [kind for kind in kinds_of(subject) if kind in ("audio", "sequence")]
    if not kinds:
        raise NotApplicable("it takes neither audio nor sequences, so nothing is padded")
    for kind, module in built(subject):
        with told(f"for {kind}"):
            inputs = inputs_of(kind)
            if isinstance(inputs, Padded):
                module.eval()
                other = module(pad_behind(inputs.values, inputs.lengths, padding=0.7))
                _agree(other, module(inputs), f"for {kind}, what lies behind `lengths` changes the representation")


@torch.no_grad()
def deterministic(subject: Subject) -> None:
    """Bit by bit."""
    for (kind, module), (_, twin) in zip(built(subject, seed=3), built(subject, seed=3), strict=True):
        with told(f"for {kind}"):
            inputs = inputs_of(kind)
            module.eval()
            first = module(inputs)
            demand(torch.equal(first, module(inputs)), f"for {kind}, two calls in evaluation differ")
            twin.eval()
            message = f"for {kind}, two encoders built under the same seed differ: draw with torch's generator alone"
            demand(torch.equal(first, twin(inputs)), message)
    for kind in kinds_of(subject):
        with told(f"for {kind}"):
            outs = [_trained_call(subject, kind) for _ in range(2)]
            demand(torch.equal(*outs), f"for {kind}, two calls in training under the same seed differ")


def _trained_call(subject: Subject, kind: Any) -> Tensor:
    torch.manual_seed(5)
    out: Tensor = subject.build(modality_of_kind(kind)).train()(inputs_of(kind))
    return out


def _agree(one: Tensor, other: Tensor, message: str) -> None:
    close = one.shape == other.shape and torch.allclose(one, other, rtol=RTOL, atol=ATOL, equal_nan=True)
    far = f" (by up to {float((one - other).abs().max()):.3g})" if one.shape == other.shape else ""
    demand(close, message + far)
