"""``brownout check``: whether a component holds what its contract promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.text import Text

from brownout_registry import UsageError

if TYPE_CHECKING:
    from brownout.conformance import Outcome

STYLES = {"passed": "green", "failed": "bold red", "skipped": "yellow"}


def check(
    name: Annotated[str, typer.Argument(help="A registered component, as NAME, KIND/NAME or DISTRIBUTION/NAME.")],
    kind: Annotated[
        str | None, typer.Option(envvar="BROWNOUT_CHECK_KIND", help="Where components of several kinds have this name.")
    ] = None,
    options: Annotated[
        list[str] | None,
        typer.Option(
            "--set", envvar="BROWNOUT_CHECK_SET", metavar="OPTION=VALUE", help="An option of the component, in YAML."
        ),
    ] = None,
    variant: Annotated[
        str | None, typer.Option(envvar="BROWNOUT_CHECK_VARIANT", help="A named set of its options.")
    ] = None,
) -> int:
    """Check a component: one line for each demand of its kind. Exit code 1 if one is not met."""
    from brownout.conformance import checks_for, outcome, subject_named

    subject = subject_named(name, kind, _options(options or ()), variant)
    if subject.options:
        from brownout.conformance.demands.refusals import check_options

        check_options(subject)
    console, counts = Console(highlight=False), Counter[str]()
    for each in checks_for(subject.kind):
        found = outcome(each, subject)
        counts[found.status] += 1
        console.print(_line(found), soft_wrap=True)
    console.print(f"{subject.kind} {name}: " + ", ".join(f"{counts[status]} {status}" for status in STYLES))
    return 1 if counts["failed"] else 0


def _line(found: Outcome) -> Text:
    reason = f": {' '.join(found.reason.split())}" if found.reason else ""
    return Text.assemble((f"{found.status:8}", STYLES[found.status]), f"{found.check.name}{reason}")


def _options(given: Sequence[str]) -> dict[str, Any]:
    options = {}
    for text in given:
        option, equals, value = text.partition("=")
        if not option or not equals:
            raise UsageError(f"--set {text!r}: expected option=value, e.g. gamma=0.5")
        try:
            options[option] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise UsageError(f"--set {text!r}: not valid YAML: {' '.join(str(error).split())}") from None
    return options
