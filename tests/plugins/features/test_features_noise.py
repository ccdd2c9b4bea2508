"""Gaussian noise, salt and pepper, missing entries: formulas and values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from brownout_features.gaussian import gaussian_noise
from brownout_features.missing import missing_entries
from brownout_features.salt import salt_and_pepper
from brownout_registry import Modality, Padded, UsageError

SPECTROGRAM = Modality("sound", "spectrogram", (1, 6, 8))
VECTOR = Modality("table", "vector", (4,))


@dataclass
class Fixed:
    """Noise whose draws are given."""

    draws: torch.Tensor

    def normal(self, label, shape=()):
        assert self.draws.shape[1:] == shape
        return self.draws

    uniform = normal


@pytest.mark.parametrize("reading", ["variance", "std"])
def test_multiplicative_noise_is_that_of_the_paper(golden, reading):
    case = golden("noise_b1", "noise_B1")
    x, e = (torch.from_numpy(case["inputs"][key])[None, None] for key in ("x", "standard_normal"))
    perturb = gaussian_noise(SPECTROGRAM, (case["hyper"]["w0"],), mode="multiplicative", reading=reading)
    expected = case["outputs"][f"gauss_w0_as_{reading}"]
    np.testing.assert_allclose(perturb(x, 1, Fixed(e))[0, 0].numpy(), expected, rtol=1e-9)


def test_the_paper_prints_a_variance_and_clips_nothing():
    photo = Modality("photo", "image", (1, 1, 2), range=(0.0, 1.0))
    x, e = torch.tensor([[[[0.5, 0.0]]]]), torch.full((1, 1, 1, 2), 1.0)
    assert gaussian_noise(photo, (4.0,), mode="multiplicative")(x, 1, Fixed(e)).flatten().tolist() == [1.5, 0.0]
    clipped = gaussian_noise(photo, (4.0,), mode="multiplicative", clip=True)(x, 1, Fixed(e))
    assert clipped.flatten().tolist() == [1.0, 0.0]


def test_missing_columns_are_those_of_the_paper(golden):
    case = golden("noise_b1", "noise_B1")
    x, w1 = torch.from_numpy(case["inputs"]["x"])[None, None], case["hyper"]["w1"]
    perturb = missing_entries(SPECTROGRAM, (w1,), unit="columns")
    starts_at_2 = Fixed(torch.tensor([2.5 / (8 - w1 + 1)]))
    np.testing.assert_array_equal(perturb(x, 1, starts_at_2)[0, 0].numpy(), case["outputs"]["missing_cols_2..4"])
    rows = missing_entries(SPECTROGRAM, (w1,), unit="columns", axis="frequency")
    assert rows(x, 1, Fixed(torch.tensor([0.0])))[0, 0].count_nonzero(dim=1).tolist() == [0, 0, 0, 8, 8, 8]


@pytest.mark.parametrize(("kind", "declared", "size"), [("image", (0.0, 1.0), 1), ("depth", (0.0, 10.0), 10)])
def test_image_like_levels_are_shares_of_the_range(noise_for, kind, declared, size):
    picture = Modality("picture", kind, (1, 64, 64), range=declared)
    middle = torch.full((16, 1, 64, 64), declared[1] / 2)
    noisy = gaussian_noise(picture, (0.08,))(middle, 1, noise_for(range(16)))
    assert noisy.std().item() == pytest.approx(0.08 * size, rel=0.02)
    assert noisy.mean().item() == pytest.approx(declared[1] / 2, rel=0.01)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_vectors_are_perturbed_relative_to_their_own_scale(noise_for, scale):
    x = torch.tensor([[3.0, 4.0, 0.0, 0.0]] * 4096) * scale
    noisy = gaussian_noise(VECTOR, (0.2,))(x, 1, noise_for(range(4096)))
    assert (noisy - x).std().item() == pytest.approx(0.2 * 2.5 * scale, rel=0.03)


def test_each_entry_of_a_vector_or_sequence_gets_noise_of_its_own_deviation(noise_for):
    scale = (0.01, 1.0, 50.0, 0.0)
    x, noise = torch.zeros(2000, 4), noise_for(range(2000))
    noisy = gaussian_noise(Modality("table", "vector", (4,), scale=scale), (0.5,))(x, 1, noise)
    np.testing.assert_allclose(noisy.std(0), 0.5 * np.array(scale), rtol=0.08)
    steps = Padded(torch.zeros(50, 7, 4), torch.full((50,), 5))
    noisy = gaussian_noise(Modality("steps", "sequence", (7, 4), scale=scale), (0.5,))(steps, 1, noise_for(range(50)))
    np.testing.assert_allclose(noisy.values[:, :5].flatten(0, 1).std(0), 0.5 * np.array(scale), rtol=0.2)
    assert not noisy.values[:, 5:].any()


def test_audio_noise_reaches_the_signal_to_noise_ratio(noise_for):
    voice = Modality("voice", "audio", (8000,), range=(-1.0, 1.0))
    sine = 0.1 * torch.sin(torch.arange(8000) / 7).expand(2, -1)
    batch = Padded(sine * (torch.arange(8000) < torch.tensor([[8000], [2000]])), torch.tensor([8000, 2000]))
    noise = gaussian_noise(voice, (0.1,))(batch, 1, noise_for([0, 1])).values - batch.values
    for sound, change, length in zip(batch.values, noise, batch.lengths, strict=True):
        decibels = 10 * torch.log10(sound[:length].square().mean() / change[:length].square().mean())
        assert decibels.item() == pytest.approx(20, abs=0.3)


def test_silence_stays_silent(noise_for):
    quiet = gaussian_noise(VECTOR, (0.2,))(torch.zeros(2, 4), 1, noise_for([0, 1]))
    assert torch.equal(quiet, torch.zeros(2, 4))


@pytest.mark.parametrize("p", [0.0, 0.09, 1.0])
def test_salt_and_pepper_hits_its_share_half_each(noise_for, p):
    photo = Modality("photo", "image", (3, 64, 64), range=(0.0, 1.0))
    result = salt_and_pepper(photo, (p,))(torch.full((16, 3, 64, 64), 0.5), 1, noise_for(range(16)))
    assert (result != 0.5).float().mean().item() == pytest.approx(p, abs=0.003)
    assert (result == 1).float().mean().item() == pytest.approx(p / 2, abs=0.003)
    assert (result == 0).float().mean().item() == pytest.approx(p / 2, abs=0.003)


def test_salt_is_the_samples_own_extreme_where_no_range_is_declared(noise_for):
    steps = Modality("sensor", "sequence", (3, 1))
    batch = Padded(torch.tensor([[[5.0], [7.0], [6.0]], [[8.0], [9.0], [0.0]]]), torch.tensor([3, 2]))
    values = salt_and_pepper(steps, (1.0,))(batch, 1, noise_for([0, 1])).values
    assert set(values[0].flatten().tolist()) <= {5.0, 7.0}
    assert set(values[1, :2].flatten().tolist()) <= {8.0, 9.0}
    assert values[1, 2].item() == 0


def test_a_gap_is_one_run_anywhere_with_equal_chances(noise_for):
    sensor = Modality("sensor", "sequence", (5, 1))
    batch = Padded(torch.ones(3000, 5, 1), torch.full((3000,), 5))
    lost = missing_entries(sensor, (0.4,))(batch, 1, noise_for(range(3000))).values[..., 0] == 0
    starts = lost.int().argmax(1)
    assert all(run[start : start + 2].all() and run.sum() == 2 for run, start in zip(lost, starts, strict=True))
    np.testing.assert_allclose(torch.bincount(starts) / 3000, [0.25] * 4, atol=0.04)


def test_a_gap_is_a_share_of_the_samples_own_length_and_at_least_one_step(noise_for):
    voice = Modality("voice", "audio", (100,), range=(-1.0, 1.0))
    lengths = torch.tensor([100, 50, 3, 1, 0])
    batch = Padded((torch.arange(100) < lengths[:, None]).float(), lengths)
    kept = missing_entries(voice, (0.1,))(batch, 1, noise_for(range(5))).values.sum(1)
    assert kept.tolist() == [90, 45, 2, 0, 0]


@pytest.mark.parametrize("columns", [99, 1e30])
def test_more_columns_than_there_are_leave_nothing(noise_for, columns):
    result = missing_entries(SPECTROGRAM, (columns,), unit="columns")(torch.ones(2, 1, 6, 8), 1, noise_for([0, 1]))
    assert not result.any()


def test_the_fill_value_is_brought_into_the_range(noise_for):
    decibels = Modality("sound", "spectrogram", (1, 2, 4), range=(-80.0, -5.0))
    result = missing_entries(decibels, (1.0,))(torch.full((1, 1, 2, 4), -20.0), 1, noise_for([0]))
    assert set(result.flatten().tolist()) == {-5.0}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gaussian_noise(VECTOR, (0.1, -0.1)), r"'gaussian-noise' of 'table': levels\[1\] is -0.1"),
        (lambda: gaussian_noise(VECTOR, (float("nan"),)), "levels.0. is nan"),
        (lambda: gaussian_noise(VECTOR, (0.1, 1e39)), r"levels.1. is 1e\+39, expected a number from 0 to 1e\+06"),
        (lambda: gaussian_noise(VECTOR, ("strong",)), "levels.0. is 'strong'"),
        (lambda: gaussian_noise(VECTOR, (0.1,), unit="range"), "'table': unit is 'range', but .* declares no range"),
        (lambda: gaussian_noise(VECTOR, (0.1,), unit="rms", mode="multiplicative"), "leave it out"),
        (lambda: salt_and_pepper(VECTOR, (1.5,)), "expected a number from 0 to 1"),
        (lambda: missing_entries(VECTOR, (3.0,)), "'missing-entries' of 'table': levels.0. is 3.0"),
        (lambda: missing_entries(VECTOR, (0.1,), fill="quiet"), "'fill' is 'quiet', expected a finite number"),
        *(
            (lambda fill=fill: missing_entries(VECTOR, (0.1,), fill=fill), f"'table', option 'fill' is {fill}, exp")
            for fill in (float("nan"), float("inf"), True)
        ),
        (lambda: missing_entries(VECTOR, (0.1,), axis="frequency"), "a vector has no axis 'frequency'"),
        (lambda: missing_entries(VECTOR, (1.5,), axis="time", unit="columns"), "whole numbers"),
        (lambda: missing_entries(VECTOR, (1,), unit="columns"), "scattered entries take a 'share'"),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(UsageError, match=message):
        make()
