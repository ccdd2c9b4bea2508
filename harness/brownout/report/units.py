"""How numbers are printed: one unit for each column of a table."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """A factor, a number of decimals and a suffix for headings.

    Example:
        >>> PERCENT.number(0.84251), PERCENT.signed(-0.0213), PLAIN.number(1.5)
        ('84.3', '−2.1', '1.500')
    """

    factor: float
    decimals: int
    suffix: str

    def number(self, value: float) -> str:
        """The value in this unit; a minus sign is U+2212, and a rounded zero has none."""
        if math.isinf(value):
            return "∞" if value > 0 else "−∞"
        text = f"{self.factor * value:.{self.decimals}f}"
        return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")

    def signed(self, value: float) -> str:
        """Like `number`, with a plus sign in front of what is above zero."""
        text = self.number(value)
        return text if text.startswith("−") or not re.search("[1-9∞]", text) else f"+{text}"

    def heading(self, name: str) -> str:
        """``name``, followed by the unit in brackets where there is one."""
        return f"{name} ({self.suffix})" if self.suffix else name


PERCENT = Unit(100, 1, "%")
PLAIN = Unit(1, 3, "")


def plain(text: object) -> str:
    r"""One line of printable text: control and formatting characters (newlines, escapes, bidi marks) become spaces.

    Example:
        >>> plain("two\nlines \x1b[31m")
        'two lines [31m'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
