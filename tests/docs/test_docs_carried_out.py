"""The pages that teach are carried out as they stand, in a fresh environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PAGES = ("tutorial.md", "own.md", "how-to.md")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_it_does_what_it_says(page: str, carry_out: Callable[[str, Path], None], tmp_path: Path) -> None:
    carry_out(page, tmp_path)


@pytest.mark.parametrize("page", PAGES)
def test_no_block_is_passed_over(page: str, blocks: Callable[[str], list[Any]]) -> None:
    found = blocks(page)
    assert {block.language for block in found} <= {"toml", "python", "yaml", "console", "text"}
    assert [block.line for block in found if block.language in ("toml", "yaml") and not block.file] == []


def test_the_first_plugin_is_twelve_lines_and_a_class(blocks: Callable[[str], list[Any]]) -> None:
    project, module = blocks("tutorial.md")[:2]
    assert len([line for line in project.text.splitlines()[1:] if line]) <= 12
    assert len(module.text.splitlines()) < 40
