"""Stability training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from brownout_blocks import Drop, DropKind, drop_of, values_of
from brownout_registry import Batch, Inputs, Model, Padded, Step, above, check_number, check_option
from brownout_robust_training.common import check_clip, check_modalities, descend
from brownout_robust_training.inputs import changeable, replaced, rooms

NAME = "stability"
RECIPE = f"recipe {NAME!r}"
Form: TypeAlias = Literal["zheng", "kl", "reverse-kl", "swapped"]
"""What is penalised, see `stability_term`."""
FORMS: tuple[Form, ...] = ("zheng", "kl", "reverse-kl", "swapped")


def stability_term(clean: Tensor, noisy: Tensor, form: Form = "zheng", detach: bool = False) -> Tensor:
    r"""How far the prediction P(x') of noisy inputs is from P(x), a mean over samples (and places).

    ========== ========================================= ==================================================
    form       formula                                   source
    ========== ========================================= ==================================================
    zheng      $-\sum_k P_k(x) \ln P_k(x')$              Zheng et al. (2016), eq. 4
    kl         $KL(P(x) \| P(x'))$                       Gao et al. (2022), section 2
    reverse-kl $KL(P(x') \| P(x))$                       the other direction
    swapped    $-\sum_k P_k(x') \ln P_k(x)$              a public re-implementation
    ========== ========================================= ==================================================

    Args:
        clean: logits ``[B, K]`` or ``[B, K, H, W]``.
        noisy: logits of the same shape.
        form: see above.
        detach: whether no gradient flows through the distribution that the sum or divergence is weighted with;
            ``zheng`` and ``kl`` then have the same gradient, else they differ by that of the entropy.

    Returns:
        A scalar.

    Example:
        >>> z = torch.tensor([[0.0, 0.0]])
        >>> stability_term(z, z, "zheng"), stability_term(z, z, "kl")
        (tensor(0.6931), tensor(0.))
    """
    target, other = (clean, noisy) if form in ("zheng", "kl") else (noisy, clean)
    log_p, log_q = target.log_softmax(1), other.log_softmax(1)
    if detach:
        log_p = log_p.detach()
    difference = log_p - log_q if form in ("kl", "reverse-kl") else -log_q
    return (log_p.exp() * difference).sum(1).mean()


@dataclass(frozen=True)
class Stability:
    """See `stability` for what the attributes mean."""

    form: Form
    alpha: float
    sigma: float
    unit: Literal["absolute", "batch-std"]
    detach: bool
    modalities: str | Sequence[str]
    drop: Drop
    clip: float | None

    def train_batch(self, model: Model, batch: Batch, step: Step, optimiser: torch.optim.Optimizer) -> float:
        """Fit one batch, seen clean and noisy, and give its loss."""
        batch = self.drop(model, batch)
        free = rooms(batch, changeable(NAME, batch, self.modalities))
        noise = {name: self._noisy(batch.inputs[name], each) for name, each in free.items()}
        clean = model(batch.inputs, batch.present)
        noisy = model(replaced(batch, noise), batch.present)
        term = stability_term(clean.logits, noisy.logits, self.form, self.detach)
        return descend(model, model.loss(clean, batch.targets, step) + self.alpha * term, optimiser, self.clip)

    def _noisy(self, inputs: Inputs, there: Tensor) -> Tensor:
        values = values_of(inputs)
        scale = self.sigma * (deviation(inputs, there) if self.unit == "batch-std" else 1.0)
        return torch.where(there, values + scale * torch.randn_like(values), values)


def deviation(inputs: Inputs, there: Tensor) -> Tensor:
    """Standard deviation of each feature over what is there of a batch, broadcast to its values.

    A feature is an entry of a vector, a channel of an image or map, one of a sequence's D numbers per step; a
    waveform has one.

    Args:
        inputs: of B samples, no text.
        there: bool, broadcast to the values, see `brownout_robust_training.inputs.room`.

    Example:
        >>> deviation(torch.tensor([[0.0, 5.0], [2.0, 5.0], [9.0, 9.0]]), torch.tensor([[True], [True], [False]]))
        tensor([[1., 0.]])
    """
    values = values_of(inputs)
    feature = 2 if isinstance(inputs, Padded) else 1
    over = [place for place in range(values.ndim) if place != feature]
    count = there.expand_as(values).sum(over, keepdim=True).clamp(min=1)
    mean = torch.where(there, values, 0.0).sum(over, keepdim=True) / count
    variance = torch.where(there, values - mean, 0.0).square().sum(over, keepdim=True) / count
    return variance.sqrt()


def stability(
    *,
    form: Form = "zheng",
    alpha: float = 0.01,
    sigma: float = 0.04,
    unit: Literal["absolute", "batch-std"] = "absolute",
    detach: bool = False,
    modalities: str | Sequence[str] = "all",
    drop: DropKind = "none",
    drop_rate: float = 0.5,
    clip: float | None = None,
) -> Stability:
    r"""Stability training: $L(x, y) + \alpha\, D(P(x), P(x'))$ with $x' = x + \sigma e$, $e \sim N(0, 1)$.

    "Improving the Robustness of Deep Neural Networks via Stability Training" (Zheng et al., 2016), section 3. L is
    the model's own loss, of the clean inputs; both passes are made in training mode.

    Args:
        form: of D, see `stability_term`.
        alpha: weight of D, 0 or more.
        sigma: standard deviation of the noise.
        unit: ``absolute``, sigma is in the input's unit; ``batch-std``, in standard deviations of each feature over the
            batch.
        detach: see `stability_term`.
        modalities: which inputs get noise: ``all`` that are not text, a name, or a list.
        drop: modality dropout, ``none``, ``bernoulli`` or ``uniform``; one pattern for both passes.
        drop_rate: of ``bernoulli``.
        clip: largest norm of the gradient.

    Raises:
        UsageError: an option outside its range.

    Example:
        >>> stability(form="kl", alpha=1.0).form
        'kl'
    """
    check_option(form in FORMS, f"recipe {NAME!r}", "form", form, f"one of {', '.join(FORMS)}")
    check_number(RECIPE, "alpha", alpha, "a number, 0 or more", 0)
    check_number(RECIPE, "sigma", sigma, "a positive number", above(0))
    check_option(unit in ("absolute", "batch-std"), f"recipe {NAME!r}", "unit", unit, "absolute or batch-std")
    check_modalities(NAME, modalities)
    check_clip(NAME, clip)
    return Stability(form, alpha, sigma, unit, detach, modalities, drop_of(NAME, drop, drop_rate), clip)
