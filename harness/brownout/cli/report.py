"""``brownout report``: the tables of a run, again and in other forms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

Html = Annotated[bool, typer.Option("--html", envvar="BROWNOUT_HTML", help="Write report.html into the run folder.")]
Markdown = Annotated[bool, typer.Option("--markdown", envvar="BROWNOUT_MARKDOWN", help="Print the tables as Markdown.")]
Latex = Annotated[bool, typer.Option("--latex", envvar="BROWNOUT_LATEX", help="Print booktabs tables, every metric's.")]
Csv = Annotated[bool, typer.Option("--csv", envvar="BROWNOUT_CSV", help="Print a row for each cell and metric.")]


def report(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    html: Html = False,
    markdown: Markdown = False,
    latex: Latex = False,
    csv: Csv = False,
) -> int:
    """Print the tables of a run, or put them into another form."""
    from brownout.report import render_csv, render_latex, render_markdown, render_terminal, write_html
    from brownout.results import load_run

    found = load_run(run)
    if html:
        write_html(found, run / "report.html")
        typer.echo(run / "report.html")
    for wanted, render in ((markdown, render_markdown), (latex, render_latex), (csv, render_csv)):
        if wanted:
            typer.echo(render(found), nl=False)
    if not (html or markdown or latex or csv):
        render_terminal(found, Console())
    return 0 if found.scores else 5
