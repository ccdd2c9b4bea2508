"""Attacks: what the engine puts before them, in attack units, and what comes back.

See `brownout_registry.Attacked` for the units and for what an attack promises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from brownout.engine.data import chunks, read
from brownout.engine.inputs import to_device
from brownout.engine.noise import KeyedNoise
from brownout.engine.perturb import modality_named
from brownout.engine.shelf import Shelf
from brownout.engine.specs import AttackSpec, Encoding
from brownout_registry import ORDERS, AttackCard, Attacked, Dataset, Inputs, Modality, Padded

Bounds = tuple[Tensor, Tensor] | None
SLACK = 1e-3  # of a budget, for rounding


@dataclass(frozen=True)
class Entrance:
    """Where an attack enters a modality.

    Attributes:
        values: clean values of the samples in attack units: float ``[B, ...]`` or texts.
        bounds: of valid values, in attack units.
        source: ``source(values, rows)``: from changed values of some samples to what the model takes of them,
            canonical inputs or representations.
        lengths: int64 ``[B]``, real steps of each sample along dimension 1; None where all are.
    """

    values: Any
    bounds: Bounds
    source: Callable[[Any, Tensor], Any]
    lengths: Tensor | None = None


def run_attack(
    attack: AttackSpec,
    entrances: Mapping[str, Entrance],
    targets: Tensor,
    ids: Tensor,
    logits: Callable[[Mapping[str, Any], Tensor], Tensor],
    device: str,
) -> dict[str, Any]:
    """What the model takes of the attacked modalities after the attack.

    Args:
        attack: which, how far, and with which draws.
        entrances: of each attacked modality.
        targets: int64 ``[B]``.
        ids: int64 ``[B]``, of the samples.
        logits: from the sources of the attacked modalities and int64 rows to logits.
        device: where noise is drawn to.

    Raises:
        ArithmeticError: the attack left its ball or gave NaN.
    """
    everybody = torch.arange(len(targets))

    def sources(inputs: Mapping[str, Any], rows: Tensor) -> dict[str, Any]:
        return {name: each.source(inputs[name], rows) for name, each in entrances.items()}

    def of_inputs(inputs: Mapping[str, Any], rows: Tensor | None = None) -> Tensor:
        rows = everybody if rows is None else rows.cpu()
        return logits(sources(inputs, rows), rows)

    short = attack.component.short
    attacked = Attacked(
        inputs={name: each.values for name, each in entrances.items()},
        budgets=dict(attack.budgets),
        bounds={name: each.bounds for name, each in entrances.items()},
        targets=targets.to(device),
        logits=of_inputs,
        noise={name: KeyedNoise(attack.seed, short, name, tuple(ids.tolist()), device) for name in entrances},
        lengths={name: each.lengths for name, each in entrances.items()},
    )
    with torch.enable_grad():
        found = attack.component.build()(attacked)
    for name in entrances:
        _check(attack, name, attacked.inputs[name], found[name])
    with torch.no_grad():
        return sources(found, everybody)


def entrance(shelf: Shelf, dataset: Dataset, attack: AttackSpec, clean: Encoding, rows: Tensor) -> Entrance:
    """Where an attack enters the encoder of a modality; its source is the representation.

    Args:
        shelf: for the fitted encoder.
        dataset: whose test split is attacked.
        attack: for where it enters.
        clean: the encoding of the clean modality under that encoder.
        rows: int64, of the test split.
    """
    if attack.at == "features":
        return at_features(shelf, clean, rows)
    if attack.at == "embeddings":
        return at_embeddings(shelf, dataset, clean, rows)
    encode = shelf.encoder(dataset, clean.fit, clean.encoder)
    return at_input(shelf, dataset, clean.view.modality, rows, encode)


def at_input(
    shelf: Shelf, dataset: Dataset, name: str, rows: Tensor, encode: Callable[[Inputs], Any] | None
) -> Entrance:
    """An entrance at the canonical inputs of the test split; without an encoder they are the source themselves."""
    modality = modality_named(dataset, name)
    clean: Any = to_device(read(dataset, dataset.splits["test"], name, rows), shelf.device)
    there = _steps(clean)
    values = _longest(clean.values, modality) if isinstance(clean, Padded) else clean
    if not isinstance(values, Tensor):
        return Entrance(values, None, lambda texts, _: encode(texts) if encode else texts)
    entrance = canonical_entrance(values, modality)

    def source(changed: Tensor, some: Tensor) -> Any:
        inputs: Any = entrance.source(changed, some)
        if isinstance(clean, Padded):
            mask = there[some].reshape(*there[some].shape, *[1] * (inputs.ndim - 2))
            inputs = Padded(inputs[:, : mask.shape[1]] * mask, clean.lengths[some])
        return encode(inputs) if encode else inputs

    return Entrance(entrance.values, entrance.bounds, source, clean.lengths if isinstance(clean, Padded) else None)


def at_embeddings(shelf: Shelf, dataset: Dataset, encoding: Encoding, rows: Tensor) -> Entrance:
    """An entrance at the embedded text; one unit is the root mean square of a sample's own embedded text."""
    spec, name = encoding.encoder, encoding.view.modality
    fitted = shelf.fitted(encoding.fit).encoders
    bottom: Any = shelf.backbone(spec.backbone, modality_named(dataset, name)) if spec.backbone else fitted[name]
    above = shelf.above(dataset, encoding.fit, spec) if spec.backbone else lambda features: features
    texts: Any = read(dataset, dataset.splits["test"], name, rows)
    with torch.no_grad():
        embedded: Tensor = bottom.embed(texts)
        alone = [bottom.embed([text])[0] for text in texts]  # without padding
    sizes = torch.stack([each.square().mean().sqrt() for each in alone])
    unit = sizes.clamp(min=1e-12).reshape(-1, *[1] * (embedded.ndim - 1))
    lengths = torch.tensor([len(each) for each in alone], device=embedded.device)
    entrance = _tensor_entrance(embedded, unit, None)

    def source(changed: Tensor, some: Tensor) -> Tensor:
        kept = [texts[row] for row in some.tolist()]
        representation: Tensor = above(bottom.encode_embedded(entrance.source(changed, some), kept))
        return representation

    return Entrance(entrance.values, None, source, lengths)


def at_features(shelf: Shelf, clean: Encoding, rows: Tensor) -> Entrance:
    """An entrance at the representation; one unit is the standard deviation of an entry over all clean ones."""
    values = shelf.store.rows(clean.key, rows).to(shelf.device)
    return _tensor_entrance(values, _spread(shelf, clean).to(shelf.device), None)


def canonical_entrance(clean: Tensor, modality: Modality) -> Entrance:
    """An entrance at canonical inputs ``[B, ...]``, whose source are inputs of the same shape."""
    return _tensor_entrance(clean, _unit(modality, clean), _range(modality))


def _tensor_entrance(clean: Tensor, unit: Tensor, declared: tuple[float, float] | None) -> Entrance:
    """Values are clean / unit; the way back is clean + (values - clean / unit) unit, exact where nothing changed."""
    values = clean / unit
    bounds = None if declared is None else tuple(torch.as_tensor(each, device=clean.device) / unit for each in declared)

    def source(changed: Tensor, rows: Tensor) -> Tensor:
        own = unit if len(unit) == 1 else unit[rows]
        moved = clean[rows] + (changed - values[rows]) * own
        return moved if declared is None else moved.clamp(*declared)

    return Entrance(values, bounds, source)  # type: ignore[arg-type]


def _check(attack: AttackSpec, name: str, clean: Any, found: Any) -> None:
    card = attack.component.card
    assert isinstance(card, AttackCard)
    if not isinstance(clean, Tensor):
        return
    moved = (found.detach() - clean).flatten(1)
    if not bool(torch.isfinite(moved).all()):
        raise ArithmeticError(f"{card.name} gave NaN or infinite values for {name!r}")
    length = float(torch.linalg.vector_norm(moved, ORDERS[card.norm], dim=1).max())
    budget = dict(attack.budgets)[name]
    if length > budget * (1 + SLACK) + 1e-6:
        raise ArithmeticError(f"{card.name} moved {name!r} by {length:.6g} ({card.norm}), its budget is {budget:g}")


def _unit(modality: Modality, values: Tensor) -> Tensor:
    """The attack unit of a kind, ``[1, ...]``, as `brownout_registry.Attacked` defines it."""
    if modality.scale is not None:
        scale = torch.tensor(modality.scale, device=values.device)
        return torch.where(scale > 0, scale, 1.0).reshape(*[1] * (values.ndim - 1), -1)
    low, high = modality.range if modality.range and modality.kind != "audio" else (0.0, 1.0)
    return torch.full((1,) * values.ndim, high - low, device=values.device)


def _range(modality: Modality) -> tuple[float, float] | None:
    return (-1.0, 1.0) if modality.kind == "audio" else modality.range


def _spread(shelf: Shelf, clean: Encoding) -> Tensor:
    """Standard deviation of each entry of a stored encoding, ``[1, ...]``; 1 where it does not vary."""

    def compute() -> Tensor:
        array = shelf.store.load_array(clean.key)
        pieces = [shelf.store.rows(clean.key, rows).double() for rows in chunks(len(array), 4096)]
        mean = sum(piece.sum(0, keepdim=True) for piece in pieces) / len(array)
        variance = sum((piece - mean).square().sum(0, keepdim=True) for piece in pieces) / len(array)
        spread = torch.as_tensor(variance).sqrt().float()
        return torch.where(spread > 0, spread, 1.0)

    return shelf.keep(("spread", clean.key), compute)


def _longest(values: Tensor, modality: Modality) -> Tensor:
    """Padded to the length that the modality declares, so that an attack sees the same shape in every batch."""
    missing = max(0, modality.shape[0] - values.shape[1])
    return torch.cat([values, values.new_zeros(len(values), missing, *values.shape[2:])], 1) if missing else values


def _steps(inputs: Any) -> Tensor:
    """Which steps of a padded batch are real, bool ``[B, T]``."""
    if not isinstance(inputs, Padded):
        return torch.empty(0)
    return torch.arange(inputs.values.shape[1], device=inputs.lengths.device) < inputs.lengths[:, None]
