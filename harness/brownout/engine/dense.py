"""Decision-level fusions on dense prediction: to them, every place is a sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

from torch import Tensor, nn

from brownout_registry import Prediction


class EachPlace(nn.Module):
    """A decision-level fusion of logits ``[B, K]`` at every place of logits ``[B, K, H, W]``.

    Example:
        >>> import torch
        >>> first = EachPlace(lambda sources, present: Prediction(sources["a"] * present))
        >>> first({"a": torch.ones(2, 3, 4, 5)}, torch.tensor([[True], [False]])).logits.mean((1, 2, 3))
        tensor([1., 0.])
    """

    def __init__(self, fusion: Callable[..., Prediction]) -> None:
        super().__init__()
        self.fusion = fusion

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """The prediction, with every field given back its places."""
        samples, _, *size = next(iter(sources.values())).shape
        flat = {name: logits.movedim(1, -1).flatten(0, -2) for name, logits in sources.items()}
        found = self.fusion(flat, present.repeat_interleave(prod(size), 0))

        def placed(values: Tensor) -> Tensor:
            return values.reshape(samples, *size, *values.shape[1:])

        def logits(values: Tensor) -> Tensor:
            return placed(values).movedim(-1, 1)

        return Prediction(
            logits(found.logits),
            unimodal={name: logits(each) for name, each in found.unimodal.items()},
            weights={name: placed(each) for name, each in found.weights.items()},
            uncertainty=None if found.uncertainty is None else placed(found.uncertainty),
            embedding=None if found.embedding is None else placed(found.embedding),
            diagnostics={name: placed(each) for name, each in found.diagnostics.items()},
        )
