"""The gallery: made at the end of a run, shown in its report, and in the documentation."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from brownout.engine import coordinate
from brownout.engine.pictures import WIDTH, picture, png
from brownout.report.gallery import galleries
from brownout.report.html import render_html
from brownout_registry import KINDS, Modality, Padded, catalogue

DOCS = Path(__file__).parents[3] / "docs"
MADE = ["text", "image", "audio", "sequence", "vector", "depth"]
LENGTHS = torch.tensor([2000])
SAMPLES = {
    "image": ((3, 200, 100), torch.rand(1, 3, 200, 100), (48, 96)),
    "depth": ((1, 20, 30), torch.rand(1, 1, 20, 30), (30, 20)),
    "spectrogram": ((1, 64, 300), torch.rand(1, 1, 64, 300), None),
    "audio": ((2000,), Padded(torch.rand(1, 2000) - 0.5, LENGTHS), None),
    "sequence": ((9, 5), Padded(torch.rand(1, 9, 5), torch.tensor([7])), None),
    "vector": ((300,), torch.rand(1, 300), None),
    "text": ((), ["a <b> text"], None),
}


def test_a_png_is_read_back_as_it_was():
    for shape in ((7, 5), (4, 6, 3)):
        pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(png(pixels)))), pixels)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_small_picture(kind):
    shape, inputs, size = SAMPLES[kind]
    suffix, content = picture(Modality("m", kind, shape), inputs, inputs)
    assert len(content) < 30_000
    if suffix == "png":
        found = Image.open(io.BytesIO(content))
        assert max(found.size) <= WIDTH
        assert size is None or found.size == size
    elif suffix == "svg":
        assert content.startswith(b"<svg xmlns")
        assert b"nan" not in content
    else:
        assert content == b"a <b> text"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "text"])
def test_constant_and_silent_samples_have_one_too(kind):
    shape, inputs, _ = SAMPLES[kind]
    values = inputs.values if isinstance(inputs, Padded) else inputs
    silent = Padded(values * 0, inputs.lengths) if isinstance(inputs, Padded) else values * 0
    _, content = picture(Modality("m", kind, shape, scale=(0.0,) if kind == "vector" else None), silent, silent)
    assert b"nan" not in content


def test_a_sound_of_a_few_steps_and_one_channel_too_many_are_drawn():
    short = Padded(torch.rand(1, 5), torch.tensor([5]))
    assert picture(Modality("m", "audio", (5,)), short, short)[0] == "png"
    five = torch.rand(1, 5, 8, 8)
    assert Image.open(io.BytesIO(picture(Modality("m", "image", (5, 8, 8)), five, five)[1])).mode == "L"


@pytest.fixture
def suite(make_suite):
    corruptions = [{"each": "default", "severities": [1, 3]}, {"each": ["gaussian-noise"], "at": "features"}]
    return make_suite(MADE, protocol={"corruptions": corruptions})


def test_a_run_shows_one_sample_of_each_modality_under_each_perturbation_and_severity(suite, compute):
    run = compute(suite)
    assert [each["modality"] for each in run.facts["gallery"]] == MADE
    shown = {row["group"] for each in run.facts["gallery"] for row in each["rows"]}
    groups = {facts["group"] for facts in run.facts["conditions"]["synthetic"] if facts["kind"] == "corruption"}
    assert shown == {group for group in groups if "features" not in group}
    for each in run.facts["gallery"]:
        assert all([step["severity"] for step in row["steps"]] == [1, 3] for row in each["rows"])
    files = {step["file"] for step in steps(run) if "file" in step}
    assert files == {f"gallery/{path.name}" for path in (run.folder / "gallery").iterdir()}
    assert not [step for step in steps(run) if "reason" in step]


def test_what_is_joint_has_rows_of_its_own(make_suite, compute):
    shift = {"use": "shift", "levels": [9.0], "name": "far"}
    together = {"joint": [{"vector": shift, "image": shift}], "patterns": "single-present"}
    alone = {"each": ["shift"], "modalities": ["vector"], "severities": [1]}
    run = compute(make_suite(["vector", "image"], protocol={"corruptions": [together, alone]}))
    rows = {each["modality"]: {row["group"]: row["steps"] for row in each["rows"]} for each in run.facts["gallery"]}
    assert set(rows["image"]) == {"shift(image), in far(all)"}
    assert set(rows["vector"]) == {"shift(vector)", "shift(vector), in far(all)"}
    assert [step["level"] for step in rows["vector"]["shift(vector), in far(all)"]] == [9.0]


def steps(run):
    for each in run.facts["gallery"]:
        yield each["clean"]
        for row in each["rows"]:
            yield from row["steps"]


def test_it_is_made_again_only_when_it_would_change(suite, compute, monkeypatch):
    made = []
    monkeypatch.setattr(coordinate, "make_gallery", lambda *given: made.append(given) or [])
    compute(suite)
    compute(suite)
    assert len(made) == 1


def test_a_perturbation_that_fails_costs_its_own_picture_and_a_gallery_itself(make_suite, compute, watch, monkeypatch):
    suite = make_suite(["vector"], protocol={"corruptions": {"each": ["scribble", "shift"]}})
    run = compute(suite)
    rows = {row["group"]: row["steps"] for row in run.facts["gallery"][0]["rows"]}
    assert "in place" in rows["scribble(vector)"][0]["reason"]
    assert "file" in rows["shift(vector)"][0]
    assert "failed</p>" in render_html(run)
    monkeypatch.setattr(coordinate, "make_gallery", lambda *_: 1 / 0)
    watcher = watch()
    run = compute(suite, out="other", progress=watcher)
    assert run.facts["gallery"] == []
    assert run.scores
    assert [each for each in watcher.warnings if each.startswith("the gallery could not be made: ZeroDivisionError")]


def test_the_report_has_every_picture_inside_and_escapes_texts(make_run):
    run = make_run({"mean": [(0.5,)] * 6})
    (run.folder / "gallery").mkdir()
    (run.folder / "gallery" / "a.png").write_bytes(png(np.zeros((2, 2), np.uint8)))
    (run.folder / "gallery" / "b.svg").write_text('<svg xmlns="x"><script>alert(1)</script></svg>')
    (run.folder / "secret.png").write_bytes(png(np.zeros((2, 2), np.uint8)))
    (run.folder / "gallery" / "c.png").write_text("no picture")
    shown = [{"file": f"gallery/{name}"} for name in ("a.png", "b.svg", "../secret.png", "c.png")]
    shown += [{"text": "<script>alert(2)</script>"}, {"text": ""}, {"reason": "Boom: <b>"}]
    rows = [
        {
            "group": "blur <i>",
            "parameter": "sigma",
            "steps": [{"severity": i + 1, "level": 0.5, **each} for i, each in enumerate(shown)],
        }
    ]
    entry = {"dataset": "pairs", "modality": "image", "kind": "image", "sample": 7, "clean": shown[0], "rows": rows}
    run.facts["gallery"] = [entry]
    (gallery,) = galleries(run)
    tiles = gallery.rows[0][2]
    assert [bool(tile.source) for tile in tiles] == [True, True, False, False, False, False, False]
    assert base64.b64decode(tiles[0].source.partition(",")[2]).startswith(b"\x89PNG")
    text = render_html(run)
    assert text.count('<img src="data:image/') == 3
    assert "<script>alert" not in text
    assert "s2 · 0.5" in text
    assert "(empty)" in text


def test_a_run_from_before_there_was_a_gallery_has_a_report(make_run):
    assert 'id="gallery"' not in render_html(make_run({"mean": [(0.5,)] * 6}))


PAGE = (DOCS / "gallery.md").read_text(encoding="utf-8")


def test_the_documentation_shows_every_registered_perturbation():
    shown = set(re.findall(r"^\*\*(.+?)\*\*", PAGE, re.MULTILINE)) | set(
        re.findall(r"`([a-z-]+)`", PAGE.rpartition("##")[2])
    )
    names = {
        entry.card.name for entry in catalogue().list("perturbation") if "testing" not in entry.plugin.distribution
    }
    assert sorted(names - shown) == [], "python docs/make_gallery.py"


def test_its_pictures_are_there_and_small():
    named = set(re.findall(r"\]\(gallery/([^)]+)\)", PAGE))
    files = {path.name: path.stat().st_size for path in (DOCS / "gallery").iterdir()}
    assert named == set(files)
    assert sum(files.values()) < 1_500_000
