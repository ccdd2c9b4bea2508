"""What decision-level fusions share: present logits, class frequencies, statistical fusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from brownout_registry import Task, UsageError

Power: TypeAlias = Literal["M-1", 1]
"""How often statistical fusion divides by the class frequencies, see `statistical_logits`."""


def stack_logits(sources: Mapping[str, Tensor], names: Sequence[str], present: Tensor) -> Tensor:
    """The logits of all modalities as one tensor, zero where a modality is absent.

    Absent rows are replaced, not multiplied, so that even NaN in them goes nowhere.

    Args:
        sources: unimodal logits by modality, each ``[B, K]``.
        names: the V modalities in the column order of ``present``.
        present: bool ``[B, V]``.

    Returns:
        ``[B, V, K]``.

    Example:
        >>> sources = {"audio": torch.tensor([[1.0, 2.0]]), "video": torch.tensor([[torch.nan, 5.0]])}
        >>> stack_logits(sources, ["audio", "video"], torch.tensor([[True, False]]))
        tensor([[[1., 2.],
                 [0., 0.]]])
    """
    logits = torch.stack([sources[name] for name in names], dim=1)
    return torch.where(present[:, :, None], logits, torch.zeros_like(logits))


def log_frequencies(task: Task, dtype: torch.dtype = torch.float32) -> Tensor:
    """``ln freq``: logarithms of the class frequencies in the training split, ``[K]``.

    Raises:
        UsageError: a class never occurs, so that a division by its frequency is undefined.

    Example:
        >>> log_frequencies(Task(("cat", "dog"), (0.5, 0.5)))
        tensor([-0.6931, -0.6931])
    """
    never = [name for name, frequency in zip(task.classes, task.frequencies, strict=True) if not frequency > 0]
    if never:
        raise UsageError(
            f"statistical fusion divides by class frequencies, but the training split has no sample of "
            f"{', '.join(map(repr, never))}: leave the class out of the dataset or choose another fusion"
        )
    return torch.tensor(task.frequencies, dtype=torch.float64).log().to(dtype)


def log_prior(task: Task, dtype: torch.dtype = torch.float32) -> Tensor:
    """Logits ``[K]`` of what is predicted when nothing is present: the class frequencies.

    They are always finite: a class that never occurs gets the smallest normal number as its frequency.

    Example:
        >>> log_prior(Task(("cat", "dog", "unicorn"), (0.25, 0.75, 0.0))).softmax(0)
        tensor([2.5000e-01, 7.5000e-01, 1.1755e-38])
    """
    frequencies = torch.tensor(task.frequencies, dtype=torch.float64)
    return frequencies.clamp_min(torch.finfo(dtype).tiny).log().to(dtype)


def statistical_logits(logits: Tensor, present: Tensor, log_freq: Tensor, power: Power = "M-1") -> Tensor:
    r"""Statistical fusion of whatever is present, as logits.

    $$ \sum_{m\,present} z_m - n \ln freq $$

    For two modalities it is Lemma 1 (eq. 2) of "Training-Free Robust Multimodal Learning via Sample-Wise
    Jacobian Regularization" (Gao et al., 2022), where n = 1. With M modalities present, conditional independence
    gives ``power="M-1"``: n = M - 1. ``power=1`` copies eq. 2 to the letter and divides once however many
    there are: n = min(M - 1, 1). In both, a lone modality speaks for itself (n = 0), and with nothing present
    the class frequencies are predicted (n = -1).

    Args:
        logits: ``[B, V, K]``, zero where absent (see `stack_logits`).
        present: bool ``[B, V]``.
        log_freq: ``[K]``, see `log_frequencies`.
        power: which n.

    Returns:
        ``[B, K]``.

    Example:
        >>> logits = torch.tensor([[[0.0, 2.0], [1.0, 0.0]], [[0.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
        >>> present = torch.tensor([[True, True], [True, False], [False, False]])
        >>> statistical_logits(logits, present, torch.tensor([0.2, 0.8]).log()).softmax(-1)
        tensor([[0.5954, 0.4046],
                [0.1192, 0.8808],
                [0.2000, 0.8000]])
    """
    n = present.sum(dim=1, keepdim=True).to(logits.dtype) - 1
    if power == 1:
        n = n.clamp_max(1)
    return logits.sum(dim=1) - n * log_freq
