"""Every perturbation of text in one run of the engine."""

from __future__ import annotations

import brownout
from brownout.engine.settings import Settings
from brownout_text.plugin import brownout_perturbations


def test_every_perturbation_of_text_in_one_run(tmp_path):
    file = tmp_path / "own.tsv"
    file.write_text("face\tvisage\nflag\tbanner\n", encoding="utf-8")
    names = [card.name for card in brownout_perturbations()]
    suite = {
        "suite": "texts",
        "dataset": "emoji",
        "encoders": {"image": {"use": "mlp", "hidden": [8]}, "text": {"use": "char-ngrams", "dimension": 8}},
        "methods": [{"name": "mean", "fusion": "mean"}],
        "training": {"epochs": 2, "learning_rate": 0.02},
        "protocol": {
            "corruptions": {
                "modalities": ["text"],
                "each": [*names, {"use": "synonym-replacement", "words": str(file), "name": "own"}],
                "severities": [1, 5],
            }
        },
        "metrics": ["accuracy"],
    }
    run = brownout.run(suite, Settings(tmp_path / "out", device="cpu", limit=200))
    assert run.failures == ()
    conditions = {each.condition.name for each in run.scores}
    assert conditions == {"clean", *(f"{name}(text) s{severity}" for name in [*names, "own"] for severity in (1, 5))}
