"""What attacks are run on: a small model that is linear in each modality, or in the words of a text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from zlib import crc32

import torch
from torch import Tensor, nn

from brownout.conformance.demands import told
from brownout.conformance.kit import NotApplicable, Subject
from brownout.conformance.samples import TEXTS, inputs_of
from brownout.engine.noise import KeyedNoise
from brownout_registry import AttackCard, Attacked, Kind, Noise, Padded

SAMPLES, CLASSES = 5, 3
SHAPES: dict[Kind, tuple[int, ...]] = {
    "image": (3, 6, 8),
    "spectrogram": (1, 6, 8),
    "depth": (1, 6, 8),
    "vector": (12,),
    "audio": (40,),
    "sequence": (10, 3),
    "text": (),
}
BOUNDS: Mapping[str, tuple[float, float]] = dict.fromkeys(("image", "spectrogram", "depth"), (0.0, 1.0)) | {
    "audio": (-1.0, 1.0)
}


class Linear(nn.Module):
    """Sums of each modality's entries, weighted by class; of a text, of its words."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        super().__init__()
        draws = torch.Generator().manual_seed(0)
        sizes = {name: 64 if kind == "text" else torch.Size(SHAPES[kind]).numel() for name, kind in kinds.items()}
        weights = {name: torch.randn(CLASSES, size, generator=draws) for name, size in sizes.items()}
        self.weights = nn.ParameterDict({name: nn.Parameter(weight) for name, weight in weights.items()})

    def forward(self, inputs: Mapping[str, Any]) -> Tensor:
        """Logits ``[B, K]``; a sum for each row, so that they do not depend on the batch."""
        parts = [(_entries(inputs[name])[:, None] * weight).sum(2) for name, weight in self.weights.items()]
        return torch.stack(parts).sum(0)


@dataclass(frozen=True)
class Case:
    """An attack on modalities of some kinds, each named after its kind, within one budget."""

    subject: Subject
    kinds: tuple[Kind, ...]
    budgets: Mapping[str, float]
    model: Linear = field(compare=False)

    def __str__(self) -> str:
        return f"{self.subject.name}({' + '.join(self.kinds)})"

    @property
    def card(self) -> AttackCard:
        """Its card."""
        card = self.subject.card
        assert isinstance(card, AttackCard)
        return card

    def attacked(self, rows: Sequence[int] = range(SAMPLES), budget: float | None = None, more: int = 0) -> Attacked:
        """Some samples, all with a budget or each modality with its own, padded with some more steps."""
        places = torch.tensor(list(rows))
        inputs: dict[str, Any] = {kind: _inputs(kind, list(rows), more) for kind in self.kinds}
        lengths = {str(kind): _lengths(kind, places) for kind in self.kinds}
        budgets = self.budgets if budget is None else dict.fromkeys(map(str, self.kinds), budget)
        offsets = torch.randn(SAMPLES, CLASSES, generator=torch.Generator().manual_seed(1))[places]

        def logits(given: Mapping[str, Any], rows: Tensor | None = None) -> Tensor:
            asked = torch.arange(len(places)) if rows is None else rows
            seen = {kind: _real(kind, given[kind], lengths[kind], asked) for kind in self.kinds}
            return self.model(seen) + offsets[asked]  # type: ignore[no-any-return]

        targets = logits(inputs).argmax(1)
        noise: dict[str, Noise] = {kind: KeyedNoise(0, self.subject.name, kind, tuple(rows)) for kind in self.kinds}
        return Attacked(inputs, budgets, {kind: _bounds(kind) for kind in self.kinds}, targets, logits, noise, lengths)

    def run(self, attacked: Attacked) -> Mapping[str, Any]:
        """The adversarial inputs."""
        with told(str(self)):
            attack: Callable[[Attacked], Mapping[str, Any]] = self.subject.build()
            return attack(attacked)


def cases(subject: Subject) -> Iterator[Case]:
    """Each kind that the card takes by itself, at its last level."""
    card = subject.card
    assert isinstance(card, AttackCard)
    for kind in cast("tuple[Kind, ...]", card.takes):
        yield case_of(subject, (kind,))


def joint_case(subject: Subject) -> Case:
    """Two kinds at once, or all that there are of one.

    Raises:
        NotApplicable: the card claims no such thing.
    """
    card = subject.card
    assert isinstance(card, AttackCard)
    if not card.joint or len(card.takes) < 2:
        raise NotApplicable("its card does not claim to attack several kinds at once")
    vectors_first = sorted(cast("tuple[Kind, ...]", card.takes), key=lambda kind: (kind != "vector", kind != "image"))
    return case_of(subject, tuple(vectors_first[:2]))


def case_of(subject: Subject, kinds: tuple[Kind, ...]) -> Case:
    """These kinds, at the card's last budgets or 0.1 where it has none."""
    card = subject.card
    assert isinstance(card, AttackCard)
    budgets: dict[str, float] = {kind: (card.levels.get(kind) or card.levels.get("*") or (0.1,))[-1] for kind in kinds}
    return Case(subject, kinds, budgets, Linear({kind: kind for kind in kinds}))


def _inputs(kind: Kind, rows: list[int], more: int) -> Any:
    if kind == "text":
        return [TEXTS[row] for row in rows]
    inputs = inputs_of(kind, SAMPLES, SHAPES[kind])
    if isinstance(inputs, Padded):
        values = inputs.values[rows]
        return torch.cat([values, values.new_zeros(len(rows), more, *values.shape[2:])], 1)
    low, high = (0.0, 10.0) if kind == "depth" else (0.0, 1.0)
    return ((cast("Tensor", inputs) - low) / (high - low))[rows]


def _lengths(kind: Kind, rows: Tensor) -> Tensor | None:
    inputs = inputs_of(kind, SAMPLES, SHAPES[kind])
    return inputs.lengths[rows] if isinstance(inputs, Padded) else None


def _real(kind: Kind, given: Any, lengths: Tensor | None, rows: Tensor) -> Any:
    """Without what lies beyond the steps of these samples."""
    if lengths is None:
        return given
    there = torch.arange(SHAPES[kind][0]) < lengths[rows][:, None]
    return given[:, : there.shape[1]] * there.reshape(*there.shape, *[1] * (given.ndim - 2))


def _bounds(kind: Kind) -> tuple[Tensor, Tensor] | None:
    bounds = BOUNDS.get(kind)
    return None if bounds is None else (torch.tensor(bounds[0]), torch.tensor(bounds[1]))


def _entries(inputs: Any) -> Tensor:
    if isinstance(inputs, Tensor):
        return inputs.flatten(1)
    counts = torch.zeros(len(inputs), 64)
    for row, text in enumerate(inputs):
        for word in text.split():
            counts[row, crc32(word.encode("utf-8", "surrogatepass")) % 64] += 1
    return counts
