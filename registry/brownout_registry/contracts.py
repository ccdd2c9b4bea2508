"""The contracts between the engine and a component: plain data and typed protocols.

A component is an ordinary ``torch.nn.Module`` or callable. Nothing here is a base class, and
importing this module does not import torch.

Canonical inputs of a batch of B samples, before any normalisation (an encoder owns its own):

===========  =====================================================================
kind         input
===========  =====================================================================
image        float32 ``[B, C, H, W]`` in the modality's declared range, [0, 1]
spectrogram  float32 ``[B, C, H, W]`` (frequency, time) in the declared range
depth        float32 ``[B, C, H, W]`` in the declared range
vector       float32 ``[B, D]``
audio        `Padded` of float32 ``[B, T]`` in [-1, 1]
sequence     `Padded` of float32 ``[B, T, D]``
text         ``list[str]`` of length B
===========  =====================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

Kind = Literal["image", "spectrogram", "depth", "vector", "audio", "sequence", "text"]
KINDS: tuple[Kind, ...] = ("image", "spectrogram", "depth", "vector", "audio", "sequence", "text")
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Padded:
    """A batch of samples of unequal length.

    Attributes:
        values: float32 ``[B, T]`` or ``[B, T, D]``, zero behind each sample's end.
        lengths: int64 ``[B]``, how many steps of each sample are real.
    """

    values: Tensor
    lengths: Tensor

    def __len__(self) -> int:
        return len(self.lengths)


Inputs: TypeAlias = "Tensor | Padded | list[str]"


@dataclass(frozen=True)
class Modality:
    """One named input of a sample.

    Attributes:
        name: the modality's name within its dataset, e.g. ``"audio"``.
        kind: how its tensors look, see the table of this module.
        shape: shape of one sample (``(C, H, W)``, ``(D,)``, ``(T,)``, ``(T, D)``, ``()`` for text).
        range: smallest and largest valid value where the kind declares one; corruptions clip to it.
        sample_rate: samples per second (Hz), for audio and sequence.
        scale: of vectors and sequences, the standard deviation of each of the D entries over the training
            split, so that noise can be stated in it; the engine fills it in where a dataset leaves it out.

    Example:
        >>> Modality("picture", "image", (3, 64, 64), range=(0.0, 1.0)).kind
        'image'
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    range: tuple[float, float] | None = None
    sample_rate: int | None = None
    scale: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Task:
    """What is predicted.

    Attributes:
        classes: the K class names, in label order.
        frequencies: relative class frequencies in the training split, K numbers that sum to 1.
        kind: ``"classification"`` (targets int64 ``[B]``, logits ``[B, K]``) or ``"dense"``
            (targets int64 ``[B, H, W]``, logits ``[B, K, H, W]``).
        ignore_label: label that neither losses nor metrics count.
    """

    classes: tuple[str, ...]
    frequencies: tuple[float, ...]
    kind: Literal["classification", "dense"] = "classification"
    ignore_label: int = -100


@dataclass(frozen=True)
class Split:
    """The samples of one split, read by row so that nothing must be held in memory.

    Attributes:
        ids: int64 ``[N]``, stable over versions of the code and unique over all splits.
        targets: int64 ``[N]`` or ``[N, H, W]``.
        present: bool ``[N, V]``, natural missingness, modalities in the dataset's order.
        read: ``read(modality_name, rows)`` gives the canonical input of int64 ``rows``; what an
            absent sample's row holds is never used.
    """

    ids: Tensor
    targets: Tensor
    present: Tensor
    read: Callable[[str, Tensor], Inputs]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Dataset:
    """What a dataset factory ``factory(**options)`` returns.

    Attributes:
        modalities: in a fixed order, which is the column order of every ``present`` mask.
        task: what is predicted; frequencies come from the training split.
        splits: ``train``, ``validation`` and ``test``, disjoint.
        fingerprint: hash of the content (inputs, targets, ids, splits).
        licence: of the data.
        citation: BibTeX or one line.
    """

    modalities: tuple[Modality, ...]
    task: Task
    splits: Mapping[str, Split]
    fingerprint: str
    licence: str = "unknown"
    citation: str = ""


@dataclass(frozen=True)
class Representation:
    """What an encoder gives for one sample: ``vector (D,)``, ``map (C, H, W)`` or ``sequence (T, D)``."""

    kind: Literal["vector", "map", "sequence"]
    shape: tuple[int, ...]


KIND_OF_REPRESENTATION: Mapping[str, Kind] = {"vector": "vector", "map": "image", "sequence": "sequence"}
"""The kind of modality that a representation is to whatever stands above it."""


@runtime_checkable
class Encoder(Protocol):
    """``factory(modality, **options)`` gives a module that turns inputs into representations.

    The module has an attribute ``representation: Representation`` and maps a canonical input of B
    samples to float32 ``[B, *representation.shape]``. If it has ``prepare(inputs)``, the engine calls
    that once before training with clean training inputs (at most 4,096 samples), for normalisation
    statistics; these belong into buffers, so that they are saved with the weights.
    """

    representation: Representation

    def __call__(self, inputs: Inputs) -> Tensor:
        """Representations float32 ``[B, *representation.shape]``."""
        ...


@dataclass
class Prediction:
    """What a fusion strategy returns for B samples and K classes.

    Attributes:
        logits: ``[B, K]``, or ``[B, K, H, W]`` for dense prediction; ``softmax`` of them is the prediction.
        unimodal: logits of each modality on its own, ``{name: [B, K]}``.
        weights: weight of each modality, ``{name: [B] or [B, D]}``.
        uncertainty: ``[B]``, larger is less certain.
        embedding: fused representation ``[B, D]``.
        diagnostics: what the method's own metrics are made of, ``{name: [B] or [B, D]}``; stored.
        terms: what the fusion's own loss needs of the forward pass, by name; never stored.
    """

    logits: Tensor
    unimodal: dict[str, Tensor] = field(default_factory=dict)
    weights: dict[str, Tensor] = field(default_factory=dict)
    uncertainty: Tensor | None = None
    embedding: Tensor | None = None
    diagnostics: dict[str, Tensor] = field(default_factory=dict)
    terms: dict[str, Tensor] = field(default_factory=dict)


@runtime_checkable
class Fusion(Protocol):
    """Turns what is present into one prediction.

    The factory depends on the card's level:

    - decision: ``factory(task, heads, **options)``; ``heads`` maps a modality to its fitted
      ``torch.nn.Linear`` (weight ``[K, H]``, bias ``[K]``), ``sources`` are raw unimodal logits ``[B, K]``;
    - representation: ``factory(task, representations, **options)``; ``sources`` are ``[B, *shape]``;
    - input: ``factory(task, modalities, **options)``; ``sources`` are canonical inputs, the module owns
      its encoders, and the engine stores no encodings for it.

    ``present`` is bool ``[B, V]`` in the order of the mapping that the factory got. What an absent
    modality's rows hold must not reach the prediction; a sample of which nothing is present still gets
    finite logits. If the module has parameters it may define
    ``loss(prediction, target, step) -> Tensor``; without it the engine takes the cross-entropy.
    """

    def __call__(self, sources: Mapping[str, Any], present: Tensor) -> Prediction:
        """The prediction for B samples."""
        ...


@dataclass(frozen=True)
class Step:
    """Where training stands, for losses and recipes that depend on it.

    Attributes:
        epoch: from 0.
        epochs: how many there are at most.
        ids: int64 ``[B]``, sample ids of the batch.
        rows: int64 ``[B]``, positions of these samples within the training split.
        train_size: number of training samples.
    """

    epoch: int
    epochs: int
    ids: Tensor
    rows: Tensor
    train_size: int


@dataclass(frozen=True)
class Batch:
    """One training batch: inputs by modality, targets, and the bool ``[B, V]`` mask of what is there."""

    inputs: dict[str, Inputs]
    targets: Tensor
    present: Tensor


class Model(Protocol):
    """What a training recipe sees: encoders and fusion as one callable, with its loss.

    A loss may keep a history of the batches it saw, so a recipe calls it once for each optimiser step; what it
    crafts on the way (an adversarial input) it crafts with the cross-entropy of the prediction's logits.
    """

    encoders: nn.ModuleDict
    fusion: nn.Module
    task: Task

    def __call__(self, inputs: Mapping[str, Inputs], present: Tensor) -> Prediction:
        """Encode and fuse one batch."""
        ...

    def loss(self, prediction: Prediction, target: Tensor, step: Step) -> Tensor:
        """The fusion's own loss, or cross-entropy; a scalar."""
        ...

    def parameters(self) -> Iterator[nn.Parameter]:
        """All parameters that are fitted."""
        ...


@runtime_checkable
class TrainingRecipe(Protocol):
    """``factory(**options)`` gives an object that owns what happens with one batch.

    It may pass forward and backward several times, change gradients before the step, mix targets,
    drop modalities, or keep state across batches. The loop around it (epochs, shuffling, early
    stopping on validation, seeds, device) is the engine's. If it has ``phases(epochs)``, that yields
    one ``(epochs, prepare(model))`` per phase, run one after the other.
    """

    def train_batch(self, model: Model, batch: Batch, step: Step, optimiser: Any) -> float:
        """Fit one batch and give its loss."""
        ...


class Noise(Protocol):
    """Keyed randomness for B samples.

    A draw depends on protocol seed, perturbation, modality, label and sample id alone, so it is the
    same in any batch, order and worker, on any device and at every severity.
    """

    def uniform(self, label: str, shape: tuple[int, ...] = ()) -> Tensor:
        """float32 ``[B, *shape]`` in [0, 1)."""
        ...

    def normal(self, label: str, shape: tuple[int, ...] = ()) -> Tensor:
        """float32 ``[B, *shape]``, standard normal."""
        ...

    def generators(self, label: str) -> Iterator[np.random.Generator]:
        """One numpy generator for each sample, for draws of unequal size (words, Poisson counts)."""
        ...


class Perturbation(Protocol):
    """``factory(modality, levels, **options)`` gives a pure function of an input, a severity and keyed noise.

    ``levels[severity - 1]`` is the physical parameter.

    The result has the type, shape, dtype and device of the input, which stays untouched. Use
    elementary operations (``x + s * e``, not fused ``torch.add(alpha=...)``), so that a sample's
    result does not depend on its place in the batch.
    """

    def __call__(self, inputs: Any, severity: int, noise: Noise) -> Any:
        """The inputs at severity 1, 2, ... (0 and clean views never come here)."""
        ...


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
