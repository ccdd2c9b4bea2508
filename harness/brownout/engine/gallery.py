"""The gallery of a run: one sample of each modality, clean and under each perturbation and severity of the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from brownout.engine.components import key_of
from brownout.engine.faults import raise_if_nobodys, reason
from brownout.engine.files import replacing
from brownout.engine.perturb import clean_inputs, modality_named, perturbed
from brownout.engine.pictures import picture
from brownout.engine.plan import Plan
from brownout.engine.specs import Condition, DatasetSpec, ViewSpec
from brownout_registry import Dataset, Inputs

Entry = dict[str, Any]


def gallery_key(plan: Plan) -> list[str]:
    """What the gallery depends on: it is made anew only when this has changed."""
    return [view.key for name in plan.specs for _, view in _views(plan.conditions[name])]


def make_gallery(plan: Plan, folder: Path) -> list[Entry]:
    """Write the pictures below ``folder/gallery``; a perturbation that fails costs its own picture only.

    Shown is the first test sample that has the modality. Left out are perturbed features and attacks: the former
    have no picture, the latter need a model.

    Returns:
        For ``run.json``, an entry for each data set and modality: ``dataset``, ``modality``, ``kind``, ``sample``
        (its id), ``clean``, and ``rows`` with ``group``, ``parameter`` and ``steps``. A step has ``severity``,
        ``level`` and what `_shown` gives.
    """
    (folder / "gallery").mkdir(exist_ok=True)
    entries = []
    for name, spec in plan.specs.items():
        for modality in spec.modalities:
            views = [(each, view) for each, view in _views(plan.conditions[name]) if view.modality == modality]
            if views:
                entries.append(_entry(plan.datasets[name], spec, modality, views, folder))
    return entries


def _views(conditions: Iterable[Condition]) -> Iterator[tuple[Condition, ViewSpec]]:
    """Every perturbed view of inputs once, with the simplest condition that has it."""
    known: set[str] = set()
    for condition in sorted(conditions, key=lambda each: (each.facts.kind.startswith("missing+"), len(each.views))):
        for view in condition.views.values():
            if view.perturbation is not None and view.attack is None and view.at == "input" and view.key not in known:
                known.add(view.key)
                yield condition, view


def _entry(
    dataset: Dataset, spec: DatasetSpec, name: str, views: Sequence[tuple[Condition, ViewSpec]], folder: Path
) -> Entry:
    modality, test = modality_named(dataset, name), dataset.splits["test"]
    row = test.present[:, spec.modalities.index(name)].nonzero()[0]
    clean = clean_inputs(dataset, ViewSpec(spec, name), row)
    rows: dict[object, Entry] = {}
    for condition, view in views:
        assert view.perturbation is not None
        group, card = _group(condition, view), view.perturbation.card
        facts: Entry = {"group": group, "parameter": getattr(card, "parameter", ""), "steps": []}
        step = {"severity": view.severity, "level": view.levels[view.severity - 1]}
        shown = _step(dataset, view, row, clean, folder)
        rows.setdefault(view.group, facts)["steps"].append({**step, **shown})
    where = {"dataset": spec.name, "modality": name, "kind": modality.kind, "sample": int(test.ids[row[0]])}
    unperturbed = _shown(dataset, ViewSpec(spec, name), clean, clean, folder)
    return {**where, "clean": unperturbed, "rows": list(rows.values())}


def _group(condition: Condition, view: ViewSpec) -> str:
    assert view.perturbation is not None
    alone = len(condition.views) == 1
    return condition.facts.group if alone else f"{view.perturbation.short}({view.modality}), in {condition.facts.group}"


def _step(dataset: Dataset, view: ViewSpec, row: torch.Tensor, clean: Inputs, folder: Path) -> Entry:
    try:
        return _shown(dataset, view, clean, perturbed(dataset, view, row), folder)
    except Exception as error:  # noqa: BLE001  a perturbation may fail in any way, and costs its own picture only
        raise_if_nobodys(error)
        return {"reason": reason(error)}


def _shown(dataset: Dataset, view: ViewSpec, clean: Inputs, inputs: Inputs, folder: Path) -> Entry:
    """``text``, or ``file`` below the run folder; of one that failed there is a ``reason`` instead."""
    suffix, content = picture(modality_named(dataset, view.modality), clean, inputs)
    if suffix == "txt":
        return {"text": content.decode()}
    file = f"gallery/{key_of(['gallery', view.key])[:12]}.{suffix}"
    with replacing(folder / file) as temporary:
        temporary.write_bytes(content)
    return {"file": file}
