"""Where results come from: versions, platform, and the suite itself, as ``run.json`` keeps them."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from brownout.engine.components import Component, bind
from brownout.engine.plan import Plan
from brownout.engine.published import published
from brownout.engine.specs import AttackSpec, Condition, ViewSpec
from brownout.suite.schema import Method, Suite, Summary
from brownout.suite.uses import Use
from brownout_registry import FusionCard, MetricCard, SummaryCard, catalogue

LIBRARIES = ("torch", "numpy", "scipy", "scikit-learn", "timm", "transformers", "datasets", "pyarrow", "pluggy")


def provenance(plan: Plan, device: str) -> dict[str, Any]:
    """Everything of ``run.json`` that is known before anything is computed."""
    suite = plan.suite
    return {
        "suite": suite.suite,
        "description": suite.description,
        "identity": identity(plan),
        "suite_content": suite.model_dump(mode="json"),
        "protocol": _protocol(suite),
        "methods": [_method(each) for each in suite.methods if each.name not in plan.left_out],
        "left_out": dict(plan.left_out),
        "datasets": [_dataset(plan, name) for name in plan.specs],
        "metrics": [metric_entry(each) for each in suite.metrics],
        "summaries": [_summary(each) for each in suite.summaries],
        "conditions": {name: [asdict(each.facts) for each in found] for name, found in plan.conditions.items()},
        "used": {name: _used(found) for name, found in plan.conditions.items()},
        "published": published(suite.published),
        "seeds": suite.training.seeds,
        "baseline": suite.baseline if suite.baseline not in plan.left_out else None,
        "versions": versions(),
        "device": _device(device),
        "platform": f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores",
    }


def identity(plan: Plan) -> dict[str, Any]:
    """What must agree for cells to share a run folder: suite name, data and protocol."""
    protocol = plan.suite.protocol.model_dump(mode="json")
    data = {name: spec.fingerprint for name, spec in plan.specs.items()}
    limits = {name: spec.limit for name, spec in plan.specs.items()}
    return {"suite": plan.suite.suite, "data": data, "limit": limits, "protocol": protocol}


def versions() -> dict[str, str]:
    """Distributions that results depend on: harness, plugins and libraries."""
    found = {entry.plugin.distribution: entry.plugin.version for entry in catalogue().list()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return dict(sorted(found.items()))


def _protocol(suite: Suite) -> dict[str, Any]:
    protocol = suite.protocol
    name = protocol.name or f"of suite {suite.suite}"
    missing = {"means": protocol.missing.means, "empty": protocol.missing.empty}
    return {"name": name, "version": protocol.version, "seed": protocol.seed, **missing}


def _used(conditions: Iterable[Condition]) -> dict[str, list[dict[str, Any]]]:
    """By name, the perturbations and the attack of the conditions that have some, with all that they were given."""
    found = {each.facts.name: [*map(_view, each.views.values()), *_attack(each.attack)] for each in conditions}
    return {name: used for name, used in found.items() if used}


def _view(view: ViewSpec) -> dict[str, Any]:
    assert view.perturbation is not None
    levels = {view.modality: view.levels[view.severity - 1]}
    return {"kind": "perturbation", **_component(view.perturbation), "levels": levels, "at": view.at}


def _attack(attack: AttackSpec | None) -> Iterator[dict[str, Any]]:
    if attack:
        common = {"levels": dict(attack.budgets), "at": attack.at, "target": attack.target}
        yield {"kind": "attack", **_component(attack.component), **common}


def _component(component: Component) -> dict[str, Any]:
    return {"use": component.name, "options": component.bound}


def _method(method: Method) -> dict[str, Any]:
    fusion = bind("fusion", method.fusion, method.options, method.variant)
    card = fusion.card
    assert isinstance(card, FusionCard)
    return {
        "name": method.name,
        "datasets": method.datasets,
        "fusion": card.name,
        "variant": method.variant,
        "options": fusion.bound,
        "level": card.level,
        "missing": card.missing,
        "oracle": card.oracle_note(fusion.bound),
        "trained": card.trained,
        "summary": card.summary,
        "paper_title": card.paper.title if card.paper else None,
    }


def _dataset(plan: Plan, name: str) -> dict[str, Any]:
    spec, dataset = plan.specs[name], plan.datasets[name]
    return {
        "name": name,
        "use": spec.component.short,
        "fingerprint": spec.fingerprint,
        "licence": dataset.licence,
        "citation": dataset.citation,
        "classes": list(dataset.task.classes),
        "samples": {split: len(content) for split, content in dataset.splits.items()},
        "modalities": [each.name for each in dataset.modalities],
    }


def metric_entry(use: Use) -> dict[str, Any]:
    """What ``run.json`` says of a metric."""
    component = bind("metric", use.use, use.options)
    card = component.card
    assert isinstance(card, MetricCard)
    facts = _component(component) | {
        "higher_is_better": card.higher_is_better,
        "percent": card.percent,
        "summary": card.summary,
    }
    return {"name": title(use), **facts}


def title(use: Use) -> str:
    """What a metric is called in scores, and a summary in tables: its name, with the options that a suite sets.

    Example:
        >>> title(Use(use="ece", bins=10)), title(Use(use="worst", kinds=["missing", "attack"]))
        ('ece bins=10', 'worst kinds=missing,attack')
    """
    return " ".join([use.use.rpartition("/")[2], *(f"{key}={_plain(value)}" for key, value in use.options.items())])


def _summary(use: Summary) -> dict[str, Any]:
    component = bind("summary", use.use, use.options)
    card = component.card
    assert isinstance(card, SummaryCard)
    name = use.name or title(use)
    return {"name": name, "use": component.name, "unit": card.unit, "options": component.bound, "summary": card.summary}


def _plain(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _device(device: str) -> str:
    import torch  # noqa: PLC0415  whoever only asks what a metric is called needs none

    return f"{device} ({torch.cuda.get_device_name(device)})" if device.startswith("cuda") else device
