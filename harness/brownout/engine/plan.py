"""The plan: every cell of a suite, and the work that makes the missing ones, each node once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brownout.engine.methods import method_with
from brownout.engine.specs import (
    Cell,
    Condition,
    DatasetSpec,
    Encoding,
    MethodSpec,
    features_below,
    features_key,
)
from brownout.engine.works import FeatureWork, FitWork, PredictWork, ViewWork, Work, clean_of
from brownout.suite.chosen import check_words
from brownout.suite.conditions import conditions_of
from brownout.suite.schema import Method, Suite
from brownout_registry import Dataset, UsageError, unknown

if TYPE_CHECKING:
    from brownout.engine.store import Store  # imports torch, and a plan is laid out without


Settle = Callable[[Iterable[Condition], DatasetSpec, Dataset], Iterable[Condition]]


@dataclass(frozen=True)
class Plan:
    """What a suite stands for on its datasets.

    Attributes:
        suite: the suite.
        datasets: built, by name.
        specs: the same as picklable specs.
        conditions: by dataset name.
        cells: all of them, in order.
        left_out: methods that need files which are not at hand, with the reason.
    """

    suite: Suite
    datasets: Mapping[str, Dataset] = field(repr=False)
    specs: Mapping[str, DatasetSpec]
    conditions: Mapping[str, tuple[Condition, ...]]
    cells: tuple[Cell, ...]
    left_out: Mapping[str, str]


def make_plan(
    suite: Suite, built: Iterable[tuple[DatasetSpec, Dataset]], settle: Settle = lambda found, *_: found
) -> Plan:
    """Lay out all cells.

    Args:
        suite: what to lay out.
        built: its datasets.
        settle: holds conditions against the data, where there are any.

    Raises:
        UsageError: names the key of the suite.
    """
    pairs = list(built)
    specs = {spec.name: spec for spec, _ in pairs}
    if len(specs) < len(pairs):
        raise UsageError("dataset: two datasets have the same name; give them a 'name'")
    check_words(suite.encoders, {each for spec in specs.values() for each in spec.modalities}, "encoders")
    for place, method in enumerate(suite.methods):
        for name in method.datasets:
            if name not in specs:
                raise UsageError(f"methods[{place}] ({method.name}): datasets: {unknown('dataset', name, specs)}")
    expanded = {
        spec.name: conditions_of(suite.protocol, spec, dataset.modalities, alone=len(pairs) == 1)
        for spec, dataset in pairs
    }
    if suite.protocol.use and all(each.facts.kind == "clean" for found in expanded.values() for each in found):
        raise UsageError(f"protocol.use: {suite.protocol.use!r} has nothing but clean samples for {', '.join(specs)}")
    conditions = {spec.name: tuple(settle(expanded[spec.name], spec, dataset)) for spec, dataset in pairs}
    left_out = {method.name: why for method in suite.methods if (why := _lacks(method))}
    methods = [
        (spec, method_with(suite, place, spec, dataset, seed))
        for spec, dataset in pairs
        for place, method in enumerate(suite.methods)
        if method.name not in left_out and spec.name in (method.datasets or specs)
        for seed in suite.training.seeds
    ]
    cells = tuple(Cell(method, condition) for spec, method in methods for condition in conditions[spec.name])
    return Plan(suite, {spec.name: dataset for spec, dataset in pairs}, specs, conditions, cells, left_out)


def works_for(cells: Iterable[Cell], store: Store) -> list[Work]:
    """The work that makes these cells from what the cache holds, each node once, in a good serial order."""
    cells = list(cells)
    needed = {each.key: each for cell in cells if cell.method.level != "input" for each in _encodings(cell)}
    encodings = [each for key, each in needed.items() if not store.verify(key)]
    extra = [each for each in _clean_below(encodings) if each.key not in needed and not store.verify(each.key)]
    encodings = list({each.key: each for each in (*extra, *encodings)}.values())
    for each in encodings:
        if each.encoder.backbone and not each.view.attack:
            store.verify(features_below(each))  # harmed ones are dropped, and computed again
    return [*fit_works((cell.method for cell in cells), store), *_view_works(encodings), *_predict_works(cells)]


def minimal_rows(works: Iterable[Work], datasets: Mapping[str, Dataset], store: Store) -> dict[str, int]:
    """Encoder and backbone rows that the given work cannot do without: samples × distinct views.

    ``backbone`` counts rows of frozen backbones whose features are not stored, ``encoder`` those of fitted
    encoders in evaluation. Of an attack the rows of its outcome count, not its own forward passes.
    """
    encoder: dict[str, int] = {}
    backbone: dict[str, int] = {}
    for work in works:
        if isinstance(work, FeatureWork):
            key = features_key(work.backbone, work.view)
            backbone[key] = len(datasets[work.view.dataset.name].splits[work.view.split])
        for each in work.encodings if isinstance(work, ViewWork) else ():
            if each.view.at == "features":
                continue
            rows = _rows(each, datasets[each.view.dataset.name])
            if each.encoder.encoder or each.view.attack:
                encoder[each.key] = rows
            if each.encoder.backbone and not each.view.attack and not store.has(features_below(each)):
                backbone.setdefault(features_below(each), rows)
    return {"encoder": sum(encoder.values()), "backbone": sum(backbone.values())}


def _rows(encoding: Encoding, dataset: Dataset) -> int:
    view = encoding.view
    column = view.dataset.modalities.index(view.modality)
    if view.stand_in == "zero-input":
        return 1
    if view.stand_in:
        return int(dataset.splits["train"].present[:, column].sum())
    size = len(dataset.splits[view.split])
    return min(size, view.dataset.limit or size)


def _encodings(cell: Cell) -> Iterator[Encoding]:
    for each in cell.encodings().values():
        yield from each


def _clean_below(encodings: Iterable[Encoding]) -> Iterator[Encoding]:
    """The clean encodings that feature-level views start from."""
    for each in encodings:
        if each.view.at == "features":
            yield Encoding(each.fit, clean_of(each.view))


def fit_works(methods: Iterable[MethodSpec], store: Store) -> list[Work]:
    """Fits that the cache lacks, unimodal ones before the trained fusions that stand on them, after their features."""
    keyed = {fit.key: fit for method in methods for fit in method.fits}
    fits = [FitWork(fit) for key, fit in keyed.items() if not store.verify(key)]
    features = dict.fromkeys(each for work in fits for each in work.features)
    return [*(each for each in features if not all(store.verify(key) for key in each.outputs)), *fits]


def _view_works(encodings: Iterable[Encoding]) -> list[ViewWork]:
    """Clean groups first: feature-level groups start from them."""
    groups: dict[Any, list[Encoding]] = {}
    for each in encodings:
        groups.setdefault(each.view.group, []).append(each)
    works = [ViewWork(tuple(group)) for group in groups.values()]
    return sorted(works, key=lambda work: work.encodings[0].view.at == "features")


def _predict_works(cells: Iterable[Cell]) -> list[PredictWork]:
    """All cells of a method and seed that only fuse together; one that encodes or attacks is work of its own."""
    works = []
    for _, group in groupby(cells, key=lambda cell: (cell.method.key, cell.key if _is_costly(cell) else "")):
        works.append(PredictWork(tuple(group)))
    return works


def _is_costly(cell: Cell) -> bool:
    return cell.method.level == "input" or cell.attack is not None


def _lacks(method: Method) -> str:
    absent = [name for name in method.needs if not Path(name).exists()]
    return f"needs {', '.join(absent)}, which is not here" if absent else ""
