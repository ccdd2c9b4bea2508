"""What ``cite`` finds in a suite."""

from __future__ import annotations

from brownout.cli.cite import _components
from brownout.suite import parse_suite


def test_every_recipe_metric_and_table_is_cited() -> None:
    own = {"recipes": {"audio": "mixup", "image": {"use": "free", "m": 2}}}
    suite = parse_suite(
        {
            "suite": "s",
            "dataset": "htad",
            "methods": [
                {"name": "a", "fusion": "mean", "training": own},
                {"name": "b", "fusion": "qmf", "training": {"recipe": "ogm-ge"}},
            ],
            "training": {"recipe": "modality-dropout", "recipes": {"text": "stability"}},
            "metrics": ["term-l"],
            "published": ["qmf-table-1"],
        }
    )
    found = set(_components(suite.model_dump(mode="json")))
    recipes = {"mixup", "free", "ogm-ge", "modality-dropout", "stability"}
    assert {("training", name) for name in recipes} | {("metric", "term-l"), ("published", "qmf-table-1")} <= found


def test_a_named_protocol_its_perturbations_and_attacks_are_cited() -> None:
    method = {"name": "a", "fusion": "mean"}
    suite = parse_suite({"suite": "s", "dataset": "htad", "methods": [method], "protocol": "jacobian-2022"})
    found = set(_components(suite.model_dump(mode="json")))
    used = {("perturbation", "gaussian-noise"), ("perturbation", "bias-patch"), ("attack", "fgsm"), ("attack", "pgd")}
    assert {("protocol", "jacobian-2022")} | used <= found
