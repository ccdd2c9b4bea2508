"""G5 and the training loop: fits see train and validation alone, and depend on their own spec alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from brownout.engine.fitting import compute_fit
from brownout.engine.masks import random_patterns
from brownout.engine.plan import Plan
from brownout.engine.preflight import prepare
from brownout.engine.settings import Settings
from brownout.engine.shelf import Shelf
from brownout.engine.specs import FitSpec
from brownout.engine.store import Store
from brownout.engine.views import compute_features
from brownout.engine.works import FitWork
from brownout.suite import parse_suite
from brownout_registry import UsageError

pytestmark = pytest.mark.usefixtures("testing_plugin")

METHODS = [
    {"name": "mean", "fusion": "mean"},
    {"name": "stacked", "fusion": "stacked"},
    {"name": "concatenation", "fusion": "concatenation"},
    {"name": "tokens", "fusion": "tokens"},
    {"name": "early", "fusion": "early"},
]
TRAINING = {"epochs": 2, "batch_size": 16}
BACKBONE = {"vector": {"use": "mlp"}, "image": {"use": "mlp", "backbone": {"use": "probe"}}}


@pytest.fixture
def fit_all(tmp_path: Path, make_suite: Any) -> Callable[..., dict[str, dict[str, Tensor]]]:
    """``fit_all(out, change=..., shelves=..., **keys)``: the weights of every fit of a suite, in a fresh cache."""

    def run(out: str, change: Any = None, one_shelf: bool = True, **keys: Any) -> dict[str, dict[str, Tensor]]:
        suite = make_suite(**{"methods": METHODS, "encoders": BACKBONE, "training": TRAINING, **keys})
        plan = prepare(parse_suite(suite), Settings(tmp_path / out, tmp_path, device="cpu"), remember=False).plan
        store = Store(tmp_path / f"{out}-cache")
        shelf = _shelf(store, plan, change)
        weights = {}
        for place, fit in enumerate(_fits(plan)):
            for each in FitWork(fit).features:
                compute_features(shelf, each)
            compute_fit(shelf if one_shelf else _shelf(store, plan, change), fit)
            if one_shelf:
                shelf.fitted(fit)  # is kept from now on
            weights[f"{place} {FitWork(fit).title}"] = store.load_weights(fit.key)
        return weights

    return run


def _shelf(store: Store, plan: Plan, change: Any) -> Shelf:
    shelf = Shelf(store, "cpu", 64)
    (spec,) = plan.specs.values()
    dataset = plan.datasets[spec.name]
    shelf.kept["dataset", spec.component] = change(dataset) if change else dataset
    return shelf


def _fits(plan: Plan) -> list[FitSpec]:
    return list({fit.key: fit for cell in plan.cells for fit in cell.method.fits}.values())


def assert_same(one: dict[str, dict[str, Tensor]], other: dict[str, dict[str, Tensor]]) -> None:
    assert one.keys() == other.keys()
    for name, tensors in one.items():
        assert all(torch.equal(tensor, other[name][key]) for key, tensor in tensors.items()), name


def test_fits_need_no_test_split_at_all(fit_all: Any) -> None:
    def without_test(dataset: Any) -> Any:
        return replace(dataset, splits={name: dataset.splits[name] for name in ("train", "validation")})

    fitted = fit_all("without", without_test, dataset={"missing": 0.3})
    assert len(fitted) == 6
    assert_same(fitted, fit_all("with", dataset={"missing": 0.3}))


def test_other_test_labels_and_inputs_give_the_same_weights(fit_all: Any) -> None:
    assert_same(fit_all("one"), fit_all("other", dataset={"test_seed": 9}))


def test_weights_depend_on_data_and_seed(fit_all: Any) -> None:
    suites: list[dict[str, Any]] = [{}, {"dataset": {"seed": 1}}, {"training": {**TRAINING, "seeds": [1]}}]
    runs = [fit_all(f"run{place}", **suite).values() for place, suite in enumerate(suites)]
    for fits in zip(*runs, strict=True):
        largest = max(fits[0], key=lambda key: fits[0][key].numel())
        first, *others = [weights[largest] for weights in fits]
        assert not any(torch.equal(first, other) for other in others), largest


def test_a_fit_does_not_depend_on_what_its_worker_did_before(fit_all: Any) -> None:
    """One worker that keeps what it built, and a fresh one for each fit: what a kill or a pool changes."""
    seeds = {**TRAINING, "seeds": [0, 1]}
    assert_same(fit_all("kept", training=seeds), fit_all("fresh", one_shelf=False, training=seeds))


def test_phases_run_one_after_the_other(fit_all: Any) -> None:
    def encoders(out: str, epochs: int, first: int) -> list[Tensor]:
        training = {"recipe": "two-phases", "options": {"first": first}, "epochs": epochs}
        weights = fit_all(out, methods=METHODS[3:4], encoders={"vector": "probe", "image": "probe"}, training=training)
        (tensors,) = weights.values()
        return [tensors[key] for key in ("encoders.vector.layer.weight", "fusion.maps.vector.weight")]

    initial, frozen, both = encoders("none", 0, 0), encoders("frozen", 3, 3), encoders("both", 3, 1)
    assert torch.equal(initial[0], frozen[0])
    assert not torch.equal(initial[1], frozen[1])
    assert not torch.equal(initial[0], both[0])


def test_a_unimodal_classifier_can_have_a_recipe_of_its_own(fit_all: Any) -> None:
    encoders = {"vector": "probe", "image": "probe"}
    frozen = {"use": "two-phases", "first": 2}
    own = {"recipes": {"image": frozen}}
    methods = [{"name": "mean", "fusion": "mean"}, {"name": "robust", "fusion": "mean", "training": own}]
    together = fit_all("both", encoders=encoders, methods=methods)
    assert len(together) == 3  # the vector's classifier is shared
    plain_vector, plain_image, robust_image = together.values()
    by_kind = fit_all("kind", encoders=encoders, methods=methods[:1], training={**TRAINING, **own})
    assert_same(dict(enumerate((plain_vector, robust_image))), dict(enumerate(by_kind.values())))
    name = "encoders.image.layer.weight"
    assert not torch.equal(plain_image[name], robust_image[name])


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ({"fusion": "tokens", "training": {"recipes": {"image": "regular"}}}, "one recipe"),
        ({"fusion": "mean", "training": {"recipes": {"imgae": "regular"}}}, "did you mean 'image'"),
        ({"fusion": "mean", "training": {"recipes": {"image": "reglar"}}}, "did you mean 'regular'"),
        ({"fusion": "mean", "training": {"recipes": {"image": {"use": "regular", "clop": 1}}}}, "did you mean 'clip'"),
        ({"fusion": "mean", "training": {"variant": "released"}}, "variant 'released'"),
        ({"fusion": "mean", "training": {"recipes": {"image": {"use": "two-phases", "variant": "shrot"}}}}, "'short'"),
    ],
)
def test_wrong_recipes_are_told(fit_all: Any, method: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        fit_all("wrong", methods=[{"name": "one", **method}])


def test_the_best_epoch_can_be_chosen_on_random_patterns(make_suite: Any, compute: Any, tmp_path: Path) -> None:
    losses = []
    for select in ("complete", "random-patterns"):
        training = {"epochs": 3, "patience": None, "select": select}
        cache = f"cache-{select}"
        compute(make_suite(training=training, methods=METHODS[2:3]), out=select, cache=cache)
        (file,) = (tmp_path / cache).glob("*.safetensors")
        losses.append(Store(tmp_path / cache).facts(file.stem)["validation_loss"])
    assert losses[0] != losses[1]


def test_a_fit_on_fewer_samples_is_the_same_for_every_method_and_seed(fit_all: Any) -> None:
    asked: list[list[int]] = []

    def counted(dataset: Any) -> Any:
        train = dataset.splits["train"]

        def read(modality: str, rows: Tensor) -> Any:
            asked.append(rows.tolist())
            return train.read(modality, rows)

        return replace(dataset, splits={**dataset.splits, "train": replace(train, read=read)})

    training = {"epochs": 1, "samples": 20, "seeds": [0, 1]}
    fit_all(
        "few",
        counted,
        encoders={"vector": "probe", "image": "probe"},
        methods=[METHODS[0], METHODS[2]],
        training=training,
    )
    assert len({row for rows in asked for row in rows}) == 20


def test_random_patterns_are_uniform_keyed_and_never_empty() -> None:
    ids, natural = torch.arange(7000), torch.ones(7000, 3, dtype=torch.bool)
    patterns = random_patterns(ids, natural)
    codes, counts = (patterns * torch.tensor([1, 2, 4])).sum(1).unique(return_counts=True)
    assert codes.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert counts.min() > 850
    assert torch.equal(random_patterns(ids.flip(0), natural).flip(0), patterns)
    lacking = natural.clone()
    lacking[:, :2] = False
    assert torch.equal(random_patterns(ids, lacking), lacking)


def test_diagnostics_reach_metrics(make_suite: Any, compute: Any, stored: Any) -> None:
    methods = [METHODS[0], METHODS[3]]
    run = compute(make_suite(methods=methods, metrics=["largest"], protocol={"missing": {"patterns": "all"}}))
    predictions = stored(run)
    values = {(score.method, score.condition.name): score.value for score in run.scores}
    for (method, _, condition), each in predictions.items():
        value = values[method, condition]
        if method == "tokens":
            assert each.diagnostics["largest.part"] == pytest.approx(each.logits.max(1))
            assert value == pytest.approx(each.logits.max(1).mean())
        else:
            assert not each.diagnostics
            assert value != value


def test_a_recipe_has_variants(fit_all: Any) -> None:
    training = {"recipe": "two-phases", "epochs": 2}
    named, written, other = (
        fit_all(
            out, methods=METHODS[3:4], encoders={"vector": "probe", "image": "probe"}, training={**training, **more}
        )
        for out, more in (("a", {"variant": "short"}), ("b", {"options": {"first": 0}}), ("c", {}))
    )
    assert_same(named, written)
    (one,), (two,) = named.values(), other.values()
    assert not torch.equal(one["encoders.vector.layer.weight"], two["encoders.vector.layer.weight"])


def test_training_learns_and_patience_stops(make_suite: Any, compute: Any, tmp_path: Path) -> None:
    training = {"epochs": 400, "patience": 2, "learning_rate": 0.05}
    suite = make_suite(training=training, methods=METHODS[2:3])
    run = compute(suite)
    assert run.scores[0].value > 0.9
    (facts,) = [
        Store(tmp_path / "cache").facts(path.stem) for path in sorted((tmp_path / "cache").glob("*.safetensors"))
    ]
    assert facts["epochs"] < 400
    assert facts["best_epoch"] == facts["epochs"] - 3
