"""A multilayer perceptron on standardised, flattened input."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn

from brownout_features.entries import Entries, real, values_of
from brownout_features.standardise import feature_shape, fit_steps, statistics
from brownout_registry import Modality, Padded, Representation, UsageError

ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh}


class MLP(nn.Module):
    """Standardise, flatten, hidden layers; see `mlp`.

    Attributes:
        representation: a vector of the last hidden size.
        mean: buffer, of each feature over the training split.
        scale: buffer, standard deviation of each feature, 1 where it is constant.
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self, modality: Modality, hidden: Sequence[int], dropout: float, normalise: bool, activation: str
    ) -> None:
        super().__init__()
        self.modality, self.normalise = modality, normalise
        sizes = (prod(modality.shape), *hidden)
        self.representation = Representation("vector", (sizes[-1],))
        self.register_buffer("mean", torch.zeros(feature_shape(modality)))
        self.register_buffer("scale", torch.ones(feature_shape(modality)))
        layers = [
            nn.Sequential(nn.Linear(before, after), ACTIVATIONS[activation](), nn.Dropout(dropout))
            for before, after in pairwise(sizes)
        ]
        self.layers = nn.Sequential(*layers)

    def prepare(self, inputs: Entries) -> None:
        """Take mean and standard deviation of each feature from clean training inputs.

        A feature is an entry of a vector, a channel of an image-like input, or one of a sequence's D
        numbers per step (over real steps only).

        Raises:
            UsageError: the inputs hold NaN or infinity, or there are none.
        """
        if self.normalise:
            mean, scale = statistics(inputs, self.modality, "mlp")
            self.mean.copy_(mean)
            self.scale.copy_(scale)

    def forward(self, inputs: Entries) -> Tensor:
        """Representations ``[B, hidden[-1]]``."""
        standard = (values_of(inputs) - self.mean) / self.scale
        if isinstance(inputs, Padded):
            standard = fit_steps(torch.where(real(inputs), standard, 0), inputs.lengths, self.modality, "mlp")
        flat: Tensor = self.layers(standard.flatten(1))
        return flat


def mlp(
    modality: Modality,
    *,
    hidden: Sequence[int] = (64,),
    dropout: float = 0.0,
    normalise: bool = True,
    activation: str = "relu",
) -> MLP:
    """An encoder of vectors, sequences and image-like inputs: ``h <- dropout(activation(W h + b))``.

    Args:
        modality: of kind vector ``(D,)``, sequence ``(T, D)`` (shorter samples are padded with the mean)
            or image-like ``(C, H, W)``.
        hidden: sizes of the layers; empty: the representation is the standardised input itself.
        dropout: share of units dropped after each layer while training.
        normalise: standardise each feature with statistics that `MLP.prepare` takes from training inputs.
        activation: ``relu``, ``gelu`` or ``tanh``.

    Returns:
        A module from canonical inputs of B samples to float32 ``[B, hidden[-1]]``.

    Raises:
        UsageError: a hidden size that is not a positive whole number, or a dropout outside [0, 1).

    Example:
        >>> encoder = mlp(Modality("sensors", "vector", (3,)), hidden=())
        >>> encoder.prepare(torch.tensor([[0.0, 5.0, 1.0], [2.0, 5.0, 3.0]]))
        >>> encoder(torch.tensor([[2.0, 5.0, 4.0]]))
        tensor([[1., 0., 2.]])
        >>> mlp(Modality("sensors", "vector", (3,)), hidden=(16, 8)).representation
        Representation(kind='vector', shape=(8,))
    """
    where = f"encoder 'mlp' of {modality.name!r}"
    if not (isinstance(hidden, list | tuple) and all(isinstance(size, int) and size > 0 for size in hidden)):
        raise UsageError(f"{where}: hidden is {hidden!r}, expected a list of positive whole numbers")
    if not 0 <= dropout < 1:
        raise UsageError(f"{where}: dropout is {dropout!r}, expected a number from 0 to below 1")
    return MLP(modality, hidden, dropout, normalise, activation)
