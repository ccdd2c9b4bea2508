"""How a page of the manual is carried out: files are written, commands run, Python executed, in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"# ([\w./-]+\.(?:toml|py|yaml))\n")
FILES = ("toml", "python", "yaml")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line of the page at which it starts."""

    language: str
    text: str
    line: int

    @property
    def file(self) -> str | None:
        """The file that it is, which its first line names."""
        named = NAMED.match(self.text)
        return named[1] if named and self.language in FILES else None


@pytest.fixture(scope="session")
def blocks() -> Callable[[str], list[Block]]:
    """``blocks("tutorial.md")``: the fenced blocks of a page."""

    def read(page: str) -> list[Block]:
        text = (DOCS / page).read_text(encoding="utf-8")
        return [Block(found[1], found[2], text.count("\n", 0, found.start()) + 1) for found in FENCE.finditer(text)]

    return read


@pytest.fixture(scope="session")
def carry_out(blocks: Callable[[str], list[Block]], fresh: Callable[..., Any]) -> Callable[[str, Path], None]:
    """``carry_out("tutorial.md", folder)``: do what a page says, in an environment with our plugins."""
    environment = fresh(plugins=True)

    def run(page: str, folder: Path) -> None:
        said = ""
        for block in blocks(page):
            where = f"docs/{page}, line {block.line}"
            if block.file:
                (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
                (folder / block.file).write_text(block.text, encoding="utf-8")
            elif block.language in ("console", "python"):
                (folder / ".typed.py").write_text(block.text, encoding="utf-8")
                command = block.text if block.language == "console" else "PYTHONPATH=. python .typed.py"
                done = environment.shell(command, folder)
                assert done.returncode == 0, f"{where}:\n{done.stdout}\n{done.stderr}"
                said = done.stdout
            elif block.language == "text":
                missing = list(_unsaid(block.text, said))
                assert not missing, f"{where}: not said: {missing}\n{said}"

    return run


def _unsaid(expected: str, said: str) -> Iterator[str]:
    """Lines that do not occur in that order, however wide the gaps between words are."""
    lines = iter(" ".join(line.split()) for line in said.splitlines())
    for line in expected.splitlines():
        if not any(" ".join(line.split()) in each for each in lines):
            yield line
