"""What a run is made of, built as it is before training."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from brownout.engine.attack_rehearsal import rehearse_attack
from brownout.engine.components import Component
from brownout.engine.data import read
from brownout.engine.faults import located
from brownout.engine.inputs import as_inputs, modality_of
from brownout.engine.models import Joint, build_backbone, build_fit, heads_of, representation_of
from brownout.engine.perturb import modality_named
from brownout.engine.seeding import seed
from brownout.engine.specs import AttackSpec, EncoderSpec, FitSpec, MethodSpec, ViewSpec
from brownout.engine.store import Store
from brownout_registry import Batch, Dataset, Modality, PerturbationCard, Representation, Step, UsageError

SAMPLES = 4


@dataclass(frozen=True)
class Built:
    """What stays of a fit that was built.

    Attributes:
        representations: by modality.
        heads: of a unimodal classifier, by its modality.
        embeds: the modalities whose first module embeds texts.
    """

    representations: Mapping[str, Representation]
    heads: Mapping[str, nn.Linear]
    embeds: frozenset[str]


@dataclass
class Rehearsal:
    """Builds every distinct encoder, fusion, recipe and perturbation once.

    Each model that has no stored weights yet is fitted on one small batch.
    """

    datasets: Mapping[str, Dataset]
    store: Store
    fits: dict[Hashable, Built] = field(default_factory=dict)
    backbones: dict[tuple[Component, Modality], nn.Module] = field(default_factory=dict)

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

    def attack(self, attack: AttackSpec, method: MethodSpec) -> str:
        """Build an attack, and see whether the method can be attacked so.

        Returns:
            Which target this method lacks, in words; nothing, if it has it.

        Raises:
            UsageError: the attack refuses its options or the number of classes, or the method has no such entrance.
        """
        attack.component.build()
        dataset, seen = self.datasets[method.dataset.name], {}
        if dataset.task.kind == "dense":
            raise UsageError("attacks are for classification; this task is dense")
        if attack.at != "input" and method.level == "input":
            raise UsageError(f"it fuses inputs, so there is nothing to attack at: {attack.at}")
        for name in attack.modalities:
            fit = method.encoding(name, ViewSpec(method.dataset, name)).fit
            built = self._fit(fit)
            if attack.at == "embeddings" and name not in built.embeds:
                raise UsageError(f"the encoder of {name!r} has no embeddings to attack; use at: input or at: features")
            if attack.target == "unimodal" and method.level != "decision":
                if name not in self._unimodal(fit):
                    return f"it has no classifier of {name!r} alone; use target: fused"
                if len(attack.modalities) > 1:
                    raise UsageError("its unimodal classifiers are attacked one at a time; use modalities, not joint")
            seen[name] = _seen(attack, modality_named(dataset, name), built)
        rehearse_attack(attack, seen, len(dataset.task.classes))
        return ""

    def _fit(self, fit: FitSpec) -> Built:
        key = (fit.dataset.name, fit.encoders, fit.fusion, fit.recipe)
        if key not in self.fits:
            dataset = self.datasets[fit.dataset.name]
            backbones = self._backbones(fit)
            shapes = {name: representation_of(backbone) for name, backbone in backbones.items()}
            model = build_fit(fit, dataset, shapes)
            own = {name: representation_of(encoder) for name, encoder in model.encoders.items()}
            heads = {name: head for each in fit.encoders for name, head in heads_of({each.modality: model}).items()}
            if fit.loop.epochs and not self.store.has(fit.key):
                with located("training"):
                    _train_a_little(fit, model, *_first_batch(fit, model, dataset, backbones))
            bottom: dict[str, Any] = {**model.encoders, **backbones}
            embeds = frozenset(name for name, module in bottom.items() if hasattr(module, "embed"))
            self.fits[key] = Built({**shapes, **own}, heads, embeds)
        return self.fits[key]

    def _unimodal(self, fit: FitSpec) -> set[str]:
        """The modalities of which a fit's prediction has logits of their own."""
        dataset, backbones = self.datasets[fit.dataset.name], self._backbones(fit)
        shapes = {name: representation_of(backbone) for name, backbone in backbones.items()}
        model = build_fit(fit, dataset, shapes)
        batch, _ = _first_batch(fit, model, dataset, backbones)
        with torch.no_grad():
            return set(model.eval()(batch.inputs, batch.present).unimodal)

    def _backbones(self, fit: FitSpec) -> dict[str, nn.Module]:
        dataset = self.datasets[fit.dataset.name]
        return {each.modality: self._backbone(each, dataset) for each in fit.encoders if each.backbone}

    def _backbone(self, spec: EncoderSpec, dataset: Dataset) -> nn.Module:
        modality = modality_named(dataset, spec.modality)
        assert spec.backbone is not None
        if (spec.backbone, modality) not in self.backbones:
            with located(f"encoders.{spec.modality}.backbone"):
                self.backbones[spec.backbone, modality] = build_backbone(spec.backbone, modality)
        return self.backbones[spec.backbone, modality]


def _seen(attack: AttackSpec, modality: Modality, built: Built) -> Modality:
    """What an attack sees of a modality where it enters."""
    if attack.at == "features":
        return modality_of(built.representations[modality.name], modality.name)
    return modality if attack.at == "input" else Modality(modality.name, "sequence", (SAMPLES, SAMPLES))


def _first_batch(
    fit: FitSpec, model: Joint, dataset: Dataset, backbones: Mapping[str, nn.Module]
) -> tuple[Batch, Step]:
    """The first training samples, for which the model's encoders are prepared."""
    train, names = dataset.splits["train"], [each.name for each in dataset.modalities]
    used = [each.modality for each in fit.encoders] or names
    present = train.present[:, [names.index(name) for name in used]]
    rows = (torch.arange(len(train)) if fit.fusion else present.all(1).nonzero().squeeze(1))[:SAMPLES]
    inputs: dict[str, Any] = {name: read(dataset, train, name, rows) for name in used}
    for name, backbone in backbones.items():
        with torch.no_grad():
            features = backbone(inputs[name])
        inputs[name] = as_inputs(features, representation_of(backbone)) if name in model.encoders else features
    for name, encoder in model.encoders.items():
        prepare: Any = getattr(encoder, "prepare", None)
        if prepare is not None:
            prepare(inputs[name])
    step = Step(0, fit.loop.epochs, train.ids[rows], rows, len(train))
    return Batch(inputs, train.targets[rows], present[rows]), step


def _train_a_little(fit: FitSpec, model: Joint, batch: Batch, step: Step) -> None:
    """One batch: what a recipe cannot do with this model and these data, it says now."""
    recipe = fit.recipe.build()
    for _, ready in recipe.phases(fit.loop.epochs) if hasattr(recipe, "phases") else ():
        ready(model)
    seed(fit.seed)
    parameters = [each for each in model.parameters() if each.requires_grad]
    if parameters:
        recipe.train_batch(model.train(), batch, step, torch.optim.SGD(parameters, lr=0.0))


def _check_taken(perturbation: Component, modality: Modality) -> None:
    card = perturbation.card
    assert isinstance(card, PerturbationCard)
    if modality.kind not in card.takes:
        takes = ", ".join(card.takes)
        raise UsageError(f"{perturbation.name} takes {takes}; {modality.name!r} is a {modality.kind}")
