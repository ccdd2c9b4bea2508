"""What a run leaves to metrics, summaries, figures and executors: plain data and typed protocols."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from brownout_registry.contracts import Prediction
from brownout_registry.data import Inputs

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn


@dataclass(frozen=True)
class Stored:
    """The stored predictions of one cell, as numpy arrays: what a metric sees.

    Attributes:
        ids: int64 ``[N]``.
        targets: int64 ``[N]`` or ``[N, H, W]``.
        logits: float32 ``[N, K]`` or ``[N, K, H, W]``.
        present: bool ``[N, V]``.
        modalities: the V names.
        ignore_label: label to leave out.
        unimodal: ``{name: [N, K]}``.
        weights: ``{name: [N] or [N, D]}``.
        uncertainty: ``[N]`` or None.
        diagnostics: ``{name: [N] or [N, D]}``.
    """

    ids: np.ndarray
    targets: np.ndarray
    logits: np.ndarray
    present: np.ndarray
    modalities: tuple[str, ...]
    ignore_label: int = -100
    unimodal: Mapping[str, np.ndarray] = field(default_factory=dict)
    weights: Mapping[str, np.ndarray] = field(default_factory=dict)
    uncertainty: np.ndarray | None = None
    diagnostics: Mapping[str, np.ndarray] = field(default_factory=dict)


Metric: TypeAlias = "Callable[..., float]"
"""``metric(stored: Stored, **options) -> float``; pure."""


@dataclass(frozen=True)
class ConditionFacts:
    """What happened to the samples of a cell, in words and numbers, for summaries and reports.

    Attributes:
        name: unique within the protocol, e.g. ``"gaussian-noise(audio) s3"``.
        group: what varies together on one severity axis, e.g. ``"gaussian-noise(audio)"``; the name itself
            when nothing varies.
        kind: ``clean``, ``missing``, ``corruption``, ``attack``, ``missing+corruption`` or ``missing+attack``.
        severity: 0 for clean, else 1, 2, ...; for random missing rates the rank of the rate.
        level: the physical parameter or rate at this severity, None where there is none.
        parameter: what ``level`` measures, e.g. ``"standard deviation"``.
        access: of an attack, ``"white-box"`` or ``"black-box"``.
    """

    name: str
    group: str
    kind: str
    severity: int = 0
    level: float | None = None
    parameter: str = ""
    access: str = ""


@dataclass(frozen=True)
class Score:
    """One cell's value of one metric."""

    method: str
    dataset: str
    seed: int
    condition: ConditionFacts
    metric: str
    value: float


Summary: TypeAlias = "Callable[..., float]"
"""``summary(scores: Sequence[Score], higher_is_better: bool, **options) -> float``; the scores are those of one
method, dataset, training seed and metric, one for each condition; NaN where it is undefined."""


@dataclass(frozen=True)
class Fitted:
    """One fitted method, as a figure sees it.

    Attributes:
        method: its name in the suite.
        seed: training seed.
        predict: ``predict(inputs, present) -> Prediction`` on canonical inputs, in evaluation mode.
        encoders: per modality, the fitted encoder.
        heads: per modality, the fitted unimodal head (decision level only, else empty).
        fusion: the fitted fusion module.
    """

    method: str
    seed: int
    predict: Callable[[Mapping[str, Inputs], Tensor], Prediction]
    encoders: Mapping[str, Callable[[Any], Tensor]]
    heads: Mapping[str, nn.Linear]
    fusion: nn.Module


@dataclass(frozen=True)
class Figure:
    """A picture of a report: ``png`` bytes with a title and a caption in plain text."""

    title: str
    caption: str
    png: bytes


FigureMaker: TypeAlias = "Callable[..., Sequence[Figure]]"
"""``make(dataset: Dataset, fitted: Sequence[Fitted], **options) -> Sequence[Figure]``."""


@dataclass(frozen=True)
class TaskOutcome:
    """What a worker reports of a piece of work.

    Attributes:
        cells: finished or failed cells, as JSON objects of ``cells.jsonl``.
        failed: outputs that could not be made, with the reason in one line.
        counts: encoder rows computed, by encoder.
        seconds: wall-clock seconds by phase.
    """

    cells: Sequence[dict[str, Any]] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0


class Board(Protocol):
    """The work that is left, handed out in an order that respects what depends on what."""

    def take(self) -> Any | None:
        """A piece of work that is ready now (picklable), or None when everything left waits for work under way."""
        ...

    def finish(self, work: Any, outcome: TaskOutcome) -> None:
        """Report a piece of work as done; may make others ready. Call it in the process that owns the board."""
        ...


class Executor(Protocol):
    """``factory(workers=..., **options)`` gives a callable that empties the board.

    ``start`` is picklable: called once wherever work is done (process, node), it gives the function
    that does a piece of work. Workers share the cache folder and nothing else.
    """

    def __call__(self, board: Board, start: Callable[[], Callable[[Any], TaskOutcome]]) -> None:
        """Return when ``board.take()`` gives None and nothing is under way."""
        ...
