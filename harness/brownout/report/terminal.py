"""The report on a terminal: what one wants to see after a run, in 80 to 160 columns, with or without colour.

Conditions are rows here and methods columns: there are usually more conditions than fit side by side.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from brownout.report.cells import FAILED, Value
from brownout.report.doubts import doubts
from brownout.report.statistics import Difference, differences
from brownout.report.table import Column, Row, Table, condensed_table, metric_facts, metric_unit
from brownout.report.units import Unit, plain
from brownout.report.words import INTERVAL, SIGNS, counted_rows, facts_lines, failure_lines, footnotes
from brownout.results import Run

Marks = Callable[[str, Row, Column], str]
STYLES = {"better": "green", "worse": "red", "undecided": "dim"}


def render_terminal(run: Run, console: Console | None = None) -> None:
    """Print a run: what was measured, the condensed table of the first metric, differences, failures."""
    console = console or Console()
    _header(run, console)
    for dataset in run.facts["datasets"]:
        print_metric(run, dataset["name"], run.facts["metrics"][0]["name"], console)
    console.print()
    for line in doubts(run):
        console.print(Text(plain(line), style="yellow"))
    if tables := [table["name"] for table in run.facts.get("published", [])]:
        console.print(Text(f"published numbers of {', '.join(map(plain, tables))}: see the report", style="dim"))
    for line in failure_lines(run):
        console.print(Text(f"! {plain(line)}", style="red"))
    console.print(Text(counted_rows(run), style="dim"))
    console.print(Text(f"report: {run.folder / 'report.html'}", style="dim"), soft_wrap=True)


def _header(run: Run, console: Console) -> None:
    console.print(Text(plain(run.facts["suite"]), style="bold"))
    grid = Grid.grid(padding=(0, 2))
    for name, value in facts_lines(run):
        grid.add_row(Text(name, style="dim"), Text(plain(value)))
    console.print(grid)
    if run.facts.get("not_comparable"):
        console.print(Text(f"Not comparable with other runs: {plain(run.facts['not_comparable'])}", style="yellow"))


def print_metric(run: Run, dataset: str, metric: str, console: Console, marks: Marks | None = None) -> None:
    """Print the condensed table of one dataset and metric, and the differences against the baseline.

    ``marks(dataset, row, column)`` is what to write behind an entry of the table.
    """
    unit, table = metric_unit(metric_facts(run, metric)), condensed_table(run, dataset, metric)
    title = f"{dataset} · {unit.heading(metric)}"
    entries = [list(_values(table, i)) for i in range(len(table.rows))]
    if marks:
        found_marks = [[marks(dataset, row, column) for column in table.columns] for row in table.rows]
        entries = [_marked(*each) for each in zip(entries, found_marks, strict=True)]
    print_grids(console, title, table, entries)
    _notes(console, footnotes(run, table))
    if baseline := run.facts["baseline"]:
        found = differences(table, baseline)
        columns = [difference_texts(found.get(row.method), unit) for row in table.rows]
        print_grids(console, f"{title}, difference against {baseline}", table, columns)
        _notes(console, [INTERVAL])


def print_grids(console: Console, title: str, table: Table, entries: Sequence[Sequence[Text]]) -> None:
    """Print entries of a table (by method, then in the order of its columns), in several grids if they do not fit."""
    console.print(Text(f"\n{plain(title)}", style="bold"))
    names = min(max(map(len, _titles(table))), console.width // 2)
    for place, methods in enumerate(_blocks(_widths(table, entries), console.width - names)):
        if place:
            console.print()
        console.print(_grid(table, entries, methods, names))


def _grid(table: Table, entries: Sequence[Sequence[Text]], methods: Sequence[int], names: int) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False, header_style="")
    grid.add_column("", max_width=names, overflow="fold")
    for i in methods:
        grid.add_column(Text(_heading(table.rows[i].label), justify="right"), vertical="bottom", no_wrap=True)
    titles = _titles(table)
    for _, places in table.groups():
        for place in places:
            if place < len(entries[methods[0]]):
                row = (_aligned(entries[i], place, _heading(table.rows[i].label)) for i in methods)
                grid.add_row(Text(titles[place]), *row, end_section=place == places[-1])
    return grid


def _aligned(column: Sequence[Text], place: int, heading: str) -> Text:
    """Digits under digits: rich would strip the blank that stands in for a mark."""
    text = column[place].copy()
    text.pad_left(_width(column, heading) - len(text))
    return text


def _width(column: Sequence[Text], heading: str) -> int:
    return max(*map(len, column), *map(len, heading.split("\n")))


def _widths(table: Table, entries: Sequence[Sequence[Text]]) -> dict[int, int]:
    """How wide each method is on the terminal, with the space around it; the baseline has no differences to itself."""
    return {i: 3 + _width(column, _heading(table.rows[i].label)) for i, column in enumerate(entries) if column}


def _blocks(widths: Mapping[int, int], room: int) -> list[list[int]]:
    """As few blocks of methods as fit into the room, and about as many methods in each."""
    fewest = _fill(widths, room, len(widths))
    even = _fill(widths, room, -(-len(widths) // max(len(fewest), 1)))
    return even if len(even) == len(fewest) else fewest


def _fill(widths: Mapping[int, int], room: int, most: int) -> list[list[int]]:
    blocks: list[list[int]] = []
    for method, width in widths.items():
        full = blocks and (len(blocks[-1]) == most or sum(widths[each] for each in blocks[-1]) + width > room)
        if full or not blocks:
            blocks.append([])
        blocks[-1].append(method)
    return blocks


def _titles(table: Table) -> list[str]:
    return [plain(column.heading) for column in table.columns]


def _heading(label: str) -> str:
    """A method's label on short lines, broken after hyphens and at spaces."""
    return re.sub(r"(?<=\w-)(?=\w)| (?!†)", "\n", plain(label))


def _values(table: Table, row: int) -> Iterator[Text]:
    for place, value in enumerate(table.rows[row].values):
        best = row in table.best[place]
        style = "red" if value.mark == FAILED else "bold" if best else ""
        yield Text(_value(value, table.columns[place].unit, best=best), style=style)


def _marked(column: list[Text], marks: Sequence[str]) -> list[Text]:
    width = max(map(len, marks))
    return [Text.assemble(text, f" {mark:<{width}}") for text, mark in zip(column, marks, strict=True)]


def _value(value: Value, unit: Unit, *, best: bool) -> str:
    if value.mean is None:
        return f"{value.mark} "
    spread = "" if value.std is None else f" ±{unit.number(value.std)}"
    return unit.number(value.mean) + spread + ("*" if best else "!" if value.gaps else " ")


def difference_texts(found: Sequence[Difference | None] | None, unit: Unit) -> list[Text]:
    """Differences as entries of a grid, coloured by what they say."""
    return [Text(_difference(each, unit), style=STYLES[each.verdict]) for each in found or () if each]


def _difference(difference: Difference, unit: Unit) -> str:
    if difference.mean is None:
        return "–  "
    spread = "" if difference.half_width is None else f" ±{unit.number(difference.half_width)}"
    return f"{unit.signed(difference.mean)}{spread} {SIGNS[difference.verdict] or ' '}"


def _notes(console: Console, notes: Iterable[str]) -> None:
    for note in notes:
        console.print(Text(plain(note), style="dim"))
