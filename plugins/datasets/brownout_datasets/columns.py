"""Columns: one modality of all samples, held as it is stored and converted row by row when it is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import torch

from brownout_registry import Inputs, Padded

Array: TypeAlias = "np.ndarray[Any, Any]"


class Column(Protocol):
    """One modality of all N samples."""

    def __len__(self) -> int:
        """The number of samples N."""
        ...

    def read(self, rows: Array) -> Inputs:
        """The canonical input of int64 ``rows``, a copy."""
        ...

    def content(self) -> Iterable[bytes]:
        """All that ``read`` depends on, for the fingerprint."""
        ...


@dataclass(frozen=True)
class Dense:
    """Samples of one shape: sample i is ``values[index[i]] / divisor``.

    Attributes:
        values: ``[M, *shape]``, of any numeric type.
        index: int64 ``[N]`` into ``values``; None for sample i in row i.
        divisor: what turns stored values into canonical ones, e.g. 255 for 8-bit pictures.

    Example:
        >>> Dense(np.array([[0, 255]], np.uint8), np.array([0, 0]), 255).read(np.array([1]))
        tensor([[0., 1.]])
    """

    values: Array
    index: Array | None = None
    divisor: float = 1

    def __len__(self) -> int:
        return len(self.values if self.index is None else self.index)

    def read(self, rows: Array) -> torch.Tensor:
        """float32 ``[B, *shape]``."""
        chosen = self.values[rows if self.index is None else self.index[rows]]
        return torch.from_numpy(chosen.astype(np.float32, copy=False)) / self.divisor

    def content(self) -> Iterable[bytes]:
        """Values, index and divisor."""
        return (*array_content(self.values), *array_content(self.index), repr(float(self.divisor)).encode())


@dataclass(frozen=True)
class Steps:
    """Samples of unequal length (audio, sequence), stored padded to one length.

    Attributes:
        values: ``steps.values`` are ``[M, T]`` or ``[M, T, D]``.
        lengths: int64 ``[M]``, how many steps of each row are real; what lies behind is read as zero.
    """

    values: Dense
    lengths: Array

    def __len__(self) -> int:
        return len(self.values)

    def read(self, rows: Array) -> Padded:
        """float32 ``[B, T]`` or ``[B, T, D]`` with T of the longest sample of all, and lengths."""
        padded = self.values.read(rows)
        stored = rows if self.values.index is None else self.values.index[rows]
        lengths = torch.from_numpy(self.lengths[stored].astype(np.int64))
        behind = torch.arange(padded.shape[1]) >= lengths[:, None]
        padded[behind] = 0
        return Padded(padded, lengths)

    def content(self) -> Iterable[bytes]:
        """Values and lengths."""
        return (*self.values.content(), *array_content(self.lengths))


@dataclass(frozen=True)
class Texts:
    """Samples of raw text."""

    values: Sequence[str]

    def __len__(self) -> int:
        return len(self.values)

    def read(self, rows: Array) -> list[str]:
        """One string for each row."""
        return [self.values[row] for row in rows]

    def content(self) -> Iterable[bytes]:
        """The strings as UTF-8."""
        return (text.encode(errors="surrogatepass") for text in self.values)


def array_content(array: Array | None) -> Iterable[bytes]:
    """Type, shape and little-endian bytes of an array; nothing for None."""
    if array is None:
        return ()
    plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return (f"{plain.dtype.str}{plain.shape}".encode(), plain.tobytes())
