"""Component cards: what the engine knows of a component before importing it.

A plugin's hook returns cards; a card names its component lazily as ``"module:attribute"``, so that
listing thousands of components imports neither torch nor timm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from brownout_registry.data import KINDS, Kind


@dataclass(frozen=True)
class Paper:
    """Where a method comes from."""

    title: str
    year: int
    url: str
    bibtex: str


@dataclass(frozen=True)
class Option:
    """One option of a component: its default (never mutable), what it does, and its choices if they are few.

    ``default=REQUIRED`` marks an option that a suite must give; ``path=True`` one that may name a file or folder, whose
    content is then part of what results depend on.
    """

    name: str
    default: Any
    help: str
    choices: tuple[Any, ...] = ()
    path: bool = False


REQUIRED = "(required)"


@dataclass(frozen=True, kw_only=True)
class Card:
    """What every component says of itself.

    Attributes:
        name: lower case, words joined by ``-``.
        target: ``"module:attribute"`` of the factory or function.
        summary: one line.
        paper: the paper it implements, if any.
        licence: of the implementation.
        options: with defaults and help; an option that is not listed is refused.
        variants: named sets of options, for released code that differs from its paper.
    """

    kind: ClassVar[str] = "component"

    name: str
    target: str
    summary: str
    paper: Paper | None = None
    licence: str = "MIT"
    options: tuple[Option, ...] = ()
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DatasetCard(Card):
    """A dataset: ``factory(**options) -> Dataset``.

    Attributes:
        modalities: the kind of each modality by name, in the dataset's order, so that a suite's cells can be listed
            without building it; or, where options decide, ``"module:function"`` of a function that gives this
            mapping from the bound options and imports no torch. None: only building it tells.
    """

    kind: ClassVar[str] = "dataset"
    modalities: Mapping[str, Kind] | str | None = None


@dataclass(frozen=True, kw_only=True)
class EncoderCard(Card):
    """An encoder: ``factory(modality, **options) -> Encoder``; ``takes`` lists the modality kinds it accepts."""

    kind: ClassVar[str] = "encoder"
    takes: tuple[str, ...] = KINDS


@dataclass(frozen=True, kw_only=True)
class FusionCard(Card):
    """A fusion strategy.

    Attributes:
        level: where it fuses, see `brownout_registry.Fusion`.
        takes: representation kinds it accepts (representation level only).
        trained: whether it is fitted; ``False`` at the decision level means training-free, at the input level a
            model that is evaluated with the weights its factory gives it.
        missing: how it treats an absent modality: ``skip`` (leaves it out), ``zero`` (a zero representation
            takes its place), ``token`` (its own learned token).
        oracle: knowledge that no deployed system has and this method uses, such as which modality is
            perturbed, in words; empty for none. Marked in every table.
        oracle_unless: ``(option, value)``: no such knowledge is used while the option has this value.
    """

    kind: ClassVar[str] = "fusion"
    level: Literal["decision", "representation", "input"]
    takes: tuple[str, ...] = ("vector", "map", "sequence")
    trained: bool = False
    missing: Literal["skip", "zero", "token"] = "skip"
    oracle: str = ""
    oracle_unless: tuple[str, Any] | None = None

    def oracle_note(self, options: Mapping[str, Any]) -> str:
        """The oracle knowledge used under these options, or nothing.

        Example:
            >>> card = FusionCard(name="f", target="m:f", summary="", level="decision", oracle="which is perturbed",
            ...                   oracle_unless=("modalities", "all"))
            >>> card.oracle_note({"modalities": ["audio"]}), card.oracle_note({"modalities": "all"})
            ('which is perturbed', '')
        """
        if self.oracle_unless and options.get(self.oracle_unless[0]) == self.oracle_unless[1]:
            return ""
        return self.oracle


@dataclass(frozen=True, kw_only=True)
class PerturbationCard(Card):
    """A perturbation: ``factory(modality, levels, **options) -> Perturbation``.

    ``levels`` are the physical parameters of severities 1, 2, ...: a suite's ``levels:`` or the card's default.

    Attributes:
        takes: modality kinds it makes sense for; on features the kind is the representation's
            (a vector is a ``vector``, a map an ``image``, a sequence a ``sequence``).
        parameter: what the physical parameter is, with unit, e.g. ``"standard deviation"``.
        levels: the default physical parameters of severities 1, 2, ... by kind (``"*"`` for all others).
        features: whether it may also act on representations.
        default_for: modality kinds for which a suite's ``each: default`` includes it.
    """

    kind: ClassVar[str] = "perturbation"
    takes: tuple[str, ...] = KINDS
    parameter: str = "severity"
    levels: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    features: bool = False
    default_for: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AttackCard(Card):
    """An attack: ``factory(**options) -> Attack``.

    Attributes:
        takes: modality kinds whose inputs it can change.
        norm: of the ball that its budgets are radii of; for text ``"words"``.
        access: ``"white-box"`` (gradients) or ``"black-box"`` (logits alone).
        levels: the default budgets of severities 1, 2, ... by kind (``"*"`` for all others), in attack units.
        joint: whether it can change several modalities at once.
        features: whether it may also act on representations.
    """

    kind: ClassVar[str] = "attack"
    takes: tuple[str, ...] = KINDS
    norm: Literal["L-inf", "L2", "L1", "words"] = "L-inf"
    access: Literal["white-box", "black-box"] = "white-box"
    levels: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    joint: bool = True
    features: bool = True


@dataclass(frozen=True, kw_only=True)
class MetricCard(Card):
    """A metric: ``target(stored, **options) -> float``.

    Attributes:
        higher_is_better: its direction.
        range: smallest and largest value.
        needs: fields of `brownout_registry.Stored` beyond logits, e.g. ``("weights",)``.
        percent: whether tables show 100 times the value.
    """

    kind: ClassVar[str] = "metric"
    higher_is_better: bool
    range: tuple[float, float]
    needs: tuple[str, ...] = ()
    percent: bool = False


@dataclass(frozen=True, kw_only=True)
class SummaryCard(Card):
    """A summary: ``target(scores, higher_is_better, **options) -> float``; ``unit`` is ``"metric"`` or ``"share"``."""

    kind: ClassVar[str] = "summary"
    unit: Literal["metric", "share"] = "metric"


@dataclass(frozen=True, kw_only=True)
class TrainingCard(Card):
    """A training recipe: ``factory(**options) -> TrainingRecipe``."""

    kind: ClassVar[str] = "training"


@dataclass(frozen=True, kw_only=True)
class ProtocolCard(Card):
    """A named protocol: ``target(**options)`` gives the mapping that a suite's ``protocol:`` would hold."""

    kind: ClassVar[str] = "protocol"
    version: str = "1"


@dataclass(frozen=True, kw_only=True)
class ExecutorCard(Card):
    """An executor: ``factory(workers, **options) -> Executor``."""

    kind: ClassVar[str] = "executor"


@dataclass(frozen=True, kw_only=True)
class FigureCard(Card):
    """A figure maker: ``target(dataset, fitted, **options) -> Sequence[Figure]``."""

    kind: ClassVar[str] = "figure"


@dataclass(frozen=True, kw_only=True)
class PublishedCard(Card):
    """Numbers printed in a paper: ``target() -> Sequence[Mapping[str, str]]`` (the table's rows)."""

    kind: ClassVar[str] = "published"
