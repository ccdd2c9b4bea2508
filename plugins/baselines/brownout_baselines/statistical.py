"""Statistical fusion."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from brownout_blocks import Power, log_frequencies, stack_logits, statistical_logits
from brownout_registry import Prediction, Task


class Statistical(nn.Module):
    """Statistical fusion, p = softmax(sum of z_m over what is present - n ln freq).

    Lemma 1 (eq. 2) of the Jacobian paper (Gao et al., 2022); see `brownout_blocks.statistical_logits` for n.

    Args:
        task: what is predicted; all its class frequencies must be positive.
        heads: the fitted unimodal heads.
        power: how often the class frequencies are divided out.

    Raises:
        UsageError: a class never occurs in the training split.

    Example:
        >>> import torch
        >>> heads = {"audio": nn.Linear(4, 2), "video": nn.Linear(4, 2)}
        >>> fusion = Statistical(Task(("a", "b"), (0.2, 0.8)), heads)
        >>> sources = {"audio": torch.tensor([[0.0, 2.0]]), "video": torch.tensor([[1.0, 0.0]])}
        >>> fusion(sources, torch.tensor([[True, True]])).logits.softmax(-1)
        tensor([[0.5954, 0.4046]])
    """

    log_freq: Tensor

    def __init__(self, task: Task, heads: Mapping[str, nn.Linear], *, power: Power = "M-1") -> None:
        super().__init__()
        self.names, self.power = tuple(heads), power
        self.register_buffer("log_freq", log_frequencies(task, heads[self.names[0]].weight.dtype), persistent=False)

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """Logits ``[B, K]``, with the unimodal logits."""
        logits = stack_logits(sources, self.names, present)
        return Prediction(
            statistical_logits(logits, present, self.log_freq, self.power),
            unimodal=dict(zip(self.names, logits.unbind(dim=1), strict=True)),
        )
