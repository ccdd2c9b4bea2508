r"""The report as LaTeX tables: ``\usepackage{booktabs}`` is all they need."""

from __future__ import annotations

import re
from collections.abc import Iterator

from brownout.report.cells import Value
from brownout.report.table import Column, Row, Table, condensed_table, metric_unit
from brownout.report.units import Unit, plain
from brownout.report.words import facts_lines, footnotes
from brownout.results import Run

SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "[": "{[}",  # at the start of a row it would be an argument of the line break
    "†": r"\textdagger{}",
    "±": r"$\pm$",
    "−": "$-$",
    "–": "--",
    "×": r"$\times$",
    "∞": r"$\infty$",
    "→": r"$\to$",
    **{each: f"\\{each}" for each in "{}$&#%_"},
}
GREEK = dict(
    zip(
        "αβγδεζηθκλμνξπρστφχψω",
        (
            *(
                "alpha",
                "beta",
                "gamma",
                "delta",
                "varepsilon",
                "zeta",
                "eta",
                "theta",
                "kappa",
                "lambda",
                "mu",
                "nu",
                "xi",
            ),
            *("pi", "rho", "sigma", "tau", "varphi", "chi", "psi", "omega"),
        ),
        strict=True,
    )
)


def render_latex(run: Run) -> str:
    """One table for each dataset and metric: methods × conditions, the best of each column in bold."""
    return "\n".join(line for lines in _tables(run) for line in lines) + "\n"


def escape(text: object) -> str:
    r"""Text that LaTeX prints as it is, on one line.

    Example:
        >>> print(escape(r"50 % of a_b & \c"))
        50 \% of a\_b \& \textbackslash{}c
    """
    letters = {each: f"$\\{name}$" for each, name in GREEK.items()}
    return "".join(SPECIAL.get(c, letters.get(c, c)) for c in plain(text))


def _tables(run: Run) -> Iterator[Iterator[str]]:
    yield iter([f"% {plain(run.facts['suite'])}: needs \\usepackage{{booktabs}}"])
    for dataset in run.facts["datasets"]:
        for metric in run.facts["metrics"]:
            yield _table(run, condensed_table(run, dataset["name"], metric["name"]), metric_unit(metric))


def _table(run: Run, table: Table, unit: Unit) -> Iterator[str]:
    yield ""
    yield r"\begin{table*}"
    yield r"\centering\footnotesize\setlength{\tabcolsep}{3pt}"
    yield f"\\caption{{{_caption(run, table, unit)}}}"
    yield f"\\label{{tab:{_label(run.facts['suite'], table.dataset, table.metric)}}}"
    yield f"\\begin{{tabular}}{{l{'r' * len(table.columns)}}}"
    yield r"\toprule"
    yield from _head(table)
    yield r"\midrule"
    yield from (_row(table, place, row) for place, row in enumerate(table.rows))
    yield r"\bottomrule"
    yield r"\end{tabular}"
    yield r"\end{table*}"


def _caption(run: Run, table: Table, unit: Unit) -> str:
    """What was measured, and what the marks mean."""
    facts = dict(facts_lines(run))
    warning = f"Not comparable with other runs: {run.facts['not_comparable']}." if run.facts["not_comparable"] else ""
    what = f"{unit.heading(table.metric)} on {table.dataset}; protocol {facts['protocol']}; missing means "
    notes = [re.sub(r"^\* best", "bold: best", note) for note in footnotes(run, table)]
    return escape(" ".join((f"{what}{facts['missing means']}.", f"{'; '.join(notes)}.", warning)))


def _label(*words: str) -> str:
    return "-".join(re.sub(r"[^A-Za-z0-9]+", "-", word).strip("-") for word in words)


def _head(table: Table) -> Iterator[str]:
    groups = list(table.groups())
    spans = [f"\\multicolumn{{{len(places)}}}{{c}}{{{escape(group)}}}" for group, places in groups]
    rules = (f"\\cmidrule(lr){{{places[0] + 2}-{places[-1] + 2}}}" for _, places in groups)
    yield " & ".join(["", *spans]) + r" \\"
    yield " ".join(rules)
    yield " & ".join(["method", *(_heading(column) for column in table.columns)]) + r" \\"


def _heading(column: Column) -> str:
    """On short lines, broken after hyphens, before brackets and at spaces."""
    lines = map(escape, re.split(r"(?<=\w-)(?=\w)|(?<=\w)(?=\()| ", plain(column.title)))
    return r"\shortstack[r]{" + r"\\".join(lines) + "}" if column.title else ""


def _row(table: Table, place: int, row: Row) -> str:
    values = (_value(value, table.columns[p].unit, best=place in table.best[p]) for p, value in enumerate(row.values))
    return " & ".join([escape(row.label), *values]) + r" \\"


def _value(value: Value, unit: Unit, *, best: bool) -> str:
    if value.mean is None:
        return escape(value.mark)
    mean = escape(unit.number(value.mean))
    spread = "" if value.std is None else f"\\,{{\\scriptsize$\\pm$\\,{escape(unit.number(value.std))}}}"
    return (f"\\textbf{{{mean}}}" if best else mean) + spread + (" !" if value.gaps else "")
