"""Where results come from: versions, platform, and the suite itself, as ``run.json`` keeps them."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from brownout.engine.components import bind
from brownout.engine.plan import Plan
from brownout.engine.published import published
from brownout.suite.schema import Method, Suite
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
    facts: dict[str, Any] = {"use": component.name, "options": component.bound}
    facts |= {"higher_is_better": card.higher_is_better, "percent": card.percent, "summary": card.summary}
    return {"name": metric_name(use), **facts}


def metric_name(use: Use) -> str:
    """What a metric is called in scores: its name, with the options that a suite sets.

    Example:
        >>> metric_name(Use(use="ece", bins=10))
        'ece bins=10'
    """
    return " ".join([use.use.rpartition("/")[2], *(f"{key}={value}" for key, value in use.options.items())])


def _summary(use: Use) -> dict[str, Any]:
    options = {key: value for key, value in use.options.items() if key != "name"}
    component = bind("summary", use.use, options)
    card = component.card
    assert isinstance(card, SummaryCard)
    named = " ".join([card.name, *(f"{key}={_plain(value)}" for key, value in options.items())])
    name = getattr(use, "name", None) or named
    return {"name": name, "use": component.name, "unit": card.unit, "options": component.bound, "summary": card.summary}


def _plain(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _device(device: str) -> str:
    import torch  # noqa: PLC0415  whoever only asks what a metric is called needs none

    return f"{device} ({torch.cuda.get_device_name(device)})" if device.startswith("cuda") else device
