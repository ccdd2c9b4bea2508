"""The fusion strategy: decoupled multimodal representations with a hard combination regulariser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from brownout_blocks import pool_present, pooled_size, reparameterise
from brownout_dmrnet.diagnostics import diagnose
from brownout_dmrnet.formulas import (
    HCR,
    KLReduction,
    combination_index,
    distribution_regulariser,
    hard_combination_loss,
)
from brownout_dmrnet.hard import HardCombinations
from brownout_dmrnet.heads import build_head
from brownout_dmrnet.options import Hard, Head, Probabilistic, Settings, SigmaHead, check, needs_maps
from brownout_registry import Prediction, Representation, Step, Task


class DMRNet(nn.Module):
    """What `dmrnet` builds; see there."""

    def __init__(self, task: Task, representations: Mapping[str, Representation], settings: Settings) -> None:
        super().__init__()
        self.task, self.representations, self.settings = task, dict(representations), settings
        self.maps = needs_maps(representations, settings)
        width = sum(pooled_size(each) for each in representations.values())
        self.head = build_head(settings.probabilistic, self.maps, width, settings.sigma_head)
        self.classifier = nn.Linear(width, len(task.classes))
        self.f_r = nn.Linear(width, len(task.classes)) if settings.auxiliary == "separate" else None
        self.combinations = HardCombinations(
            list(representations),
            settings.hard,
            count=settings.hard_count or len(representations),
            from_epoch=settings.from_epoch,
            kept=settings.history_epochs,
        )

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """Logits ``[B, K]`` of a sample of the distribution in training, of its mean in evaluation.

        The embedding ``[B, C]`` is what the classifier sees; the uncertainty ``[B]`` is the mean of sigma^2.
        """
        s = z = self._side_by_side(sources, present)
        terms, uncertainty = {"present": present}, None
        if self.head is not None:
            mu, log_variance = self.head(z)
            s = reparameterise(mu, (0.5 * log_variance).exp()) if self.training else mu
            uncertainty = log_variance.detach().exp().flatten(1).mean(dim=1)
            terms |= {"mu": mu, "log_variance": log_variance}
        g = s.mean(dim=(2, 3)) if s.ndim == 4 else s
        if self.f_r is not None:
            terms["auxiliary"] = self.f_r(g)
        return Prediction(
            self.classifier(g),
            uncertainty=uncertainty,
            embedding=g,
            diagnostics=self._diagnose(sources, present),
            terms=terms,
        )

    def loss(self, prediction: Prediction, target: Tensor, step: Step) -> Tensor:
        r"""Eq. 13: $L = L_{TTL} + \alpha L_{DR} + \beta L_{HCR}$."""
        rows, settings = target != self.task.ignore_label, self.settings
        terms = {name: each[rows] for name, each in prediction.terms.items()}
        j, losses = combination_index(terms["present"]), self._losses(prediction.logits[rows], target[rows])
        loss = losses.mean()
        if "mu" in terms:
            self.combinations.observe(step.epoch, terms["log_variance"].exp().flatten(1).mean(dim=1), j)
            loss = loss + settings.alpha * self._regulariser(terms["mu"], terms["log_variance"], step.epoch)
        if step.epoch >= settings.from_epoch:
            losses = self._losses(terms["auxiliary"], target[rows]) if "auxiliary" in terms else losses
            loss = loss + settings.beta * hard_combination_loss(losses, self.combinations.contains(j), settings.hcr)
        return loss

    def _side_by_side(self, sources: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """z, ``[B, C, H, W]`` or ``[B, C]``, with zeros for what is absent."""
        if not self.maps:
            return torch.cat(list(pool_present(self.representations, sources, present).values()), dim=1)
        there = present[:, :, None, None, None].unbind(dim=1)
        pairs = zip(self.representations, there, strict=True)
        return torch.cat([torch.where(mask, sources[name], 0.0) for name, mask in pairs], dim=1)

    def _losses(self, logits: Tensor, target: Tensor) -> Tensor:
        return functional.cross_entropy(logits, target, reduction="none")

    def _regulariser(self, mu: Tensor, log_variance: Tensor, epoch: int) -> Tensor:
        if epoch < self.settings.kl_from_epoch:
            return mu.new_zeros(())
        divergence = distribution_regulariser(mu, log_variance, self.settings.kl_reduction)
        return divergence.detach() if self.settings.kl_detached else divergence

    def _diagnose(self, sources: Mapping[str, Tensor], present: Tensor) -> dict[str, Tensor]:
        if self.training or not self.settings.diagnostics:
            return {}
        return diagnose(self.representations, sources, present)


def dmrnet(
    task: Task,
    representations: Mapping[str, Representation],
    *,
    probabilistic: Probabilistic = "dmr",
    head: Head = "auto",
    sigma_head: SigmaHead = "log-sigma",
    alpha: float = 1e-3,
    kl_reduction: KLReduction = "sum",
    kl_detached: bool = False,
    kl_from_epoch: int = 0,
    beta: float = 0.7,
    hcr: HCR = "sum-over-batch",
    hard: Hard = "mined",
    hard_count: int | None = None,
    from_epoch: int = 0,
    auxiliary: Literal["shared", "separate"] = "shared",
    history_epochs: int = 100,
    diagnostics: bool = False,
) -> DMRNet:
    r"""DMRNet (Wei et al., "Robust Multimodal Learning via Representation Decoupling", ECCV 2024).

    The representations z of all modalities stand side by side, zeros for absent ones, and become a distribution
    (eq. 4 to 6). In training the classifier sees a sample of it, $s = \mu + \epsilon \sigma$ (eq. 7), pooled over
    positions; in evaluation it sees $\mu$. The loss is $L_{TTL} + \alpha L_{DR} + \beta L_{HCR}$ (eq. 13): the
    cross-entropy, the divergence of the distribution from N(0, I) (eq. 9), and the cross-entropy of samples whose
    combination of modalities is hard once more (eq. 11 and 12). The paper trains with one of the 2^V - 1 missing
    patterns drawn for each sample: recipe ``modality-dropout``, ``patterns: uniform``.

    Args:
        task: what is predicted.
        representations: by modality; at most 10.
        probabilistic: how the distribution is estimated, see `brownout_dmrnet.heads.build_head`; ``none``: not at
            all, then the classifier sees z.
        head: what ``dmr`` acts on: ``map``, feature maps of one size from every modality; ``vector``, what is left of
            any representation after pooling (the released audio-visual code); ``auto``: maps where it can.
        sigma_head: whether the second head predicts ln sigma (eq. 6) or ln sigma^2 (released code).
        alpha: weight of the divergence; the paper's choice on all datasets.
        kl_reduction: see `brownout_dmrnet.formulas.distribution_regulariser`.
        kl_detached: whether no gradient flows through the divergence (released segmentation code).
        kl_from_epoch: first epoch, from 0, in which it counts.
        beta: weight of the regulariser; the paper's choice on CASIA-SURF (0.3 on CREMA-D and Kinetics-Sounds, 0.5 on
            NYUv2).
        hcr: see `brownout_dmrnet.formulas.hard_combination_loss`.
        hard: which combinations are hard, see `brownout_dmrnet.hard.HardCombinations`.
        hard_count: how many ``mined`` takes; None for V, as in the paper.
        from_epoch: first epoch, from 0, in which the regulariser counts; the paper names none.
        auxiliary: whether f_r is the classifier itself (paper) or a second linear layer (released segmentation code).
        history_epochs: of how many epochs the variances d_j are kept with the weights, for the figure
            ``dmrnet-variances``; of more, the latest.
        diagnostics: whether predictions tell how different the channels of feature maps are, see
            `brownout_dmrnet.diagnostics.diagnose`.

    Raises:
        UsageError: an option out of its range, feature maps that it needs and does not get, dense prediction, or more
            than 10 modalities.

    Example:
        >>> representations = {"audio": Representation("vector", (5,)), "video": Representation("map", (3, 2, 2))}
        >>> fusion = dmrnet(Task(("a", "b"), (0.5, 0.5)), representations).eval()
        >>> sources = {"audio": torch.ones(4, 5), "video": torch.ones(4, 3, 2, 2)}
        >>> prediction = fusion(sources, torch.ones(4, 2, dtype=torch.bool))
        >>> prediction.logits.shape, prediction.embedding.shape, prediction.uncertainty.shape
        (torch.Size([4, 2]), torch.Size([4, 8]), torch.Size([4]))
    """
    settings = Settings(
        probabilistic=probabilistic,
        head=head,
        sigma_head=sigma_head,
        alpha=alpha,
        kl_reduction=kl_reduction,
        kl_detached=kl_detached,
        kl_from_epoch=kl_from_epoch,
        beta=beta,
        hcr=hcr,
        hard=hard,
        hard_count=hard_count,
        from_epoch=from_epoch,
        auxiliary=auxiliary,
        history_epochs=history_epochs,
        diagnostics=diagnostics,
    )
    check(task, representations, settings)
    return DMRNet(task, representations, settings)
