"""Pieces of work: what a task takes from the cache, what it puts there, and what it predicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from brownout.engine.components import Component
from brownout.engine.specs import Cell, Encoding, FitSpec, ViewSpec, features_key


@dataclass(frozen=True)
class FeatureWork:
    """Backbone features of clean training or validation inputs."""

    backbone: Component
    view: ViewSpec
    failed: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def title(self) -> str:
        """For progress."""
        return f"features of {self.view.modality} ({self.view.split})"

    @cached_property
    def needs(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    @cached_property
    def outputs(self) -> frozenset[str]:
        """The features."""
        return frozenset([features_key(self.backbone, self.view)])


@dataclass(frozen=True)
class FitWork:
    """One fit."""

    fit: FitSpec
    failed: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def title(self) -> str:
        """For progress."""
        names = "+".join(each.modality for each in self.fit.encoders)
        return f"fit {self.fit.fusion.short if self.fit.fusion else 'unimodal'} {names} seed {self.fit.seed}"

    @cached_property
    def features(self) -> tuple[FeatureWork, ...]:
        """The backbone features that it is fitted on."""
        return tuple(
            FeatureWork(each.backbone, ViewSpec(self.fit.dataset, each.modality, split=split))
            for fit in (self.fit, *self.fit.unimodal)
            for each in fit.encoders
            if each.backbone
            for split in ("train", "validation")
        )

    @cached_property
    def needs(self) -> frozenset[str]:
        """Backbone features and the unimodal fits below."""
        below = [fit.key for fit in self.fit.unimodal]
        return frozenset(below).union(*(work.outputs for work in self.features))

    @cached_property
    def outputs(self) -> frozenset[str]:
        """The weights."""
        return frozenset([self.fit.key])


@dataclass(frozen=True)
class ViewWork:
    """The views of one group (all severities of a perturbation of a modality) under every fitted encoder."""

    encodings: tuple[Encoding, ...]
    failed: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def title(self) -> str:
        """For progress."""
        view = self.encodings[0].view
        changed = view.attack.component if view.attack else view.perturbation
        what = changed.short if changed else view.stand_in or "clean"
        return f"{what} {view.modality}"

    @cached_property
    def needs(self) -> frozenset[str]:
        """The fits and, for feature-level views, the clean encodings."""
        return frozenset(key for each in self.encodings for key in needs_of_encoding(each))

    @cached_property
    def outputs(self) -> frozenset[str]:
        """The encodings."""
        return frozenset(each.key for each in self.encodings)


@dataclass(frozen=True)
class PredictWork:
    """Predictions of one method and training seed under some conditions."""

    cells: tuple[Cell, ...]
    failed: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def title(self) -> str:
        """For progress."""
        method = self.cells[0].method
        return f"predict {method.name} seed {method.seed}"

    @cached_property
    def needs(self) -> frozenset[str]:
        """Fits, and the encodings of separable methods."""
        return frozenset(key for cell in self.cells for key in needs_of(cell))

    @cached_property
    def outputs(self) -> frozenset[str]:
        """Nothing that other work takes."""
        return frozenset()


Work = FeatureWork | FitWork | ViewWork | PredictWork


def needs_of(cell: Cell) -> set[str]:
    """Keys of what one cell is made of."""
    method = cell.method
    fits = {fit.key for fit in method.fits}
    if method.level == "input":
        return fits
    return fits | {encoding.key for each in cell.encodings().values() for encoding in each}


def needs_of_encoding(encoding: Encoding) -> set[str]:
    """Keys of the weights under which a view is encoded and, for a feature-level view, of the clean encoding."""
    fit = {encoding.fit.key} if encoding.encoder.encoder or encoding.view.attack else set()
    if encoding.view.at == "features":
        return fit | {Encoding(encoding.fit, clean_of(encoding.view)).key}
    return fit


def clean_of(view: ViewSpec) -> ViewSpec:
    """The clean view of the same modality and split."""
    return ViewSpec(view.dataset, view.modality, split=view.split)
