"""What a data set holds: modalities, splits, and the inputs of a batch.

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

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from torch import Tensor

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
