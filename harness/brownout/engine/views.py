"""Views and their encodings: perturb a chunk once, encode it under every fit that wants it, go on.

Perturbed inputs are never stored and memory holds one chunk of one view. What is stored are backbone
features and encodings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from brownout.engine.attacks import entrance, run_attack
from brownout.engine.components import Component
from brownout.engine.data import chunks
from brownout.engine.faults import raise_if_nobodys, reason
from brownout.engine.inputs import all_finite, as_inputs, modality_of, to_device, zeros_like
from brownout.engine.models import representation_of
from brownout.engine.perturb import clean_inputs, modality_named, noise_of, perturb
from brownout.engine.seeding import seed
from brownout.engine.shelf import Shelf
from brownout.engine.specs import AttackSpec, Encoding, ViewSpec, features_key
from brownout.engine.store import ArrayWriter, Store
from brownout.engine.works import FeatureWork, ViewWork, clean_of, needs_of_encoding
from brownout_registry import Dataset, Inputs, Noise, Representation


@dataclass
class Arrays:
    """Arrays under way, opened when their first rows come."""

    store: Store
    size: int
    writers: dict[str, ArrayWriter] = field(default_factory=dict)

    def append(self, key: str, values: Tensor) -> None:
        """The next rows of an array."""
        if key not in self.writers:
            self.writers[key] = self.store.writer(key, (self.size, *values.shape[1:]))
        self.writers[key].append(values)

    def extend(self, values: Mapping[str, Tensor]) -> None:
        """The next rows of several arrays."""
        for key, rows in values.items():
            self.append(key, rows)

    def drop(self, key: str) -> None:
        """Give an array up."""
        if key in self.writers:
            self.writers.pop(key).abort()


@contextmanager
def arrays(store: Store, size: int) -> Iterator[Arrays]:
    """Arrays of ``size`` rows that become entries when the block ends without an error, else leave nothing.

    One that is not whole leaves nothing either: features, when all encoders above their backbone have failed.
    """
    under_way = Arrays(store, size)
    try:
        yield under_way
        for key in [key for key, writer in under_way.writers.items() if writer.left == 0]:
            under_way.writers.pop(key).commit()
    finally:
        for key in list(under_way.writers):
            under_way.drop(key)


def compute_features(shelf: Shelf, work: FeatureWork) -> dict[str, int]:
    """Store backbone features of a clean split; gives the rows computed."""
    dataset, view = shelf.dataset(work.view.dataset), work.view
    size = len(dataset.splits[view.split])
    with arrays(shelf.store, size) as out:
        for rows in chunks(size, shelf.batch):
            inputs = clean_inputs(dataset, view, rows, shelf.device)
            out.append(features_key(work.backbone, view), encode_backbone(shelf, dataset, work.backbone, view, inputs))
    return {"backbone": size}


def compute_views(shelf: Shelf, work: ViewWork) -> dict[str, Any]:
    """Store all encodings of a view group; one that fails does not cost the others."""
    first = work.encodings[0].view
    dataset = shelf.dataset(first.dataset)
    failed = {
        each.key: work.failed[key] for each in work.encodings for key in needs_of_encoding(each) if key in work.failed
    }
    counts: Counter[str] = Counter()
    compute = {"": _perturbed, "zero-input": _zero, "mean-representation": _mean}[first.stand_in]
    compute(shelf, dataset, work.encodings, failed, counts)
    return {"failed": failed, "counts": dict(counts)}


def _perturbed(
    shelf: Shelf, dataset: Dataset, encodings: Sequence[Encoding], failed: dict[str, str], counts: Counter[str]
) -> None:
    """Store the encodings of clean or perturbed views, which share their draws; note those that fail."""
    first = encodings[0].view
    size = min(len(dataset.splits[first.split]), first.dataset.limit or len(dataset.splits[first.split]))
    with arrays(shelf.store, size) as out:
        for rows in chunks(size, shelf.batch):
            noise = noise_of(first, dataset.splits[first.split].ids[rows], shelf.device) if first.perturbation else None
            clean = cache(partial(clean_inputs, dataset, first, rows, shelf.device))
            for view in dict.fromkeys(each.view for each in encodings):
                chunk = Chunk(shelf, dataset, view, rows, clean, noise, out, counts)
                chunk.store_all([each for each in encodings if each.view == view], failed)


def _zero(
    shelf: Shelf, dataset: Dataset, encodings: Sequence[Encoding], failed: dict[str, str], counts: Counter[str]
) -> None:
    """Store the one row that takes an absent modality's place: the encoded zero input."""
    view = encodings[0].view
    inputs = zeros_like(clean_inputs(dataset, view, _there(dataset, view)[:1], shelf.device))
    with arrays(shelf.store, 1) as out:
        chunk = Chunk(shelf, dataset, view, torch.zeros(1, dtype=torch.int64), lambda: inputs, None, out, counts)
        chunk.store_all(encodings, failed)


def _mean(
    shelf: Shelf, dataset: Dataset, encodings: Sequence[Encoding], failed: dict[str, str], counts: Counter[str]
) -> None:
    """Store the one row that takes an absent modality's place: the mean encoding of the training split."""
    source = replace(encodings[0].view, split="train", stand_in="")
    there = _there(dataset, source)
    totals: dict[str, Tensor] = {}
    for rows in there.split(shelf.batch):
        clean = partial(clean_inputs, dataset, source, rows, shelf.device)
        chunk = Chunk(shelf, dataset, source, rows, clean, None, None, counts)
        for key, values in chunk.encode_all(encodings, failed).items():
            totals[key] = totals.get(key, 0) + values.double().cpu().sum(0, keepdim=True)
    with arrays(shelf.store, 1) as out:
        out.extend({key: total / len(there) for key, total in totals.items() if key not in failed})


def _there(dataset: Dataset, view: ViewSpec) -> Tensor:
    """The rows of a split that have the view's modality."""
    column = view.dataset.modalities.index(view.modality)
    return dataset.splits[view.split].present[:, column].nonzero().squeeze(1)


@dataclass
class Chunk:
    """Some rows of one view: its inputs and backbone features are computed when first asked for, and once."""

    shelf: Shelf
    dataset: Dataset
    view: ViewSpec
    rows: Tensor
    clean: Callable[[], Inputs]
    noise: Noise | None
    out: Arrays | None
    counts: Counter[str]
    inputs: Inputs | None = None
    features: dict[Component, Tensor] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)

    def store_all(self, encodings: Sequence[Encoding], failed: dict[str, str]) -> None:
        """Append the rows of every encoding that has not failed; note those that fail, with the reason."""
        assert self.out is not None
        values = self.encode_all(encodings, failed)
        self.out.extend({key: rows for key, rows in values.items() if key not in self.kept})
        for encoding in encodings:
            if encoding.key in failed:
                self.out.drop(encoding.key)

    def encode_all(self, encodings: Sequence[Encoding], failed: dict[str, str]) -> dict[str, Tensor]:
        """The rows under every encoder that has not failed, by key; note those that fail, with the reason."""
        values = {}
        for encoding in encodings:
            try:
                if encoding.key not in failed:
                    values[encoding.key] = self.encode(encoding)
            except Exception as error:  # noqa: BLE001  an encoder may fail in any way, and costs itself only
                raise_if_nobodys(error)
                failed[encoding.key] = reason(error)
        return values

    def encode(self, encoding: Encoding) -> Tensor:
        """The rows under one encoder."""
        spec, view = encoding.encoder, encoding.view
        if view.attack:
            return self._attacked(encoding, view.attack)
        if view.at == "features":
            return self._perturbed_features(encoding)
        if spec.backbone is None:
            below = self._inputs()
        elif spec.encoder is None:
            return self._backbone(spec.backbone)
        else:
            modality = modality_named(self.dataset, view.modality)
            representation = representation_of(self.shelf.backbone(spec.backbone, modality))
            below = as_inputs(self._backbone(spec.backbone), representation)
        assert spec.encoder is not None
        model = self.shelf.fitted(encoding.fit).encoders[spec.modality]
        seed(encoding.fit.seed + int(self.rows[0]))  # what it draws must not depend on other encodings
        with torch.inference_mode():
            output = model(to_device(below, self.shelf.device))
        self.counts["encoder"] += len(self.rows)
        return checked(output, len(self.rows), representation_of(model), f"encoder {spec.encoder.short}")

    def _attacked(self, encoding: Encoding, attack: AttackSpec) -> Tensor:
        """The rows after an attack on the unimodal classifier that they are encoded under."""
        shelf, name, split = self.shelf, self.view.modality, self.dataset.splits[self.view.split]
        clean = Encoding(encoding.fit, clean_of(self.view))
        head, way = shelf.fitted(encoding.fit).fusion.head, entrance(shelf, self.dataset, attack, clean, self.rows)

        def logits(sources: Mapping[str, Tensor], _: Tensor) -> Tensor:
            classes: Tensor = head(sources[name])  # type: ignore[operator]
            return classes

        seed(encoding.fit.seed + int(self.rows[0]))
        targets, ids = split.targets[self.rows], split.ids[self.rows]
        found: Tensor = run_attack(attack, {name: way}, targets, ids, logits, shelf.device)[name]
        if attack.at != "features":
            self.counts["encoder"] += len(self.rows)
        return found

    def _perturbed_features(self, encoding: Encoding) -> Tensor:
        clean = self.shelf.store.rows(Encoding(encoding.fit, clean_of(self.view)).key, self.rows)
        representation = self.shelf.representation(encoding)
        modality = modality_of(representation, self.view.modality)
        ids = self.dataset.splits[self.view.split].ids[self.rows]
        assert self.noise is not None
        inputs = as_inputs(clean.to(self.shelf.device), representation)
        result = perturb(self.view, modality, inputs, self.noise, ids)
        return result if isinstance(result, Tensor) else result.values  # type: ignore[union-attr]

    def _inputs(self) -> Inputs:
        if self.inputs is None:
            self.inputs = self._perturbed(self.clean()) if self.view.perturbation else self.clean()
        return self.inputs

    def _perturbed(self, inputs: Inputs) -> Inputs:
        assert self.noise is not None
        ids = self.dataset.splits[self.view.split].ids[self.rows]
        return perturb(self.view, modality_named(self.dataset, self.view.modality), inputs, self.noise, ids)

    def _backbone(self, component: Component) -> Tensor:
        if component not in self.features:
            key = features_key(component, self.view)
            if self.shelf.store.has(key):
                self.features[component] = self.shelf.store.rows(key, self.rows)
            else:
                self.features[component] = encode_backbone(
                    self.shelf, self.dataset, component, self.view, self._inputs()
                )
                self.counts["backbone"] += len(self.rows)
                self._keep(key, self.features[component])
        return self.features[component]

    def _keep(self, key: str, features: Tensor) -> None:
        """Features are stored for methods to come, and serve as the encoding where no encoder stands on top."""
        if self.out is not None:
            self.out.append(key, features)
            self.kept.add(key)


def encode_backbone(shelf: Shelf, dataset: Dataset, component: Component, view: ViewSpec, inputs: Inputs) -> Tensor:
    """Backbone features of a batch."""
    backbone = shelf.backbone(component, modality_named(dataset, view.modality))
    with torch.inference_mode():
        features = backbone(to_device(inputs, shelf.device))
    return checked(features, len(inputs), backbone.representation, f"backbone {component.short}")


def checked(output: Tensor, rows: int, representation: Representation, what: str) -> Tensor:
    """Refuse an output of the wrong shape or with NaN or infinity."""
    expected = (rows, *representation.shape)
    if tuple(output.shape) != expected:
        raise ValueError(f"{what} gave shape {tuple(output.shape)}, its representation promises {expected}")
    if not all_finite(output):
        raise ArithmeticError(f"{what} gave NaN or infinite values")
    return output
