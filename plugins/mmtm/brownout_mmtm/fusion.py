"""MMTM over the representations of any encoders."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from brownout_blocks import log_prior, pool_present, pooled_size
from brownout_mmtm.decide import average, check
from brownout_mmtm.transfer import MMTM
from brownout_registry import Prediction, Representation, Task


class MMTMFusion(nn.Module):
    r"""One transfer module between all representations, then the mean of the unimodal logits.

    $$ z = \frac{1}{|P|} \sum_{m \in P} (A_m GAP(\tilde x_m) + a_m) $$

    over the present modalities P, with $\tilde x_m$ of `brownout_mmtm.transfer.MMTM`. Gates are constant over
    positions, so they act on the averaged map or sequence. The decision is that of MMTM among the baselines of QMF
    (Zhang et al., 2023); a lone modality gates itself. Trained with the cross-entropy of z. The embedding is all gated
    vectors side by side.

    Args:
        task: what is predicted.
        representations: by modality.
        ratio: see `brownout_mmtm.transfer.MMTM`.
        gate_factor: see `brownout_mmtm.transfer.MMTM`; 1 as released.

    Raises:
        UsageError: an option out of its range, or dense prediction.

    Example:
        >>> representations = {"audio": Representation("vector", (5,)), "video": Representation("map", (3, 2, 2))}
        >>> fusion = MMTMFusion(Task(("a", "b"), (0.5, 0.5)), representations)
        >>> sources = {"audio": torch.ones(4, 5), "video": torch.ones(4, 3, 2, 2)}
        >>> prediction = fusion(sources, torch.ones(4, 2, dtype=torch.bool))
        >>> prediction.logits.shape, prediction.unimodal["video"].shape, prediction.embedding.shape
        (torch.Size([4, 2]), torch.Size([4, 2]), torch.Size([4, 8]))
    """

    prior: Tensor

    def __init__(
        self,
        task: Task,
        representations: Mapping[str, Representation],
        *,
        ratio: float = 4.0,
        gate_factor: float = 2.0,
    ) -> None:
        super().__init__()
        check("mmtm", task, ratio, gate_factor)
        self.representations = dict(representations)
        sizes = {name: pooled_size(each) for name, each in representations.items()}
        self.transfer = MMTM(sizes, ratio=ratio, gate_factor=gate_factor)
        self.heads = nn.ModuleList(nn.Linear(size, len(task.classes)) for size in sizes.values())
        self.register_buffer("prior", log_prior(task), persistent=False)

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """Logits ``[B, K]``, unimodal logits ``[B, K]`` and embedding ``[B, D]``."""
        gated = self.transfer(pool_present(self.representations, sources, present), present)
        logits = {name: head(gated[name]) for name, head in zip(gated, self.heads, strict=True)}
        prediction = average(logits, present, self.prior)
        prediction.embedding = torch.cat(list(gated.values()), dim=1)
        return prediction
