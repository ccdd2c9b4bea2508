"""What a node of the plan is made of, as picklable data with a key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

from brownout.engine.components import Component, engine_source, key_of
from brownout_registry import ConditionFacts


@dataclass(frozen=True)
class DatasetSpec:
    """A dataset of the suite, already built once: its component, its name in reports and its fingerprint."""

    name: str
    component: Component
    fingerprint: str
    modalities: tuple[str, ...]
    limit: int | None = None


@dataclass(frozen=True)
class EncoderSpec:
    """The encoder of one modality: a frozen backbone, a trained encoder on top, or both."""

    modality: str
    backbone: Component | None
    encoder: Component | None


@dataclass(frozen=True)
class Loop:
    """The training loop's own settings, see `brownout.suite.schema.Training`."""

    epochs: int
    batch_size: int
    optimiser: str
    learning_rate: float
    weight_decay: float
    patience: int | None
    select: str = "complete"
    samples: int | None = None


@dataclass(frozen=True)
class FitSpec:
    """One fit: encoders and a fusion (None: the unimodal head) under a training recipe and seed.

    ``unimodal`` are the fits that a trained decision-level fusion stands on; its encoders are then
    empty, for they are fitted there.
    """

    dataset: DatasetSpec
    encoders: tuple[EncoderSpec, ...]
    fusion: Component | None
    recipe: Component
    loop: Loop
    seed: int
    unimodal: tuple[FitSpec, ...] = ()

    @cached_property
    def key(self) -> str:
        """Hash of all that the weights depend on."""
        parts = [self.encoders, self.fusion, self.recipe, self.loop, self.seed, [fit.key for fit in self.unimodal]]
        return key_of(["fit", engine_source(), self.dataset.fingerprint, *parts])


@dataclass(frozen=True)
class AttackSpec:
    """An attack on some modalities at one severity.

    Attributes:
        component: the attack.
        budgets: by modality, in the dataset's order; see `brownout_registry.Attacked`.
        severity: 1, 2, ...
        seed: of its keyed noise.
        at: where it enters: ``input``, ``embeddings`` (of text) or ``features``.
        target: what it fools: the ``fused`` prediction, or the ``unimodal`` classifier of each modality.
    """

    component: Component
    budgets: tuple[tuple[str, float], ...]
    severity: int
    seed: int
    at: str = "input"
    target: str = "fused"

    @property
    def modalities(self) -> tuple[str, ...]:
        """The attacked ones."""
        return tuple(name for name, _ in self.budgets)

    def on(self, modalities: Iterable[str]) -> AttackSpec:
        """The same attack on those of its modalities alone."""
        kept = set(modalities)
        return replace(self, budgets=tuple(each for each in self.budgets if each[0] in kept))


@dataclass(frozen=True)
class ViewSpec:
    """One modality of a split under one perturbation at one severity, or clean (perturbation None).

    ``at`` is ``input`` or ``features``. A view with a ``stand_in`` has one row, which takes the place of
    an absent modality: the zero input, or the mean representation of the training split. A view with an
    ``attack`` is attacked anew for each unimodal classifier that it is encoded under.
    """

    dataset: DatasetSpec
    modality: str
    perturbation: Component | None = None
    levels: tuple[float, ...] = ()
    severity: int = 0
    seed: int = 0
    at: str = "input"
    split: str = "test"
    stand_in: str = ""
    attack: AttackSpec | None = None

    @cached_property
    def key(self) -> str:
        """Hash of all that the view depends on."""
        level = self.levels[self.severity - 1] if self.severity else None
        what = [self.perturbation, level, self.severity, self.seed, self.at, self.attack]
        where = [self.dataset.fingerprint, self.dataset.limit, self.split, self.modality, self.stand_in]
        return key_of(["view", engine_source(), *where, *what])

    @property
    def group(self) -> tuple[object, ...]:
        """Views that share their draws and are computed together: all severities of a perturbation."""
        attack = (self.attack.component, self.attack.seed) if self.attack else None
        where = (self.at, self.split, self.stand_in)
        return (self.dataset.name, self.modality, self.perturbation, self.levels, attack, *where)


@dataclass(frozen=True)
class Encoding:
    """The encoding of a view under a fitted encoder: what predictions are made of."""

    fit: FitSpec
    view: ViewSpec

    @cached_property
    def key(self) -> str:
        """Hash of fit and view; without a trained encoder it is the backbone's features, whatever the fit."""
        if self.encoder.encoder is None and self.encoder.backbone is not None and not self.view.attack:
            return features_key(self.encoder.backbone, self.view)
        return key_of(["encoding", self.fit.key, self.view.key])

    @property
    def encoder(self) -> EncoderSpec:
        """The encoder of the view's modality."""
        return next(each for each in self.fit.encoders if each.modality == self.view.modality)


def features_below(encoding: Encoding) -> str:
    """Key of the backbone features that an encoding is made of."""
    backbone, view = encoding.encoder.backbone, encoding.view
    assert backbone is not None
    mean = view.stand_in == "mean-representation"
    return features_key(backbone, replace(view, split="train", stand_in="") if mean else view)


def features_key(backbone: Component, view: ViewSpec) -> str:
    """Key of a view's backbone features."""
    return key_of(["features", backbone, view.key])


@dataclass(frozen=True)
class Condition:
    """What happens to every modality of a sample.

    Attributes:
        facts: in words and numbers, for reports.
        views: the perturbed views, by modality; all others are clean.
        present: the modalities that a missing pattern leaves.
        rates: random missing rate by modality.
        share: random share of samples that is perturbed, for each modality independently.
        exact: whether it is exactly that share of the evaluated samples.
        together: whether one draw decides for all modalities of a sample.
        mispaired: share of samples that get a modality of another sample, by modality.
        keeps: whether a sample of which the pattern leaves nothing keeps all that it has.
        seed: of random missing, of the share and of mispaired samples.
        means: what an absent modality is replaced by.
        attack: on modalities that are otherwise clean.
        again: its name, if a condition before it has the same content.
    """

    facts: ConditionFacts
    present: tuple[str, ...]
    views: Mapping[str, ViewSpec] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)
    share: float = 1.0
    seed: int = 0
    means: str = "absent"
    attack: AttackSpec | None = None
    exact: bool = False
    together: bool = False
    mispaired: Mapping[str, float] = field(default_factory=dict)
    keeps: bool = False
    again: str = ""

    @cached_property
    def key(self) -> str:
        """Hash of all that happens, whatever it is called unless something before it is the same."""
        views = {modality: view.key for modality, view in self.views.items()}
        masks = [self.rates, self.share, self.seed, self.means]
        masks += [self.exact, self.together, self.mispaired, self.keeps]
        return key_of(["condition", sorted(self.present), views, *masks, self.attack, *filter(None, [self.again])])


@dataclass(frozen=True)
class MethodSpec:
    """A method on one dataset with one training seed.

    ``fits`` are its own fit (representation and input level, trained fusions) or the shared unimodal
    ones, by modality, of a decision-level fusion.
    """

    name: str
    dataset: DatasetSpec
    level: str
    fusion: Component
    seed: int
    own: FitSpec | None
    unimodal: tuple[FitSpec, ...] = ()

    @cached_property
    def key(self) -> str:
        """Hash of all that its predictions depend on besides the condition."""
        fits = [fit.key for fit in self.fits]
        return key_of(["method", engine_source(), self.name, self.level, self.fusion, fits])

    @property
    def fits(self) -> tuple[FitSpec, ...]:
        """All fits that it stands on."""
        return (*self.unimodal, *((self.own,) if self.own else ()))

    def encoding(self, modality: str, view: ViewSpec) -> Encoding:
        """The encoding that this method takes of a view."""
        if self.level == "decision":
            column = self.dataset.modalities.index(modality)
            return Encoding(self.unimodal[column], view)
        assert self.own is not None
        return Encoding(self.own, view)


CellName: TypeAlias = "tuple[str, str, int, str]"
"""Dataset, method, training seed and condition."""


@dataclass(frozen=True)
class Cell:
    """One method, dataset, training seed and condition: the unit of result."""

    method: MethodSpec
    condition: Condition

    @cached_property
    def key(self) -> str:
        """Its name in ``cells.jsonl`` and of its prediction file."""
        return key_of(["cell", self.method.key, self.condition.key, self.method.dataset.limit])

    @property
    def name(self) -> CellName:
        """What people call it: dataset, method, training seed and condition."""
        return self.method.dataset.name, self.method.name, self.method.seed, self.condition.facts.name

    @property
    def attack(self) -> AttackSpec | None:
        """The attack that is made on this method itself, not on unimodal classifiers that others share with it."""
        attack = self.condition.attack
        return None if attack and attack.target == "unimodal" and self.method.level == "decision" else attack

    def view(self, modality: str) -> ViewSpec:
        """What the condition makes of a modality, before an attack on the method itself."""
        clean = ViewSpec(self.method.dataset, modality)
        attack = self.condition.attack
        if attack and not self.attack and modality in attack.modalities:
            return replace(clean, attack=attack.on([modality]), at=attack.at)
        return self.condition.views.get(modality, clean)

    def encodings(self) -> dict[str, list[Encoding]]:
        """The encodings that this cell is made of, by modality: the view's, the clean one, the stand-in."""
        needed = {}
        attacked = self.attack.modalities if self.attack and self.attack.at != "features" else ()
        for modality in self.method.dataset.modalities:
            clean = ViewSpec(self.method.dataset, modality)
            views = []
            if modality in self.condition.present and modality not in attacked:
                views.append(self.view(modality))
                if self.condition.share < 1:
                    views.append(clean)
            elif self.condition.keeps and modality not in attacked:
                views.append(clean)
            if self.condition.means in ("zero-input", "mean-representation"):
                views.append(replace(clean, stand_in=self.condition.means))
            needed[modality] = [self.method.encoding(modality, view) for view in dict.fromkeys(views)]
        return needed
