"""What a run is made of, built as it is before training."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from torch import nn

from brownout.engine.components import Component
from brownout.engine.faults import located
from brownout.engine.inputs import modality_of
from brownout.engine.models import build_backbone, build_fit, heads_of, representation_of
from brownout.engine.perturb import modality_named
from brownout.engine.specs import EncoderSpec, FitSpec, MethodSpec, ViewSpec
from brownout_registry import Dataset, Modality, PerturbationCard, Representation, UsageError


@dataclass(frozen=True)
class Built:
    """What stays of a fit that was built: by modality, its representations and, if unimodal, its head."""

    representations: Mapping[str, Representation]
    heads: Mapping[str, nn.Linear]


@dataclass
class Rehearsal:
    """Builds every distinct encoder, fusion, recipe and perturbation once, and keeps no more of it than is needed."""

    datasets: Mapping[str, Dataset]
    fits: dict[Hashable, Built] = field(default_factory=dict)
    backbones: dict[tuple[Component, Modality], Representation] = field(default_factory=dict)

    def method(self, method: MethodSpec) -> None:
        """Build a method's encoders, fusion and recipe.

        Raises:
            UsageError: one of them refuses its options, its weights or what it is to be put on.
        """
        heads: dict[str, nn.Linear] = {}
        for fit in method.fits:
            with located("training"):
                fit.recipe.build()
            if not fit.unimodal:
                heads |= self._fit(fit).heads
        if method.level == "decision":
            method.fusion.build(self.datasets[method.dataset.name].task, heads)

    def perturbation(self, view: ViewSpec, method: MethodSpec) -> None:
        """Build a view's perturbation, for a view of features on the method's representation.

        Raises:
            UsageError: it refuses its options, its levels or the representation.
        """
        modality = modality_named(self.datasets[view.dataset.name], view.modality)
        if view.at == "features":
            if method.level == "input":
                return
            fit = method.encoding(view.modality, view).fit
            modality = modality_of(self._fit(fit).representations[view.modality], view.modality)
        assert view.perturbation is not None
        _check_taken(view.perturbation, modality)
        view.perturbation.build(modality, levels=list(view.levels))

    def _fit(self, fit: FitSpec) -> Built:
        key = (fit.dataset.name, fit.encoders, fit.fusion)
        if key not in self.fits:
            dataset = self.datasets[fit.dataset.name]
            shapes = {each.modality: self._backbone(each, dataset) for each in fit.encoders if each.backbone}
            model = build_fit(fit, dataset, shapes)
            own = {name: representation_of(encoder) for name, encoder in model.encoders.items()}
            heads = {name: head for each in fit.encoders for name, head in heads_of({each.modality: model}).items()}
            self.fits[key] = Built({**shapes, **own}, heads)
        return self.fits[key]

    def _backbone(self, spec: EncoderSpec, dataset: Dataset) -> Representation:
        modality = modality_named(dataset, spec.modality)
        assert spec.backbone is not None
        if (spec.backbone, modality) not in self.backbones:
            with located(f"encoders.{spec.modality}.backbone"):
                backbone = build_backbone(spec.backbone, modality)
            self.backbones[spec.backbone, modality] = representation_of(backbone)
        return self.backbones[spec.backbone, modality]


def _check_taken(perturbation: Component, modality: Modality) -> None:
    card = perturbation.card
    assert isinstance(card, PerturbationCard)
    if modality.kind not in card.takes:
        takes = ", ".join(card.takes)
        raise UsageError(f"{perturbation.name} takes {takes}; {modality.name!r} is a {modality.kind}")
