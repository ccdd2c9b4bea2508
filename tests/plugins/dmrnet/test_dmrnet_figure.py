"""The figure of the training variances."""

from __future__ import annotations

import io

import pytest
import torch
from matplotlib.image import imread
from torch import nn

from brownout_dmrnet.figure import dmrnet_variances
from brownout_registry import Dataset, Fitted, Modality, Task, UsageError

NAMES = ("left", "$right", "top")


def dataset():
    modalities = tuple(Modality(name, "vector", (5,)) for name in NAMES)
    return Dataset(modalities, Task(("a", "b"), (0.5, 0.5)), {}, fingerprint="none")


@pytest.fixture
def fitted(build):
    """``fitted(epochs, seed=0, names=NAMES)``: a method whose variances grow with j, the last not occurring."""

    def make(epochs, seed=0, names=NAMES, **options):
        fusion = build(dict.fromkeys(names, "vector"), **options)
        j = torch.arange(1, 2 ** len(names) - 1)
        for epoch in range(epochs):
            fusion.combinations.observe(epoch, j / (1 + epoch), j)
        return Fitted(f"dmrnet_{seed}", seed, lambda *_: None, {}, {}, fusion.eval())

    return make


def red(picture):
    return int(((picture[..., 0] > 0.9) & (picture[..., 1] < 0.2) & (picture[..., 2] < 0.2)).sum())


def test_one_panel_for_each_dmrnet_of_a_seed(fitted):
    other = Fitted("other", 0, lambda *_: None, {}, {}, nn.Identity())
    methods = [other, fitted(4), fitted(2), fitted(0), fitted(3, seed=1)]
    (two,) = dmrnet_variances(dataset(), methods)
    (one,) = dmrnet_variances(dataset(), methods, seed=1)
    width = [imread(io.BytesIO(each.png)).shape[1] for each in (two, one)]
    assert width[0] > 1.6 * width[1]
    assert "Training seed 0" in two.caption
    assert "Training seed 1" in one.caption
    assert dmrnet_variances(dataset(), methods)[0].png == two.png


def test_the_largest_are_in_red_circles(fitted):
    circles = [red(imread(io.BytesIO(dmrnet_variances(dataset(), [fitted(3, hard_count=n)])[0].png))) for n in (1, 4)]
    assert circles[1] > 2 * circles[0]


def test_many_combinations_are_drawn(fitted):
    assert dmrnet_variances(dataset(), [fitted(2, names=tuple("abcdef"))])[0].png


@pytest.mark.parametrize(
    ("epochs", "options", "message"),
    [
        (0, {}, "figure 'dmrnet-variances' needs a method with fusion 'dmrnet' that was trained with a distribution"),
        (2, {"seed": 7}, "with a distribution under training seed 7"),
        (2, {"seed": "0"}, "option 'seed' is '0', expected a whole number, or null"),
    ],
)
def test_mistakes_are_answered(fitted, epochs, options, message):
    with pytest.raises(UsageError, match=message):
        dmrnet_variances(dataset(), [fitted(epochs)], **options)
