"""TMC and ETMC: opinions of the modalities, fused by Dempster's rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import torch
from torch import Tensor, nn

from brownout_blocks import Evidence, evidence, mlp, pool_present, pooled_size, vacuity
from brownout_evidential.losses import Risk, kl_weight, opinion_loss
from brownout_evidential.opinions import dempster, precision
from brownout_registry import (
    Prediction,
    Representation,
    Step,
    Task,
    check_classification,
    check_count,
    check_option,
    check_widths,
)


@dataclass(frozen=True)
class Settings:
    """The options that `tmc` and `etmc` share; see there."""

    hidden: Sequence[int]
    evidence: Evidence
    risk: Risk
    annealing_epochs: int
    annealing_start: int


class Trusted(nn.Module):
    """Opinions of the modalities and, with ``pseudo``, of their concatenation; see `tmc` and `etmc`."""

    def __init__(
        self, task: Task, representations: Mapping[str, Representation], settings: Settings, pseudo: bool
    ) -> None:
        super().__init__()
        sizes, classes = [pooled_size(each) for each in representations.values()], len(task.classes)
        self.task, self.representations, self.settings = task, dict(representations), settings
        self.classifiers = nn.ModuleList(mlp(size, settings.hidden, classes) for size in sizes)
        self.pseudo = nn.Linear(sum(sizes), classes) if pseudo else None

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        r"""Logits $\ln \alpha$ ``[B, K]``, weights 1 - u of the modalities, uncertainty u of the fused opinion."""
        pooled = list(pool_present(self.representations, sources, present).values())
        logits = [classify(each) for classify, each in zip(self.classifiers, pooled, strict=True)]
        if self.pseudo is not None:
            logits.append(self.pseudo(torch.cat(pooled, dim=1)))
            present = torch.cat([present, present.any(dim=1, keepdim=True)], dim=1)
        return self._predict(torch.stack(logits, dim=1), present)

    def _predict(self, logits: Tensor, known: Tensor) -> Prediction:
        e = evidence(logits.to(precision(logits.device)), self.settings.evidence)
        e = torch.where(known[:, :, None], e, 0.0)
        fused, dtype = dempster(e), logits.dtype
        views = dict(zip(self.representations, e.unbind(dim=1), strict=False))
        return Prediction(
            fused.log1p().to(dtype),
            unimodal={name: each.log1p().to(dtype) for name, each in views.items()},
            weights={name: (1 - vacuity(each)).to(dtype) for name, each in views.items()},
            uncertainty=vacuity(fused).to(dtype),
            terms={"evidence": e, "fused": fused, "known": known},
        )

    def loss(self, prediction: Prediction, target: Tensor, step: Step) -> Tensor:
        """Sum over the opinions that there are and the fused one, mean over the batch."""
        rows, terms, options = target != self.task.ignore_label, prediction.terms, self.settings
        opinions = torch.cat([terms["evidence"], terms["fused"][:, None]], dim=1)[rows]
        targets = target[rows, None].expand(opinions.shape[:2])
        weight = kl_weight(step.epoch, options.annealing_epochs, options.annealing_start)
        each = opinion_loss(opinions, targets, weight, options.risk)
        counted = torch.where(terms["known"][rows], each[:, :-1], 0.0).sum(dim=1) + each[:, -1]
        return counted.mean().to(prediction.logits.dtype)


def tmc(
    task: Task,
    representations: Mapping[str, Representation],
    *,
    hidden: Sequence[int] = (),
    evidence: Evidence = "softplus",
    risk: Risk = "cross-entropy",
    annealing_epochs: int = 50,
    annealing_start: int = 1,
) -> Trusted:
    r"""Trusted multi-view classification (TMC, Han et al., 2021).

    Each modality's own classifier gives evidence, and so an opinion; Dempster's rule fuses the opinions of what is
    present (see `brownout_evidential.opinions`). An absent modality is the vacuous opinion, which changes nothing;
    with nothing present the prediction is uniform and u = 1. ``softmax(logits)`` is the expected probability
    $\alpha / S$. The loss sums `brownout_evidential.losses.opinion_loss` over the opinions and the fused one.

    Args:
        task: what is predicted.
        representations: by modality; maps and sequences are averaged first.
        hidden: widths of each classifier's hidden layers.
        evidence: how logits become evidence, see `brownout_blocks.evidence`. Softplus is never zero, so a modality
            that is zeroed instead of absent still has an opinion.
        risk: what is expected under an opinion's Dirichlet distribution.
        annealing_epochs: over how many epochs the weight of the divergence rises to 1.
        annealing_start: number of the first epoch, 0 or 1.

    Raises:
        UsageError: an option out of its range, or dense prediction.

    Example:
        >>> representations = {"audio": Representation("vector", (5,)), "video": Representation("map", (3, 2, 2))}
        >>> fusion = tmc(Task(("a", "b"), (0.5, 0.5)), representations)
        >>> sources = {"audio": torch.ones(2, 5), "video": torch.ones(2, 3, 2, 2)}
        >>> prediction = fusion(sources, torch.tensor([[True, True], [False, False]]))
        >>> prediction.logits.shape, prediction.logits[1], prediction.uncertainty[1]
        (torch.Size([2, 2]), tensor([0., 0.], grad_fn=<SelectBackward0>), tensor(1., grad_fn=<SelectBackward0>))
    """
    settings = Settings(hidden, evidence, risk, annealing_epochs, annealing_start)
    _check("fusion 'tmc'", task, settings)
    return Trusted(task, representations, settings, pseudo=False)


def etmc(
    task: Task,
    representations: Mapping[str, Representation],
    *,
    hidden: Sequence[int] = (),
    evidence: Evidence = "softplus",
    risk: Risk = "cross-entropy",
    annealing_epochs: int = 50,
    annealing_start: int = 1,
) -> Trusted:
    """Enhanced trusted multi-view classification (ETMC, Han et al., 2023).

    `tmc` with one more opinion, of a pseudo-view: a linear layer on all representations side by side, zeros for
    absent ones. It has its own term in the loss. With nothing present it is vacuous as well.

    Args:
        task: see `tmc`, as all others.
        representations: by modality.
        hidden: widths of each classifier's hidden layers.
        evidence: how logits become evidence.
        risk: what is expected under an opinion's Dirichlet distribution.
        annealing_epochs: over how many epochs the weight of the divergence rises to 1.
        annealing_start: number of the first epoch, 0 or 1.

    Raises:
        UsageError: an option out of its range, or dense prediction.

    Example:
        >>> representations = {"audio": Representation("vector", (5,)), "video": Representation("vector", (3,))}
        >>> etmc(Task(("a", "b"), (0.5, 0.5)), representations).pseudo
        Linear(in_features=8, out_features=2, bias=True)
    """
    settings = Settings(hidden, evidence, risk, annealing_epochs, annealing_start)
    _check("fusion 'etmc'", task, settings)
    return Trusted(task, representations, settings, pseudo=True)


def _check(component: str, task: Task, given: Settings) -> None:
    activations, risks = get_args(Evidence), get_args(Risk)
    epochs, start = given.annealing_epochs, given.annealing_start
    check_classification(component, task)
    check_widths(component, "hidden", given.hidden)
    check_option(given.evidence in activations, component, "evidence", given.evidence, f"one of {activations}")
    check_option(given.risk in risks, component, "risk", given.risk, f"one of {risks}")
    check_count(component, "annealing_epochs", epochs)
    check_option(start in {0, 1} and not isinstance(start, bool), component, "annealing_start", start, "0 or 1")
