"""Options, levels and modalities of corruptions that are refused, and those that are special."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from brownout_registry import Modality, UsageError, bind_options, resolve
from brownout_vision.corruptions.constants import GIVEN
from brownout_vision.plugin import brownout_perturbations

CARDS = {card.name: card for card in brownout_perturbations()}
PHOTO = Modality("photo", "image", (3, 64, 64), range=(0.0, 1.0))


def make(name: str, levels: Any = (1, 2, 3, 4, 5), modality: Modality = PHOTO, **options: Any) -> Any:
    card = CARDS[name]
    return resolve(card)(modality, levels, **bind_options(card, options))


def refused(name: str, match: str, **given: Any) -> None:
    with pytest.raises(UsageError, match=match) as caught:
        make(name, **given)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"perturbation {name!r} of 'photo'")


@pytest.mark.parametrize("name", [name for name in CARDS if name != "occlusion"])
@pytest.mark.parametrize("level", [0, 6, 1.5, -1, True, "2", float("nan")])
def test_a_level_is_a_severity(name, level):
    refused(name, r"levels\[1\] is .*expected a severity of the profile 'imagenet'", levels=(1, level))


@pytest.mark.parametrize(
    ("name", "level"),
    [
        *[("shot-noise", 0), ("shot-noise", 701), ("impulse-noise", 1.1), ("speckle-noise", -0.1)],
        *[("gaussian-blur", 51), ("brightness", 2), ("contrast", -0.1), ("pixelate", 0), ("jpeg-compression", 50.5)],
        *[("jpeg-compression", 0), ("brightness", float("nan")), ("contrast", True), ("pixelate", "1")],
    ],
)
def test_a_given_parameter_out_of_range(name, level):
    refused(name, r"levels\[0\] is .*expected a (whole )?number from", levels=(level,), profile="given")


@pytest.mark.parametrize("name", GIVEN)
@pytest.mark.parametrize("levels", [(1, 2, 3, 4, 5), [1, 2, 3, 4, 5]])
def test_given_needs_levels(name, levels):
    match = "profile is 'given', so 'levels' must be given: they are the parameter itself$"
    refused(name, match, levels=levels, profile="given")


@pytest.mark.parametrize("name", ["shot-noise", "speckle-noise", "gaussian-blur", "jpeg-compression"])
@pytest.mark.parametrize("levels", [(1,), (1, 2, 3, 4), (5, 4, 3, 2, 1)])
def test_given_takes_severities_that_are_not_the_cards_five(name, levels):
    assert make(name, levels, profile="given")


@pytest.mark.parametrize("name", ["snow", "glass-blur", "frost", "saturate"])
def test_several_constants_cannot_be_given(name):
    with pytest.raises(UsageError, match="option 'profile' is 'given', expected one of"):
        make(name, profile="given")


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize(
    ("modality", "match"),
    [
        (replace(PHOTO, shape=(3, 7, 64)), "7×64 pixels, expected at least 8×8"),
        (replace(PHOTO, shape=(64, 64)), "expected an image"),
        (replace(PHOTO, kind="depth", range=None), "must declare its range"),
    ],
)
def test_modalities_that_make_no_sense(name, modality, match):
    refused(name, match, modality=modality, levels=(1,))


@pytest.mark.parametrize("level", [-0.1, 1.1, True, "half", float("nan")])
def test_occlusion_refuses_what_is_no_share(level):
    refused("occlusion", "expected a share from 0 to 1", levels=(level,))


@pytest.mark.parametrize("fill", ["black", float("nan"), float("inf")])
def test_occlusion_refuses_a_fill_that_is_no_number(fill):
    with pytest.raises(UsageError, match="expected a number"):
        make("occlusion", (0.5,), fill=fill)


@pytest.mark.parametrize(("share", "shape"), [(0.0, (8, 8)), (0.25, (8, 40)), (0.5, (8, 40)), (1.0, (40, 8))])
def test_occlusion_covers_its_share_anywhere(noise_for, share, shape):
    modality = Modality("photo", "image", (2, *shape), range=(0.0, 1.0))
    result = make("occlusion", (share,), modality, fill=2.0)(torch.zeros(64, 2, *shape), 1, noise_for(range(64)))
    assert (result == 1).float().mean((1, 2, 3)).tolist() == pytest.approx([share] * 64, abs=0.05)
    assert (result == 1).any(0).all() == (share > 0)


def test_auto_takes_cifar_below_48_pixels():
    small, large = (replace(PHOTO, shape=(3, side, 99)) for side in (47, 48))
    for modality, profile in ((small, "cifar"), (large, "imagenet")):
        batch = torch.rand(1, *modality.shape, generator=torch.Generator().manual_seed(0))
        same = make("contrast", modality=modality, profile=profile)(batch, 2, None)
        assert torch.equal(make("contrast", modality=modality)(batch, 2, None), same)


def test_severities_may_be_chosen():
    batch = torch.rand(1, 3, 64, 64)
    assert torch.equal(make("contrast", (5, 1.0))(batch, 1, None), make("contrast")(batch, 5, None))


def test_the_empty_spatter_leaves_the_image(noise_for):
    class Dry:
        def normal(self, label, shape=()):
            return torch.full((2, *shape), -9.0)

    batch = (torch.rand(2, 3, 64, 64) * 255).round() / 255
    for severity in range(1, 6):
        assert torch.equal(make("spatter")(batch, severity, Dry()), batch)


def test_black_stays_black_in_fog(noise_for):
    assert not make("fog")(torch.zeros(2, 3, 64, 64), 5, noise_for([0, 1])).any()


def test_grey_turns_red_only_where_saturation_is_added():
    grey = torch.full((1, 3, 64, 64), 0.5)
    quiet, red = (make("saturate", quantise=False)(grey, severity, None)[0, :, 0, 0] for severity in (3, 4))
    assert quiet.tolist() == [0.5, 0.5, 0.5]
    assert red.tolist() == pytest.approx([0.5, 0.45, 0.45])


def test_the_affine_map_of_cifar_takes_its_points_where_they_were_moved(given_noise):
    """At severity 1 there is nothing else; coordinates as an image show where a pixel comes from."""
    side, random = 40, np.random.default_rng(3)
    rows, columns = torch.meshgrid(torch.arange(side) / side, torch.arange(side) / side, indexing="ij")
    perturb = make("elastic-transform", (1,), replace(PHOTO, shape=(2, side, side)), profile="cifar", quantise=False)
    draw, still = random.random((3, 2)), np.zeros((side, side))
    result = perturb(torch.stack([columns, rows])[None], 1, given_noise({"dx": still, "dy": still, "affine": draw}))
    centre, step = side // 2, side // 3
    points = np.array([(step, step), (step, -step), (-step, -step)]) + centre
    for point, (x, y) in zip(points, points + (2 * draw - 1) * 0.08 * side, strict=True):
        corner = result[0, :, int(y) : int(y) + 2, int(x) : int(x) + 2].numpy() * side
        weights = np.outer([1 - y % 1, y % 1], [1 - x % 1, x % 1])
        np.testing.assert_allclose((corner * weights).sum((1, 2)), point, atol=1e-3)
