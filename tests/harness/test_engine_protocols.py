"""What the protocol's words do in a run: exact shares, mispaired samples, samples left with nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from brownout.engine.folder import RunFolder
from brownout.results import Run
from brownout_registry import UsageError

pytestmark = pytest.mark.usefixtures("testing_plugin")

SAMPLES = 40
METHODS = [{"name": "mean", "fusion": "mean"}, {"name": "early", "fusion": "early"}]
SHARES = [
    {"each": [{"use": "shift", "levels": [3.0]}], "share": 0.5, "exact": True},
    {"each": [{"use": "shift", "levels": [3.0]}], "share": 0.5, "exact": True, "together": True},
]
PROTOCOL: dict[str, Any] = {"corruptions": SHARES, "mispaired": {"shares": [0.5, 1.0]}}


def changed(predictions: Any, method: str, condition: str) -> np.ndarray:
    """Which samples are predicted otherwise than when clean, bool ``[N]``."""
    clean = predictions[method, 0, "clean"].logits
    found: np.ndarray = (predictions[method, 0, condition].logits != clean).any(1)
    return found


def rows(run: Run) -> tuple[int, int]:
    return run.facts["encoder_rows"]["computed"], run.facts["encoder_rows"]["minimal"]


def test_mispaired_samples_cost_no_encoder_rows(make_suite: Any, compute: Callable[..., Run], seen: Any) -> None:
    run = compute(make_suite(methods=METHODS[:1], protocol={"mispaired": {"shares": [0.1, 0.5, 1.0]}}))
    assert dict(seen.counts()) == {"vector": SAMPLES, "image": SAMPLES}
    assert rows(run) == (2 * SAMPLES, 2 * SAMPLES)
    assert run.facts["counts"]["finished"] == 1 + 2 * 3


def test_shares_and_partners_do_not_depend_on_the_batch(
    make_suite: Any, compute: Callable[..., Run], stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = make_suite(methods=METHODS, training={"epochs": 1}, protocol=PROTOCOL)
    whole = stored(compute(suite))
    monkeypatch.setattr("brownout.engine.predictor.CHUNK", 7)
    pieces = stored(compute(suite, out="pieces", cache="pieces-cache", batch=7))
    assert whole.keys() == pieces.keys()
    for key, each in whole.items():
        np.testing.assert_allclose(pieces[key].logits, each.logits, atol=1e-6, err_msg=str(key))


@pytest.mark.parametrize(("limit", "half"), [(None, 20), (9, 5)])
def test_exactly_half_of_the_evaluated_samples_is_hit(
    limit: int | None, half: int, make_suite: Any, compute: Callable[..., Run], stored: Any
) -> None:
    suite = make_suite(methods=METHODS, training={"epochs": 1}, protocol=PROTOCOL)
    predictions = stored(compute(suite, limit=limit))
    for method in ("mean", "early"):
        alone = [
            changed(predictions, method, f"shift({name}) on exactly 0.5 of samples s1") for name in suite["encoders"]
        ]
        both = [
            changed(predictions, method, f"shift({name}) on exactly 0.5 of samples, together s1")
            for name in suite["encoders"]
        ]
        assert [each.sum() for each in (*alone, *both)] == [half] * 4
        assert (both[0] == both[1]).all()
        assert not (alone[0] == alone[1]).all()
        some, every = (changed(predictions, method, f"mispaired(vector) {share}") for share in ("0.5", "1"))
        assert every.all()
        assert 0 < some.sum() < len(some)


def test_who_was_hit_and_whose_content_is_whose_are_stored(
    make_suite: Any, compute: Callable[..., Run], stored: Any
) -> None:
    run = compute(make_suite(methods=METHODS, training={"epochs": 1}, protocol=PROTOCOL))
    files = {
        (each["method"], each["condition"]): run.folder / each["file"]
        for each in RunFolder(run.folder).cells().values()
    }
    predictions = stored(run)
    for method in ("mean", "early"):
        name = "shift(image) on exactly 0.5 of samples s1"
        table = pq.read_table(files[method, name])
        np.testing.assert_array_equal(table["hit.image"].to_numpy(), changed(predictions, method, name))
        assert "hit.vector" not in table.column_names
        whole = pq.read_table(files[method, "mispaired(vector) 1"])
        ids, content = whole["id"].to_numpy(), whole["content.vector"].to_numpy()
        assert sorted(content) == sorted(ids)
        assert (content != ids).all()
        assert not [column for column in pq.read_table(files[method, "clean"]).column_names if "hit" in column]


def test_a_lonely_sample_cannot_be_mispaired(make_suite: Any, compute: Callable[..., Run]) -> None:
    with pytest.raises(UsageError, match=r"protocol.mispaired: fewer than two test samples of 'synthetic'.*'vector'"):
        compute(make_suite(protocol=PROTOCOL), limit=1)


def incomplete(make_suite: Any, empty: str | None, **protocol: Any) -> Any:
    missing = {"patterns": [["vector"]], **({"empty": empty} if empty else {})}
    return make_suite(dataset={"missing": 0.4}, methods=METHODS, protocol={"missing": missing, **protocol})


@pytest.mark.parametrize(
    "protocol",
    [{}, {"missing": {}, "corruptions": {"each": ["shift"], "severities": [1], "patterns": "single-present"}}],
    ids=["pattern", "crossed"],
)
def test_a_pattern_that_leaves_nothing_of_a_sample_is_refused(
    protocol: Any, make_suite: Any, compute: Callable[..., Run], tmp_path: Path
) -> None:
    with pytest.raises(
        UsageError,
        match=r"'[^']*missing (image|vector)' leaves no modality of \d+ of the 40 .*'synthetic'.*missing.empty",
    ):
        compute(incomplete(make_suite, None, **protocol))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("empty", ["keep", "predict"])
def test_such_samples_keep_all_they_have_or_are_predicted_from_nothing(
    empty: str, make_suite: Any, compute: Callable[..., Run], stored: Any
) -> None:
    run = compute(incomplete(make_suite, empty))
    assert not run.failures
    predictions = stored(run)
    for method in ("mean", "early"):
        clean, missing = (predictions[method, 0, name] for name in ("clean", "missing image"))
        left = clean.present & [True, False]
        bare = clean.present.any(1) & ~left.any(1)
        assert bare.any()
        expected = np.where(bare[:, None], clean.present, left) if empty == "keep" else left
        np.testing.assert_array_equal(missing.present, expected)
        assert np.isfinite(missing.logits).all()
        same = (missing.logits == clean.logits).all(1)
        assert same[bare].all() == (empty == "keep")


@pytest.mark.parametrize(("empty", "kinds"), [("keep", {"vector", "image"}), ("predict", {"vector"})])
def test_only_what_is_kept_is_encoded(
    empty: str, kinds: set[str], make_suite: Any, compute: Callable[..., Run], seen: Any
) -> None:
    suite = {**incomplete(make_suite, empty, clean=False), "methods": METHODS[:1]}
    run = compute(suite)
    assert set(seen.counts()) == kinds
    assert rows(run) == (len(kinds) * SAMPLES, len(kinds) * SAMPLES)


def test_keeping_changes_nothing_where_no_sample_is_emptied(make_suite: Any, compute: Callable[..., Run]) -> None:
    """The cells are the same, and nothing is computed again."""
    protocol = {"missing": {"patterns": "all"}}
    first = compute(make_suite(protocol=protocol))
    protocol["missing"] |= {"empty": "keep"}
    assert set(compute(make_suite(protocol=protocol), out="kept").facts["cells"]) == set(first.facts["cells"])


def test_a_named_protocol_that_has_nothing_for_the_data_is_refused(
    make_suite: Any, compute: Callable[..., Run]
) -> None:
    with pytest.raises(UsageError, match=r"protocol.use: 'text-noise' has nothing but clean samples for synthetic"):
        compute(make_suite(protocol="text-noise"))


def test_a_named_protocol_may_have_nothing_for_one_of_several_data(
    make_suite: Any, compute: Callable[..., Run]
) -> None:
    content = make_suite(["vector", "image", "text"], protocol={"use": "text-noise", "missing": {"rates": []}})
    sets = [{"use": "synthetic", "modalities": ["vector", kind], "name": kind} for kind in ("image", "text")]
    run = compute({**content, "dataset": sets}, limit=6)
    conditions: dict[str, set[str]] = {each.dataset: set() for each in run.scores}
    for each in run.scores:
        conditions[each.dataset].add(each.condition.name)
    assert {name: len(found) for name, found in conditions.items()} == {"image": 1, "text": 61}
