"""What encoders of plain tensors share: each feature's statistics, and one number of steps for all batches."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from brownout_features.entries import Entries, real, values_of
from brownout_registry import Modality, Padded, UsageError


def feature_shape(modality: Modality) -> tuple[int, ...]:
    """Shape of one number per feature that broadcasts to a batch.

    A feature is an entry of a vector, a channel of an image-like input, one of a sequence's D numbers per step,
    or the one number per step of audio.

    Example:
        >>> feature_shape(Modality("sensor", "sequence", (300, 3)))
        (3,)
        >>> feature_shape(Modality("photo", "image", (3, 8, 8)))
        (3, 1, 1)
    """
    if modality.kind == "audio":
        return (1,)
    if modality.kind == "sequence":
        return modality.shape[1:]
    return modality.shape if modality.kind == "vector" else (modality.shape[0], 1, 1)


def statistics(inputs: Entries, modality: Modality, encoder: str) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each feature over samples (and over real steps), in the `feature_shape`.

    The deviation of a constant feature is 1.

    Args:
        inputs: clean training inputs.
        modality: what they are.
        encoder: its name, for messages.

    Example:
        >>> sensors = Modality("sensors", "vector", (2,))
        >>> statistics(torch.tensor([[0.0, 5.0], [2.0, 5.0]]), sensors, "mlp")
        (tensor([1., 5.]), tensor([1., 1.]))

    Raises:
        UsageError: the inputs hold NaN or infinity, or there are none.
    """
    shape = feature_shape(modality)
    rows = _features(inputs, shape)
    if not (len(rows) and torch.isfinite(rows.var(0, correction=0)).all()):
        raise UsageError(f"encoder {encoder!r} of {modality.name!r}: training inputs are empty or not finite")
    deviation, mean = torch.std_mean(rows, dim=0, correction=0)
    constant = deviation <= 1e-6 * mean.abs()  # what rounding leaves of a constant float32 feature
    return mean.reshape(shape), torch.where(constant, 1.0, deviation).reshape(shape)


def fit_steps(values: Tensor, lengths: Tensor, modality: Modality, encoder: str) -> Tensor:
    """Pad or cut ``[B, T, ...]`` to the modality's T, as a batch may be padded to its longest sample.

    Raises:
        UsageError: a sample is longer than the modality says.
    """
    steps = modality.shape[0]
    if values.shape[1] > steps and int(lengths.max()) > steps:
        where = f"encoder {encoder!r} of {modality.name!r}"
        raise UsageError(f"{where}: a sample has {int(lengths.max())} steps, expected at most {steps}")
    return pad(values, (*(0, 0) * (values.dim() - 2), 0, steps - values.shape[1]))


def _features(inputs: Entries, shape: tuple[int, ...]) -> Tensor:
    """One row per observation of the features, ``[n, F]``."""
    values = values_of(inputs)
    if isinstance(inputs, Padded):
        values = values[real(inputs).reshape(values.shape[:2])]
    elif len(shape) == 3:  # image-like: its channels come first
        values = values.movedim(1, -1)
    return values.reshape(-1, torch.Size(shape).numel())
