"""Low-pass, reverberation, clipping and gain: formulas and values."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.signal import butter, freqs

from brownout_audio.low_pass import butterworth
from brownout_audio.reverberation import tail_envelope
from brownout_audio.spectra import convolved
from brownout_registry import Modality, Padded, UsageError

VOICE = Modality("voice", "audio", (16000,), range=(-1.0, 1.0), sample_rate=16000)
many = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def one(values) -> Padded:
    values = torch.as_tensor(values, dtype=torch.float32)[None]
    return Padded(values, torch.tensor([values.shape[1]]))


def tone(hertz: float, steps: int, peak: float = 0.5) -> torch.Tensor:
    return peak * torch.sin(2 * torch.pi * hertz * torch.arange(steps, dtype=torch.float64) / 16000)


@pytest.mark.parametrize("order", [1, 4, 6])
@pytest.mark.parametrize("cutoff", [0.125, 0.5, 1.0])
def test_the_response_is_that_of_an_analogue_butterworth_filter(order, cutoff):
    frequencies = np.linspace(0, 1, 501)
    _, expected = freqs(*butter(order, cutoff, analog=True), frequencies)
    np.testing.assert_allclose(butterworth(1000, cutoff, order), abs(expected), atol=1e-9)


@pytest.mark.parametrize("hertz", [500, 1000, 3000, 4000, 6000])
@pytest.mark.parametrize(("unit", "level"), [("hertz", 3000.0), ("nyquist", 0.375)])
def test_a_tone_is_scaled_by_the_response_at_its_frequency(noise_for, make, unit, level, hertz):
    before = one(tone(hertz, 1600))
    after = make("low-pass", VOICE, (level,), unit=unit)(before, 1, noise_for([0]))
    expected = before.values / math.sqrt(1 + (hertz / 3000) ** 12)
    torch.testing.assert_close(after.values, expected, atol=1e-6, rtol=1e-5)


def test_default_cutoffs_are_those_of_avrobustbench_at_16_khz(noise_for, make, clips):
    batch = clips([1600, 901])
    hertz = make("low-pass", VOICE, (8000.0, 6000.0, 4000.0, 2000.0, 1000.0), unit="hertz")
    for severity in range(1, 6):
        result = make("low-pass", VOICE)(batch, severity, noise_for(range(2)))
        assert torch.equal(result.values, hertz(batch, severity, noise_for(range(2))).values)


@pytest.mark.parametrize("rate", [8000, None, 44100])
def test_any_sample_rate_will_do(noise_for, make, clips, rate):
    """A cut-off at the Nyquist frequency and above it is defined: nearly everything passes."""
    modality, batch = Modality("voice", "audio", (1600,), sample_rate=rate), clips([1600])
    for unit, level in (("nyquist", 1.0), ("hertz", 60_000.0), ("nyquist", 3.0)):
        result = make("low-pass", modality, (level,), unit=unit)(batch, 1, noise_for([0])).values
        assert (result - batch.values).norm() < 0.2 * batch.values.norm()


def test_a_constant_passes_and_a_lone_step_too(noise_for, make):
    batch = Padded(torch.tensor([[0.4, 0.4, 0.4], [0.7, 0.0, 0.0]]), torch.tensor([3, 1]))
    torch.testing.assert_close(make("low-pass", VOICE)(batch, 5, noise_for(range(2))).values, batch.values)


@given(steps=st.integers(1, 200), seed=st.integers(0, 99))
@many
def test_convolution_equals_the_sum(steps, seed):
    a, b = np.random.default_rng(seed).standard_normal((2, steps))
    ours = convolved(torch.from_numpy(a), torch.from_numpy(b))
    np.testing.assert_allclose(ours, np.convolve(a, b)[:steps], atol=1e-9)


@pytest.mark.parametrize("seconds", [0.2, 0.5])
def test_the_tail_of_a_click_falls_by_60_decibels_in_the_reverberation_time(noise_for, make, seconds):
    clicks = torch.zeros(16, 16000)
    clicks[:, 0] = 0.9
    batch = Padded(clicks, torch.full((16,), 16000))
    tails = make("reverberation", VOICE, (seconds,))(batch, 1, noise_for(range(16))).values[:, 1:].double()
    energy = tails.square().flip(1).cumsum(1).flip(1).mean(0)  # Schroeder's backward integration
    decay = 10 * torch.log10(energy / energy[0])
    steps = int(seconds * 16000 / 2)
    assert decay[steps].item() == pytest.approx(-30, abs=1.5)
    assert decay[steps // 2].item() == pytest.approx(-15, abs=1)


@pytest.mark.parametrize(("seconds", "direct"), [(0.2, 0.0), (0.8, 0.0), (0.2, 10.0)])
def test_direct_and_reverberant_energy_have_the_stated_ratio(seconds, direct):
    envelope = tail_envelope(64000, seconds * 16000, direct, 16000)
    assert envelope[0] == 0
    assert np.square(envelope).sum() == pytest.approx(seconds * 10 ** (-direct / 10), rel=5e-3)


def test_reverberation_is_causal_keeps_the_level_and_smears(noise_for, make, clips):
    batch = clips([16000, 4000], peak=0.2)
    values = batch.values.clone()
    values[:, :2000] = 0
    quiet = Padded(values, batch.lengths)
    for severity in range(1, 6):
        result = make("reverberation", VOICE)(quiet, severity, noise_for(range(2))).values
        assert result[:, :2000].abs().max() < 1e-6
        torch.testing.assert_close(result.norm(dim=1), values.norm(dim=1), rtol=1e-4, atol=0)


def test_the_room_is_the_same_at_every_severity(noise_for, make):
    click = torch.zeros(1000)
    click[0] = 0.5
    mild, strong = (make("reverberation", VOICE)(one(click), each, noise_for([1])).values[0] for each in (1, 5))
    assert torch.equal(mild[1:].sign(), strong[1:].sign())


@given(level=st.floats(0, 1), seed=st.integers(0, 99))
@many
def test_clipping_cuts_at_a_share_of_the_samples_own_peak(noise_for, make, clips, level, seed):
    batch = clips([300, 80], seed, peak=0.8)
    result = make("clipping", VOICE, (level,))(batch, 1, noise_for(range(2))).values
    for before, after in zip(batch.values, result, strict=True):
        limit = float(before.abs().max() * level)
        torch.testing.assert_close(after, before.clamp(-limit, limit))


def test_gain_in_decibels(noise_for, make):
    clip = one([0.5, -0.02, 0.0])
    results = [make("gain", VOICE, (20.0, -20.0, 0.0))(clip, each, noise_for([0])).values[0] for each in (1, 2, 3)]
    np.testing.assert_allclose(results[0], [1.0, -0.2, 0.0], rtol=1e-6)
    np.testing.assert_allclose(results[1], [0.05, -0.002, 0.0], rtol=1e-6)
    assert torch.equal(results[2], clip.values[0])


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("low-pass", {"levels": (0.0,)}, r"levels\[0\] is 0.0, expected a number above 0"),
        ("low-pass", {"order": 0}, "option 'order' is 0, expected a whole number from 1 to 100"),
        ("low-pass", {"unit": "kilohertz"}, "option 'unit' is 'kilohertz', expected one of 'nyquist', 'hertz'"),
        ("reverberation", {"levels": (0.0,)}, r"levels\[0\] is 0.0, expected a number above 0"),
        ("reverberation", {"direct": 99.0}, "option 'direct' is 99.0, expected a ratio from -60 to 60 dB"),
        ("clipping", {"levels": (0.5, 1.1)}, r"levels\[1\] is 1.1, expected a number from 0 to 1"),
        ("gain", {"levels": (120.0,)}, r"levels\[0\] is 120.0, expected a number from -100 to 100"),
    ],
)
def test_what_is_out_of_range_is_explained(make, name, given, says):
    with pytest.raises(UsageError, match=says):
        make(name, VOICE, **given)
