"""Free adversarial training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from brownout_blocks import Drop, DropKind, drop_of, values_of
from brownout_registry import Batch, Model, Step, above, check_count, check_number
from brownout_robust_training.common import bounds_of, check_clip, check_modalities, descend
from brownout_robust_training.inputs import changeable, replaced, rooms

NAME = "free"
RECIPE = f"recipe {NAME!r}"


@dataclass
class Free:
    """See `free` for what the options mean.

    Attributes:
        delta: the perturbation of each attacked modality, which lives as long as the fit.
    """

    m: int
    epsilon: float
    step_size: float
    modalities: str | Sequence[str]
    bounds: tuple[float, float] | None
    drop: Drop
    clip: float | None
    delta: dict[str, Tensor] = field(default_factory=dict)

    def train_batch(self, model: Model, batch: Batch, step: Step, optimiser: torch.optim.Optimizer) -> float:
        """Fit one batch m times and give the mean of its losses."""
        batch = self.drop(model, batch)
        free = rooms(batch, changeable(NAME, batch, self.modalities))
        return sum(self._replay(model, batch, step, optimiser, free) for _ in range(self.m)) / self.m

    def _replay(
        self, model: Model, batch: Batch, step: Step, optimiser: torch.optim.Optimizer, free: Mapping[str, Tensor]
    ) -> float:
        leaves = {name: self._slice(name, batch).clone().requires_grad_() for name in free}
        moved = {name: self._moved(values_of(batch.inputs[name]), leaves[name], free[name]) for name in free}
        loss = model.loss(model(replaced(batch, moved), batch.present), batch.targets, step)
        value = descend(model, loss, optimiser, self.clip)
        for name, delta in leaves.items():
            gradient = torch.zeros_like(delta) if delta.grad is None else delta.grad
            stepped = delta.detach() + self.step_size * gradient.sign()
            self._slice(name, batch).copy_(stepped.clamp(-self.epsilon, self.epsilon))
        return value

    def _moved(self, values: Tensor, delta: Tensor, free: Tensor) -> Tensor:
        moved = (values + delta).clamp(*self.bounds) if self.bounds else values + delta
        return torch.where(free, moved, values)

    def _slice(self, name: str, batch: Batch) -> Tensor:
        """The part of the buffer that a batch uses; it grows to the largest batch and the longest sequence seen."""
        values = values_of(batch.inputs[name])
        held = self.delta.get(name, values.new_zeros([0] * values.ndim))
        shape = [max(pair) for pair in zip(held.shape, values.shape, strict=True)]
        if name not in self.delta or shape != list(held.shape):
            self.delta[name] = values.new_zeros(shape)
            self.delta[name][tuple(map(slice, held.shape))] = held
        return self.delta[name][tuple(map(slice, values.shape))]


def free(
    *,
    m: int = 4,
    epsilon: float = 0.03,
    step_size: float | None = None,
    modalities: str | Sequence[str] = "all",
    range: Sequence[float] | None = None,  # noqa: A002  a word of suite files
    drop: DropKind = "none",
    drop_rate: float = 0.5,
    clip: float | None = None,
) -> Free:
    r"""Free-m adversarial training: each batch m times, each backward pass serves weights and perturbation.

    "Adversarial Training for Free!" (Shafahi et al., 2019), algorithm 1:
    $\delta \leftarrow clip(\delta + \epsilon\, sign(\nabla_\delta L(x + \delta)), -\epsilon, \epsilon)$. The
    perturbation is neither reset nor aligned to samples between batches; a smaller batch uses the first part of it.
    Each replay is a forward pass in training mode and an optimiser step, so the loss is the model's own and is called
    m times a batch. The paper divides the number of epochs by m; do so in the suite (``training.epochs``).

    Args:
        m: replays of each batch.
        epsilon: largest entry of the perturbation, in the input's unit, for each attacked modality.
        step_size: of the perturbation, at most ``2 * epsilon`` (further is clipped); None takes ``epsilon``.
        modalities: which inputs are perturbed: ``all`` that are not text, a name, or a list.
        range: smallest and largest valid value of the perturbed inputs; None clips nothing.
        drop: modality dropout, ``none``, ``bernoulli`` or ``uniform``; one pattern for all replays.
        drop_rate: of ``bernoulli``.
        clip: largest norm of the weights' gradient.

    Raises:
        UsageError: an option outside its range.

    Example:
        >>> free(m=8, epsilon=0.25).step_size
        0.25
    """
    check_count(RECIPE, "m", m)
    check_number(RECIPE, "epsilon", epsilon, "a positive number", above(0))
    if step_size is not None:
        expected = f"null or a positive number up to twice epsilon, {2 * epsilon}"
        check_number(RECIPE, "step_size", step_size, expected, above(0), 2 * epsilon)
    check_modalities(NAME, modalities)
    check_clip(NAME, clip)
    step = epsilon if step_size is None else step_size
    return Free(m, epsilon, step, modalities, bounds_of(NAME, range), drop_of(NAME, drop, drop_rate), clip)
