"""Noise on pictures and texts."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from brownout_qmf.blank import blank_words
from brownout_qmf.gaussian import gaussian
from brownout_qmf.plugin import brownout_perturbations
from brownout_qmf.salt import salt_and_pepper
from brownout_registry import Modality, UsageError, bind_options, resolve

PHOTO = Modality("photo", "image", (3, 8, 6), range=(0.0, 1.0))
DEPTH = Modality("depth", "depth", (1, 8, 6), range=(-2.0, 8.0))
BARE = Modality("map", "image", (3, 8, 6))
CAPTION = Modality("caption", "text", ())
GAUSSIANS = [
    dict(zip(("scale", "overflow", "shared_channels", "fixed_pattern"), each, strict=True))
    for each in product(("10-eps", "sqrt-eps"), ("clip", "wrap"), (True, False), (True, False))
]
PICTURES = [
    *[(gaussian, options) for options in GAUSSIANS],
    (salt_and_pepper, {}),
    (salt_and_pepper, {"divisor": 100, "density": 0.5}),
]
each_picture = pytest.mark.parametrize(("make", "options"), PICTURES, ids=str)


def pictures(modality, size=6, seed=0):
    low, high = modality.range
    return low + (high - low) * torch.rand(size, *modality.shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("modality", [PHOTO, DEPTH], ids=["photo", "depth"])
@each_picture
def test_type_shape_range_and_an_untouched_input(noise_for, make, options, modality, dtype):
    batch = pictures(modality).to(dtype)
    before = batch.clone()
    result = make(modality, (5, 10), **options)(batch, 2, noise_for(range(6)))
    assert torch.equal(batch, before)
    assert (result.shape, result.dtype) == (batch.shape, dtype)
    assert (result >= modality.range[0]).all()
    assert (result <= modality.range[1]).all()
    assert not torch.equal(result, batch)


@each_picture
def test_a_sample_does_not_see_its_batch(noise_for, make, options):
    batch, perturb = pictures(PHOTO), make(PHOTO, (5, 10), **options)
    whole = perturb(batch, 2, noise_for(range(6)))
    for part in ([4], [5, 0, 3]):
        assert torch.equal(perturb(batch[part], 2, noise_for(part)), whole[part])


@each_picture
def test_the_result_is_on_the_inputs_device(noise_for, make, options):
    """The meta device refuses to mix with the CPU, so it finds what an accelerator would."""
    result = make(PHOTO, (5,), **options)(pictures(PHOTO).to("meta"), 1, noise_for(range(6)))
    assert result.device.type == "meta"


@pytest.mark.parametrize(("scale", "std"), [("sqrt-eps", 3.0), ("eps", 9.0), ("10-eps", 90.0)])
@pytest.mark.parametrize("modality", [PHOTO, DEPTH], ids=["photo", "depth"])
def test_the_standard_deviation_is_one_of_pixels_up_to_255(noise_for, modality, scale, std):
    wide = Modality("wide", modality.kind, modality.shape, range=(-1e4, 1e4))
    grey = torch.zeros(400, *modality.shape, dtype=torch.float64)
    change = gaussian(wide, (9,), scale=scale)(grey, 1, noise_for(range(400))) / 2e4 * 255
    inside = change[change.abs() < 127]
    expected = std if std < 50 else np.sqrt(std**2 * 0.58)
    assert inside.mean().abs() < 4 * std / len(inside) ** 0.5
    assert inside.std() == pytest.approx(expected, rel=0.1)


def test_channels_share_their_draws_only_if_told(noise_for):
    grey = torch.full((4, 3, 8, 6), 0.5)
    for shared in (True, False):
        noisy = gaussian(PHOTO, (5,), shared_channels=shared)(grey, 1, noise_for(range(4)))
        assert torch.equal(noisy[:, 0], noisy[:, 1]) == shared


def test_a_fixed_pattern_is_the_same_for_all_samples_and_seeds(noise_for):
    grey = torch.full((4, 3, 8, 6), 0.5)
    for fixed in (True, False):
        perturb = gaussian(PHOTO, (5,), fixed_pattern=fixed)
        one, other = (perturb(grey, 1, noise_for(range(4), seed)) for seed in (0, 1))
        assert torch.equal(one, other) == fixed
        assert torch.equal(one[0], one[1]) == fixed


def test_severities_share_their_draws_and_noise_grows(noise_for):
    grey, noise = torch.full((4, 3, 8, 6), 0.5), noise_for(range(4))
    mild, strong = (gaussian(PHOTO, (5, 10), scale="eps")(grey, severity, noise) - 0.5 for severity in (1, 2))
    torch.testing.assert_close(2 * mild, strong)


def test_wrapping_turns_dark_into_bright_and_clipping_does_not(noise_for):
    black, noise = torch.zeros(4, 3, 8, 6), noise_for(range(4))
    wrapped, clipped = (gaussian(PHOTO, (5,), scale="eps", overflow=how)(black, 1, noise) for how in ("wrap", "clip"))
    assert clipped.max() < 0.2
    assert (wrapped > 0.9).float().mean() == pytest.approx(0.43, abs=0.07)  # P(e < -1/5) = .42
    torch.testing.assert_close(255 * wrapped, (255 * wrapped).round())


def test_no_noise_changes_nothing_but_to_eight_bits(noise_for):
    batch = pictures(PHOTO)
    for overflow in ("clip", "wrap"):
        result = gaussian(PHOTO, (0,), overflow=overflow)(batch, 1, noise_for(range(6)))
        expected = (255 * batch).round() / 255 if overflow == "wrap" else batch
        torch.testing.assert_close(result, expected, rtol=0, atol=1e-6)
    assert torch.equal(salt_and_pepper(PHOTO, (0,))(batch, 1, noise_for(range(6))), batch)


@pytest.mark.parametrize(("divisor", "share"), [(10, 0.5), (100, 0.05)])
def test_salt_and_pepper_hits_a_share_of_the_pictures(noise_for, divisor, share):
    grey, noise = torch.full((3000, 3, 8, 6), 0.5), noise_for(range(3000))
    perturb = salt_and_pepper(PHOTO, (5, 10), divisor=divisor)
    mild, strong = (perturb(grey, severity, noise) for severity in (1, 2))
    hit = (mild != 0.5).flatten(1).any(1)
    assert hit.float().mean() == pytest.approx(share, abs=0.03)
    assert torch.equal(mild[hit], strong[hit])
    assert (strong != 0.5).flatten(1).any(1).float().mean() == pytest.approx(2 * share, abs=0.03)
    found = mild[hit]
    assert torch.equal(found[:, 0], found[:, 2])
    for value in (0.0, 1.0):
        assert (found == value).float().mean() == pytest.approx(0.05, abs=0.015)
    assert (found == 0.5).float().mean() == pytest.approx(0.9, abs=0.02)


def test_salt_is_the_largest_value_and_pepper_the_smallest(noise_for):
    result = salt_and_pepper(DEPTH, (10,), density=1.0)(pictures(DEPTH), 1, noise_for(range(6)))
    assert set(result.unique().tolist()) == {-2.0, 8.0}


def test_blank_words(noise_for):
    texts = ["a b  c\nd " * 500, "", "   ", "ein Wort"]
    perturb, noise = blank_words(CAPTION, (5, 10)), noise_for(range(4))
    mild, strong = perturb(texts, 1, noise), perturb(texts, 2, noise)
    words = mild[0].split()
    assert words.count("_") / len(words) == pytest.approx(0.5, abs=0.05)
    assert strong == ["_ _  _\n_ " * 500, "", "   ", "_ _"]
    assert blank_words(CAPTION, (0,))(texts, 1, noise) == texts
    assert perturb(texts[:1], 1, noise_for([0])) == mild[:1] != perturb(texts[:1], 1, noise_for([1]))
    blank = [word == "_" for word in words]
    harder = [word == "_" for word in blank_words(CAPTION, (8,))(texts, 1, noise)[0].split()]
    assert all(after >= before for before, after in zip(blank, harder, strict=True))
    assert sum(harder) > sum(blank)


BAD = [
    (gaussian, PHOTO, {"levels": (1, -5)}, r"'qmf-gaussian' of 'photo': levels\[1\] is -5, expected a finite eps"),
    (gaussian, PHOTO, {"levels": (float("nan"),)}, r"levels\[0\] is nan"),
    (gaussian, PHOTO, {"levels": ("dark",)}, r"levels\[0\] is 'dark'"),
    (gaussian, PHOTO, {"scale": "100-eps"}, "option 'scale' is '100-eps', expected sqrt-eps, eps or 10-eps"),
    (gaussian, PHOTO, {"overflow": "reflect"}, "option 'overflow' is 'reflect'"),
    (gaussian, BARE, {}, "'qmf-gaussian' of 'map': the modality declares no range"),
    (salt_and_pepper, BARE, {}, "'qmf-salt-and-pepper' of 'map': the modality declares no range"),
    (salt_and_pepper, PHOTO, {"levels": (20,)}, r"levels\[0\] is 20, expected an eps from 0 to 10"),
    (salt_and_pepper, PHOTO, {"divisor": 5}, "option 'divisor' is 5, expected 10 or 100"),
    (salt_and_pepper, PHOTO, {"density": 0}, "option 'density' is 0, expected a share"),
    (salt_and_pepper, PHOTO, {"density": float("nan")}, "option 'density' is nan"),
    (blank_words, CAPTION, {"levels": (5, 10.5)}, r"'qmf-blank-words' of 'caption': levels\[1\] is 10.5"),
    (blank_words, CAPTION, {"levels": (True,)}, r"levels\[0\] is True"),
]


@pytest.mark.parametrize(("make", "modality", "options", "message"), BAD)
def test_mistakes_are_answered(make, modality, options, message):
    with pytest.raises(UsageError, match=message) as caught:
        make(modality, **{"levels": (5,), **options})
    assert "\n" not in str(caught.value)


def test_variants_and_defaults_can_be_built(noise_for):
    for card in brownout_perturbations():
        modality, batch = (CAPTION, ["a b"] * 6) if "text" in card.takes else (PHOTO, pictures(PHOTO))
        for variant in (None, *card.variants):
            perturb = resolve(card)(modality, card.levels["*"], **bind_options(card, {}, variant))
            assert len(perturb(batch, 2, noise_for(range(6)))) == 6
