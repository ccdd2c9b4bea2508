"""Before anything is computed: every mistake of the user's is told, and no file is touched.

What only a component can see (weights that do not fit, an option out of its range) is seen by building
everything that the missing cells are made of once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from brownout.engine.components import Component, bind
from brownout.engine.data import build_dataset, check_inputs
from brownout.engine.faults import located, raise_if_nobodys
from brownout.engine.folder import RunFolder
from brownout.engine.plan import Plan, make_plan
from brownout.engine.provenance import identity, title
from brownout.engine.published import published
from brownout.engine.rehearsal import Rehearsal
from brownout.engine.settings import Settings, choose_device, choose_executor, choose_folders
from brownout.engine.settled import settled
from brownout.engine.specs import AttackSpec, Cell, DatasetSpec, ViewSpec
from brownout.engine.store import Store
from brownout.suite.schema import Suite
from brownout.suite.uses import Use
from brownout_registry import Dataset, Executor, UsageError, resolve

Named = tuple[tuple[str, Component], ...]


@dataclass(frozen=True)
class Ready:
    """A suite that may run.

    Attributes:
        plan: all its cells.
        missing: those that the run folder does not have, as far as can be seen without reading predictions.
        metrics: by their names in scores.
        figures: by name.
        folder: where cells go.
        store: the cache.
        executor: what computes.
        device: where tensors are computed.
    """

    plan: Plan
    missing: tuple[Cell, ...]
    metrics: Named
    figures: Named
    folder: RunFolder
    store: Store
    executor: Executor
    device: str


def prepare(suite: Suite, settings: Settings, *, remember: bool) -> Ready:
    """Check a suite, its data, its components, its run folder and the settings.

    Args:
        suite: what to run.
        settings: how.
        remember: note in the cache folder which data were read and found finite.

    Raises:
        UsageError: names the place of the mistake; nothing was computed and the run folder is as it was.
    """
    out, cache = choose_folders(settings, suite.suite)
    store, folder = Store(cache), RunFolder(out)
    executor, device = choose_executor(settings), choose_device(settings.device)
    with located(suite.source):
        metrics = tuple((title(use), each) for use, each in _bound("metric", "metrics", suite.metrics))
        figures = tuple((use.use, each) for use, each in _bound("figure", "figures", suite.figures))
        _check_summaries(suite)
        published(suite.published)
        plan = _plan(suite, settings)
    _refuse_other(folder, plan)
    found = folder.cells()
    wanted = filter(settings.wants, plan.cells)
    missing = tuple(cell for cell in wanted if found.get(cell.key, {}).get("status") != "finished")
    with located(suite.source):
        rehearse(plan, missing, store)
        for spec in plan.specs.values():
            check_inputs(spec.component, plan.datasets[spec.name], store.folder / "checked", remember=remember)
    return Ready(plan, missing, metrics, figures, folder, store, executor, device)


def rehearse(plan: Plan, cells: tuple[Cell, ...], store: Store) -> None:
    """Build everything that cells are made of once, as it is before training.

    Raises:
        UsageError: names the method or the condition; also if an attack has a target that no method has. Anything
            else that goes wrong here goes wrong again where it is recorded as the failure of its own cells.
    """
    rehearsal = Rehearsal(plan.datasets, store)
    places = {method.name: f"methods[{place}] ({method.name})" for place, method in enumerate(plan.suite.methods)}
    for method in {(cell.method.name, cell.method.dataset.name): cell.method for cell in cells}.values():
        with _mistakes_only(places[method.name]):
            rehearsal.method(method)
    for view, cell in _distinct_views(cells):
        with _mistakes_only(f"protocol.corruptions: {cell.condition.facts.group}"):
            rehearsal.perturbation(view, cell.method)
    lacking: dict[str, list[str]] = {}
    for attack, cell in _distinct_attacks(cells):
        group, place = cell.condition.facts.group, places[cell.method.name]
        with _mistakes_only(f"protocol.attacks: {group}: {place}"):
            lack = rehearsal.attack(attack, cell.method)
            lacking.setdefault(group, []).append(f"{place}: {lack}" if lack else "")
    for group, lacks in lacking.items():
        if all(lacks):  # otherwise it is the failure of these methods' cells
            raise UsageError(f"protocol.attacks: {group}: {lacks[0]}")


def _distinct_views(cells: tuple[Cell, ...]) -> Iterable[tuple[ViewSpec, Cell]]:
    """One view of each group with a cell that has it; on features, one for each method."""
    views = [(view, cell) for cell in cells for view in cell.condition.views.values()]
    keyed = {(view.group, view.at == "features" and cell.method.name): (view, cell) for view, cell in views}
    return keyed.values()


def _distinct_attacks(cells: tuple[Cell, ...]) -> Iterable[tuple[AttackSpec, Cell]]:
    """One attack of each group for each method and dataset."""
    keyed = {
        (cell.method.name, cell.method.dataset.name, cell.condition.facts.group): (cell.condition.attack, cell)
        for cell in cells
        if cell.condition.attack
    }
    return keyed.values()


def _plan(suite: Suite, settings: Settings) -> Plan:
    pairs: list[tuple[DatasetSpec, Dataset]] = []
    several = isinstance(suite.dataset, list)
    for place, use in enumerate(suite.datasets):
        with located(f"dataset[{place}]" if several else "dataset"):
            component = bind("dataset", use.use, use.options)
            dataset = build_dataset(component)
        modalities = tuple(each.name for each in dataset.modalities)
        name = use.name or component.short
        pairs.append((DatasetSpec(name, component, dataset.fingerprint, modalities, settings.limit), dataset))
    return make_plan(suite, pairs, partial(settled, empty=suite.protocol.missing.empty))


def _bound(kind: str, key: str, uses: list[Any]) -> list[tuple[Use, Component]]:
    """Components that are functions: looked up, imported, and their options bound and of the right types."""
    found = []
    for place, use in enumerate(uses):
        with located(f"{key}[{place}]"):
            component = bind(kind, use.use, use.options)
            resolve(component.card)
            component.check_types()
            found.append((use, component))
    return found


def _check_summaries(suite: Suite) -> None:
    """What a summary refuses of its options, it refuses without any score too."""
    for place, (_, component) in enumerate(_bound("summary", "summaries", suite.summaries)):
        with _mistakes_only(f"summaries[{place}]"):
            component.build((), True)


def _refuse_other(folder: RunFolder, plan: Plan) -> None:
    """Refuse a folder that holds a run whose cells must not stand beside this suite's."""
    before: Mapping[str, Any] = folder.facts().get("identity") or {}
    now = identity(plan)
    for key, what in (("suite", "suite"), ("data", "data"), ("limit", "--limit"), ("protocol", "protocol")):
        if before and before.get(key) != now[key]:
            told = f" ({before['suite']!r}, not {now['suite']!r})" if key == "suite" else ""
            raise UsageError(f"{folder.path}: holds a run with another {what}{told}; choose another folder with --out")


@contextmanager
def _mistakes_only(place: str) -> Iterator[None]:
    """Let a user's mistake through, with its place; what else goes wrong is for the run to record."""
    try:
        with located(place):
            yield
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001  a component may fail in any way, and costs its own cells only
        raise_if_nobodys(error)
