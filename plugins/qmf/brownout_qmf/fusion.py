"""Quality-aware multimodal fusion: logits of the modalities, weighted by how certain each classifier is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from brownout_blocks import mlp, pool_present, pooled_size, stack_logits
from brownout_qmf.formulas import Uncertainty, equal_weights, fused_logits, fusion_weight, uncertainty
from brownout_qmf.history import Average, History
from brownout_qmf.ranking import RankLoss, rank_loss
from brownout_qmf.settings import Settings, Update, check, resolve_weight
from brownout_registry import Prediction, Representation, Step, Task

Dynamic: TypeAlias = Literal["evaluation"]
"""Static weights in training, uncertainty-aware ones in evaluation."""


class QualityAwareFusion(nn.Module):
    """The module that `qmf` builds; see there."""

    def __init__(self, task: Task, representations: Mapping[str, Representation], settings: Settings) -> None:
        super().__init__()
        self.task, self.representations, self.settings = task, dict(representations), settings
        classes = len(task.classes)
        sizes = map(pooled_size, representations.values())
        self.classifiers = nn.ModuleList(mlp(size, settings.hidden, classes) for size in sizes)
        self.history = History(len(representations), settings.history, settings.normalise_history)

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """Fused logits ``[B, K]``, unimodal logits and weights (both 0 where absent), uncertainty ``[B]``."""
        names, options = list(self.representations), self.settings
        pooled = pool_present(self.representations, sources, present)
        each = {name: classify(pooled[name]) for name, classify in zip(names, self.classifiers, strict=True)}
        f = stack_logits(each, names, present)
        certain = fusion_weight(uncertainty(f, options.uncertainty, options.temperature), options.alpha, options.beta)
        certain = torch.where(present, certain, 0.0)
        w = certain if self._dynamic() else equal_weights(present, f.dtype)
        fused = fused_logits(f, w, options.detach)
        return Prediction(
            fused,
            unimodal=dict(zip(names, f.unbind(dim=1), strict=True)),
            weights=dict(zip(names, w.unbind(dim=1), strict=True)),
            uncertainty=uncertainty(fused, options.uncertainty, options.temperature),
            terms={"logits": f, "certain": certain, "present": present},
        )

    def _dynamic(self) -> bool:
        dynamic = self.settings.dynamic
        return not self.training if dynamic == "evaluation" else bool(dynamic)

    def loss(self, prediction: Prediction, target: Tensor, step: Step) -> Tensor:
        """Total loss (eq. 18); takes the batch into the training history."""
        counted = target != self.task.ignore_label
        total = _mean(functional.cross_entropy(prediction.logits[counted], target[counted], reduction="none"))
        for modality in range(len(self.representations)):
            there = prediction.terms["present"][:, modality] & counted
            f, w = (prediction.terms[name][there, modality] for name in ("logits", "certain"))
            losses = functional.cross_entropy(f, target[there], reduction="none")
            if self.settings.unimodal_loss:
                total = total + _mean(losses)
            if self.settings.lam:
                total = total + self.settings.lam * self._ranking(modality, w, losses, there, step)
        return total

    def _ranking(self, modality: int, w: Tensor, losses: Tensor, there: Tensor, step: Step) -> Tensor:
        rows = step.rows.to(there.device)[there]
        self.history.reserve(step.train_size, losses)
        if self.settings.update == "before":
            self.history.add(modality, rows, losses, step.train_size)
        kappa = self.history.kappa(modality, rows)
        if self.settings.update == "after":
            self.history.add(modality, rows, losses, step.train_size)
        return rank_loss(w, kappa, self.settings.rank_loss)


def _mean(losses: Tensor) -> Tensor:
    """Mean, 0 of nothing."""
    return losses.sum() / max(len(losses), 1)


def qmf(
    task: Task,
    representations: Mapping[str, Representation],
    *,
    hidden: Sequence[int] = (),
    uncertainty: Uncertainty = "energy",
    temperature: float = 1.0,
    alpha: float | Literal["auto"] = "auto",
    beta: float | Literal["auto"] = "auto",
    dynamic: bool | Dynamic = True,
    detach: bool = False,
    unimodal_loss: bool = True,
    lam: float = 0.1,
    rank_loss: RankLoss = "paper-eq16",
    history: Average = "mean",
    normalise_history: bool = False,
    update: Update = "before",
) -> QualityAwareFusion:
    r"""Quality-aware multimodal fusion (QMF, Zhang et al., 2023).

    Each modality m has its own classifier $f_m$, whose uncertainty $u_m$ (see `brownout_qmf.formulas.uncertainty`)
    makes its weight; what is present is fused:

    $$ w_m = \alpha u_m + \beta, \qquad f = \sum_{m\,present} w_m f_m $$

    (eq. 9 and 11). With nothing present the prediction is uniform. The loss (eq. 18) is

    $$ CE(f) + \sum_m CE(f_m) + \lambda \sum_m R_m $$

    where the terms of m are means over the samples in which m is present, and $R_m$ is the ranking regulariser
    (see `brownout_qmf.ranking.pair_losses`) of $w_m$ and the training history (see `brownout_qmf.history.History`).
    Weights are neither normalised over modalities nor kept positive, though the proof of theorem 1 needs both.

    Args:
        task: what is predicted.
        representations: by modality; maps and sequences are averaged first.
        hidden: widths of each classifier's hidden layers.
        uncertainty: which.
        temperature: T of energy and softmax; the paper's is 1.
        alpha: below 0. The paper names no value; ``auto``: -0.1 for the energy, as released, else -1.
        beta: 0 or more; ``auto``: 0 for the energy, as released, else 1, so that w = 1 - u is in [0, 1].
        dynamic: false: equal weights 1/V of what is present (table 2, no UAW), which the regulariser still sees
            as $\alpha u_m + \beta$; ``evaluation``: equal in training mode only.
        detach: whether w is a constant in f. Eq. 11 and 18 stop no gradient, so by default it is not.
        unimodal_loss: whether CE(f_m) is in the loss.
        lam: $\lambda$, 0 for no regulariser.
        rank_loss: which regulariser.
        history: mean (eq. 14) or sum of a sample's losses.
        normalise_history: to [0, 1] over the training set.
        update: whether the batch enters the history before (algorithm 1) or after its regulariser.

    Raises:
        UsageError: an option out of its range, or dense prediction.

    Example:
        >>> representations = {"audio": Representation("vector", (5,)), "video": Representation("map", (3, 2, 2))}
        >>> fusion = qmf(Task(("a", "b"), (0.5, 0.5)), representations)
        >>> sources = {"audio": torch.ones(2, 5), "video": torch.full((2, 3, 2, 2), torch.nan)}
        >>> prediction = fusion(sources, torch.tensor([[True, False], [False, False]]))
        >>> torch.equal(prediction.weights["audio"], 0.1 * prediction.unimodal["audio"].logsumexp(1) * torch.eye(2)[0])
        True
        >>> prediction.logits[1]
        tensor([0., 0.], grad_fn=<SelectBackward0>)
    """
    settings = Settings(
        hidden, uncertainty, temperature, *resolve_weight(uncertainty, alpha, beta), dynamic, detach, unimodal_loss,
        lam, rank_loss, history, normalise_history, update,
    )  # fmt: skip
    check(task, settings)
    return QualityAwareFusion(task, representations, settings)
