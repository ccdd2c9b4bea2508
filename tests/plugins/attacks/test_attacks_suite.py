"""Short runs of suites with attacks in their protocol."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import brownout
from brownout.engine.settings import Settings


@pytest.fixture
def run(tmp_path: Path):
    """``run(**suite)``: its results, computed from nothing."""

    def compute(**suite):
        settings = Settings(tmp_path / "run", tmp_path / "cache", device="cpu")
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


def test_words_are_masked_and_their_embeddings_moved(run, tmp_path):
    import pyarrow as pa
    from pyarrow.parquet import write_table

    random = np.random.default_rng(0)
    labels = np.arange(120) % 2
    texts = [f"a {'bad' if y else 'good'} film {random.integers(9)}" for y in labels]
    table = {"label": labels, "text": texts, "vector": [[float(random.normal(y)), 0.0] for y in labels]}
    write_table(pa.table(table), tmp_path / "data.parquet")
    modalities = {name: {"column": name, "kind": name} for name in ("text", "vector")}
    done = run(
        dataset={"use": "files", "path": str(tmp_path / "data.parquet"), "modalities": modalities},
        encoders={"text": {"use": "char-ngrams"}, "vector": {"use": "mlp"}},
        methods=[{"name": "joint", "fusion": "concatenation"}],
        training={"epochs": 10, "learning_rate": 0.03, "batch_size": 16},
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
