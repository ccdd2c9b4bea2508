"""Two runs compared: the interval of a difference, what is refused, and the gate."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from brownout.report.comparable import refuse_other_protocol_or_data
from brownout.report.comparison import Comparison, only_in_one
from brownout.report.jackknife import half_width, paired_replicates, samples
from brownout.results import Run
from brownout_registry import Stored, UsageError

ROWS = [(0.8, 0.9), (0.5, 0.7), (0.7, 0.8), (0.6, 0.6), (0.6, 0.8), (0.2, 0.4)]
IDENTITY = {
    "data": {"pairs": "ab12"},
    "limit": {"pairs": None},
    "protocol": {
        "name": None,
        "version": "1",
        "seed": 0,
        "missing": {"means": "absent"},
        "corruptions": {"each": [{"use": "blur", "name": None, "levels": None}], "joint": []},
    },
}


@pytest.fixture
def pair(make_run):
    """``pair(before, after, **facts)``: two runs, of which the later one has these facts."""

    def make(before=ROWS, after=ROWS, methods=("mean",), **facts):
        one = make_run(dict.fromkeys(methods, before), identity=deepcopy(IDENTITY))
        return one, make_run(dict.fromkeys(methods, after), **{"identity": deepcopy(IDENTITY), **facts})

    return make


def predictions(right, ids=None):
    """Predictions of two classes, of which these are right."""
    right = np.asarray(right)
    logits = np.stack([~right, right], 1).astype(np.float32)
    size = len(right)
    ids = np.arange(size) if ids is None else ids
    return Stored(
        ids, np.ones(size, int), logits, np.ones((size, 1), bool), ("image",), weights={"image": np.ones(size)}
    )


def accuracy(stored):
    return float((stored.logits.argmax(1) == stored.targets).mean())


def test_without_groups_the_interval_of_a_mean_is_the_paired_t_interval():
    rng = np.random.default_rng(0)
    before, after = rng.random(20) < 0.6, rng.random(20) < 0.8
    replicates = paired_replicates(accuracy, predictions(before), predictions(after))
    difference = after.astype(float) - before
    expected = stats.t.ppf(0.975, 19) * stats.sem(difference)
    assert half_width(replicates) == pytest.approx(expected)


def test_the_interval_holds_the_true_difference_as_often_as_it_says():
    rng, held = np.random.default_rng(1), 0
    for _ in range(200):
        before = rng.random(200) < 0.7
        after = np.where(rng.random(200) < 0.3, rng.random(200) < 0.5, before)
        replicates = paired_replicates(accuracy, predictions(before), predictions(after))
        held += abs((after.mean() - before.mean()) - (-0.06)) <= half_width(replicates)
    assert 180 <= held <= 198


def test_pairing_makes_equal_errors_cancel():
    right = np.random.default_rng(2).random(300) < 0.5
    replicates = paired_replicates(accuracy, predictions(right), predictions(right))
    assert half_width(replicates) == 0


@pytest.mark.parametrize(
    ("size", "ids", "metric"),
    [(30, np.arange(30) + 1, accuracy), (1, None, accuracy), (30, None, lambda stored: float("nan"))],
    ids=["other samples", "one sample", "undefined"],
)
def test_where_nothing_can_be_paired_there_is_none(size, ids, metric):
    right = np.ones(size, bool)
    assert paired_replicates(metric, predictions(right), predictions(right, ids)) is None


def test_samples_are_taken_of_every_field():
    found = samples(predictions([True, False, True]), np.array([True, False, True]))
    assert (found.ids.tolist(), found.logits.shape, found.weights["image"].shape) == ([0, 2], (2, 2), (2,))
    assert found.uncertainty is None


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("protocol", "version"), "2", "protocol version is '1' there, '2' here"),
        (("protocol", "name"), "imagenet-c", "protocol name is none there, 'imagenet-c' here"),
        (("protocol", "seed"), 1, "protocol seed is 0 there, 1 here"),
        (("protocol", "missing", "empty"), "keep", "what happens to emptied samples is 'refuse' there, 'keep' here"),
        (("protocol", "missing", "means"), "token", "what missing means is 'absent' there, 'token' here"),
        (("data", "pairs"), "cd34", "fingerprint of data set pairs is 'ab12' there, 'cd34' here"),
        (("limit", "pairs"), 5, "--limit of data set pairs is none there, 5 here"),
    ],
)
def test_another_protocol_or_other_data_are_refused(pair, path, value, said):
    identity = deepcopy(IDENTITY)
    inner = identity
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(UsageError, match="must not be compared") as refused:
        refuse_other_protocol_or_data(*pair(identity=identity))
    assert said in str(refused.value)


def test_a_condition_of_the_same_name_with_another_level_is_refused(pair):
    before, after = pair()
    facts = json.loads(json.dumps(after.facts))
    facts["conditions"]["pairs"][-1]["level"] = 5.0
    with pytest.raises(UsageError, match=r"condition 'blur\(image\) s2' on pairs has other levels or options"):
        refuse_other_protocol_or_data(before, replace(after, facts=facts))


@pytest.mark.parametrize(("key", "value"), [("levels", {"image": 0.1, "text": 5.0}), ("options", {"sharp": True})])
def test_perturbations_of_other_levels_or_options_are_refused(pair, key, value):
    """Those of joint conditions too, whose facts tell no level."""
    used = {"kind": "perturbation", "use": "p/blur", "options": {"sharp": False}, "levels": {"image": 0.1, "text": 0.1}}
    names = ["blur(image) s1", "blur(image) s2"]
    before, after = ({"pairs": {name: [{**used, **more}] for name in names}} for more in ({}, {key: value}))
    silent, _ = pair()
    one, same, other = (replace(silent, facts={**silent.facts, "used": used}) for used in (before, before, after))
    refuse_other_protocol_or_data(one, same)
    refuse_other_protocol_or_data(silent, other)
    with pytest.raises(UsageError, match=r"'blur\(image\) s1' on pairs has other levels or options, and 1 more"):
        refuse_other_protocol_or_data(one, other)


def test_the_same_protocol_and_data_are_not(pair):
    refuse_other_protocol_or_data(*pair())


def shifted(change, place=4):
    return [tuple(v + change for v in row) if i == place else row for i, row in enumerate(ROWS)]


@pytest.mark.parametrize(("change", "dropped"), [(-0.03, 1), (-0.02, 0), (-0.01, 0), (0.0, 0), (0.5, 0)])
def test_a_drop_beyond_the_threshold_is_told_and_an_improvement_never(pair, change, dropped):
    lines = list(Comparison(*pair(after=shifted(change)), "accuracy").drops(0.02))
    assert len(lines) == dropped
    if lines:
        assert lines == ["mean on pairs, blur(image) s1: accuracy 0.7000 → 0.6700"]


def test_one_seed_alone_is_no_drop(pair):
    after = [*ROWS[:4], (0.5, 0.9), ROWS[5]]
    assert list(Comparison(*pair(after=after), "accuracy").drops(0.02)) == []


def test_what_has_no_value_any_more_has_dropped(pair):
    after = [*ROWS[:5], (None, 0.4)]
    assert list(Comparison(*pair(after=after), "accuracy").drops(1)) == [
        "mean on pairs, blur(image) s2: accuracy 0.3000 → no value"
    ]
    assert list(Comparison(*reversed(pair(after=after)), "accuracy").drops(0)) == []


def test_of_a_metric_of_which_lower_is_better_a_rise_is_the_drop(make_run):
    more = {"metric": "nll", "higher_is_better": False, "identity": IDENTITY}
    before, after = make_run({"mean": ROWS}, **more), make_run({"mean": shifted(0.3)}, **more)
    assert len(list(Comparison(before, after, "nll").drops(0.1))) == 1
    assert list(Comparison(after, before, "nll").drops(0.1)) == []


def test_the_table_has_what_both_runs_have_and_the_rest_is_named(make_run):
    before = make_run({"mean": ROWS, "old": ROWS}, identity=IDENTITY)
    after = make_run({"new": [row[:1] for row in ROWS[:5]], "mean": ROWS[:5]}, _first_five(before), identity=IDENTITY)
    comparison = Comparison(before, after, "accuracy")
    table = comparison.table("pairs")
    assert [row.method for row in table.rows] == ["mean"]
    assert [column.heading for column in table.columns] == ["clean", "only image", "missing", "blur(image)"]
    assert [each.name for each in table.columns[-1].conditions] == ["blur(image) s1"]
    said = list(only_in_one(before, after))
    assert said[0].startswith("methods only in")
    assert [line.rpartition(": ")[2] for line in said] == ["old", "new", "blur(image) s2"]


def test_without_predictions_there_is_a_difference_and_no_interval(pair):
    comparison = Comparison(*pair(after=shifted(-0.1)), "accuracy")
    column = comparison.table("pairs", full=True).columns[4]
    found = comparison.difference("pairs", "mean", column.conditions)
    assert (found.mean, found.half_width, found.verdict) == (pytest.approx(-0.1), None, "undecided")


def _first_five(run: Run):
    from brownout.report.cells import conditions_of

    return conditions_of(run, "pairs")[:5]
