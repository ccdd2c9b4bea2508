"""The heatmap of two one-dimensional modalities."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
import torch
from matplotlib.image import imread
from sklearn.datasets import make_moons
from torch import nn

from brownout_jacobian.figure import jacobian_heatmap, sensitivity
from brownout_jacobian.fusion import JacobianFusion
from brownout_registry import Dataset, Fitted, Modality, Split, Task, UsageError

TASK = Task(("upper", "lower"), (0.5, 0.5))


def moons():
    points, labels = make_moons(60, noise=0.1, random_state=0)
    columns = dict(zip("xy", torch.tensor(points, dtype=torch.float32).split(1, dim=1), strict=True))
    split = Split(
        ids=torch.arange(60),
        targets=torch.tensor(labels),
        present=torch.ones(60, 2, dtype=torch.bool),
        read=lambda name, rows: columns[name][rows],
    )
    modalities = tuple(Modality(name, "vector", (1,)) for name in "xy")
    return Dataset(modalities, TASK, {"train": split, "validation": split, "test": split}, fingerprint="moons")


def fitted(gamma, seed=0, modalities="all"):
    torch.manual_seed(seed)
    encoders = {name: nn.Sequential(nn.Linear(1, 6), nn.Tanh()) for name in "xy"}
    heads = {name: nn.Linear(6, 2) for name in "xy"}
    for head in heads.values():
        nn.init.normal_(head.weight)
    fusion = JacobianFusion(TASK, heads, gamma=gamma, modalities=modalities)
    return Fitted(f"jacobian-{gamma}", seed, lambda *_: None, encoders, heads, fusion)


def test_one_panel_for_each_gamma():
    methods = [fitted(0.1), fitted(0.5), fitted(0.5), fitted(0.9, seed=1), replace(fitted(0.1), fusion=nn.Identity())]
    (figure,) = jacobian_heatmap(moons(), methods, resolution=12)
    three = imread(io.BytesIO(figure.png))
    (alone,) = jacobian_heatmap(moons(), methods[:1], resolution=12)
    assert three.shape[1] > 1.2 * imread(io.BytesIO(alone.png)).shape[1]
    assert three[..., :3].std() > 0.05
    assert "reacts to y" in figure.caption
    assert "training seed 0" in figure.caption


def test_the_same_input_gives_the_same_bytes():
    first, second = (jacobian_heatmap(moons(), [fitted(0.1)], resolution=8)[0].png for _ in range(2))
    assert first == second


def test_sensitivity_falls_with_gamma_and_varies_over_the_right_axes():
    method = fitted(0.1)
    axes = {"x": torch.linspace(-1, 2, 7), "y": torch.linspace(-1, 1, 7)}
    maps = [sensitivity(method, method.fusion, axes, "y", gamma) for gamma in (1.0, 0.5, 0.1)]
    assert (maps[0] >= maps[1]).all()
    assert (maps[1] >= maps[2]).all()
    zx, zy = (method.heads[name](method.encoders[name](axes[name][:, None])) for name in "xy")
    p = (zx[5] + zy[2]).softmax(-1)
    J = torch.outer(p, p) - torch.diag(p)
    torch.testing.assert_close(maps[0][2, 5], (J @ method.heads["y"].weight).norm().detach())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"modality": "z"}, "unknown modality 'z'; known: x, y"),
        ({"resolution": 1}, "option 'resolution' is 1, expected a whole number from 2"),
        ({"seed": 7}, "regularises 'y' and training seed 7"),
        ({"modality": "x"}, "needs a method with fusion 'jacobian' that regularises 'x'"),
    ],
)
def test_options_that_do_not_fit(options, message):
    with pytest.raises(UsageError, match=message):
        jacobian_heatmap(moons(), [fitted(0.1, modalities="y")], **options)


def test_a_dataset_that_is_no_plane_is_refused_in_one_line():
    wide = replace(moons(), modalities=(Modality("x", "vector", (1,)), Modality("photo", "image", (3, 8, 8))))
    with pytest.raises(UsageError, match=r"not of x \(vector \(1,\)\), photo \(image \(3, 8, 8\)\)") as caught:
        jacobian_heatmap(wide, [fitted(0.1)])
    assert "\n" not in str(caught.value)
