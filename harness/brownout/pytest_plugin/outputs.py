"""The files of a session: results as JSON, the report as HTML, an accepted baseline."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from brownout.engine.files import write_atomically
from brownout.engine.specs import CellName
from brownout.pytest_plugin.baseline import correct, digest_of_used, merged, packed, section_of, write_baseline
from brownout.pytest_plugin.computing import Results, read_results
from brownout.pytest_plugin.options import options_of, stored_baseline
from brownout.results import Run

Found = Mapping[str, Mapping[str, Any]]
KEPT = ("dataset", "method", "seed", "condition", "file", "scores", "failures", "changes", "outcome")


def write_outputs(config: pytest.Config, found: Found) -> None:
    """Write what the command line asks for."""
    options = options_of(config)
    folders = {str(each["folder"]): read_results(Path(each["folder"])) for each in found.values()}
    if options.json:
        _write(options.json, results_json(folders, found))
    if options.html:
        _write_html(options.html, folders, found)
    if options.accept and options.baseline:
        sections = dict(stored_baseline(options))
        for folder, results in folders.items():
            name, names = results.run.facts["suite"], cells_of(found, folder)
            entries = {each["id"]: _entry(results, _name(each)) for each in _finished(results, found, folder)}
            now = section_of(results.run.facts, entries, options.limit)
            sections[name] = merged(sections.get(name), now, whole=len(names) == len(results.run.facts["cells"]))
        write_baseline(options.baseline, sections)


def results_json(folders: Mapping[str, Results], found: Found) -> str:
    """All results; the same bytes whatever the number of processes and the order of items."""
    suites = {}
    for results in folders.values():
        facts = results.run.facts
        identity = section_of(facts, {}, None)
        kept = {"protocol": identity["protocol"], "data": identity["data"], "metrics": facts["metrics"]}
        suites[facts["suite"]] = {**kept, "not_comparable": facts.get("not_comparable")}
    cells = {
        node: {**{key: each[key] for key in KEPT}, "suite": folders[each["folder"]].run.facts["suite"]}
        for node, each in found.items()
    }
    content = {"brownout_results": 1, "suites": suites, "cells": cells}
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def narrowed(results: Results, names: frozenset[CellName]) -> Run:
    """A run as if it held some cells alone; summaries stay if no condition is left out."""
    run = results.run
    datasets, methods, seeds = ({name[place] for name in names} for place in (0, 1, 2))
    conditions = {
        dataset: [each for each in given if any((dataset, each["name"]) == (n[0], n[3]) for n in names)]
        for dataset, given in run.facts["conditions"].items()
        if dataset in datasets
    }
    whole = all(len(kept) == len(run.facts["conditions"][dataset]) for dataset, kept in conditions.items())
    baseline = run.facts["baseline"]
    facts = {
        **run.facts,
        "conditions": conditions,
        "datasets": [each for each in run.facts["datasets"] if each["name"] in datasets],
        "methods": [each for each in run.facts["methods"] if each["name"] in methods],
        "seeds": [each for each in run.facts["seeds"] if each in seeds],
        "summaries": run.facts["summaries"] if whole else [],
        "baseline": baseline if baseline in methods else None,
        "cells": [record["cell"] for name, record in results.records.items() if name in names],
    }
    scores = tuple(s for s in run.scores if (s.dataset, s.method, s.seed, s.condition.name) in names)
    return replace(run, facts=facts, scores=scores, failures=tuple(f for f in run.failures if _name(f) in names))


def cells_of(found: Found, folder: str) -> frozenset[CellName]:
    """The cells of one run that items measured."""
    return frozenset(_name(each) for each in found.values() if each["folder"] == folder)


def _name(record: Mapping[str, Any]) -> CellName:
    return record["dataset"], record["method"], record["seed"], record["condition"]


def _finished(results: Results, found: Found, folder: str) -> Iterable[Mapping[str, Any]]:
    mine = {each["id"]: each for each in found.values() if each["folder"] == folder}
    return [each for each in mine.values() if results.records.get(_name(each), {}).get("status") == "finished"]


def _entry(results: Results, name: CellName) -> dict[str, Any]:
    """A cell as the baseline keeps it."""
    stored = results.stored(name)
    facts = next(each for each in results.run.facts["conditions"][name[0]] if each["name"] == name[3])
    entry = {"scores": results.records[name]["scores"], "samples": len(stored.ids), "correct": packed(correct(stored))}
    return {**entry, "level": facts["level"], "used": digest_of_used(results.run.facts, name)}


def _write_html(path: Path, folders: Mapping[str, Results], found: Found) -> None:
    """One report, or one for each suite with its name in the file's."""
    from brownout.report.html import write_html

    path.parent.mkdir(parents=True, exist_ok=True)
    for folder, results in folders.items():
        place = path if len(folders) == 1 else path.with_name(f"{path.stem}-{results.run.facts['suite']}{path.suffix}")
        write_html(narrowed(results, cells_of(found, folder)), place)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text)
