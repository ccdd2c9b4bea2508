"""G7 and G9: what is finished is never computed again, what is harmed always is, and stale code never answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brownout.engine.folder import RunFolder
from brownout.results import load_run
from brownout_registry import UsageError

pytestmark = pytest.mark.usefixtures("testing_plugin")

METHODS = [
    {"name": "mean", "fusion": "mean"},
    {"name": "stacked", "fusion": "stacked"},
    {"name": "tokens", "fusion": "tokens"},
    {"name": "random", "fusion": "faulty", "options": {"fault": "random"}},
    {"name": "early", "fusion": "early"},
]


@pytest.fixture
def suite(make_suite: Any) -> dict[str, Any]:
    """A suite with everything whose result could depend on what was computed before it."""
    below = {"use": "probe", "width": 9}
    content: dict[str, Any] = make_suite(
        encoders={"vector": {"use": "probe", "fault": "random"}, "image": {"use": "probe", "backbone": below}},
        methods=METHODS,
        training={"epochs": 1, "batch_size": 16},
        protocol={"missing": {"patterns": "all", "rates": [0.4]}, "corruptions": {"each": ["shift"]}},
    )
    return content


def test_a_second_run_computes_nothing_and_says_so(suite: Any, compute: Any, watch: Any, outcome: Any) -> None:
    first, again = compute(suite), watch()
    kept = outcome(first)
    second = compute(suite, progress=again)
    assert (again.found, again.works, again.outcomes) == (len(kept), (), ())
    assert outcome(second) == kept
    assert second.facts["encoder_rows"] == first.facts["encoder_rows"]
    assert second.facts["sessions"][-1]["computed"] == 0


def test_a_new_metric_is_scored_without_any_work(suite: Any, compute: Any, watch: Any) -> None:
    first, again = compute(suite), watch()
    more = compute({**suite, "metrics": ["accuracy", "nll", "samples"]}, progress=again)
    assert again.works == ()
    assert more.facts["encoder_rows"] == first.facts["encoder_rows"]
    assert {score.metric for score in more.scores} == {"accuracy", "nll", "samples"}
    assert {score.value for score in more.scores if score.metric == "samples"} == {40.0}
    assert [score for score in more.scores if score.metric == "accuracy"] == list(first.scores)
    assert compute(suite).scores == first.scores


def test_a_new_metric_that_fails_costs_no_prediction(suite: Any, compute: Any, watch: Any) -> None:
    first, again = compute(suite), watch()
    second = compute({**suite, "metrics": ["accuracy", "sour"]}, progress=again)
    assert again.works == ()
    assert again.warnings == ("metric sour: ArithmeticError: sour",)
    assert [score for score in second.scores if score.metric == "accuracy"] == list(first.scores)


def test_a_new_method_leaves_the_others_as_they_are(suite: Any, compute: Any, watch: Any, outcome: Any) -> None:
    whole = outcome(compute(suite, out="whole", cache="whole-cache"))
    compute({**suite, "methods": METHODS[3:]})
    again = watch()
    both = compute(suite, progress=again)
    assert again.found == 2 * len(whole) // len(METHODS)
    assert outcome(both) == whole


Harm = Callable[[Path], None]


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-3])


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x10
    file.write_bytes(content)


def empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("harm", [truncate, flip, empty, Path.unlink])
def test_a_harmed_prediction_file_costs_its_own_cell(
    harm: Harm, suite: Any, compute: Any, watch: Any, outcome: Any
) -> None:
    run, again = compute(suite), watch()
    kept = outcome(run)
    (victim,) = [each for each in kept.values() if (each["method"], each["condition"]) == ("random", "missing image")]
    harm(run.folder / victim["file"])
    assert outcome(compute(suite, progress=again)) == kept
    assert again.found == len(kept) - 1
    assert again.kinds == {"PredictWork": 1}


@pytest.mark.parametrize("harm", [truncate, flip, empty, Path.unlink])
@pytest.mark.parametrize("pattern", ["*.npy", "*.safetensors", "*.json"])
def test_harmed_cache_entries_are_detected_and_computed_again(
    pattern: str, harm: Harm, suite: Any, compute: Any, watch: Any, outcome: Any, tmp_path: Path
) -> None:
    kept = outcome(compute(suite))
    files = sorted((tmp_path / "cache").glob(pattern))
    assert len(files) >= 5
    for file in files:
        harm(file)
    (tmp_path / "run" / "cells.jsonl").unlink()
    again = watch()
    run = compute(suite, progress=again)
    assert not run.failures
    assert outcome(run) == kept
    assert again.kinds["FitWork" if pattern == "*.safetensors" else "ViewWork"] > 0


def test_harmed_features_below_a_lost_encoding_are_computed_again(
    suite: Any, compute: Any, outcome: Any, tmp_path: Path
) -> None:
    """One array is there and harmed, all others are lost; a few arrays in turn."""
    kept = outcome(compute(suite))
    arrays = sorted((tmp_path / "cache").glob("*.npy"))
    for victim in arrays[::3]:
        flip(victim)
        for other in arrays:
            if other != victim:
                other.with_suffix(".json").unlink(missing_ok=True)
        (tmp_path / "run" / "cells.jsonl").unlink()
        run = compute(suite)
        assert not run.failures
        assert outcome(run) == kept


WRONG = b'{"cell": ["x"], "status": "failed", "method": "mean", "dataset": "d", "seed": 0, "condition": "c"}\n'
GARBAGE = [b'{"cell": "half a li', b"\xff\xfe\x00\n", b"[]\n", b'{"cell": "x", "status": "finished"}\n', b"\n\n", WRONG]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_in_the_file_of_cells_is_passed_over(
    garbage: bytes, suite: Any, compute: Any, watch: Any, outcome: Any
) -> None:
    run, again = compute(suite), watch()
    kept = outcome(run)
    file = run.folder / "cells.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(
        b"".join([*lines[:4], *lines[:4], garbage if garbage.endswith(b"\n") else b"", *lines[5:], garbage])
    )
    assert outcome(compute(suite, progress=again)) == kept
    assert again.found == len(kept) - 1
    assert len(file.read_bytes().splitlines()) == len(kept)


def test_a_half_written_last_line_is_a_cell_that_was_not_finished(
    suite: Any, compute: Any, watch: Any, outcome: Any
) -> None:
    run, again = compute(suite), watch()
    kept = outcome(run)
    truncate(run.folder / "cells.jsonl")
    assert outcome(compute(suite, progress=again)) == kept
    assert again.found == len(kept) - 1


def test_leftover_temporary_files_do_no_harm_and_go(suite: Any, compute: Any, outcome: Any, tmp_path: Path) -> None:
    kept = outcome(compute(suite))
    left = [
        tmp_path / "run" / ".run.json.1.tmp",
        tmp_path / "run" / "predictions" / ".x.parquet.1.tmp",
        tmp_path / "cache" / ".x.npy.1.tmp",
    ]
    for file in left:
        file.write_bytes(b"half")
    assert outcome(compute(suite)) == kept
    assert [file.exists() for file in left] == [False, False, True]  # another run may be writing into the cache


def test_a_temporary_file_that_another_run_puts_in_its_place_meanwhile_does_no_harm(
    suite: Any, compute: Any, outcome: Any, tmp_path: Path
) -> None:
    """Seen when two runs shared a cache: listed, and gone when it was looked at; here, a link to nothing."""
    run = compute(suite)
    (tmp_path / "cache" / ".x.npy.1.tmp").symlink_to(tmp_path / "gone")
    assert outcome(compute(suite)) == outcome(run)


def test_two_runs_in_one_folder_are_refused(suite: Any, compute: Any, tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run").locked(), pytest.raises(UsageError, match=r"in use by process \d+ on .*--out"):
        compute(suite)
    compute(suite)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"suite": "other"}, "suite"),
        ({"protocol": {"seed": 1}}, "protocol"),
        ({"dataset": {"use": "synthetic", "seed": 5}}, "data"),
    ],
)
def test_another_suite_in_the_folder_is_refused(change: Any, what: str, suite: Any, compute: Any) -> None:
    compute(suite)
    with pytest.raises(UsageError, match=f"holds a run with another {what}.*--out"):
        compute({**suite, **change})


def test_a_limit_marks_a_run_and_has_a_folder_of_its_own(make_suite: Any, compute: Any, stored: Any) -> None:
    suite = make_suite(methods=METHODS[:3], protocol={"missing": {"patterns": "all", "rates": [0.4]}})
    whole = compute(suite)
    assert whole.facts["not_comparable"] is None
    with pytest.raises(UsageError, match="another --limit"):
        compute(suite, limit=11)
    part = compute(suite, out="part", limit=11)
    assert part.facts["not_comparable"] == "only the first 11 test samples were used (--limit)"
    expected = stored(whole)
    for key, found in stored(part).items():
        assert len(found.ids) == 11
        np.testing.assert_array_equal(found.ids, expected[key].ids[:11])
        np.testing.assert_array_equal(found.present, expected[key].present[:11])
        np.testing.assert_allclose(found.logits, expected[key].logits[:11], atol=1e-5)


def test_edited_source_is_never_answered_from_the_cache(
    make_suite: Any, testing_site: Path, command: Any, tmp_path: Path
) -> None:
    (tmp_path / "suite.json").write_text(json.dumps(make_suite()))
    source = testing_site / "brownout_testing" / "probe.py"
    before = source.read_text()

    def run() -> tuple[list[str], list[float]]:
        process = command("run", "suite.json", "--out", "run")
        process.communicate(timeout=120)
        assert process.returncode == 0
        facts = json.loads((tmp_path / "run" / "run.json").read_text())
        return facts["cells"], facts["encoder_rows"]["computed"]

    try:
        first, rows = run()
        source.write_text(before.replace("torch.tanh(", "torch.sin("))
        second, more = run()
    finally:
        source.write_text(before)
    assert set(first).isdisjoint(second)
    assert more == 2 * rows


def test_an_edited_metric_scores_anew_without_any_work(suite: Any, compute: Any, watch: Any) -> None:
    first, again = compute(suite), watch()
    folder = RunFolder(first.folder)
    old = [
        {**each, "scores": {"accuracy": 0.125}, "scored_by": {"accuracy": "old"}} for each in folder.cells().values()
    ]
    folder.append(old)
    assert {score.value for score in load_run(first.folder).scores} == {0.125}
    assert compute(suite, progress=again).scores == first.scores
    assert again.works == ()


def test_a_digit_flipped_in_a_line_of_cells_is_noticed(suite: Any, compute: Any, watch: Any) -> None:
    first, again = compute(suite), watch()
    file = first.folder / "cells.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([lines[0].replace('"accuracy": 0.', '"accuracy": 1.'), *lines[1:]]))
    assert file.read_text() != "".join(lines)
    assert compute(suite, progress=again).scores == first.scores
    assert again.found == len(lines) - 1
