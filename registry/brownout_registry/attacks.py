"""The contract between the engine and an attack.

The engine puts together what is attacked (a fitted method under a missing pattern, or one of its unimodal
classifiers) and how far each modality may be moved; the attack searches inside that ball. Everything is
in attack units, so an attack needs no arithmetic of kinds:

===================  =========================================================================
kind                 one unit is
===================  =========================================================================
image, depth,        the width of the declared range, so ``8 / 255`` means what it does elsewhere
spectrogram
vector, sequence     the standard deviation of each entry over the training split
audio                1, of samples in [-1, 1]
text                 a share of its words
embedded text        the root mean square of the sample's own embedded text
representation       the standard deviation of each entry over the clean representations attacked
===================  =========================================================================
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from brownout_registry.contracts import Noise

if TYPE_CHECKING:
    from torch import Tensor

ORDERS: Mapping[str, float] = {"L-inf": math.inf, "L2": 2.0, "L1": 1.0}
"""The order of each norm that an `AttackCard` may name, as ``torch.linalg.vector_norm`` takes it."""


@dataclass(frozen=True)
class Attacked:
    """What an attack sees: B samples, and a function from their attacked modalities to the logits.

    Attributes:
        inputs: the clean inputs of each attacked modality in attack units: float ``[B, ...]``, or ``list[str]``.
            What lies beyond a sample's steps (see ``lengths``) reaches nothing.
        budgets: radius of each modality's ball, in attack units (for text the largest share of words).
        bounds: smallest and largest valid value of each modality in attack units, tensors that broadcast
            against its inputs; None where no range is declared.
        targets: int64 ``[B]``, the labels.
        logits: ``logits(inputs, rows=None)`` gives ``[B, K]`` for changed inputs of all attacked modalities,
            differentiable in every tensor among them; with int64 ``rows`` the inputs are those of these samples
            alone, ``[len(rows), ...]``. What is not attacked was encoded once.
        noise: keyed randomness of each attacked modality. A sample's first numbers of a draw are the same however
            many are asked for, so that steps, if they come first in its shape, have theirs whatever the padding.
        lengths: int64 ``[B]``, how many steps of each sample are real, along dimension 1 of its modality's inputs:
            of an audio, a sequence, or an embedded text. None, or no entry: all are.
    """

    inputs: Mapping[str, Any]
    budgets: Mapping[str, float]
    bounds: Mapping[str, tuple[Tensor, Tensor] | None]
    targets: Tensor
    logits: Callable[..., Tensor]
    noise: Mapping[str, Noise]
    lengths: Mapping[str, Tensor | None] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.targets)


class Attack(Protocol):
    """``factory(**options)`` gives a function from what is attacked to adversarial inputs.

    The result has the keys, types, shapes and dtypes of ``attacked.inputs``, lies within the budgets and the
    bounds, and leaves ``attacked.inputs`` untouched. A sample's result depends on its own inputs, target and
    noise alone. Padding beyond ``attacked.lengths`` stays as it is, and how much of it there is changes no result: a
    random start or a block that is spent there is lost. The model's parameters need no gradient and get none.
    """

    def __call__(self, attacked: Attacked) -> Mapping[str, Any]:
        """Adversarial inputs of every attacked modality, in attack units."""
        ...
