"""What holds for the repository as a whole: who depends on whom, and what no file may say."""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brownout.suite import Suite
from brownout_registry import KINDS, Card, Entry, catalogue, hooks, resolve

ROOT = Path(__file__).parents[1]
PLUGINS = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
DISTRIBUTIONS = [ROOT / "registry", ROOT / "harness", *PLUGINS]
HEAVY = {"torch", "timm", "transformers", "datasets", "sklearn", "scipy", "pandas", "matplotlib"}
ENTRIES = [
    entry for entry in catalogue().list() if entry.plugin.distribution in {f"brownout-{p.name}" for p in PLUGINS}
]
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".txt", ".ini", ".cfg", ".json", ".html", ".cff", ".rst", ".csv", ""}


def name_of(path: Path) -> str:
    return path.name


def project(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text())
    return content


def imports(path: Path) -> Iterator[str]:
    """The top-level names of all modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def imported_by(folder: Path) -> set[str]:
    files = list(folder.rglob("*.py"))
    assert files
    return {name for path in files for name in imports(path)}


def test_requirements_list_every_distribution_once() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    listed = [line.removeprefix("-e ./") for line in lines if line.startswith("-e ")]
    assert sorted(listed) == sorted(str(folder.relative_to(ROOT)) for folder in DISTRIBUTIONS)
    assert len(PLUGINS) == len([path for path in (ROOT / "plugins").glob("[!.]*") if path.is_dir()])


@pytest.mark.parametrize("folder", PLUGINS, ids=name_of)
def test_a_plugin_is_a_distribution_of_its_own(folder: Path) -> None:
    package = f"brownout_{folder.name.replace('-', '_')}"
    content = project(folder)
    assert content["project"]["name"] == f"brownout-{folder.name}"
    assert content["project"]["license"] == "MIT"
    assert content["build-system"]["build-backend"] == "hatchling.build"
    assert content["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == [package]
    points = content["project"].get("entry-points", {}).get("brownout", {})
    has_plugin = (folder / package / "plugin.py").is_file()
    assert points == ({folder.name: f"{package}.plugin"} if has_plugin else {})
    for name in ("README.md", f"{package}/__init__.py", f"{package}/py.typed"):
        assert (folder / name).is_file(), name


@pytest.mark.parametrize("folder", PLUGINS, ids=name_of)
def test_a_plugin_depends_on_the_registry_and_never_on_the_engine(folder: Path) -> None:
    needed = {re.split(r"[\s<>=!~\[;]", line)[0] for line in project(folder)["project"]["dependencies"]}
    assert "brownout-registry" in needed
    assert "brownout" not in needed
    used = imported_by(folder)
    assert "brownout" not in used
    others = {name.replace("_", "-") for name in used if name.startswith("brownout_")} - {f"brownout-{folder.name}"}
    assert others <= needed


def test_lower_floors_know_nothing_of_higher_ones() -> None:
    plugins = {f"brownout_{folder.name.replace('-', '_')}" for folder in PLUGINS}
    assert not imported_by(ROOT / "harness") & plugins
    assert not imported_by(ROOT / "registry") & {*plugins, "brownout"}
    assert project(ROOT / "registry")["project"]["dependencies"] == ["pluggy>=1.5"]


def test_the_tests_are_no_package() -> None:
    assert not [path for path in (ROOT / "tests").rglob("__init__.py") if path.parent.name != "brownout_testing"]
    code = "import importlib.util as util; spec = util.find_spec('tests'); print(spec and spec.origin)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert str(ROOT / "tests") not in done.stdout


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)


def written() -> Iterator[Path]:
    """The text files of the repository, without what tools leave behind."""
    for path in ROOT.rglob("*"):
        folders = path.relative_to(ROOT).parts[:-1]
        left_behind = any(each.startswith(".") and each != ".ci" for each in folders) or LEFT_BEHIND & set(folders)
        if path.is_file() and not left_behind and path.suffix in TEXT:
            yield path


LEFT_BEHIND = {"__pycache__", "runs", "dist", "shared"}
FORBIDDEN = {  # letters in brackets, so that these lines do not match themselves
    "a path of some machine": re.compile(r"(?<![\w.$}])/(?:[w]ork|[t]mp|[h]ome|[r]oot|[U]sers)/\w"),
    "a host of a package registry": re.compile(r"py[p]i\.org|python[h]osted|ana[c]onda\.org|npm[j]s\.org"),
    "another package index": re.compile(r"--(?:extra-)?index[-]url|--find[-]links"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    files = list(written())
    assert len(files) > 100
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if FORBIDDEN[what].search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line", [f"see /{'work'}/x", f"'/{'tmp'}/y'", f"https://{'pypi'}.org/simple", f"--index-{'url'} x"]
)
def test_the_scan_would_find_it(line: str) -> None:
    assert any(pattern.search(line) for pattern in FORBIDDEN.values())


def test_registering_imports_nothing_heavy() -> None:
    code = "import sys; from brownout_registry import load_plugins; load_plugins(); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {f"{path.parent.name}.plugin" for path in (ROOT / "plugins").glob("*/*/plugin.py")} <= loaded
    assert not loaded & HEAVY


def test_every_plugin_that_registers_is_installed_and_loads() -> None:
    registering = {f"brownout-{folder.name}" for folder in PLUGINS if "entry-points" in project(folder)["project"]}
    assert {entry.plugin.distribution for entry in ENTRIES} == registering
    assert [each.error for each in catalogue().broken if each.distribution in registering] == []


CALLED_WITH: dict[str, tuple[int, tuple[str, ...]]] = {
    "attack": (0, ()),
    "dataset": (0, ()),
    "encoder": (1, ()),
    "executor": (0, ("workers",)),
    "figure": (2, ()),
    "fusion": (2, ()),
    "metric": (1, ()),
    "perturbation": (1, ("levels",)),
    "protocol": (0, ()),
    "published": (0, ()),
    "summary": (2, ()),
    "training": (0, ()),
}


def entry_id(entry: Entry) -> str:
    return f"{entry.plugin.distribution.removeprefix('brownout-')}-{entry.card.kind}-{entry.card.name}"


@pytest.mark.parametrize("entry", ENTRIES, ids=entry_id)
def test_a_target_resolves_and_takes_the_options_of_its_card(entry: Entry) -> None:
    card = entry.card
    positional, keywords = CALLED_WITH[card.kind]
    options = [option.name for option in card.options]
    assert len(set(options)) == len(options)
    signature = inspect.signature(resolve(card))
    signature.bind(*[None] * positional, **dict.fromkeys([*keywords, *options]))
    assert not [each for each in signature.parameters.values() if each.kind is each.VAR_KEYWORD]
    for variant, given in card.variants.items():
        assert set(given) <= set(options), variant


@pytest.mark.parametrize("entry", ENTRIES, ids=entry_id)
def test_a_card_is_complete(entry: Entry) -> None:
    card: Card = entry.card
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", card.name)
    assert card.summary
    assert "\n" not in card.summary
    assert card.licence
    for option in card.options:
        assert option.help, option.name
        assert not option.choices or option.default in option.choices or option.default is None, option.name
        assert not isinstance(option.default, list | dict | set), option.name
    for kind in getattr(card, "takes", ()):
        assert kind in {*KINDS, "map"}
    if card.paper:
        assert card.paper.url.startswith("https://")
        assert re.match(r"@\w+\{[^,\s]+,", card.paper.bibtex)
        assert card.paper.bibtex.count("{") == card.paper.bibtex.count("}")
        assert str(card.paper.year) in card.paper.bibtex


def test_the_schema_in_the_docs_is_the_current_one() -> None:
    shipped = json.loads((ROOT / "docs" / "suite.schema.json").read_text(encoding="utf-8"))
    assert shipped == Suite.model_json_schema(), "brownout show suite-schema > docs/suite.schema.json"


def test_every_hook_is_in_the_manual() -> None:
    manual = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    names = [name for name in vars(hooks) if name.startswith("brownout_")]
    assert len(names) == 15
    assert [name for name in names if f"`{name}`" not in manual] == []
