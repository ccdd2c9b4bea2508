"""The tables of the paper (Wei et al., 2024), as printed; remarks on single numbers stand in the column ``note``."""

from __future__ import annotations

import csv
from functools import partial
from importlib.resources import files


def _rows(number: int) -> list[dict[str, str]]:
    text = (files("brownout_dmrnet") / "published" / f"003_table{number}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


table_1, table_2, table_3, table_4 = (partial(_rows, number) for number in (1, 2, 3, 4))
table_5, table_6, table_7 = (partial(_rows, number) for number in (5, 6, 7))
