"""The fusion strategy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from brownout_blocks import mlp, pool_present, pooled_size, reparameterise
from brownout_raml.checks import check_options
from brownout_raml.formulas import (
    Activation,
    Reduction,
    SigmaIs,
    fused_sigma,
    present_softmax,
    redundancy,
    redundancy_weights,
    standard_deviation,
)
from brownout_registry import Prediction, Representation, Step, Task

Weights: TypeAlias = Literal["adaptive", "identical", "fixed", "fixed-scalar"]


class Raml(nn.Module):
    r"""Redundancy-Adaptive Multimodal Learning (Chen et al., 2023, algorithm 1).

    $$ h = \sum_m \omega_m \odot \mu_m, \quad
       \omega_m = \frac{\delta_m \sigma_m^{-2}}{\sum_n \delta_n \sigma_n^{-2}}, \quad
       L = L^M + \lambda_1 L^U + \lambda_2 L^D $$

    where $\mu_m$ and $\sigma_m$ are heads on modality m's pooled representation, $L^M = CE(f(h), y)$,
    $L^U = \sum_m CE(f(\mu_m + \rho \sigma_m), y)$ with $\rho \sim N(0, 1)$, and $L^D$ is
    `brownout_raml.formulas.redundancy`; all are means over the batch.

    As the paper does, an absent modality is replaced by zeros (here: its pooled representation) and encoded. It never
    enters h, but eq. 2 and 3 have no $\delta$, so by default what its heads make of zeros enters $L^U$ and $L^D$.
    The prediction's unimodal logits are $f(\mu_m)$, zero where absent; its uncertainty is the mean of the fused
    $\sigma$ over the D elements, infinite where nothing is present.

    Args:
        task: what is predicted; classes, not places of a picture.
        representations: by modality.
        width: D; the paper's is 128.
        hidden: widths of the hidden layers of the heads; the paper does not state any.
        predictor: ``shared``, f also predicts from each modality; ``separate``, each has its own (figure 4).
        weights: ``adaptive`` (eq. 4); of table V ``identical``, and ``fixed``: learned scores of each modality's
            elements, softmax over what is present. ``fixed-scalar`` learns one score for each modality. $L^D$ keeps
            the weights of eq. 3 under all of them.
        lambda_1: of $L^U$. The paper sweeps .2 to 1.6 without printing its choice; 0 leaves the term out (table VI).
        lambda_2: of $L^D$, likewise.
        mask_unimodal: whether absent modalities are left out of $L^U$.
        mask_redundancy: whether absent modalities are left out of $L^D$, $\sigma$ included.
        sigma_activation: how the heads' output becomes positive; the paper does not state it.
        sigma_is: whether it is then the standard deviation or the variance.
        l1_reduction: of $L^D$ over the D elements.

    Raises:
        UsageError: an option out of its range, or dense prediction.

    Example:
        >>> representations = {"audio": Representation("vector", (5,)), "video": Representation("map", (3, 2, 2))}
        >>> fusion = Raml(Task(("a", "b"), (0.5, 0.5)), representations, width=16)
        >>> sources = {"audio": torch.ones(4, 5), "video": torch.full((4, 3, 2, 2), torch.nan)}
        >>> prediction = fusion(sources, torch.tensor([[True, False]]).expand(4, 2))
        >>> prediction.logits.shape, prediction.weights["audio"].unique(), prediction.weights["video"].unique()
        (torch.Size([4, 2]), tensor([1.], grad_fn=<Unique2Backward0>), tensor([0.], grad_fn=<Unique2Backward0>))
    """

    def __init__(
        self,
        task: Task,
        representations: Mapping[str, Representation],
        *,
        width: int = 128,
        hidden: Sequence[int] = (),
        predictor: Literal["shared", "separate"] = "shared",
        weights: Weights = "adaptive",
        lambda_1: float = 1.0,
        lambda_2: float = 0.2,
        mask_unimodal: bool = False,
        mask_redundancy: bool = False,
        sigma_activation: Activation = "softplus",
        sigma_is: SigmaIs = "std",
        l1_reduction: Reduction = "sum",
    ) -> None:
        super().__init__()
        choices = {
            "predictor": predictor,
            "weights": weights,
            "sigma_activation": sigma_activation,
            "sigma_is": sigma_is,
            "l1_reduction": l1_reduction,
        }
        check_options(task, width, hidden, {"lambda_1": lambda_1, "lambda_2": lambda_2}, choices)
        self.representations, self.ignore_label = dict(representations), task.ignore_label
        self.weights, self.lambda_1, self.lambda_2 = weights, lambda_1, lambda_2
        self.mask_unimodal, self.mask_redundancy = mask_unimodal, mask_redundancy
        self.sigma_activation, self.sigma_is, self.l1_reduction = sigma_activation, sigma_is, l1_reduction
        sizes = [pooled_size(each) for each in representations.values()]
        self.mu_heads = nn.ModuleList(mlp(size, hidden, width) for size in sizes)
        self.sigma_heads = nn.ModuleList(mlp(size, hidden, width) for size in sizes)
        self.predictor = nn.Linear(width, len(task.classes))
        separate = len(sizes) if predictor == "separate" else 0
        self.unimodal_predictors = nn.ModuleList(nn.Linear(width, len(task.classes)) for _ in range(separate))
        if weights in ("fixed", "fixed-scalar"):
            self.scores = nn.Parameter(torch.zeros(len(sizes), width if weights == "fixed" else 1))

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """Logits ``[B, K]``, embedding h and weights ``[B, D]`` and what the loss needs."""
        pooled = list(pool_present(self.representations, sources, present).values())
        mu = _apply(self.mu_heads, pooled)
        sigma = standard_deviation(_apply(self.sigma_heads, pooled), self.sigma_activation, self.sigma_is)
        omega = self._weigh(sigma, present)
        h = (omega * mu).sum(dim=1)
        unimodal = torch.where(present[:, :, None], self._predict_each(mu), 0.0)
        return Prediction(
            self.predictor(h),
            unimodal=dict(zip(self.representations, unimodal.unbind(dim=1), strict=True)),
            weights=dict(zip(self.representations, omega.unbind(dim=1), strict=True)),
            uncertainty=fused_sigma(sigma, present).mean(dim=-1),
            embedding=h,
            terms={"mu": mu, "sigma": sigma, "present": present},
        )

    def loss(self, prediction: Prediction, target: Tensor, step: Step) -> Tensor:
        """L (eq. 6), of targets int64 ``[B]``."""
        mu, sigma, present = (prediction.terms[name] for name in ("mu", "sigma", "present"))
        everything = torch.ones_like(present)
        loss = self._cross_entropy(prediction.logits, target)
        if self.lambda_1:
            logits = self._predict_each(reparameterise(mu, sigma))
            entering = present if self.mask_unimodal else everything
            loss = loss + self.lambda_1 * self._unimodal(logits, target, entering)
        if self.lambda_2:
            entering = present if self.mask_redundancy else everything
            loss = loss + self.lambda_2 * redundancy(mu, sigma, entering, self.l1_reduction)
        return loss[target != self.ignore_label].mean()

    def _weigh(self, sigma: Tensor, present: Tensor) -> Tensor:
        """The fusion weights ``[B, M, D]``."""
        if self.weights == "adaptive":
            return redundancy_weights(sigma, present)
        scores = torch.zeros_like(sigma) if self.weights == "identical" else self.scores.expand_as(sigma)
        return present_softmax(scores, present)

    def _predict_each(self, h: Tensor) -> Tensor:
        """Logits ``[B, M, K]`` of each modality's own representation ``[B, M, D]``."""
        if self.unimodal_predictors:
            return _apply(self.unimodal_predictors, list(h.unbind(dim=1)))
        logits: Tensor = self.predictor(h)
        return logits

    def _unimodal(self, logits: Tensor, target: Tensor, entering: Tensor) -> Tensor:
        """L^U (eq. 2) of each sample, summed over the modalities that enter."""
        losses = self._cross_entropy(logits.mT, target[:, None].expand_as(entering))
        return torch.where(entering, losses, 0.0).sum(dim=1)

    def _cross_entropy(self, logits: Tensor, target: Tensor) -> Tensor:
        return functional.cross_entropy(logits, target, ignore_index=self.ignore_label, reduction="none")


def _apply(modules: nn.ModuleList, each: Sequence[Tensor]) -> Tensor:
    """Module m on tensor m, side by side: ``[B, M, ...]``."""
    return torch.stack([module(values) for module, values in zip(modules, each, strict=True)], dim=1)
