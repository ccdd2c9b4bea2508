"""The report as one HTML file that needs nothing else: no network, no server, no second file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from brownout.engine.files import write_atomically
from brownout.report.curves import Curve, curves, value_range
from brownout.report.doubts import doubts
from brownout.report.drawing import figure, style
from brownout.report.gallery import galleries
from brownout.report.heatmap import intervals, pictures, squares
from brownout.report.published import CAVEAT, published_tables
from brownout.report.table import condensed_table, full_table, metric_unit
from brownout.report.words import (
    INTERVAL,
    MISSING,
    SHOWN,
    cells_line,
    counted_rows,
    failure_lines,
    footnotes,
    missing_means,
)
from brownout.results import Run


def write_html(run: Run, path: Path) -> None:
    """Write the report of a run, whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    write_atomically(path, render_html(run).encode("utf-8", "replace").decode())


def render_html(run: Run) -> str:
    """The report as text; every string of the run is escaped."""
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FileSystemLoader(Path(__file__).parent),
    )
    environment.globals.update(squares=squares, intervals=intervals, interval_note=INTERVAL, about=SHOWN)
    environment.filters["breakable"] = _breakable
    datasets = [_dataset(run, facts) for facts in run.facts["datasets"]]
    drawn = any(panel["curves"] for dataset in datasets for panel in dataset["panels"])
    return environment.get_template("template.html").render(
        run=run,
        facts=run.facts,
        datasets=datasets,
        kinds=_kinds(datasets),
        methods=[_method(place, facts) for place, facts in enumerate(run.facts["methods"])],
        pictures=list(pictures(run)),
        galleries=list(galleries(run)),
        published=list(published_tables(run)),
        caveat=CAVEAT,
        means=missing_means(run.facts["protocol"]),
        cells=cells_line(run),
        rows=counted_rows(run),
        failures=list(failure_lines(run)),
        doubts=doubts(run),
        suite_text=yaml.safe_dump(run.facts["suite_content"], sort_keys=False, allow_unicode=True),
        plotly=Markup(_plotly()) if drawn else "",  # noqa: S704  Plotly's own source, nothing of the run
    )


def _dataset(run: Run, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {"facts": facts, "panels": [_panel(run, facts["name"], metric) for metric in run.facts["metrics"]]}


def _panel(run: Run, dataset: str, metric: Mapping[str, Any]) -> dict[str, Any]:
    condensed = condensed_table(run, dataset, metric["name"])
    return {
        "metric": metric,
        "heading": metric_unit(metric).heading(metric["name"]),
        "tables": {"condensed": condensed, "full": full_table(run, dataset, metric["name"])},
        "footnotes": [re.sub(r"^\*", "★", note) for note in footnotes(run, condensed)],
        "curves": _curves(run, dataset, metric),
    }


def _kinds(datasets: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every kind of condition that a table shows, in their order."""
    tables = (panel["tables"]["condensed"] for dataset in datasets for panel in dataset["panels"])
    return list(dict.fromkeys(column.kind for table in tables for column in table.columns))


def _curves(run: Run, dataset: str, metric: Mapping[str, Any]) -> dict[str, list[tuple[Curve, dict[str, Any]]]]:
    unit, span = metric_unit(metric), value_range(run, dataset, metric["name"])
    kinds: dict[str, list[tuple[Curve, dict[str, Any]]]] = {}
    for curve in curves(run, dataset, metric["name"]):
        kinds.setdefault(curve.kind, []).append((curve, figure(curve, unit, span)))
    return kinds


def _method(place: int, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {**facts, "style": style(place), "absent": MISSING.get(facts["missing"], facts["missing"])}


def _breakable(text: str) -> Markup:
    """Escaped text that a browser may break after hyphens and before brackets."""
    return Markup("<wbr>").join(re.split(r"(?<=\w-)(?=\w)|(?<=\w)(?=\()", text))


def _plotly() -> str:
    from plotly.offline import get_plotlyjs  # noqa: PLC0415  five megabytes, and only a report with curves needs them

    return str(get_plotlyjs())
