"""Bias noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from brownout_jacobian.bias import bias_patch
from brownout_registry import Modality, UsageError

PHOTO = Modality("photo", "image", (3, 28, 28), range=(0.0, 1.0))
BARE = Modality("map", "image", (1, 6, 8))


@dataclass
class Fixed:
    """Noise whose draws are given."""

    row: float
    column: float

    def uniform(self, label, shape=()):
        assert shape == ()
        return torch.tensor([getattr(self, label)])


def test_the_patch_is_that_of_the_paper(golden):
    case = golden("noise_b1", "noise_B1")
    x, hyper = torch.from_numpy(case["inputs"]["x"])[None, None], case["hyper"]
    perturb = bias_patch(BARE, (hyper["w3"],), size=hyper["w2"], unit="pixels")
    starts_at_1_and_2 = Fixed(1.5 / (6 - 3 + 1), 2.5 / (8 - 3 + 1))
    expected = case["outputs"]["bias_patch_rows1-3_cols2-4"]
    np.testing.assert_allclose(perturb(x, 1, starts_at_1_and_2)[0, 0].numpy(), expected, rtol=1e-9)


def test_the_default_size_is_ten_of_28_pixels_in_all_channels(noise_for):
    dark = bias_patch(PHOTO, (-1,))(torch.ones(5, 3, 28, 28), 1, noise_for(range(5)))
    assert (dark == 0).sum(dim=(2, 3)).tolist() == [[100] * 3] * 5
    assert torch.equal(dark[:, 0], dark[:, 2])
    assert len({tuple(rows.tolist()) for rows in (dark[:, 0] == 0).any(2)}) > 1


def test_every_place_has_the_same_chance_and_severities_share_it(noise_for):
    small = Modality("small", "depth", (1, 3, 4))
    perturb, noise = bias_patch(small, (1.0, 5.0), size=2, unit="pixels"), noise_for(range(3000))
    one, two = (perturb(torch.ones(3000, 1, 3, 4), severity, noise) for severity in (1, 2))
    assert torch.equal(one != 1, two != 1)
    assert set(one.unique().tolist()) == {1.0, 2.0}
    start = (one[:, 0] != 1).flatten(1).int().argmax(1)
    counts = torch.bincount(start, minlength=12)
    np.testing.assert_allclose(counts[counts > 0] / 3000, [1 / 6] * 6, atol=0.03)


def test_the_range_is_kept_unless_asked():
    grey, noise = torch.full((1, 3, 28, 28), 0.5), Fixed(0.0, 0.0)
    assert bias_patch(PHOTO, (-4.0,), size=1, clip=False)(grey, 1, noise).unique().tolist() == [-1.5]
    assert bias_patch(PHOTO, (2.0,), size=1)(grey, 1, noise).unique().tolist() == [1.0]
    assert grey.unique().tolist() == [0.5]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_patch_larger_than_the_picture_covers_it_and_keeps_the_type(dtype):
    result = bias_patch(BARE, (1.0,), size=200, unit="pixels")(torch.ones(1, 1, 6, 8, dtype=dtype), 1, Fixed(0.9, 0.9))
    assert result.dtype == dtype
    assert (result == 2).all()


def test_a_sample_is_the_same_in_any_batch(noise_for):
    batch, perturb = torch.rand(6, 3, 28, 28), bias_patch(PHOTO, (2.0,))
    whole = perturb(batch, 1, noise_for(range(6)))
    assert torch.equal(perturb(batch[4:5], 1, noise_for([4])), whole[4:5])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levels": (1.0, float("nan"))}, r"'bias-patch' of 'map': levels\[1\] is nan, expected a finite number"),
        ({"levels": ("dark",)}, r"levels\[0\] is 'dark'"),
        ({"size": 1.5}, r"option 'size' is 1.5, expected a share in \(0, 1\]; or say unit 'pixels'"),
        ({"size": 0}, "option 'size' is 0"),
        ({"size": 2.5, "unit": "pixels"}, "option 'size' is 2.5, expected a whole number of pixels from 1"),
        ({"size": float("inf"), "unit": "pixels"}, "option 'size' is inf"),
    ],
)
def test_mistakes_are_named(options, message):
    with pytest.raises(UsageError, match=message) as caught:
        bias_patch(BARE, **{"levels": (1.0,), **options})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("kind", "shape"), [("vector", (12,)), ("sequence", (9, 6))])
def test_a_representation_without_rows_and_columns_is_refused(kind, shape):
    with pytest.raises(UsageError, match=f"'bias-patch' of 'encoded': it takes image or .*, not {kind}"):
        bias_patch(Modality("encoded", kind, shape), (1.0,))
