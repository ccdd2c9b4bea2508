"""Searches that are run again from other starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from brownout_attacks.common import Best, Tensors, fooled
from brownout_attacks.losses import Loss
from brownout_attacks.narrowing import narrowed
from brownout_registry import Attack, Attacked

Search = Callable[[Attacked, int], Tensors]
"""``search(attacked, restart)`` from start 0, 1, ..."""


def restarted(search: Search, restarts: int, loss: Loss) -> Attack:
    """The worst that was found from several starts; a further start is for the samples that still withstand.

    Args:
        search: for adversarial inputs.
        restarts: how many starts; with one of them the search's result is the result.
        loss: which of two inputs is worse, where both fool the model or neither does.
    """

    def attack(attacked: Attacked) -> Tensors:
        found = search(attacked, 0)
        if restarts == 1:
            return found
        best = _judged(attacked, found, loss)
        for restart in range(1, restarts):
            rows = (~best.fooled).nonzero()[:, 0]
            if not len(rows):
                break
            some = narrowed(attacked, rows)
            again = _judged(some, search(some, restart), loss)
            _offer_rows(best, rows, again)
        return best.inputs

    return attack


def _judged(attacked: Attacked, found: Mapping[str, Tensor], loss: Loss) -> Best:
    with torch.no_grad():
        logits = attacked.logits(found)
    return Best(dict(found), loss(logits, attacked.targets), fooled(logits, attacked.targets))


def _offer_rows(best: Best, rows: Tensor, again: Best) -> None:
    """Let some rows take what was found for them."""
    of_rows = replace(again, inputs={name: x[rows] for name, x in best.inputs.items()})
    of_rows.losses, of_rows.fooled = best.losses[rows], best.fooled[rows]
    of_rows.offer(again.inputs, again.losses, again.fooled)
    best.inputs = {name: x.index_copy(0, rows, of_rows.inputs[name]) for name, x in best.inputs.items()}
    best.losses = best.losses.index_copy(0, rows, of_rows.losses)
    best.fooled = best.fooled.index_copy(0, rows, of_rows.fooled)
