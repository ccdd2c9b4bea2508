"""``brownout new-plugin``: a distribution with one component, complete and tested."""

from __future__ import annotations

import keyword
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Annotated, Literal

import typer

from brownout_registry import UsageError, catalogue

Kind = Literal["fusion", "encoder", "perturbation", "metric", "dataset"]
CLASSES = ("fusion", "encoder")
SPELLING = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
USAGE: Mapping[Kind, str] = {
    "fusion": "methods:\n  - {name: mine, fusion: $name}",
    "encoder": "encoders:\n  vector: {use: $name, width: 64}",
    "perturbation": "protocol:\n  corruptions: {each: [$name], severities: [1, 3, 5]}",
    "metric": "metrics: [accuracy, $name]",
    "dataset": "dataset: {use: $name, samples: 600}",
}


def new_plugin(
    name: Annotated[str, typer.Argument(help="What the component is called in suites, e.g. my-fusion.")],
    kind: Annotated[Kind, typer.Option(envvar="BROWNOUT_PLUGIN_KIND", help="Kind of component.")],
    out: Annotated[
        Path, typer.Option(envvar="BROWNOUT_PLUGIN_OUT", help="Folder in which the folder NAME is made.")
    ] = Path(),
) -> int:
    """Write a plugin of your own: a distribution with a card, a working component, tests, README and tox.ini."""
    _check_name(name)
    target = out / name
    if target.exists():
        raise UsageError(f"{target} exists; choose another name, or another folder with --out")
    _write(target, _content(name, kind))
    typer.echo(f"{target}: a {kind} that works. Next:")
    typer.echo(f"  cd {target}")
    typer.echo("  pip install -e .        # without a network: pip install --no-build-isolation -e .")
    typer.echo(f"  brownout check {name}")
    typer.echo("  pytest")
    return 0


def _check_name(name: str) -> None:
    """Refuse what is no name, or somebody's already.

    Raises:
        UsageError: with the name that would be right.
    """
    plain = name.removeprefix("brownout-")
    if plain != name or not SPELLING.fullmatch(name):
        words = re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", plain).lower())
        right = "-".join(words).lstrip("0123456789-")
        told = f"; {right!r} would be right" if right else ""
        raise UsageError(
            f"NAME {name!r}: expected lower-case letters and digits, words joined by '-', a letter first, without "
            f"'brownout-', which the distribution gets{told}"
        )
    found = catalogue()
    owners = [each.distribution for each in (found.plugins.plugins if found.plugins else ()) if each.name == name]
    owners += [entry.plugin.distribution for entry in found.list() if entry.card.name == name]
    owners += [f"brownout-{name}"] if _is_installed(f"brownout-{name}") else []
    if owners:
        raise UsageError(f"NAME {name!r}: taken by {owners[0]}, which is installed; choose another")


def _is_installed(name: str) -> bool:
    try:
        return distribution(name) is not None
    except PackageNotFoundError:
        return False


def _content(name: str, kind: Kind) -> dict[Path, str]:
    """The files of the distribution by their paths in it."""
    package = f"brownout_{name.replace('-', '_')}"
    words = name.split("-")
    words += [] if words[-1] == kind else [kind]
    facts = {
        "name": name,
        "kind": kind,
        "package": package,
        "thing": "".join(map(str.capitalize, words)) if kind in CLASSES else "_".join(words),
        "requires": '"numpy"' if kind == "metric" else '"torch>=2.4"',
        "usage": Template(USAGE[kind]).substitute(name=name),
    }
    assert not keyword.iskeyword(facts["thing"])
    found = {}
    for part in ("common", kind):
        for path, text in _templates(files("brownout.scaffold") / part, Path()):
            place = Path(*(package if each == "package" else each for each in path.parts))
            found[place.with_suffix("")] = Template(text).substitute(facts)
    return found


def _templates(folder: Traversable, path: Path) -> Iterator[tuple[Path, str]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _templates(each, path / each.name)
        elif each.name.endswith(".txt"):
            yield path / each.name, each.read_text(encoding="utf-8")


def _write(target: Path, content: Mapping[Path, str]) -> None:
    """All files or none: they are written beside the target, which then gets its name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        for path, text in content.items():
            (half / path).parent.mkdir(parents=True, exist_ok=True)
            (half / path).write_text(text, encoding="utf-8")
        half.chmod(0o755)
        half.rename(target)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
