"""The training recipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Literal

import torch
from torch import Tensor, nn

from brownout_blocks import Drop, DropKind, drop_of
from brownout_ogm_ge.modulation import coefficients, modulated, ratios, scores
from brownout_registry import Batch, Model, Prediction, Step, UsageError, check_choice, check_number, check_option

WHERE = "recipe 'ogm-ge'"


@dataclass(frozen=True)
class OGMGE:
    """Regular training with modulated gradients; see `ogm_ge`."""

    alpha: float
    enhance: bool
    convolutions_only: bool
    first: float
    last: float
    drop: Drop

    def train_batch(self, model: Model, batch: Batch, step: Step, optimiser: Any) -> float:
        """Fit one batch and give its loss.

        Raises:
            UsageError: the fusion gives no unimodal logits, there is no gradient to modulate, or the task is dense.
        """
        batch = self.drop(model, batch)
        modulating = {name: list(self._parameters(model, name)) for name in batch.inputs}
        _check_modulates(model, modulating, self.convolutions_only)
        optimiser.zero_grad(set_to_none=True)
        prediction = model(batch.inputs, batch.present)
        logits = _unimodal(model, prediction, batch)
        loss = model.loss(prediction, batch.targets, step)
        loss.backward()
        if self.first <= step.epoch <= self.last:
            k = self._coefficients(logits, batch, model.task.ignore_label)
            for parameters, each in zip(modulating.values(), k, strict=True):
                self._modulate(parameters, each)
        optimiser.step()
        return float(loss.detach())

    def _parameters(self, model: Model, name: str) -> Iterator[nn.Parameter]:
        """What is modulated of a modality's encoder."""
        if name in model.encoders:
            for parameter in model.encoders[name].parameters():
                if parameter.requires_grad and (parameter.ndim == 4 or not self.convolutions_only):
                    yield parameter

    def _coefficients(self, logits: Tensor, batch: Batch, ignore_label: int) -> Tensor:
        """The k of each modality, ``[V]``."""
        counted = batch.present & (batch.targets != ignore_label)[:, None]
        return coefficients(ratios(scores(logits, batch.targets, counted), counted.sum(dim=0)), self.alpha)

    def _modulate(self, parameters: list[nn.Parameter], k: Tensor) -> None:
        for parameter in parameters:
            if parameter.grad is not None:
                noise = torch.randn_like(parameter.grad) if self.enhance else None
                parameter.grad = modulated(parameter.grad, k, noise)


def ogm_ge(
    *,
    alpha: float = 0.8,
    enhance: bool = True,
    modulate: Literal["all", "convolutions"] = "all",
    epochs: Sequence[int] | None = None,
    drop: DropKind = "none",
    drop_rate: float = 0.5,
) -> OGMGE:
    r"""On-the-fly gradient modulation with generalisation enhancement (Peng et al., 2022).

    After each backward pass the gradient of modality m's encoder becomes

    $$ k_m g + \epsilon, \quad k_m = 1 - \tanh(\alpha \rho_m) \; where \; \rho_m > 1 \; else \; 1, \quad
       \epsilon \sim N(0, (std(g) + 10^{-8})^2) $$

    with g's own standard deviation for each parameter and $\rho_m$ of `brownout_ogm_ge.modulation.ratios`, taken from
    the unimodal logits that the fusion gives. Noise is added whether a modality dominates or not. Fusion and loss stay
    as they are; the unimodal losses are not added.

    Args:
        alpha: not negative; 0 scales nothing.
        enhance: add the noise (OGM-GE) or not (OGM).
        modulate: ``all`` parameters of an encoder, as the formula has it, or its ``convolutions``, the 4-D ones.
        epochs: first and last epoch of modulation, from 0; None for every one.
        drop: modality dropout, see `brownout_blocks.Drop`; OGM-MD of the DMRNet paper's table 2 is ``uniform``.
        drop_rate: of ``bernoulli``.

    Raises:
        UsageError: an option out of its range.

    Example:
        >>> recipe = ogm_ge(alpha=0.5, epochs=[0, 50])
        >>> recipe.alpha, recipe.first, recipe.last
        (0.5, 0, 50)
    """
    check_number(WHERE, "alpha", alpha, "a number from 0", 0)
    check_choice(WHERE, "modulate", modulate, ("all", "convolutions"))
    fits = epochs is None or (len(epochs) == 2 and 0 <= epochs[0] <= epochs[1])
    check_option(fits, WHERE, "epochs", epochs, "the first and the last epoch, from 0")
    first, last = (0, inf) if epochs is None else epochs
    return OGMGE(alpha, enhance, modulate == "convolutions", first, last, drop_of("ogm-ge", drop, drop_rate))


def _unimodal(model: Model, prediction: Prediction, batch: Batch) -> Tensor:
    """The unimodal logits ``[B, V, K]``, away from the graph."""
    without = [name for name in batch.inputs if name not in prediction.unimodal]
    if without:
        raise UsageError(
            f"{WHERE} compares the unimodal logits of a fusion, and {type(model.fusion).__name__} gives none for "
            f"{', '.join(map(repr, without))}: use one that does, such as concatenation with hidden: [], mmtm or qmf"
        )
    return torch.stack([prediction.unimodal[name].detach() for name in batch.inputs], dim=1)


def _check_modulates(model: Model, modulating: dict[str, list[nn.Parameter]], convolutions_only: bool) -> None:
    if model.task.kind == "dense":
        raise UsageError(f"{WHERE} compares the classes of samples; it does not train dense prediction")
    if not any(modulating.values()):
        what = (
            "a 2-D convolution (option 'modulate' can be 'all')" if convolutions_only else "parameters that are fitted"
        )
        raise UsageError(f"{WHERE} modulates encoders, and none of this method's has {what}")
