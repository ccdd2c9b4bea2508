"""``list``, ``show``, ``plugins`` and ``cite``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from brownout.suite import load_suite
from brownout.suite.schema import Suite
from brownout_registry import catalogue, resolve

CONFIGS = sorted((Path(__file__).parents[3] / "configs").rglob("*.yaml"))
Brownout = Callable[..., Any]


def listed(said: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(said.out)
    return rows


def test_list_has_everything(brownout: Brownout) -> None:
    rows = listed(brownout("list", "--json"))
    known = {(e.card.kind, e.plugin.distribution, e.card.name) for e in catalogue().list()}
    assert {(row["kind"], row["distribution"], row["name"]) for row in rows} == known


@pytest.mark.parametrize("kind", ["fusion", "fusions", "metric", "executors"])
def test_list_one_kind_in_singular_or_plural(brownout: Brownout, kind: str) -> None:
    rows = listed(brownout("list", kind, "--json"))
    assert {row["kind"] for row in rows} == {kind.removesuffix("s")}
    assert len(rows) == len(list(catalogue().list(kind.removesuffix("s"))))


def test_list_with_a_pattern_looks_at_names_and_summaries(brownout: Brownout) -> None:
    rows = listed(brownout("list", "fusion", "JACOBIAN", "--json"))
    assert "jacobian" in {row["name"] for row in rows}
    assert "mean" not in {row["name"] for row in rows}
    assert all("jacobian" in f"{row['name']} {row['summary']}".lower() for row in rows)


def test_a_row_is_a_line_that_names_the_distribution(
    here: Path, brownout: Brownout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    card = catalogue().find("fusion", "jacobian").card
    for arguments, name in ((["list", "fusion", "jacobian"], "jacobian"), (["list"], "fusion/jacobian")):
        said = brownout(*arguments)
        assert said.code == 0
        assert re.search(rf"^{name} +brownout-jacobian +{re.escape(card.summary)} *$", said.out, re.MULTILINE)


def test_nothing_listed_is_exit_code_5(brownout: Brownout) -> None:
    assert brownout("list", "fusion", "zzzz").code == 5
    assert listed(brownout("list", "protocol", "zzzz", "--json")) == []


def test_show_tells_options_paper_and_facts(here: Path, brownout: Brownout) -> None:
    out = brownout("show", "jacobian").out
    for part in ("brownout-jacobian", "option gamma = 0.1", "level: decision", "(2022)", "https://arxiv.org/abs/2204"):
        assert part in out


@pytest.mark.parametrize("name", ["mean", "fusion/mean", "brownout-baselines/mean"])
def test_show_by_name_kind_or_distribution(brownout: Brownout, name: str) -> None:
    kinds = {row["kind"] for row in listed(brownout("show", name, "--json"))}
    assert kinds == ({"fusion", "summary"} if name == "mean" else {"fusion"})


@pytest.mark.parametrize("entry", [*catalogue().list()], ids=lambda entry: f"{entry.card.kind}-{entry.card.name}")
def test_show_shows_every_component(here: Path, brownout: Brownout, entry: Any) -> None:
    said = brownout("show", f"{entry.card.kind}/{entry.card.name}")
    assert said.code == 0
    assert entry.card.summary.split()[0] in said.out


@pytest.mark.parametrize("name", ["qmf-2023", "missing-all", "adversarial"])
def test_show_prints_what_a_named_protocol_says(here: Path, brownout: Brownout, name: str) -> None:
    """It can be pasted into a suite."""
    said = brownout("show", f"protocol/{name}").out
    printed = yaml.safe_load(said[said.index("protocol:\n") :])
    assert printed == {"protocol": resolve(catalogue().find("protocol", name).card)()}
    assert "  version: 1" in said


def test_plugins_lists_versions_and_components(here: Path, brownout: Brownout) -> None:
    rows = {row["name"]: row for row in listed(brownout("plugins", "--json"))}
    assert rows["jacobian"]["distribution"] == "brownout-jacobian"
    assert "jacobian" in rows["jacobian"]["cards"]
    assert re.search(r"^jacobian +brownout-jacobian +\d\S* +\d+", brownout("plugins").out, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["lst"], "Did you mean 'list'"),
        (["list", "fusoin"], "unknown kind 'fusoin'; did you mean 'fusion'"),
        (["list", "--jason"], "--json"),
        (["show", "jacobain"], "unknown component 'jacobain'; did you mean 'jacobian'"),
        (["show"], "Missing argument"),
        (["run"], "Missing argument"),
        (["run", "suite.yaml", "--outt", "x"], "--out"),
        (["run", "suite.yaml", "--limit", "0"], "--limit"),
        (["run", "suite.yaml", "--workers", "many"], "--workers"),
        (["report", "nowhere"], "nowhere: no run here"),
        (["cite", "nowhere"], "nowhere: no run here"),
    ],
)
def test_typing_mistakes_are_told(here: Path, brownout: Brownout, arguments: list[str], complaint: str) -> None:
    said = brownout(*arguments)
    assert said.code == 4
    assert said.out == ""
    assert said.err.startswith("brownout: ")
    assert complaint in said.err
    assert list(here.iterdir()) == []


def test_cite_prints_bibtex_of_methods_and_perturbations_once(finished: Path, brownout: Brownout) -> None:
    said = brownout("cite", finished)
    assert said.code == 0
    keys = re.findall(r"^@\w+\{([^,]+),$", said.out, re.MULTILINE)
    assert "gao2022trainingfree" in keys
    assert len(keys) == len(set(keys)) >= 2
    assert said.out.count("{") == said.out.count("}")


def test_the_schema_knows_every_key_of_a_suite(brownout: Brownout) -> None:
    schema = listed(brownout("show", "suite-schema"))
    assert isinstance(schema, dict)
    assert set(schema["properties"]) == set(Suite.model_fields)
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_configs_agree_with_the_schema_and_load(path: Path, brownout: Brownout) -> None:
    schema = json.loads(brownout("show", "suite-schema").out)
    assert accepts(schema, yaml.safe_load(path.read_text()), schema["$defs"])
    assert load_suite(path).source == str(path)


@pytest.mark.parametrize("wrong", [{"trainig": {}}, {"methods": []}, {"metrics": [3]}, {"training": {"epochs": -1}}])
def test_the_schema_refuses_what_is_refused(brownout: Brownout, wrong: dict[str, Any]) -> None:
    schema = json.loads(brownout("show", "suite-schema").out)
    right = {"suite": "s", "dataset": "htad", "methods": [{"name": "m", "fusion": "mean"}]}
    assert accepts(schema, right, schema["$defs"])
    assert not accepts(schema, {**right, **wrong}, schema["$defs"])


TYPES = {"string": str, "integer": int, "number": int | float, "boolean": bool, "array": list, "null": type(None)}


def accepts(schema: Any, value: Any, defs: dict[str, Any]) -> bool:
    """Whether a value is valid under the part of JSON schema that pydantic writes."""
    if "$ref" in schema:
        return accepts(defs[schema["$ref"].rpartition("/")[2]], value, defs)
    if "anyOf" in schema:
        return any(accepts(each, value, defs) for each in schema["anyOf"])
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        return False
    if schema.get("type") == "object":
        return isinstance(value, dict) and accepts_mapping(schema, value, defs)
    if not isinstance(value, TYPES.get(schema.get("type", ""), object)):
        return False
    if isinstance(value, list):
        items = schema.get("items", {})
        return len(value) >= schema.get("minItems", 0) and all(accepts(items, each, defs) for each in value)
    if isinstance(value, int | float):
        return value >= schema.get("minimum", value) and value <= schema.get("maximum", value)
    return not isinstance(value, str) or re.search(schema.get("pattern", ""), value) is not None


def accepts_mapping(schema: Any, value: dict[str, Any], defs: dict[str, Any]) -> bool:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for key, each in value.items():
        under = known.get(key, others)
        if under is False or (under is not True and not accepts(under, each, defs)):
            return False
    return set(schema.get("required", [])) <= set(value)
