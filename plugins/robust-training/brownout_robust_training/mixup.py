"""Mixup."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from brownout_blocks import Drop, DropKind, drop_of, values_of, with_values
from brownout_registry import (
    Batch,
    Inputs,
    Model,
    Padded,
    Prediction,
    Step,
    UsageError,
    above,
    check_number,
    check_option,
)
from brownout_robust_training.common import check_clip, descend

NAME = "mixup"
RECIPE = f"recipe {NAME!r}"


def mixed(inputs: Inputs, lam: Tensor | float, partner: Tensor) -> Inputs:
    r"""$\lambda x_i + (1 - \lambda) x_{\sigma(i)}$; a mixed sequence is as long as the longer of both.

    Args:
        inputs: of B samples, no text.
        lam: lambda.
        partner: int64 ``[B]``, sigma.

    Example:
        >>> mixed(torch.tensor([[0.0], [1.0]]), 0.75, torch.tensor([1, 0]))
        tensor([[0.2500],
                [0.7500]])
    """
    values = values_of(inputs)
    both = lam * values + (1 - lam) * values[partner]
    if isinstance(inputs, Padded):
        return Padded(both, torch.maximum(inputs.lengths, inputs.lengths[partner]))
    return with_values(inputs, both)


def partners(present: Tensor) -> Tensor:
    """A random permutation of the batch in which partners have the same modalities, int64 ``[B]``.

    So whatever is mixed is there on both sides, and no mask changes. In a complete batch every permutation is
    equally likely (it is ``torch.randperm``).

    Args:
        present: bool ``[B, V]``.

    Example:
        >>> partners(torch.tensor([[True, False], [False, True]])).tolist()
        [0, 1]
    """
    group = present.long().unique(dim=0, return_inverse=True)[1]
    shuffled = torch.randperm(len(group), device=group.device)
    partner = torch.empty_like(shuffled)
    partner[group.argsort(stable=True)] = shuffled[group[shuffled].argsort(stable=True)]
    return partner


def two_target_loss(
    model: Model, prediction: Prediction, targets: Tensor, step: Step, lam: Tensor | float, partner: Tensor
) -> Tensor:
    r"""$\lambda L(f(\tilde x), y_i) + (1 - \lambda) L(f(\tilde x), y_{\sigma(i)})$, for the cross-entropy the paper's.

    The model's loss is called twice, the second time as the partners': under their targets, ids and rows.
    """
    own = model.loss(prediction, targets, step)
    return lam * own + (1 - lam) * model.loss(prediction, targets[partner], _at(step, partner))


@dataclass(frozen=True)
class Mixup:
    """See `mixup` for what the attributes mean."""

    alpha: float
    targets: Literal["auto", "both", "draw"]
    drop: Drop
    clip: float | None

    def train_batch(self, model: Model, batch: Batch, step: Step, optimiser: torch.optim.Optimizer) -> float:
        """Fit one mixed batch and give its loss."""
        for name, inputs in batch.inputs.items():
            if isinstance(inputs, list):
                raise UsageError(f"recipe {NAME!r}: {name!r} is text, which cannot be mixed; {ADVICE}")
        alpha = torch.tensor(self.alpha, device=batch.present.device)
        lam, partner = torch.distributions.Beta(alpha, alpha).sample(), partners(batch.present)
        both = {name: mixed(each, lam, partner) for name, each in batch.inputs.items()}
        batch = self.drop(model, replace(batch, inputs=both))
        loss = self._loss(model, model(batch.inputs, batch.present), batch.targets, step, lam, partner)
        return descend(model, loss, optimiser, self.clip)

    def _loss(
        self, model: Model, prediction: Prediction, targets: Tensor, step: Step, lam: Tensor, partner: Tensor
    ) -> Tensor:
        own_loss = getattr(model.fusion, "loss", None) is not None
        if self.targets == "both" or (self.targets == "auto" and not own_loss):
            return two_target_loss(model, prediction, targets, step, lam, partner)
        itself = torch.arange(len(partner), device=partner.device)
        drawn = torch.where(torch.rand(len(partner), device=partner.device) < lam, itself, partner)
        return model.loss(prediction, targets[drawn], _at(step, drawn))


ADVICE = "put its encoder on a backbone and its features are mixed instead, or see training.recipes"


def mixup(
    *,
    alpha: float = 1.0,
    targets: Literal["auto", "both", "draw"] = "auto",
    drop: DropKind = "none",
    drop_rate: float = 0.5,
    clip: float | None = None,
) -> Mixup:
    r"""Mixup: $\tilde x = \lambda x_i + (1 - \lambda) x_j$, $\tilde y = \lambda y_i + (1 - \lambda) y_j$.

    "mixup: Beyond Empirical Risk Minimization" (Zhang et al., 2018), section 2. One $\lambda \sim Beta(\alpha,
    \alpha)$ and one permutation for each batch, the same for all modalities; partners have the same modalities
    present (see `partners`).

    Args:
        alpha: of the Beta distribution; smaller mixes less.
        targets: ``both`` weighs the losses of both targets by lambda, as the paper does, and so calls the loss twice
            a step. ``draw`` calls it once: each mixed sample is its own with probability lambda and else its partner,
            with the target, id and row of the one drawn; for losses that are sums over samples the expectation is the
            same. ``auto``: ``draw`` for a fusion with a loss of its own, which may keep a history of its calls,
            ``both`` for the cross-entropy.
        drop: modality dropout after mixing, ``none``, ``bernoulli`` or ``uniform``.
        drop_rate: of ``bernoulli``.
        clip: largest norm of the gradient.

    Raises:
        UsageError: an option outside its range.

    Example:
        >>> mixup(alpha=0.2).targets
        'auto'
    """
    check_number(RECIPE, "alpha", alpha, "a positive number", above(0))
    choices = ("auto", "both", "draw")
    check_option(targets in choices, f"recipe {NAME!r}", "targets", targets, f"one of {', '.join(choices)}")
    check_clip(NAME, clip)
    return Mixup(alpha, targets, drop_of(NAME, drop, drop_rate), clip)


def _at(step: Step, rows: Tensor) -> Step:
    return replace(step, ids=step.ids[rows], rows=step.rows[rows])
