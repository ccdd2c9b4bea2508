"""The contracts between the engine and a component: plain data and typed protocols.

A component is an ordinary ``torch.nn.Module`` or callable. Nothing here is a base class, and
importing this module does not import torch. What inputs are is in `brownout_registry.data`, what metrics, figures
and executors see in `brownout_registry.results`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from brownout_registry.data import Inputs, Kind, Task

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn


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
