"""What ``cite`` finds in a run, and that a paper is cited by one text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brownout.cli.cite import _components, _entries
from brownout.suite import parse_suite
from brownout_registry import catalogue

BASE = {"suite": "s", "dataset": "htad", "methods": [{"name": "a", "fusion": "mean"}]}


def facts(suite: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What ``cite`` reads of ``run.json``."""
    content = parse_suite({**BASE, **suite}).model_dump(mode="json")
    return {"suite_content": content, "metrics": [], "summaries": [], **more}


def test_every_recipe_metric_summary_figure_and_table_is_cited() -> None:
    own = {"recipes": {"audio": "mixup", "image": {"use": "free", "m": 2}}}
    suite = {
        "methods": [
            {"name": "a", "fusion": "mean", "training": own},
            {"name": "b", "fusion": "qmf", "training": {"recipe": "ogm-ge"}},
        ],
        "training": {"recipe": "modality-dropout", "recipes": {"text": "stability"}},
        "figures": ["jacobian-heatmap"],
        "published": ["qmf-table-1"],
    }
    scored = {"metrics": [{"use": "term-l"}], "summaries": [{"use": "relative-drop"}]}
    found = set(_components(facts(suite, **scored)))
    recipes = {"mixup", "free", "ogm-ge", "modality-dropout", "stability"}
    numbers = {("metric", "term-l"), ("summary", "relative-drop")}
    shown = {("figure", "jacobian-heatmap"), ("published", "qmf-table-1")}
    assert {("training", name) for name in recipes} | numbers | shown <= found


def test_a_named_protocol_and_what_conditions_use_are_cited() -> None:
    noise, attack = {"kind": "perturbation", "use": "p/noise"}, {"kind": "attack", "use": "p/pgd"}
    used = {"htad": {"hiss(all)": [noise, {**noise, "use": "p/fog"}], "pgd(audio)": [attack]}, "other": {}}
    found = set(_components(facts({"protocol": "jacobian-2022"}, used=used)))
    expected = {("perturbation", "p/noise"), ("perturbation", "p/fog"), ("attack", "p/pgd")}
    assert {each for each in found if each[0] in ("perturbation", "attack")} == expected
    assert ("protocol", "jacobian-2022") in found


def test_each_entry_is_printed_once_by_its_key(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = "@misc{one,\n  title = {One}\n}", "@article{two,\n  title = {Two}\n}"
    assert _entries([one, f"{two}\n{one}", "", "a line", f"{one}\n", "a line"]) == [one, two, "a line"]
    assert not capsys.readouterr().err
    assert _entries([two, "@misc{two,\n  title = {2}\n}"]) == [two]
    assert "% two has two texts" in capsys.readouterr().err


def test_a_run_cites_its_default_perturbations_and_summaries(
    brownout: Callable[..., Any], write_suite: Callable[..., Path]
) -> None:
    protocol = {"corruptions": {"each": "default", "severities": [1]}}
    path = write_suite(protocol=protocol, summaries=["relative-drop"], methods=[{"name": "m", "fusion": "mean"}])
    assert brownout("run", path).code == 0
    said = brownout("cite", "runs/small")
    assert (said.code, said.err) == (0, "")
    assert "{qiu2022benchmarking," in said.out
    assert "{hendrycks2019robustness," in said.out


def test_a_paper_has_one_key_and_one_text_in_all_plugins() -> None:
    papers = {card.paper for entry in catalogue().list() if (card := entry.card).paper}
    texts, keys = defaultdict(set), defaultdict(set)
    for paper in papers:
        key = paper.bibtex.partition("{")[2].partition(",")[0].strip().lower()
        texts[key].add(paper.bibtex)
        keys[paper.url].add(key)
    assert {key: found for key, found in texts.items() if len(found) > 1} == {}
    assert {url: found for url, found in keys.items() if len(found) > 1} == {}
