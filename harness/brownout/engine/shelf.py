"""What a worker keeps in memory between pieces of work: datasets, backbones and fitted models."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from torch import Tensor, nn

from brownout.engine.components import Component
from brownout.engine.data import build_dataset
from brownout.engine.inputs import as_inputs
from brownout.engine.masks import Evaluated
from brownout.engine.models import Joint, build_backbone, build_decision, build_fit, heads_of
from brownout.engine.perturb import modality_named
from brownout.engine.seeding import seed
from brownout.engine.settled import evaluated
from brownout.engine.specs import DatasetSpec, EncoderSpec, Encoding, FitSpec
from brownout.engine.store import Store
from brownout_registry import Dataset, Inputs, Modality, Representation

Built = TypeVar("Built")
KEPT = 64


@dataclass
class Shelf:
    """Built objects by key, the least recently used dropped beyond 64."""

    store: Store
    device: str
    batch: int
    kept: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict)

    def dataset(self, spec: DatasetSpec) -> Dataset:
        """The dataset, cut to the run's limit."""
        dataset: Dataset = self.keep(("dataset", spec.component), lambda: build_dataset(spec.component))
        return dataset

    def evaluated(self, spec: DatasetSpec) -> Evaluated:
        """The test samples that are evaluated."""
        return self.keep(("evaluated", spec), lambda: evaluated(self.dataset(spec), spec))

    def backbone(self, component: Component, modality: Modality) -> Any:
        """A frozen backbone on the device."""
        return self.keep(("backbone", component, modality), lambda: build_backbone(component, modality).to(self.device))

    def fresh(self, spec: FitSpec) -> Joint:
        """The modules of a fit as initialised, on the device."""
        dataset = self.dataset(spec.dataset)
        modalities = {each.name: each for each in dataset.modalities}
        below = {
            each.modality: self.backbone(each.backbone, modalities[each.modality]).representation
            for each in spec.encoders
            if each.backbone
        }
        if spec.unimodal:
            return Joint({}, self.decision(spec, dataset), dataset.task).to(self.device)
        return build_fit(spec, dataset, below).to(self.device)

    def fitted(self, spec: FitSpec) -> Joint:
        """The modules of a fit with their stored weights, in evaluation mode."""
        return self.keep(("fit", spec.key), lambda: self._load(spec))

    def encoder(self, dataset: Dataset, fit: FitSpec, spec: EncoderSpec) -> Callable[[Inputs], Tensor]:
        """Backbone and fitted encoder of a modality as one function of canonical inputs on the device."""
        if spec.backbone is None:
            own: Callable[[Inputs], Tensor] = self.fitted(fit).encoders[spec.modality]
            return own
        backbone = self.backbone(spec.backbone, modality_named(dataset, spec.modality))
        above = self.above(dataset, fit, spec)
        return lambda inputs: above(backbone(inputs))

    def above(self, dataset: Dataset, fit: FitSpec, spec: EncoderSpec) -> Callable[[Tensor], Tensor]:
        """What stands above a modality's backbone as a function of its features; it may be nothing."""
        assert spec.backbone is not None
        representation = self.backbone(spec.backbone, modality_named(dataset, spec.modality)).representation
        if spec.encoder is None:
            return lambda features: features
        encoder = self.fitted(fit).encoders[spec.modality]
        return lambda features: encoder(as_inputs(features, representation))

    def representation(self, encoding: Encoding) -> Representation:
        """What an encoding's rows look like."""
        spec, dataset = encoding.encoder, self.dataset(encoding.view.dataset)
        if spec.encoder is None:
            assert spec.backbone is not None
            module = self.backbone(spec.backbone, modality_named(dataset, spec.modality))
        else:
            module = self.fitted(encoding.fit).encoders[spec.modality]
        representation: Representation = module.representation
        return representation

    def decision(self, spec: FitSpec, dataset: Dataset) -> nn.Module:
        """A trained decision-level fusion over its unimodal fits' heads, as initialised under its seed."""
        assert spec.fusion is not None
        names = [each.name for each in dataset.modalities]
        heads = heads_of({name: self.fitted(fit) for name, fit in zip(names, spec.unimodal, strict=True)})
        seed(spec.seed)
        return build_decision(spec.fusion, dataset.task, heads)

    def _load(self, spec: FitSpec) -> Joint:
        model = self.fresh(spec)
        model.load_state_dict(self.store.load_weights(spec.key))
        return model.eval().requires_grad_(False)

    def keep(self, key: Hashable, build: Callable[[], Built]) -> Built:
        """What lies here under a key, built when first asked for."""
        if key not in self.kept:
            self.kept[key] = build()
        self.kept.move_to_end(key)
        while len(self.kept) > KEPT:
            self.kept.popitem(last=False)
        built: Built = self.kept[key]
        return built
