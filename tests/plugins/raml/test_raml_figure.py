"""The heatmap of the weights, the published tables, and a suite that shows both."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from matplotlib.image import imread
from torch import nn

import brownout
from brownout.engine.settings import Settings
from brownout_raml import published
from brownout_raml.figure import panels, raml_weights
from brownout_raml.fusion import Raml
from brownout_raml.perturbed import Perturbations
from brownout_registry import Dataset, Fitted, Modality, Representation, Split, Task, UsageError, catalogue, resolve

TASK = Task(("a", "b"), (0.5, 0.5))
WORDS = ["a red bird", "two small dogs on a lawn", "nothing", "one more text of six words"]
NOISE = Perturbations("gaussian-noise", [0.5, 5.0], "word-masking", [0.5, 1.0])


def dataset():
    values = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))

    def read(name, rows):
        return values[rows] if name == "sensors" else [WORDS[row] for row in rows.tolist()]

    present = torch.tensor([[True, False], [True, True], [True, True], [True, True]])
    split = Split(torch.tensor([10, 11, 12, 13]), torch.tensor([0, 1, 0, 1]), present, read)
    modalities = (Modality("sensors", "vector", (3,), scale=(1.0, 1.0, 1.0)), Modality("caption", "text", ()))
    return Dataset(modalities, TASK, {"train": split, "validation": split, "test": split}, fingerprint="four")


def fitted(method="raml"):
    torch.manual_seed(0)
    fusion = Raml(TASK, {"sensors": Representation("vector", (3,)), "caption": Representation("vector", (1,))}, width=5)

    def predict(inputs, present):
        lengths = torch.tensor([[float(len(text.replace("_", "").split()))] for text in inputs["caption"]])
        with torch.inference_mode():
            return fusion({"sensors": inputs["sensors"], "caption": lengths}, present)

    return Fitted(method, 3, predict, {}, {}, fusion)


def test_panels_are_the_weights_of_what_their_titles_say():
    method = fitted()
    clean, no_sensors, no_caption, noisy, masked = panels(dataset(), method, torch.tensor([1, 3]), NOISE)
    assert list(clean.rows) == [f"sample {each} · {name}" for each in (11, 13) for name in ("sensors", "caption")]
    inputs = {name: dataset().splits["test"].read(name, torch.tensor([3])) for name in ("sensors", "caption")}
    expected = method.predict(inputs, torch.ones(1, 2, dtype=torch.bool)).weights
    for name, weight in expected.items():
        torch.testing.assert_close(clean.rows[f"sample 13 · {name}"], weight[0])
    for panel, absent, other in ((no_sensors, "sensors", "caption"), (no_caption, "caption", "sensors")):
        assert panel.title == f"sample 11 without {absent}"
        assert panel.rows[absent].eq(0).all()
        assert panel.rows[other].eq(1).all()
    assert noisy.title == "sample 11, gaussian-noise on sensors"
    assert masked.title == "sample 11, word-masking on caption"
    for panel, levels in ((noisy, ("0.5", "5")), (masked, ("0.5", "1"))):
        start = panel.rows["0 · sensors"]
        torch.testing.assert_close(start, clean.rows["sample 11 · sensors"])
        changes = [(panel.rows[f"{level} · sensors"] - start).abs().max() for level in levels]
        assert changes[1] > changes[0] >= 0
        for level in ("0", *levels):
            torch.testing.assert_close(
                panel.rows[f"{level} · sensors"] + panel.rows[f"{level} · caption"], start * 0 + 1
            )


def test_one_figure_for_each_raml_and_the_same_bytes_again():
    methods = [fitted("one"), replace(fitted(), fusion=nn.Identity()), fitted("two")]
    figures = raml_weights(dataset(), methods, samples=2)
    assert [figure.title for figure in figures] == ["RAML's weights: one", "RAML's weights: two"]
    assert "Training seed 3" in figures[0].caption
    assert imread(io.BytesIO(figures[0].png))[..., :3].std() > 0.05
    assert figures[0].png == figures[1].png == raml_weights(dataset(), methods, samples=2)[0].png
    more = imread(io.BytesIO(raml_weights(dataset(), methods, samples=3)[0].png))
    assert more.shape[0] > imread(io.BytesIO(figures[0].png)).shape[0]


def test_one_modality_alone_lacks_nothing():
    whole = dataset()
    test = whole.splits["test"]
    alone = replace(
        whole, modalities=whole.modalities[:1], splits={"test": replace(test, present=torch.ones(4, 1) > 0)}
    )
    fusion = Raml(TASK, {"sensors": Representation("vector", (3,))}, width=5)
    method = Fitted("raml", 0, torch.inference_mode()(fusion), {}, {}, fusion)
    clean, noisy = panels(alone, method, torch.tensor([0]), NOISE)
    assert all(row.eq(1).all() for panel in (clean, noisy) for row in panel.rows.values())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 0}, "option 'samples' is 0, expected a positive integer"),
        ({"perturbation": "gaussian-nose"}, "unknown perturbation 'gaussian-nose'; did you mean 'gaussian-noise'"),
        ({"levels": [-1.0]}, "gaussian-noise"),
    ],
)
def test_options_that_do_not_fit(options, message):
    with pytest.raises(UsageError, match=message):
        raml_weights(dataset(), [fitted()], **options)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(UsageError, match="needs a method with fusion 'raml'"):
        raml_weights(dataset(), [replace(fitted(), fusion=nn.Identity())])
    whole = dataset()
    lacking = replace(whole.splits["test"], present=torch.tensor([[True, False]]).expand(4, 2))
    with pytest.raises(UsageError, match="needs a test sample that has all modalities"):
        raml_weights(replace(whole, splits={"test": lacking}), [fitted()])


@pytest.mark.parametrize(("number", "rows"), [(1, 264), (2, 220), (3, 110), (4, 20), (5, 12), (6, 96)])
def test_published_tables(number, rows):
    table = resolve(catalogue().find("published", f"brownout-raml/raml-table-{number}").card)()
    assert len(table) == rows
    assert {row["paper"] for row in table} == {"004"}
    assert len({row["table"] for row in table}) == 1
    assert all(0 < float(row["value"]) < 1 for row in table)
    assert all(None not in row for row in table)


def test_table_6_ends_where_table_1_does():
    ours = [row["value"] for row in published.table_1() if row["method"] == "RAML"]
    full = [row["value"] for row in published.table_6() if row["method"] == published.table_6()[-1]["method"]]
    assert ours == full


def test_a_suite_runs_and_shows_the_figure(tmp_path: Path):
    suite = {
        "suite": "small",
        "dataset": {"use": "two-moons", "samples": 300},
        "encoders": {name: {"use": "mlp", "hidden": [16]} for name in "xy"},
        "methods": [
            {"name": "raml", "fusion": "raml", "options": {"width": 16, "lambda_2": 0.2}},
            {"name": "fixed", "fusion": "raml", "options": {"width": 16, "weights": "fixed"}},
        ],
        "training": {"epochs": 15, "learning_rate": 0.01, "seeds": [0]},
        "protocol": {"missing": {"patterns": "all"}},
        "metrics": ["accuracy"],
        "figures": [{"use": "raml-weights", "samples": 2}],
        "published": ["raml-table-5"],
    }
    run = brownout.run(suite, Settings(tmp_path / "run", device="cpu"))
    assert not run.failures
    scores = {(each.method, each.condition.name): each.value for each in run.scores}
    assert len(scores) == 6
    assert scores["raml", "clean"] > 0.65
    assert [each["title"] for each in run.facts["figures"]] == ["RAML's weights: raml", "RAML's weights: fixed"]
    assert len(run.facts["published"][0]["rows"]) == 12
