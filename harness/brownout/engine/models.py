"""Encoders and fusions put together: what is fitted, and what predicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from brownout.engine.components import Component
from brownout.engine.dense import EachPlace
from brownout.engine.faults import located
from brownout.engine.inputs import blank_absent, modality_of
from brownout.engine.seeding import seed
from brownout.engine.specs import FitSpec
from brownout_registry import (
    Dataset,
    EncoderCard,
    FusionCard,
    Inputs,
    Modality,
    Prediction,
    Representation,
    Step,
    Task,
    UsageError,
)


class Head(nn.Module):
    """The unimodal classifier's last layer: z = W h + b on the (spatially averaged) representation.

    For dense prediction W acts at every place of a feature map and z is enlarged to the target's size.
    """

    def __init__(self, task: Task, representation: Representation, size: tuple[int, ...] = ()) -> None:
        super().__init__()
        width = representation.shape[-1] if representation.kind == "sequence" else representation.shape[0]
        self.task, self.kind, self.size = task, representation.kind, size
        self.linear = nn.Linear(width, len(task.classes))

    def forward(self, representation: Tensor) -> Tensor:
        """Logits ``[B, K]`` or ``[B, K, H, W]``."""
        if self.task.kind == "dense":
            places: Tensor = self.linear(representation.movedim(1, -1)).movedim(-1, 1)
            return functional.interpolate(places, size=self.size, mode="bilinear", align_corners=False)
        if self.kind != "vector":
            representation = representation.mean(1) if self.kind == "sequence" else representation.mean((2, 3))
        classes: Tensor = self.linear(representation)
        return classes


class Unimodal(nn.Module):
    """The unimodal head in the place of a fusion, so that unimodal classifiers are fitted by the same loop."""

    def __init__(self, modality: str, head: Head) -> None:
        super().__init__()
        self.modality, self.head = modality, head

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """Logits of the one modality."""
        return Prediction(self.head(sources[self.modality]))


class Joint(nn.Module):
    """Encoders and a fusion as one callable, with the fusion's loss; see `brownout_registry.Model`."""

    def __init__(self, encoders: Mapping[str, nn.Module], fusion: nn.Module, task: Task) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict(encoders)
        self.fusion = fusion
        self.task = task

    def forward(self, inputs: Mapping[str, Inputs], present: Tensor) -> Prediction:
        """Encode and fuse; what an absent modality holds is replaced by zeros before the fusion sees it."""
        sources: dict[str, Any] = {}
        for column, (name, values) in enumerate(inputs.items()):
            there = present[:, column]
            known = name in self.encoders
            sources[name] = blank(self.encoders[name](values), there) if known else blank_absent(values, there)
        prediction: Prediction = self.fusion(sources, present)
        return prediction

    def loss(self, prediction: Prediction, target: Tensor, step: Step) -> Tensor:
        """The fusion's own loss if it has one, else the cross-entropy."""
        own: Any = getattr(self.fusion, "loss", None)
        if own is not None:
            loss: Tensor = own(prediction, target, step)
            return loss
        return functional.cross_entropy(prediction.logits, target, ignore_index=self.task.ignore_label)


def blank(representations: Tensor, present: Tensor) -> Tensor:
    """Zero representations where bool ``[B]`` is False."""
    mask = present.reshape(-1, *[1] * (representations.ndim - 1))
    return torch.where(mask, representations, torch.zeros((), dtype=representations.dtype, device=mask.device))


def build_backbone(component: Component, modality: Modality) -> nn.Module:
    """A frozen encoder in evaluation mode; its initial weights, if it draws any, do not depend on a training seed."""
    seed(0)
    backbone: nn.Module = _encoder(component, modality).eval().requires_grad_(False)
    return backbone


def build_decision(component: Component, task: Task, heads: Mapping[str, nn.Linear]) -> nn.Module:
    """A decision-level fusion over fitted unimodal heads; for dense prediction it acts at each place."""
    fusion: nn.Module = component.build(task, heads)
    return EachPlace(fusion) if task.kind == "dense" else fusion


def build_fit(spec: FitSpec, dataset: Dataset, below: Mapping[str, Representation]) -> Joint:
    """The modules of a fit, as initialised under its seed.

    Args:
        spec: what to build.
        dataset: for the task and the modalities.
        below: representation of each modality's backbone, where there is one.
    """
    seed(spec.seed)
    modalities = {each.name: each for each in dataset.modalities}
    encoders: dict[str, nn.Module] = {}
    shapes: dict[str, Representation] = {}
    for each in spec.encoders:
        modality = modality_of(below[each.modality], each.modality) if each.backbone else modalities[each.modality]
        if each.encoder:
            with located(f"encoders.{each.modality}"):
                encoders[each.modality] = _encoder(each.encoder, modality)
            shapes[each.modality] = representation_of(encoders[each.modality])
        else:
            shapes[each.modality] = below[each.modality]
    return Joint(encoders, _fusion(spec, dataset, shapes), dataset.task)


def representation_of(module: Any) -> Representation:
    """What an encoder or backbone declares to give."""
    representation: Representation = module.representation
    return representation


def heads_of(fits: Mapping[str, Joint]) -> dict[str, nn.Linear]:
    """The last linear layer of each unimodal classifier, as a decision-level fusion receives it."""
    return {name: linear for name, model in fits.items() for linear in _linears(model)}


def _linears(model: Joint) -> Iterator[nn.Linear]:
    if isinstance(model.fusion, Unimodal):
        yield model.fusion.head.linear


def _fusion(spec: FitSpec, dataset: Dataset, shapes: Mapping[str, Representation]) -> nn.Module:
    if spec.fusion is None:
        (name,) = shapes
        size = tuple(dataset.splits["train"].targets.shape[1:])
        return Unimodal(name, Head(dataset.task, shapes[name], size))
    card = spec.fusion.card
    assert isinstance(card, FusionCard)
    sources: Mapping[str, Any] = {each.name: each for each in dataset.modalities} if card.level == "input" else shapes
    for name, shape in shapes.items():
        if shape.kind not in card.takes:
            takes = ", ".join(card.takes)
            raise UsageError(f"fusion {spec.fusion.name} takes {takes}; the encoder of {name!r} gives a {shape.kind}")
    module: nn.Module = spec.fusion.build(dataset.task, dict(sources))
    return module


def _encoder(component: Component, modality: Modality) -> nn.Module:
    card = component.card
    assert isinstance(card, EncoderCard)
    if modality.kind not in card.takes:
        takes = ", ".join(card.takes)
        raise UsageError(f"encoder {component.name} takes {takes}; modality {modality.name!r} is a {modality.kind}")
    encoder: nn.Module = component.build(modality)
    return encoder
