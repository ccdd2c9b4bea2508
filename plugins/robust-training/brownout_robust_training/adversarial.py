"""Adversarial training with projected gradient descent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from brownout_blocks import Drop, DropKind, Norm, by_row, drop_of, values_of
from brownout_registry import Batch, Inputs, Model, Step, above, check_count, check_number, check_option
from brownout_robust_training.common import bounds_of, check_clip, check_modalities, descend, evaluating
from brownout_robust_training.crafting import pgd, random_start
from brownout_robust_training.inputs import changeable, replaced, rooms

NAME = "adversarial"
RECIPE = f"recipe {NAME!r}"


@dataclass(frozen=True)
class Adversarial:
    """See `adversarial` for what the attributes mean."""

    epsilon: float
    step_size: float
    steps: int
    random_start: bool
    norm: Norm
    modalities: str | Sequence[str]
    bounds: tuple[float, float] | None
    clean: float
    drop: Drop
    clip: float | None

    def train_batch(self, model: Model, batch: Batch, step: Step, optimiser: torch.optim.Optimizer) -> float:
        """Fit one adversarial batch and give its loss."""
        batch = self.drop(model, batch)
        with evaluating(model):
            inputs = self.crafted(model, batch)
        return descend(model, model.loss(model(inputs, batch.present), batch.targets, step), optimiser, self.clip)

    def crafted(self, model: Model, batch: Batch) -> dict[str, Inputs]:
        """The batch's inputs, those that are attacked moved up the cross-entropy."""
        names = changeable(NAME, batch, self.modalities)
        values = {name: values_of(batch.inputs[name]) for name in names}
        attacked = torch.rand(len(batch.present), device=batch.present.device) >= self.clean

        def loss_of(moved: Mapping[str, Tensor]) -> Tensor:
            logits = model(replaced(batch, moved), batch.present).logits
            return functional.cross_entropy(
                logits, batch.targets, ignore_index=model.task.ignore_label, reduction="sum"
            )

        adversarial = pgd(
            loss_of,
            values,
            epsilon=self.epsilon,
            step_size=self.step_size,
            steps=self.steps,
            norm=self.norm,
            bounds=self.bounds,
            start=random_start(values, self.epsilon) if self.random_start else None,
            rooms={name: each & by_row(attacked, each) for name, each in rooms(batch, names).items()},
        )
        return replaced(batch, adversarial)


def adversarial(
    *,
    epsilon: float = 0.03,
    step_size: float | None = None,
    steps: int = 7,
    random_start: bool = True,
    norm: Norm = "linf",
    modalities: str | Sequence[str] = "all",
    range: Sequence[float] | None = None,  # noqa: A002  a word of suite files
    clean: float = 0.0,
    drop: DropKind = "none",
    drop_rate: float = 0.5,
    clip: float | None = None,
) -> Adversarial:
    r"""Adversarial training: $\min_\theta E \max_{\|\delta\| \le \epsilon} L(\theta, x + \delta, y)$.

    "Towards Deep Learning Models Resistant to Adversarial Attacks" (Madry et al., 2018), eq. 2.1. The inner maximum
    is approached by projected gradient descent on the cross-entropy of the prediction in evaluation mode; the loss
    of the adversarial batch is the model's own, in training mode. An input is what the fit reads: below an encoder on
    a frozen backbone these are the backbone's features.

    Args:
        epsilon: largest norm of a sample's perturbation, in the input's unit, for each attacked modality.
        step_size: norm of one step, at most ``epsilon``; None takes ``min(1, 2.5 / steps) * epsilon``.
        steps: how many; one step without random start is the fast gradient (sign) method.
        random_start: whether the first perturbation is uniform in [-epsilon, epsilon) (and within the ball).
        norm: ``linf`` or ``l2``.
        modalities: which inputs are attacked, together: ``all`` that are not text, a name, or a list.
        range: smallest and largest valid value of the attacked inputs; None clips nothing.
        clean: share of the samples, drawn anew for each batch, that are trained on unchanged.
        drop: modality dropout, ``none``, ``bernoulli`` or ``uniform``; the attack sees what is left.
        drop_rate: of ``bernoulli``.
        clip: largest norm of the gradient.

    Raises:
        UsageError: an option outside its range.

    Example:
        >>> adversarial(epsilon=0.25, steps=1, random_start=False).step_size
        0.25
    """
    check_number(RECIPE, "epsilon", epsilon, "a positive number", above(0))
    check_count(RECIPE, "steps", steps)
    if step_size is not None:
        check_number(
            RECIPE, "step_size", step_size, f"null or a positive number up to epsilon, {epsilon}", above(0), epsilon
        )
    check_option(norm in ("linf", "l2"), f"recipe {NAME!r}", "norm", norm, "linf or l2")
    check_modalities(NAME, modalities)
    check_number(RECIPE, "clean", clean, "a number from 0 to 1", 0, 1)
    check_clip(NAME, clip)
    step = min(1.0, 2.5 / steps) * epsilon if step_size is None else step_size
    bounds, dropped = bounds_of(NAME, range), drop_of(NAME, drop, drop_rate)
    return Adversarial(epsilon, step, steps, random_start, norm, modalities, bounds, clean, dropped, clip)
