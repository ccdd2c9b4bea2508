"""Every perturbation of this plugin on sensors of SisFall and depth of NYU Depth V2, and one suite with `cnn1d`."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

import brownout
from brownout.engine.settings import Settings
from brownout_datasets.nyuv2 import nyuv2
from brownout_datasets.sisfall import sisfall
from brownout_features import plugin
from brownout_registry import Dataset, Padded, bind_options, resolve

FACTORIES = {"sisfall": sisfall, "nyuv2": nyuv2}
RECORDINGS = {
    ("sisfall", "accel1"): "sequence",
    ("sisfall", "gyro"): "sequence",
    ("nyuv2", "depth"): "depth",
    ("nyuv2", "rgb"): "image",
}
CASES = [
    pytest.param(card, *recording, id="-".join([card.name, *recording]))
    for card in plugin.brownout_perturbations()
    for recording, kind in RECORDINGS.items()
    if kind in card.takes
]
MOVING = {"time-warp", "time-shift", "column-swap"}
"""What reads a sample at other places; fast movements look as different after a short way as after a long one."""


@pytest.fixture(scope="module")
def data(shared_data: Path) -> Any:
    @cache
    def load(name: str) -> Dataset:
        if not (shared_data / name).is_dir():
            pytest.skip(f"real data not at hand: {shared_data / name} is absent")
        return FACTORIES[name](root=str(shared_data / name))

    return load


@pytest.mark.parametrize(("card", "name", "modality"), CASES)
def test_distortion_grows_within_the_range(data, noise_for, card, name, modality):
    split, column = data(name).splits["train"], next(each for each in data(name).modalities if each.name == modality)
    inputs, noise = split.read(modality, torch.arange(4)), noise_for(split.ids[:4])
    before = inputs.values if isinstance(inputs, Padded) else inputs
    if column.kind == "sequence":  # which the engine fills in
        column = replace(column, scale=tuple(before.std((0, 1)).tolist()))
    levels = card.levels.get(column.kind, card.levels.get("*"))
    perturb = resolve(card)(column, levels, **bind_options(card, {}))
    distortions = []
    for severity in range(1, 6):
        result = perturb(inputs, severity, noise)
        assert type(result) is type(inputs)
        after = result.values if isinstance(result, Padded) else result
        assert torch.isfinite(after).all()
        if column.range:
            assert column.range[0] <= after.min() <= after.max() <= column.range[1]
        distortions.append((after - before).abs().flatten(1).mean(1))
    assert (distortions[-1] > 0).all()
    if card.name not in MOVING:
        assert (distortions[0] > 0).all()
        assert all((milder <= stronger).all() for milder, stronger in pairwise(distortions))


def test_a_suite_of_two_sensors(data, shared_data, tmp_path):
    data("sisfall")
    suite = {
        "suite": "sensors",
        "dataset": {"use": "sisfall", "root": str(shared_data / "sisfall"), "sensors": ["gyro", "accel2"]},
        "encoders": {"sequence": {"use": "cnn1d", "channels": [16, 32], "kernel": 9, "stride": 4}},
        "methods": [{"name": "mean", "fusion": "mean"}],
        "training": {"epochs": 2, "learning_rate": 0.01, "seeds": [0]},
        "protocol": {"missing": {"patterns": "all"}, "corruptions": {"each": "default", "severities": [5]}},
        "metrics": ["accuracy"],
    }
    run = brownout.run(suite, Settings(tmp_path / "out", device="cpu", limit=300))
    assert run.failures == ()
    accuracy = {each.condition.name: each.value for each in run.scores}
    assert accuracy["clean"] > 0.15  # 34 classes, two epochs
    assert {"missing gyro", "gaussian-noise(gyro) s5", "missing-entries(accel2) s5"} <= set(accuracy)
    assert accuracy["clean"] > min(accuracy.values())
