"""The modalities of a suite's datasets, and its cells, without building anything: no torch is imported here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from importlib import import_module

from brownout.engine.components import Component, bind
from brownout.engine.faults import located
from brownout.engine.plan import Plan, make_plan
from brownout.engine.specs import DatasetSpec
from brownout.suite.schema import Suite
from brownout_registry import Dataset, DatasetCard, Kind, Modality, Task, UsageError

PLURALS = {"metric": "metrics", "summary": "summaries", "figure": "figures"}


def outline(suite: Suite) -> Plan:
    """The plan of a suite as far as it stands without data: its cells have names, and no keys that mean anything.

    Raises:
        UsageError: names the key of the suite.
    """
    pairs = []
    with located(suite.source):
        for place, use in enumerate(suite.datasets):
            with located(f"dataset[{place}]" if isinstance(suite.dataset, list) else "dataset"):
                component = bind("dataset", use.use, use.options)
                modalities = modalities_of(component)
            spec = DatasetSpec(use.name or component.short, component, "", tuple(each.name for each in modalities))
            pairs.append((spec, Dataset(modalities, Task((), ()), {}, "")))
        for kind, uses in (("metric", suite.metrics), ("summary", suite.summaries), ("figure", suite.figures)):
            for place, each in enumerate(uses):
                with located(f"{PLURALS[kind]}[{place}]"):
                    bind(kind, each.use, each.options)
        return make_plan(suite, pairs)


def modalities_of(component: Component) -> tuple[Modality, ...]:
    """Name and kind of a dataset's modalities: what its card says, or else a process of its own that builds it.

    Raises:
        UsageError: an option is wrong or, where the card says nothing, the dataset cannot be built.
    """
    card = component.card
    assert isinstance(card, DatasetCard)
    given = card.modalities
    if isinstance(given, str):
        module, _, attribute = given.partition(":")
        with located(component.name):
            given = getattr(import_module(module), attribute)(**component.bound)
    return tuple(Modality(name, kind, ()) for name, kind in (_asked(component) if given is None else given).items())


@cache
def _asked(component: Component) -> dict[str, Kind]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", "from brownout.suite.modalities import tell; tell()"]
    question = json.dumps([component.name, component.bound])
    done = subprocess.run(command, input=question, capture_output=True, text=True, env=environment, check=False)  # noqa: S603  our own interpreter
    if done.returncode:
        raise UsageError(f"{component.name}: cannot be built: {(done.stderr.strip() or 'no reason').splitlines()[-1]}")
    answer: dict[str, Kind] = json.loads(done.stdout.splitlines()[-1])
    return answer


def tell() -> None:
    """Build the dataset that standard input names, and print the kinds of its modalities."""
    name, options = json.load(sys.stdin)
    try:
        dataset: Dataset = bind("dataset", name, options).build()
    except UsageError as error:
        sys.exit(" ".join(str(error).split()))
    print(json.dumps({each.name: each.kind for each in dataset.modalities}))  # noqa: T201  it is the answer
