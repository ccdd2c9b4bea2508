"""The kit in somebody's own test-suite: one item for each check, skipped, expected to fail, or failing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from brownout.conformance import Subject, all_checks, parametrize_with_checks, subject_named
from brownout_registry import UsageError

SUITE = """
import sys

from brownout.conformance import Subject, parametrize_with_checks

assert {torch_may_come} or "torch" not in sys.modules


@parametrize_with_checks({arguments})
def test_conformance(check):
    check()
"""
Outcome = Callable[..., str]


@pytest.fixture
def tested(tmp_path: Path, violators: Path) -> Outcome:
    """``tested('"mean"', "-k", "builds")``: what pytest says of a test-suite of its own."""

    def run(arguments: str, *more: str, torch_may_come: bool = False) -> str:
        (tmp_path / "pytest.ini").write_text("[pytest]\n")
        (tmp_path / "test_own.py").write_text(SUITE.format(arguments=arguments, torch_may_come=torch_may_come))
        command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", *more, "test_own.py"]
        done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
        return done.stdout + done.stderr

    return run


def test_one_item_per_check_with_a_name_that_tells(tested: Outcome) -> None:
    out = tested('"healthy-decision"')
    assert "PASSED test_own.py::test_conformance[healthy-decision-absent-content]" in out
    assert "PASSED test_own.py::test_conformance[healthy-decision-card-complete]" in out
    assert "it has no parameters to fit" in out
    assert "failed" not in out


def test_collecting_imports_no_torch(tested: Outcome) -> None:
    out = tested('["healthy", "recipe-healthy"]', "--collect-only", "-q")
    assert "test_own.py::test_conformance[healthy-learns]" in out
    assert "test_own.py::test_conformance[recipe-healthy-trains]" in out
    assert "error" not in out.lower()


def test_the_assertion_would_see_torch(tested: Outcome, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("import torch\n")
    assert "AssertionError" in tested('"healthy"', "--collect-only", "-q")


def test_an_expected_failure_is_strict(tested: Outcome) -> None:
    expected = '"centres", expected_failed_checks={"batch-does-not-matter": "as the paper has it", "builds": "why not"}'
    out = tested(expected, "-k", "batch-does-not-matter or builds")
    assert "XFAIL test_own.py::test_conformance[centres-batch-does-not-matter] - as the paper has it" in out
    assert "FAILED test_own.py::test_conformance[centres-builds] - [XPASS(strict)] why not" in out
    assert "1 failed" in out


def test_a_failure_tells_what_is_right(tested: Outcome) -> None:
    out = tested('"centres"', "-k", "batch-does-not-matter")
    assert "FAILED test_own.py::test_conformance[centres-batch-does-not-matter]" in out
    assert "logits in batches of one differs by up to" in out


@pytest.mark.usefixtures("violators")
def test_an_expected_failure_of_no_check_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown check 'buils'; did you mean 'builds'"):
        parametrize_with_checks("healthy", expected_failed_checks={"buils": "it cannot"})
    with pytest.raises(UsageError, match="'builds' needs a reason"):
        parametrize_with_checks("healthy", expected_failed_checks={"builds": ""})


@pytest.mark.usefixtures("violators")
def test_ids_tell_variants_apart() -> None:
    subjects = [Subject("fusion", "tmc"), Subject("fusion", "tmc", variant="released-rgbd")]
    names = [each.id for each in parametrize_with_checks(subjects).args[1]]
    assert "tmc-builds" in names
    assert "tmc[released-rgbd]-builds" in names


@pytest.mark.usefixtures("violators")
def test_names_that_mean_nothing_or_too_much() -> None:
    with pytest.raises(UsageError, match="unknown component 'helthy'; did you mean 'healthy'"):
        parametrize_with_checks("helthy")
    with pytest.raises(UsageError, match="--kind fusion or --kind summary"):
        subject_named("mean")
    assert (
        subject_named("mean", "fusion")
        == subject_named("fusion/mean")
        == subject_named("brownout-baselines/mean", "fusion")
    )
    with pytest.raises(UsageError, match="unknown kind 'fussion'; did you mean 'fusion'"):
        subject_named("mean", "fussion")
    with pytest.raises(UsageError, match="option 'modality' is required"):
        subject_named("unimodal")
    with pytest.raises(UsageError, match="unknown variant"):
        subject_named("qmf", variant="relesed")


def test_the_manual_names_every_check() -> None:
    manual = (Path(__file__).parents[4] / "docs" / "conformance.md").read_text(encoding="utf-8")
    assert [f"{check.kind}: {check.name}" for check in all_checks() if f"`{check.name}`" not in manual] == []
