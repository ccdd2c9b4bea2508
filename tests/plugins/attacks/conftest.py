"""What is attacked in the tests: small models over any modalities, put together as the engine does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from brownout_attacks.plugin import brownout_attacks
from brownout_registry import Attack, Attacked, bind_options, resolve

SHAPES = {"image": (2, 6, 5), "vector": (7,), "sequence": (6, 3), "audio": (20,)}
K = 3


@pytest.fixture(scope="session")
def build() -> Callable[..., Attack]:
    """``build("pgd", "madry-2018", steps=3)``: an attack by its card."""
    cards = {card.name: card for card in brownout_attacks()}

    def make(name: str, variant: str | None = None, **options: Any) -> Attack:
        return resolve(cards[name])(**bind_options(cards[name], options, variant))

    return make


@pytest.fixture(scope="session")
def attacked_by(noise_for) -> Callable[..., Attacked]:
    """``attacked_by(inputs, targets, model, budgets, ...)``: with keyed noise, and rows that are checked."""

    def make(
        inputs: Mapping[str, Any],
        targets: Tensor,
        model: Callable[[Mapping[str, Any], Tensor], Tensor],
        budgets: float | Mapping[str, float],
        bounds: tuple[float, float] | None = None,
        ids: list[int] | None = None,
    ) -> Attacked:
        def logits(changed: Mapping[str, Any], rows: Tensor | None = None) -> Tensor:
            rows = torch.arange(len(targets)) if rows is None else rows
            assert all(len(each) == len(rows) for each in changed.values())
            assert list(changed) == list(inputs)
            return model(changed, rows)

        limits = bounds and tuple(torch.tensor(each, dtype=torch.float64) for each in bounds)
        return Attacked(
            inputs=inputs,
            budgets=budgets if isinstance(budgets, Mapping) else dict.fromkeys(inputs, budgets),
            bounds=dict.fromkeys(inputs, limits),
            targets=targets,
            logits=logits,
            noise={name: noise_for(range(len(targets)) if ids is None else ids, i) for i, name in enumerate(inputs)},
        )

    return make


@pytest.fixture(scope="session")
def scene(attacked_by) -> Callable[..., Attacked]:
    """``scene(["image", "vector"], budgets=0.1)``: inputs in [0, 1], targets, and a smooth or linear model of them.

    A part of every sample's logits comes from what is not attacked, so it matters which rows are asked for.
    ``rows`` takes some of the samples as if they were alone.
    """

    def make(
        names: list[str],
        budgets: float | Mapping[str, float] = 0.1,
        *,
        seed: int = 0,
        size: int = 5,
        linear: bool = False,
        bounds: tuple[float, float] | None = (0.0, 1.0),
        rows: list[int] | None = None,
    ) -> Attacked:
        random = torch.Generator().manual_seed(seed)
        draw = lambda *shape: torch.randn(*shape, generator=random, dtype=torch.float64)  # noqa: E731
        every = {name: torch.rand(size, *SHAPES[name], generator=random, dtype=torch.float64) for name in names}
        targets = torch.randint(K, (size,), generator=random)
        weights = {name: draw(x[0].numel(), K if linear else 8) for name, x in every.items()}
        above, rest = draw(8, K), 0.3 * draw(size, K)
        kept = torch.arange(size) if rows is None else torch.tensor(rows)

        def model(inputs: Mapping[str, Tensor], some: Tensor) -> Tensor:
            sums = sum(x.flatten(1) @ weights[name] for name, x in inputs.items())
            return rest[kept[some]] + (sums if linear else torch.tanh(sums) @ above)

        inputs = {name: x[kept] for name, x in every.items()}
        return attacked_by(inputs, targets[kept], model, budgets, bounds, kept.tolist())

    return make
