"""Properties that hold for every corruption of images."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brownout_registry import Modality, bind_options, resolve
from brownout_vision.plugin import brownout_perturbations

CARDS = {card.name: card for card in brownout_perturbations()}
RANDOM = {"shot-noise", "impulse-noise", "speckle-noise", "glass-blur", "motion-blur", "snow", "frost", "fog"}
RANDOM |= {"spatter", "elastic-transform", "occlusion"}
ONLY_RGB = {"saturate"}
GREY_OR_RGB = {"snow", "frost", "spatter", "jpeg-compression"}
LOOKS_AT_VALUES = {"jpeg-compression", "glass-blur", "spatter"}
SEVERITIES = range(1, 6)
MAY_BE_NOTHING = {"glass-blur", "spatter", "pixelate", "elastic-transform", "zoom-blur"}  # at 8 pixels
NOT_MONOTONE = {
    "imagenet": {"glass-blur": {2, 4}, "frost": {4}, "saturate": {3}},
    "cifar": {
        "glass-blur": {3, 5},
        "frost": {4, 5},
        "saturate": {3},
        "spatter": {4},
        "elastic-transform": {2, 3, 4, 5},
    },
}
each_name = pytest.mark.parametrize("name", CARDS)
each_profile = pytest.mark.parametrize("profile", ["imagenet", "cifar"])
many = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def options_of(name: str, profile: str) -> dict[str, Any]:
    return {} if name == "occlusion" else {"profile": profile}


def perturbation(name: str, modality: Modality, **options: Any) -> Any:
    card = CARDS[name]
    return resolve(card)(modality, card.levels["*"], **bind_options(card, options))


def photo(shape: tuple[int, ...], **given: Any) -> Modality:
    return Modality("photo", "image", shape, **{"range": (0.0, 1.0), **given})


def scenes(shape: tuple[int, ...], size: int, seed: int = 0) -> torch.Tensor:
    """Smooth pictures with some edges, of 256 levels."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(size, shape[0], 6, 6, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, shape[1:], mode="bicubic", align_corners=False)
    smooth[..., shape[1] // 3 : shape[1] // 2, shape[2] // 4 : shape[2] // 2] *= 0.3
    return (smooth.clamp(0, 1) * 255).round() / 255


@each_name
@each_profile
@given(order=st.permutations(range(5)), split=st.integers(0, 5), seed=st.integers(0, 99), severity=st.integers(1, 5))
@many
def test_a_sample_does_not_see_its_batch(noise_for, name, profile, order, split, seed, severity):
    shape = (3, 17, 23)
    perturb, batch = perturbation(name, photo(shape), **options_of(name, profile)), scenes(shape, 5, seed)
    whole = perturb(batch, severity, noise_for(range(5), seed))
    for part in (order[:split], order[split:], order[:1]):
        assert torch.equal(perturb(batch[part], severity, noise_for(part, seed)), whole[part])


@each_name
def test_parts_of_a_large_batch_are_as_one_sample(noise_for, name):
    shape = (3, 64, 64)
    perturb, batch = perturbation(name, photo(shape), **options_of(name, "imagenet")), scenes(shape, 13)
    whole = perturb(batch, 3, noise_for(range(13)))
    for row in (0, 5, 12):
        assert torch.equal(perturb(batch[row : row + 1], 3, noise_for([row])), whole[row : row + 1])


@each_name
@each_profile
@pytest.mark.parametrize("size", [(8, 8), (8, 31), (33, 9), (29, 28)])
def test_every_size_from_8_pixels_and_every_severity(noise_for, name, profile, size):
    shape = (3, *size)
    perturb, batch = perturbation(name, photo(shape), **options_of(name, profile)), scenes(shape, 2)
    before = batch.clone()
    for severity in SEVERITIES:
        result = perturb(batch, severity, noise_for([0, 1]))
        assert result.shape == batch.shape
        assert torch.isfinite(result).all()
        assert result.min() >= 0
        assert result.max() <= 1
        assert not torch.equal(result, batch) or name in MAY_BE_NOTHING
    assert torch.equal(batch, before)


@each_name
@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_channels(noise_for, name, channels):
    shape, expected = (channels, 24, 20), {3} if name in ONLY_RGB else {1, 3} if name in GREY_OR_RGB else {1, 2, 3, 6}
    if channels not in expected:
        with pytest.raises(Exception, match=f"it has {channels} channels?, expected"):
            perturbation(name, photo(shape), **options_of(name, "imagenet"))
        return
    result = perturbation(name, photo(shape), **options_of(name, "imagenet"))(scenes(shape, 2), 5, noise_for([0, 1]))
    assert result.shape == (2, *shape)


@pytest.mark.parametrize("name", ["snow", "frost", "spatter", "brightness", "fog", "contrast"])
def test_a_grey_image_of_one_channel_is_as_one_of_three(noise_for, name):
    grey = scenes((1, 48, 48), 3)
    options = options_of(name, "imagenet") | {"quantise": False}
    one = perturbation(name, photo((1, 48, 48)), **options)(grey, 2, noise_for(range(3)))
    three = perturbation(name, photo((3, 48, 48)), **options)(grey.expand(-1, 3, -1, -1), 2, noise_for(range(3)))
    weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    assert ((three * weights).sum(1, keepdim=True) - one).abs().mean() < 0.01


@each_name
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_dtype_is_kept(noise_for, name, dtype):
    shape = (3, 24, 24)
    batch = scenes(shape, 2).to(dtype)
    result = perturbation(name, photo(shape), **options_of(name, "imagenet"))(batch, 5, noise_for([0, 1]))
    assert result.dtype == dtype
    assert 0 <= result.min() <= result.max() <= 1


@pytest.mark.parametrize("name", [name for name, card in CARDS.items() if "depth" in card.takes])
@pytest.mark.parametrize(("kind", "low", "high"), [("depth", 0.0, 10.0), ("spectrogram", -80.0, 0.0)])
def test_a_declared_range_is_the_unit_and_nothing_is_truncated(noise_for, name, kind, low, high):
    shape = (1, 24, 20)
    unit, own = photo(shape), Modality("own", kind, shape, range=(low, high))
    options = options_of(name, "imagenet")
    batch = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0))
    wide = low + batch * (high - low)
    result = perturbation(name, own, **options)(wide, 3, noise_for([0, 1]))
    fill = {"fill": 0.0} if name == "occlusion" else {"quantise": False}
    expected = perturbation(name, unit, **(options | fill))(batch, 3, noise_for([0, 1]))
    if name == "occlusion":
        assert (result == 0).sum() >= (expected == 0).sum() > 0
    else:
        torch.testing.assert_close((result - low) / (high - low), expected, atol=2e-5, rtol=0)
    assert result.min() >= low
    assert result.max() <= high
    assert len((result * 255 / (high - low)).frac().unique()) > 3 or name == "impulse-noise"


@each_name
@each_profile
def test_distance_grows_but_where_the_published_constants_do_not(noise_for, name, profile):
    shape = (3, 64, 64) if profile == "imagenet" else (3, 32, 32)
    perturb, batch = perturbation(name, photo(shape), **options_of(name, profile)), scenes(shape, 32)
    distances = [(perturb(batch, s, noise_for(range(32))) - batch).abs().mean().item() for s in SEVERITIES]
    falls = {severity for severity, (mild, strong) in enumerate(pairwise(distances), 2) if strong < mild}
    assert falls <= NOT_MONOTONE[profile].get(name, set())
    assert distances[0] > 0


@pytest.mark.parametrize("name", ["impulse-noise", "occlusion"])
def test_what_is_hit_stays_hit(noise_for, name):
    shape = (3, 24, 24)
    perturb, batch = perturbation(name, photo(shape)), torch.full((8, *shape), 100 / 255)
    hit = [perturb(batch, severity, noise_for(range(8))) != batch for severity in SEVERITIES]
    assert all((stronger | ~milder).all() for milder, stronger in pairwise(hit))


@each_name
def test_seeds_and_samples_differ_only_where_it_is_random(noise_for, name):
    shape = (3, 64, 64)
    perturb = perturbation(name, photo(shape), **options_of(name, "imagenet"))
    batch = scenes(shape, 1).expand(6, -1, -1, -1)
    one, other = (perturb(batch, 3, noise_for(range(6), seed)) for seed in (0, 1))
    assert torch.equal(one, other) == (name not in RANDOM)
    assert torch.equal(one[:1].expand_as(one), one) == (name not in RANDOM)


@each_name
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_constant_images_stay_finite(noise_for, name, value):
    shape = (3, 16, 16)
    perturb = perturbation(name, photo(shape), **options_of(name, "cifar"))
    for severity in SEVERITIES:
        assert torch.isfinite(perturb(torch.full((2, *shape), value), severity, noise_for([0, 1]))).all()


@each_name
def test_an_empty_batch_stays_empty(noise_for, name):
    perturb = perturbation(name, photo((3, 16, 16)), **options_of(name, "cifar"))
    assert perturb(torch.zeros(0, 3, 16, 16), 3, noise_for([])).shape == (0, 3, 16, 16)


@each_name
def test_the_result_is_on_the_inputs_device(noise_for, name):
    """The meta device refuses to mix with the CPU, so it finds what an accelerator would; it has no values."""
    if name in LOOKS_AT_VALUES:
        pytest.skip("its steps depend on values, which the meta device has not")
    perturb = perturbation(name, photo((3, 24, 24)), **options_of(name, "imagenet"))
    result = perturb(torch.zeros(2, 3, 24, 24, device="meta"), 3, noise_for([0, 1]))
    assert result.device.type == "meta"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no accelerator here")
@each_name
def test_an_accelerator_gives_the_same(noise_for, name):
    perturb = perturbation(name, photo((3, 24, 24)), **options_of(name, "imagenet"))
    batch = scenes((3, 24, 24), 5)
    result = perturb(batch.cuda(), 3, noise_for(range(5)))
    assert torch.equal(perturb(batch[3:].cuda(), 3, noise_for([3, 4])), result[3:])
    difference = (result.cpu() - perturb(batch, 3, noise_for(range(5)))).abs()
    assert difference.max() < 1.01 / 255
