"""Training with modalities dropped, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from brownout_blocks import Drop, all_copies
from brownout_registry import Batch, Model, Step, check_number, check_option
from brownout_robust_training.common import check_clip, descend

NAME = "modality-dropout"
RECIPE = f"recipe {NAME!r}"


@dataclass(frozen=True)
class ModalityDropout:
    """One forward and one backward pass per batch, under drawn patterns (``drop``) or all of them (``drop`` None)."""

    drop: Drop | None
    clip: float | None

    def train_batch(self, model: Model, batch: Batch, step: Step, optimiser: torch.optim.Optimizer) -> float:
        """Fit one batch and give its loss."""
        if self.drop is None:
            batch, step = all_copies(model, batch, step)
        else:
            batch = self.drop(model, batch)
        loss = model.loss(model(batch.inputs, batch.present), batch.targets, step)
        return descend(model, loss, optimiser, self.clip)


def modality_dropout(
    *,
    patterns: Literal["bernoulli", "uniform", "all-copies"] = "bernoulli",
    rate: float = 0.5,
    clip: float | None = None,
) -> ModalityDropout:
    """Modality dropout, after ModDrop (Neverova et al., 2016): samples are trained with modalities missing.

    What is there by nature is all that can stay; a sample never loses its last modality.

    Args:
        patterns: ``bernoulli``, each modality of each sample is dropped with probability ``rate``; ``uniform``, each
            sample gets one of the 2^V - 1 non-empty patterns (DMRNet); ``all-copies``, each sample is copied once for
            every non-empty pattern, all copies in one pass (a reading of RAML's "all missing patterns"). That costs
            2^V - 1 times the memory; a fusion's loss then sees a sample's id as often.
        rate: of ``bernoulli``.
        clip: largest norm of the gradient.

    Raises:
        UsageError: an option outside its range.

    Example:
        >>> modality_dropout(patterns="uniform").drop.kind
        'uniform'
    """
    choices = ("bernoulli", "uniform", "all-copies")
    check_option(patterns in choices, f"recipe {NAME!r}", "patterns", patterns, f"one of {', '.join(choices)}")
    check_number(RECIPE, "rate", rate, "a number from 0 to 1", 0, 1)
    check_clip(NAME, clip)
    return ModalityDropout(None if patterns == "all-copies" else Drop(patterns, rate), clip)
