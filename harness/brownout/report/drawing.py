"""Curves as Plotly figures: plain data, which the browser draws."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

from brownout.report.cells import Value
from brownout.report.curves import Curve, Series
from brownout.report.units import Unit, plain

# Okabe and Ito's palette without its yellow and black, of which one vanishes on each background.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C8C8C")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross", "star", "hexagon")
DASHES = ("solid", "dash", "dot", "dashdot")


def figure(curve: Curve, unit: Unit, span: tuple[float, float] | None) -> dict[str, Any]:
    """The Plotly figure of a curve: for each method a band (mean ± standard deviation) and a line with markers."""
    data = [trace for i, series in enumerate(curve.series) for trace in _traces(i, series, curve, unit)]
    return {"data": data, "layout": _layout(curve, span)}


def style(place: int) -> dict[str, str]:
    """Colour, marker and dash of the method at that place of the suite: the same in every panel."""
    return {
        "colour": COLOURS[place % len(COLOURS)],
        "symbol": SYMBOLS[place % len(SYMBOLS)],
        "dash": DASHES[place // len(COLOURS) % len(DASHES)],
    }


def _traces(place: int, series: Series, curve: Curve, unit: Unit) -> list[dict[str, Any]]:
    look, points = style(place), list(zip(curve.x, series.values, strict=True))
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": text(series.method),
        "meta": place,
        "x": list(curve.x),
        "y": [_finite(unit, value.mean) for _, value in points],
        "line": {"color": look["colour"], "dash": look["dash"], "width": 2},
        "marker": {"symbol": look["symbol"], "size": 6},
        "text": [_hover(series.method, i, curve, value, unit) for i, (_, value) in enumerate(points)],
        "hovertemplate": "%{text}<extra></extra>",
    }
    return [_band(place, points, unit, look["colour"]), line]


def _band(place: int, points: Sequence[tuple[float, Value]], unit: Unit, colour: str) -> dict[str, Any]:
    known = [(x, value.mean, value.std) for x, value in points if value.mean is not None and value.std is not None]
    upper = [(x, unit.factor * (mean + std)) for x, mean, std in known]
    lower = [(x, unit.factor * (mean - std)) for x, mean, std in reversed(known)]
    outline = upper + lower
    return {
        "type": "scatter",
        "mode": "lines",
        "meta": place,
        "x": [x for x, _ in outline],
        "y": [y for _, y in outline],
        "fill": "toself",
        "fillcolor": f"rgba({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))}, 0.16)",
        "line": {"width": 0},
        "hoverinfo": "skip",
    }


def _hover(method: str, place: int, curve: Curve, value: Value, unit: Unit) -> str:
    if value.mean is None:
        return ""
    condition, level = curve.conditions[place], curve.levels[place]
    where = text(condition.name) + (f" · {text(condition.parameter or 'level')} {level}" if level else "")
    spread = "" if value.std is None else f" ± {unit.number(value.std)}"
    return f"<b>{text(method)}</b><br>{where}<br>{unit.number(value.mean)}{spread} (n = {value.n})"


def _layout(curve: Curve, span: tuple[float, float] | None) -> dict[str, Any]:
    severities = curve.kind != "missing rate"
    labels = [
        f"{x:g}<br>{level}" if severities and level else f"{x:g}"
        for x, level in zip(curve.x, curve.levels, strict=True)
    ]
    title = "severity" if severities else "nominal missing rate of each modality"
    axis = {"zeroline": False, "ticks": "outside", "ticklen": 3}
    return {
        "xaxis": axis
        | {"tickvals": list(curve.x), "ticktext": labels, "automargin": True, "title": {"text": title, "standoff": 6}},
        "yaxis": axis | {"range": span, "nticks": 6},
        "margin": {"l": 40, "r": 8, "t": 6, "b": 4},
        "showlegend": False,
        "hovermode": "closest",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 11},
    }


def text(words: object) -> str:
    """Plotly reads its text as HTML: what comes from a suite is escaped."""
    return html.escape(plain(words))


def _finite(unit: Unit, mean: float | None) -> float | None:
    return unit.factor * mean if mean is not None and math.isfinite(mean) else None
