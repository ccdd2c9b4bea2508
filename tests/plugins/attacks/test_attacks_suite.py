"""Short runs of suites with attacks in their protocol."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import brownout
from brownout.engine.settings import Settings
from brownout_registry import UsageError


@pytest.fixture
def run(tmp_path: Path):
    """``run(**suite)``: its results, computed from nothing."""

    def compute(out="run", batch=256, **suite):
        settings = Settings(tmp_path / out, tmp_path / "cache", device="cpu", batch=batch)
        return brownout.run({"suite": "attacked", "metrics": ["accuracy"], **suite}, settings)

    return compute


def accuracies(run, method):
    return {score.condition.name: score.value for score in run.scores if score.method == method}


def test_attacks_alone_and_together_on_two_vectors(run):
    use = [
        {"use": "fgsm", "levels": [0.3]},
        {"use": "pgd", "levels": [0.3], "steps": 5, "joint": "all"},
        {"use": "apgd-l2", "levels": [0.3], "steps": 5, "modalities": ["x"]},
        {"use": "square", "levels": [0.3], "queries": 30, "modalities": ["x"]},
        {"use": "cw-l2", "levels": [0.3], "steps": 5, "search_steps": 2, "modalities": ["x"]},
        {"use": "fgsm-l2", "levels": [0.3], "at": "features", "modalities": ["x"]},
    ]
    done = run(
        dataset={"use": "two-moons", "samples": 200},
        encoders={"x": {"use": "mlp", "hidden": [32]}, "y": {"use": "mlp", "hidden": [32]}},
        methods=[{"name": "joint", "fusion": "concatenation"}],
        training={"epochs": 10, "learning_rate": 0.01},
        protocol={"attacks": use},
    )
    assert not done.failures
    found = accuracies(done, "joint")
    assert len(found) == 8
    clean = found.pop("clean")
    assert clean > 0.75
    assert max(found.values()) <= clean
    assert found["pgd(all) s1"] < clean - 0.05


@pytest.fixture
def films(tmp_path):
    """A suite of texts of unequal lengths and vectors."""
    import pyarrow as pa
    from pyarrow.parquet import write_table

    random = np.random.default_rng(0)
    labels = np.arange(120) % 2
    texts = [f"a {'bad' if y else 'good'} film {'very ' * (i % 5)}{random.integers(9)}" for i, y in enumerate(labels)]
    table = {"label": labels, "text": texts, "vector": [[float(random.normal(y)), 0.0] for y in labels]}
    write_table(pa.table(table), tmp_path / "data.parquet")
    modalities = {name: {"column": name, "kind": name} for name in ("text", "vector")}
    return {
        "dataset": {"use": "files", "path": str(tmp_path / "data.parquet"), "modalities": modalities},
        "encoders": {"text": {"use": "char-ngrams"}, "vector": {"use": "mlp"}},
        "methods": [{"name": "joint", "fusion": "concatenation"}],
        "training": {"epochs": 10, "learning_rate": 0.03, "batch_size": 16},
    }


def logits_of(done):
    """Of every finished cell, by condition."""
    from brownout.engine.folder import RunFolder
    from brownout.engine.predictions import read_predictions

    records = RunFolder(done.folder).cells()
    found = [records[key] for key in done.facts["cells"]]
    return {each["condition"]: read_predictions(done.folder / each["file"]).logits for each in found}


def test_words_are_masked_and_their_embeddings_moved(run, films):
    done = run(
        **films,
        protocol={
            "attacks": [
                {"use": "greedy-masking", "levels": [0.25]},
                {"use": "pgd", "levels": [2.0], "at": "embeddings", "steps": 5},
            ]
        },
    )
    assert not done.failures
    found = accuracies(done, "joint")
    assert found["clean"] > 0.9
    assert found["greedy-masking(text) s1"] < found["clean"]
    assert found["pgd(text embeddings) s1"] < found["clean"]


def test_the_size_of_a_batch_does_not_reach_embedded_texts(run, films):
    """A batch is padded to its longest text."""
    at = {"at": "embeddings", "levels": [1.0]}
    use = [
        {"use": "square", "queries": 40, **at, "levels": [0.3]},
        {"use": "square-l2", "queries": 40, **at},
        {"use": "pgd", "steps": 5, **at, "levels": [0.3]},
        {"use": "pgd-l2", "steps": 5, **at},
    ]
    one, many = (logits_of(run(f"run{size}", size, **films, protocol={"attacks": use})) for size in (1, 64))
    assert len(one) == 5
    for name, logits in one.items():
        np.testing.assert_allclose(logits, many[name], atol=1e-4, err_msg=name)
        assert name == "clean" or not np.allclose(logits, one["clean"], atol=1e-2)


def test_a_loss_for_three_classes_is_refused_before_two_are_learnt(run, tmp_path):
    for attack in ({"use": "pgd", "loss": "dlr"}, {"use": "apgd-l2", "loss": "dlr", "at": "features"}):
        with pytest.raises(UsageError) as error:
            run(
                dataset={"use": "two-moons", "samples": 200},
                encoders={"x": {"use": "mlp"}, "y": {"use": "mlp"}},
                methods=[{"name": "mean", "fusion": "mean"}],
                protocol={"attacks": [attack]},
            )
        assert "loss 'dlr' needs 3 classes or more, here are 2; take 'margin'" in str(error.value)
        assert "methods[0] (mean)" in str(error.value)
        assert "\n" not in str(error.value)
        assert not (tmp_path / "run").exists()
