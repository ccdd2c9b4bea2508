"""Suite files: reading, overriding, and what a suite may say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from brownout.results import Run
from brownout.suite import load_suite, parse_suite
from brownout_registry import UsageError

pytestmark = pytest.mark.usefixtures("testing_plugin")


def test_a_file_is_what_its_content_is(make_suite: Any, tmp_path: Path) -> None:
    file = tmp_path / "suite.yaml"
    file.write_text(yaml.safe_dump(make_suite()))
    assert load_suite(file).model_dump() == parse_suite(make_suite()).model_dump()


def test_overrides_are_yaml_by_path(make_suite: Any) -> None:
    overrides = [
        "training.epochs=5",
        "training.seeds=[1, 2]",
        "methods.0.name=first",
        "protocol.missing.patterns=all",
        "encoders.image={use: probe, width: 3}",
    ]
    suite = parse_suite(make_suite(), "suite", overrides)
    assert (suite.training.epochs, suite.training.seeds) == (5, [1, 2])
    assert suite.methods[0].name == "first"
    assert suite.protocol.missing.patterns == "all"
    assert suite.encoders["image"].options == {"width": 3}


@pytest.mark.parametrize(
    "override", ["training.epochs", "=3", "methods.7.name=x", "suite.name.x=1", "training.epochs=[1"]
)
def test_an_override_that_fits_nowhere_is_told(override: str, make_suite: Any) -> None:
    with pytest.raises(UsageError, match="--set"):
        parse_suite(make_suite(), "suite", [override])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metrcs": ["accuracy"]}, "unknown key 'metrcs'; did you mean 'metrics'"),
        ({"training": {"epoch": 3}}, "training.*unknown key 'epoch'; did you mean 'epochs'"),
        ({"methods": []}, "methods"),
        ({"methods": [{"name": "a", "fusion": "mean"}] * 2}, "two methods are called 'a'"),
        ({"training": {"seeds": [1, 1]}}, "the same seed twice"),
        ({"baseline": "maen"}, "baseline.*'maen'"),
        ({"encoders": {"image": {"width": 3}}}, "encoders.image"),
        ({"protocol": {"missing": {"rates": [1.5]}}}, r"protocol.missing.rates\[0\]"),
        ({"suite": "../escape"}, "suite"),
    ],
)
def test_mistakes_name_the_key(change: Any, message: str, make_suite: Any) -> None:
    with pytest.raises(UsageError, match=message):
        parse_suite({**make_suite(), **change})


def test_several_datasets_have_cells_of_their_own(make_suite: Any, compute: Callable[..., Run]) -> None:
    datasets = [
        {"use": "synthetic", "modalities": ["vector", "image"], "name": "seen"},
        {"use": "synthetic", "modalities": ["vector", "text"], "seed": 4, "name": "read"},
    ]
    suite = {
        **make_suite(["vector", "image", "text"]),
        "dataset": datasets,
        "protocol": {"missing": {"patterns": "all"}},
    }
    run = compute(suite)
    assert run.facts["counts"]["finished"] == 2 * 3
    assert {(score.dataset, score.condition.name) for score in run.scores} == {
        *(("seen", name) for name in ("clean", "missing vector", "missing image")),
        *(("read", name) for name in ("clean", "missing vector", "missing text")),
    }
    with pytest.raises(UsageError, match="two datasets have the same name"):
        compute({**suite, "dataset": [datasets[0], datasets[0]]})


def test_encoders_are_found_by_name_then_by_kind_the_methods_first(
    make_suite: Any, compute: Callable[..., Run], seen: Any
) -> None:
    suite = make_suite(
        encoders={"vector": {"use": "probe", "label": "suite"}, "image": {"use": "probe", "label": "suite"}},
        methods=[
            {"name": "plain", "fusion": "mean"},
            {"name": "own", "fusion": "mean", "encoders": {"image": {"use": "probe", "label": "own"}}},
        ],
    )
    compute(suite)
    assert seen.counts() == {"suite": 2 * 40, "own": 40}


def test_training_is_overridden_by_a_method(make_suite: Any, compute: Callable[..., Run]) -> None:
    long = {
        "name": "long",
        "fusion": "concatenation",
        "training": {"epochs": 60, "patience": None, "learning_rate": 0.01},
    }
    run = compute(make_suite(methods=[{"name": "none", "fusion": "concatenation"}, long]))
    values = {score.method: score.value for score in run.scores}
    assert values["long"] > max(0.9, values["none"])


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ({"training": {"seeds": [1]}}, "all methods share the suite's seeds"),
        ({"training": {"epoch": 1}}, "unknown key 'epoch'"),
        ({"training": {"epochs": -1}}, "training.epochs"),
        ({"encoders": {"imge": "probe"}}, "unknown modality 'imge'; did you mean 'image'"),
        ({"fusion": "maen"}, "unknown fusion 'maen'; did you mean 'mean'"),
        ({"options": {"gamma": 1}}, "unknown option 'gamma'"),
        ({"variant": "released"}, "unknown variant 'released'"),
    ],
)
def test_a_methods_mistake_names_the_method(
    method: Any, message: str, make_suite: Any, compute: Callable[..., Run]
) -> None:
    good = {"name": "good", "fusion": "mean"}
    with pytest.raises(UsageError, match=rf"methods\[1\] \(bad\).*{message}"):
        compute(make_suite(methods=[good, {**good, "name": "bad", **method}]))


def test_a_method_without_the_files_that_it_needs_is_left_out(
    make_suite: Any, compute: Callable[..., Run], tmp_path: Path
) -> None:
    (tmp_path / "here.bin").touch()
    methods = [
        {"name": "here", "fusion": "mean", "needs": [str(tmp_path / "here.bin")]},
        {"name": "gone", "fusion": "mean", "needs": [str(tmp_path / "gone.bin")]},
    ]
    run = compute(make_suite(methods=methods))
    assert {score.method for score in run.scores} == {"here"}
    assert list(run.facts["left_out"]) == ["gone"]
    assert "gone.bin, which is not here" in run.facts["left_out"]["gone"]
