"""``brownout report``: the tables of a run, again and in other forms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

Html = Annotated[bool, typer.Option("--html", envvar="BROWNOUT_HTML", help="Write report.html into the run folder.")]
Markdown = Annotated[bool, typer.Option("--markdown", envvar="BROWNOUT_MARKDOWN", help="Print the tables as Markdown.")]


def report(
    run: Annotated[Path, typer.Argument(help="Run folder.")], html: Html = False, markdown: Markdown = False
) -> int:
    """Print the tables of a run, or write them as HTML."""
    from brownout.report import render_markdown, render_terminal, write_html
    from brownout.results import load_run

    found = load_run(run)
    if html:
        write_html(found, run / "report.html")
        typer.echo(run / "report.html")
    if markdown:
        typer.echo(render_markdown(found))
    if not html and not markdown:
        render_terminal(found, Console())
    return 0 if found.scores else 5
