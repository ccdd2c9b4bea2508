"""Short runs of suites, with unimodal classifiers that are fitted under recipes of their own, and without."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import brownout
from brownout.engine.settings import Settings
from brownout_registry import UsageError

RECIPES = {
    "regular": {},
    "modality-dropout": {"patterns": "all-copies"},
    "adversarial": {"steps": 2, "drop": "uniform"},
    "free": {"m": 2, "drop": "bernoulli"},
    "stability": {"unit": "batch-std", "sigma": 0.1, "drop": "uniform"},
    "mixup": {"drop": "uniform"},
}


@pytest.fixture
def run(tmp_path: Path):
    """``run(suite)``: its results, computed from nothing."""

    def compute(**suite):
        settings = Settings(tmp_path / "run", tmp_path / "cache", device="cpu")
        return brownout.run({"suite": "robust", "metrics": ["accuracy"], **suite}, settings)

    return compute


def together(names, **training):
    """A method for each recipe: concatenation, fitted together with its encoders."""
    return [
        {"name": name, "fusion": "concatenation", "training": {"recipe": name, "options": RECIPES[name], **training}}
        for name in names
    ]


def accuracies(run):
    return {score.method: score.value for score in run.scores if score.condition.name == "clean"}


def test_unimodal_classifiers_each_under_a_recipe(run):
    recipes = {
        "x": {"use": "adversarial", "epsilon": 0.03},
        "y": {"use": "stability", "form": "kl", "alpha": 1.0, "sigma": 0.2, "clip": 1.0},
    }
    others = {"x": {"use": "free", "m": 2, "epsilon": 0.1}, "y": {"use": "mixup"}}
    done = run(
        dataset={"use": "two-moons", "samples": 300},
        encoders={"x": {"use": "mlp", "hidden": [32]}, "y": {"use": "mlp", "hidden": [32]}},
        methods=[
            {"name": "regular", "fusion": "statistical"},
            {"name": "robust", "fusion": "statistical", "training": {"recipes": recipes}},
            {"name": "others", "fusion": "statistical", "training": {"recipes": others}},
        ],
        training={"epochs": 12, "learning_rate": 0.01},
        protocol={"missing": {"patterns": "all"}},
    )
    assert not done.failures
    scores = accuracies(done)
    assert len(scores) == 3
    assert min(scores.values()) > 0.7
    predictions = {path.read_bytes() for path in done.folder.glob("predictions/*.parquet")}
    assert len(predictions) == 9  # nobody was given another's classifiers


def test_every_recipe_on_three_views(run):
    done = run(
        dataset={"use": "digits-views"},
        encoders={name: {"use": "mlp", "hidden": [32]} for name in ("pixels", "profiles", "frequency")},
        methods=together(RECIPES),
        training={"epochs": 4, "learning_rate": 0.01, "batch_size": 128},
        protocol={"missing": {"patterns": "all"}},
    )
    assert not done.failures
    assert min(accuracies(done).values()) > 0.8
    missing = {name: [s.value for s in done.scores if s.method == name] for name in RECIPES}
    mean = {name: np.mean(values) for name, values in missing.items()}
    dropped = [mean[name] for name in RECIPES if name != "regular"]
    assert min(dropped) > mean["regular"]


@pytest.fixture
def table(tmp_path: Path):
    """A file of sequences, texts and vectors, with some of each missing."""
    import pyarrow as pa
    from pyarrow.parquet import write_table

    random = np.random.default_rng(0)
    labels = np.arange(120) % 2
    columns = {
        "label": labels,
        "vector": [[y + random.normal(0, 0.3), random.normal()] for y in labels],
        "sequence": [[[y + random.normal(0, 0.3)]] * random.integers(1, 5) for y in labels],
        "text": [["no", "yes"][y] for y in labels],
    }
    for name in ("vector", "sequence", "text"):
        gone = random.random(120) < 0.2
        columns[name] = [None if lost else each for lost, each in zip(gone, columns[name], strict=True)]
    write_table(pa.table(columns), tmp_path / "data.parquet")
    modalities = {
        "vector": {"column": "vector", "kind": "vector"},
        "sequence": {"column": "sequence", "kind": "sequence"},
        "text": {"column": "text", "kind": "text"},
    }
    return {"use": "files", "path": str(tmp_path / "data.parquet"), "modalities": modalities}


ENCODERS = {"vector": {"use": "mlp"}, "sequence": {"use": "mlp"}, "text": {"use": "char-ngrams"}}


def test_sequences_text_and_natural_missingness(run, table):
    skips_text = [name for name in RECIPES if name != "mixup"]
    only_sequence = {"use": "mixup"}
    done = run(
        dataset=table,
        encoders=ENCODERS,
        methods=[
            *together(skips_text),
            {"name": "each", "fusion": "mean", "training": {"recipes": {"sequence": only_sequence}}},
        ],
        training={"epochs": 5, "learning_rate": 0.03, "batch_size": 16},
    )
    assert not done.failures
    assert min(accuracies(done).values()) > 0.7


@pytest.mark.parametrize(
    ("training", "said"),
    [
        ({"recipe": "mixup"}, "recipe 'mixup': 'text' is text, which cannot be mixed"),
        ({"recipe": "adversarial", "options": {"modalities": "text"}}, "option 'modalities': 'text' is text"),
    ],
)
def test_what_cannot_be_done_with_text_is_said_before_anything_is_trained(run, table, training, said):
    methods = [{"name": "refused", "fusion": "concatenation", "training": training}]
    with pytest.raises(UsageError, match=rf"methods\[1\] \(refused\): training: .*{said}"):
        run(dataset=table, encoders=ENCODERS, methods=[*together(["free"]), *methods], training={"epochs": 1})
