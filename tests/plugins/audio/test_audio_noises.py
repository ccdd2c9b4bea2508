"""Noise at a signal-to-noise ratio: the ratio is exact, and the noise is what its name says."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brownout_registry import Modality, Padded, UsageError

WIDE = Modality("voice", "audio", (4000,), range=(-1024.0, 1024.0), sample_rate=8000)  # clips nothing
VOICE = Modality("voice", "audio", (4000,), range=(-1.0, 1.0), sample_rate=8000)
NOISES = ["white-noise", "audio-impulse-noise", "audio-shot-noise", "audio-speckle-noise", "background-noise"]
each_noise = pytest.mark.parametrize("name", NOISES)
many = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def ratios(before: Padded, after: Padded) -> list[float]:
    """Signal-to-noise ratios in dB over each sample's real steps, in double precision."""
    found = []
    for x, y, length in zip(before.values.double(), after.values.double(), before.lengths, strict=True):
        found.append(float(10 * torch.log10(x[:length].square().mean() / (y - x)[:length].square().mean())))
    return found


@each_noise
@given(
    lengths=st.lists(st.integers(5, 4000), min_size=1, max_size=4),
    decibels=st.floats(-20, 60),
    seed=st.integers(0, 99),
    loudness=st.sampled_from([1e-3, 0.1, 1.0]),
)
@many
def test_the_ratio_is_exact_for_every_sample(noise_for, make, clips, name, lengths, decibels, seed, loudness):
    batch = clips(lengths, seed, peak=loudness, padding=50)
    batch = Padded(batch.values.double(), batch.lengths)
    result = make(name, WIDE, (decibels,))(batch, 1, noise_for(range(len(lengths)), seed))
    assert ratios(batch, result) == pytest.approx([decibels] * len(lengths), abs=1e-4)


@each_noise
def test_default_ratios_fall_and_are_met_in_single_precision(noise_for, make, clips, name):
    batch, perturb = clips([4000, 1500], peak=0.2), make(name, WIDE)
    expected = (20, 15, 10, 5, 0) if name == "background-noise" else (40, 30, 20, 10, 0)
    for severity, decibels in enumerate(expected, 1):
        assert ratios(batch, perturb(batch, severity, noise_for(range(2)))) == pytest.approx([decibels] * 2, abs=1e-3)


@each_noise
def test_the_noise_is_one_field_scaled_by_severity(noise_for, make, clips, name):
    batch, perturb = clips([4000, 700]), make(name, WIDE, (20.0, 0.0))
    mild, strong = (perturb(batch, severity, noise_for(range(2))).values - batch.values for severity in (1, 2))
    torch.testing.assert_close(strong, 10 * mild, atol=2e-5, rtol=1e-3)


@each_noise
def test_clipping_comes_after_the_ratio(noise_for, make, clips, name):
    batch = clips([4000], peak=0.9)
    as_many_quanta = {"rate": 50.0 * WIDE.range[1]} if name == "audio-shot-noise" else {}
    free = make(name, WIDE, (0.0,), **as_many_quanta)(batch, 1, noise_for([0])).values
    clipped = make(name, VOICE, (0.0,))(batch, 1, noise_for([0])).values
    assert free.abs().max() > 1
    assert torch.equal(clipped, free.clamp(-1, 1))


@each_noise
def test_silence_beside_sound_stays_silent(noise_for, make, clips, name):
    """A ratio to no signal is none: not zeros for the others, no noise for the silent one."""
    batch = clips([4000, 4000, 4000])
    values = batch.values.clone()
    values[1] = 0
    result = make(name, VOICE, (0.0,))(Padded(values, batch.lengths), 1, noise_for(range(3))).values
    assert not result[1].any()
    assert result[0].count_nonzero() > 3900
    assert result[2].count_nonzero() > 3900


def test_white_noise_is_normal_and_white(noise_for, make):
    tone = Padded(torch.full((20, 4000), 0.5), torch.full((20,), 4000))
    noise = make("white-noise", WIDE, (0.0,))(tone, 1, noise_for(range(20))).values - 0.5
    z = (noise / noise.std()).double()
    assert z.mean().abs() < 0.02
    assert z.pow(3).mean().abs() < 0.05
    assert z.pow(4).mean().item() == pytest.approx(3, abs=0.1)
    power = torch.fft.rfft(z).abs().square().mean(0)[1:-1]
    low, high = power[:1000].mean(), power[1000:].mean()
    assert (low / high).item() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.5, 1.0])
def test_impulses_hit_a_share_of_the_steps_with_equal_height(noise_for, make, share):
    tone = Padded(torch.full((20, 4000), 0.5), torch.full((20,), 4000))
    change = make("audio-impulse-noise", WIDE, (6.0,), share=share)(tone, 1, noise_for(range(20))).values - 0.5
    hit = change != 0
    assert hit.float().mean().item() == pytest.approx(share, abs=0.01)
    assert (change > 0).sum().item() / hit.sum().item() == pytest.approx(0.5, abs=0.05)
    for row, where in zip(change, hit, strict=True):
        heights = row[where].abs()
        torch.testing.assert_close(heights, heights[:1].expand_as(heights), atol=1e-5, rtol=1e-5)


def test_one_impulse_at_least(noise_for, make):
    short = Padded(torch.full((200, 6), 0.5), torch.full((200,), 6))
    result = make("audio-impulse-noise", WIDE, (0.0,), share=0.001)(short, 1, noise_for(range(200))).values
    assert ((result != 0.5).sum(1) == 1).all()
    assert len(set((result != 0.5).int().argmax(1).tolist())) == 6


def test_shot_noise_power_goes_with_the_magnitude(noise_for, make):
    """A Gaussian stand-in of equal power everywhere, or one that scales as speckle does, would fail."""
    magnitudes = torch.tensor([0.1, 0.4, -0.8, 0.0]).repeat_interleave(1000)
    batch = Padded(magnitudes.expand(40, -1).contiguous(), torch.full((40,), 4000))
    change = make("audio-shot-noise", VOICE, (20.0,))(batch, 1, noise_for(range(40))).values - batch.values
    power = change.reshape(40, 4, 1000).square().mean((0, 2))
    assert (power[1] / power[0]).item() == pytest.approx(4, rel=0.08)
    assert (power[2] / power[0]).item() == pytest.approx(8, rel=0.08)
    assert power[3] == 0


def test_shot_noise_is_counted_in_quanta(noise_for, make):
    batch = Padded(torch.full((1, 4000), -0.5), torch.tensor([4000]))
    change = make("audio-shot-noise", VOICE, (20.0,), rate=6.0)(batch, 1, noise_for([3])).values[0] + 0.5
    sizes = torch.unique((change * 1e6).round() / 1e6)
    quantum = sizes[-1] - sizes[-2]
    counts = (change.max() - change) / quantum
    assert (counts - counts.round()).abs().max() < 1e-2
    counts = (change - change.max()).abs() / quantum
    assert counts.mean().item() == pytest.approx(3, abs=0.15)
    assert counts.var().item() == pytest.approx(3, abs=0.25)


def test_speckle_is_loud_where_the_signal_is(noise_for, make):
    magnitudes = torch.tensor([0.1, -0.4, 0.0]).repeat_interleave(1000)
    batch = Padded(magnitudes.expand(40, -1).contiguous(), torch.full((40,), 3000))
    change = make("audio-speckle-noise", WIDE, (10.0,))(batch, 1, noise_for(range(40))).values - batch.values
    power = change.reshape(40, 3, 1000).square().mean((0, 2))
    assert (power[1] / power[0]).item() == pytest.approx(16, rel=0.05)
    assert power[2] == 0


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("audio-impulse-noise", {"share": 0.0}, "option 'share' is 0.0, expected a share in (0, 1]"),
        ("audio-impulse-noise", {"share": 1.5}, "option 'share' is 1.5"),
        ("audio-shot-noise", {"rate": 0.0}, "option 'rate' is 0.0, expected a number above 0"),
        ("audio-shot-noise", {"rate": float("nan")}, "option 'rate' is nan"),
    ],
)
def test_options_out_of_range_are_explained(make, name, options, says):
    with pytest.raises(UsageError) as error:
        make(name, VOICE, **options)
    assert f"perturbation '{name}' of 'voice', {says}" in str(error.value)
