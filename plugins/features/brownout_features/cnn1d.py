"""A convolutional encoder of sequences and audio."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, relu

from brownout_features.entries import Entries, real, values_of
from brownout_features.standardise import feature_shape, fit_steps, statistics
from brownout_registry import Modality, Padded, Representation, UsageError, check_option


class CNN1D(nn.Module):
    """Standardise, convolutions over time, mean over time; see `cnn1d`.

    Attributes:
        representation: a vector of the last number of channels, or a sequence of such.
        mean: buffer, of each feature over the real steps of the training split.
        scale: buffer, standard deviation of each feature, 1 where it is constant.
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self, modality: Modality, channels: Sequence[int], kernel: int, stride: int, normalise: bool, pool: str
    ) -> None:
        super().__init__()
        self.modality, self.normalise, self.pool = modality, normalise, pool
        self.stride, self.around = stride, ((kernel - 1) // 2, kernel // 2)
        self.register_buffer("mean", torch.zeros(feature_shape(modality)))
        self.register_buffer("scale", torch.ones(feature_shape(modality)))
        sizes = (*feature_shape(modality), *channels)
        self.layers = nn.ModuleList(nn.Conv1d(before, after, kernel, stride) for before, after in pairwise(sizes))
        left = int(self._left(torch.tensor(modality.shape[0]), len(channels)))
        shape = (sizes[-1],) if pool == "mean" else (left, sizes[-1])
        self.representation = Representation("vector" if pool == "mean" else "sequence", shape)

    def prepare(self, inputs: Entries) -> None:
        """Take mean and standard deviation of each of the D numbers per step from clean training inputs.

        Raises:
            UsageError: the inputs hold NaN or infinity, or there are none.
        """
        if self.normalise:
            mean, scale = statistics(inputs, self.modality, "cnn1d")
            self.mean.copy_(mean)
            self.scale.copy_(scale)

    def forward(self, inputs: Entries) -> Tensor:
        """Representations ``[B, channels[-1]]`` or ``[B, T', channels[-1]]``, zero behind each sample's end."""
        batch = _padded(inputs, self.modality.kind == "audio")
        standard = torch.where(real(batch), (batch.values - self.mean) / self.scale, 0)
        hidden = fit_steps(standard, batch.lengths, self.modality, "cnn1d").movedim(1, 2)
        lengths = batch.lengths.to(hidden.device)
        for layer in self.layers:
            lengths = self._left(lengths)
            hidden = relu(layer(pad(hidden, self.around)))
            steps = torch.arange(hidden.shape[2], device=hidden.device)
            hidden = torch.where(steps < lengths[:, None, None], hidden, 0)
        if self.pool == "mean":
            return hidden.sum(2) / lengths.clamp(min=1)[:, None]
        return hidden.movedim(1, 2)

    def _left(self, lengths: Tensor, layers: int = 1) -> Tensor:
        """Steps that so many layers leave of each sample."""
        for _ in range(layers):
            lengths = (lengths + self.stride - 1) // self.stride
        return lengths


def cnn1d(
    modality: Modality,
    *,
    channels: Sequence[int] = (32, 64),
    kernel: int = 5,
    stride: int = 2,
    normalise: bool = True,
    pool: Literal["mean", "none"] = "mean",
) -> CNN1D:
    r"""An encoder of sequences and audio: convolutions over time, each followed by ReLU.

    .. math:: h^l_t = \max(0, b^l + \sum_{k=0}^{K-1} W^l_k\, h^{l-1}_{s t + k - \lfloor (K-1)/2 \rfloor}),
              \qquad T_l = \lceil T_{l-1} / s \rceil

    with kernel K, stride s, :math:`h^0` the standardised input, and :math:`h^l_t = 0` outside of the sample's own
    :math:`T_l` steps. The representation is the mean of the last layer over these steps, or that layer itself. So
    a sample's representation depends on its real steps alone: not on padding, and, there being no batch
    normalisation, not on other samples. A sample without any step has the representation 0.

    Args:
        modality: of kind sequence ``(T, D)`` or audio ``(T,)``.
        channels: of each layer.
        kernel: steps that a convolution sees.
        stride: steps from one of its places to the next.
        normalise: standardise with statistics that `CNN1D.prepare` takes from training inputs.
        pool: ``mean`` (a vector) or ``none`` (a sequence).

    Returns:
        A module from canonical inputs of B samples to float32 ``[B, channels[-1]]`` or ``[B, T', channels[-1]]``.

    Raises:
        UsageError: another kind of modality, or a size that is not a positive whole number.

    Example:
        >>> gyroscope = Modality("gyroscope", "sequence", (300, 3), sample_rate=50)
        >>> encoder = cnn1d(gyroscope, channels=(16, 32))
        >>> encoder(Padded(torch.zeros(2, 300, 3), torch.tensor([300, 120]))).shape
        torch.Size([2, 32])
        >>> cnn1d(gyroscope, channels=(16, 32), pool="none").representation
        Representation(kind='sequence', shape=(75, 32))
    """
    where = f"encoder 'cnn1d' of {modality.name!r}"
    if modality.kind not in ("sequence", "audio"):
        raise UsageError(f"{where}: it is of kind {modality.kind}, expected sequence or audio")
    listed = isinstance(channels, list | tuple) and len(channels) > 0 and all(map(_positive, channels))
    check_option(listed, where, "channels", channels, "a list of positive whole numbers")
    check_option(_positive(kernel), where, "kernel", kernel, "a positive whole number")
    check_option(_positive(stride), where, "stride", stride, "a positive whole number")
    return CNN1D(modality, channels, kernel, stride, normalise, pool)


def _padded(inputs: Entries, audio: bool) -> Padded:
    """Values ``[B, T, D]`` with lengths; what comes without lengths is of full length."""
    values = values_of(inputs)
    full = torch.full((len(values),), values.shape[1], device=values.device)
    return Padded(values[..., None] if audio else values, inputs.lengths if isinstance(inputs, Padded) else full)


def _positive(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and size > 0
