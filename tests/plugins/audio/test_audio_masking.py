"""Gaps in clips and spectrograms: how much, where, and in how many pieces."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brownout_registry import Modality, Padded, UsageError

VOICE = Modality("voice", "audio", (4000,), range=(-1.0, 1.0), sample_rate=1000)
SOUND = Modality("sound", "spectrogram", (2, 40, 60), range=(0.0, 1.0))
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)
many = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def ones(*lengths: int) -> Padded:
    ends = torch.tensor(lengths)
    return Padded((torch.arange(max(lengths)) < ends[:, None]).float(), ends)


def pieces(gone: torch.Tensor) -> int:
    """Runs of a circular mask."""
    return int((gone & ~gone.roll(1)).sum())


@given(
    lengths=st.lists(st.integers(1, 4000), min_size=1, max_size=4),
    levels=st.lists(st.floats(0, 1), min_size=2, max_size=4).map(sorted),
    chunk=st.floats(0.01, 1),
    seconds=st.sampled_from([0.0, 0.1, 5.0]),
    seed=st.integers(0, 99),
)
@many
def test_the_share_is_met_to_the_step_and_grows_around_itself(noise_for, make, lengths, levels, chunk, seconds, seed):
    perturb, batch = make("time-masking", VOICE, levels, chunk=chunk, seconds=seconds), ones(*lengths)
    before = torch.zeros_like(batch.values, dtype=torch.bool)
    for severity, share in enumerate(levels, 1):
        gone = (perturb(batch, severity, noise_for(range(len(lengths)), seed)).values == 0) & (batch.values == 1)
        expected = [max(round(share * length), 1 if share else 0) for length in lengths]
        assert gone.sum(1).tolist() == expected
        assert (gone | ~before).all()
        before = gone


def test_default_chunks_are_those_of_avrobustbench(noise_for, make):
    """10, 20, ..., 50 % in at most 2, 4, ..., 10 chunks (neighbours merge) of at least 0.1 s."""
    batch, perturb = ones(*[4000] * 50), make("time-masking", VOICE)
    for severity in range(1, 6):
        gone = perturb(batch, severity, noise_for(range(50))).values == 0
        assert gone.float().mean().item() == pytest.approx(severity / 10)
        counts = [pieces(row) for row in gone]
        assert max(counts) <= 2 * severity
        assert np.mean(counts) > severity * 0.9
    runs = [len(run) for row in gone for run in "".join("x" if hit else " " for hit in row.roll(0)).split()]
    assert np.median(runs) >= 200


def test_a_chunk_has_its_shortest_length(noise_for, make):
    gone = make("time-masking", VOICE, (0.4,))(ones(*[500] * 20), 1, noise_for(range(20))).values == 0
    assert all(pieces(row) <= 2 for row in gone)  # 200 steps of mute, 100 at least each


def test_chunks_start_anywhere(noise_for, make):
    gone = make("time-masking", VOICE, (0.1,), chunk=0.1)(ones(*[40] * 2000), 1, noise_for(range(2000))).values == 0
    np.testing.assert_allclose(gone.float().mean(0), 0.1, atol=0.04)


@pytest.mark.parametrize(("name", "axis"), [("time-masking", 3), ("frequency-masking", 2)])
@pytest.mark.parametrize("severity", range(1, 6))
def test_bands_run_through_the_whole_spectrogram(noise_for, make, name, axis, severity):
    masked = make(name, SOUND)(torch.ones(8, *SOUND.shape), severity, noise_for(range(8))) == 0
    lines = masked.movedim(axis, 1).flatten(2)
    assert (lines.all(2) == lines.any(2)).all()
    assert (lines.all(2).sum(1) == round(severity / 10 * SOUND.shape[axis - 1])).all()
    widest = 2 * severity if name == "time-masking" else severity
    assert all(pieces(row) <= widest for row in lines.all(2))


@pytest.mark.parametrize("name", ["time-masking", "frequency-masking", "frame-dropout"])
def test_masked_values_are_the_quietest_or_the_mean(noise_for, make, name):
    decibels = Modality("sound", "spectrogram", (1, 20, 20), range=(-80.0, 0.0))
    bare = Modality("sound", "spectrogram", (1, 20, 20))
    batch = -60 + 50 * torch.rand(3, 1, 20, 20, generator=torch.Generator().manual_seed(0))
    for modality, fill, expected in (
        (decibels, "silence", torch.full((3,), -80.0)),
        (bare, "silence", batch.flatten(1).amin(1)),
        (decibels, "mean", batch.flatten(1).mean(1)),
    ):
        result = make(name, modality, (0.5,), fill=fill)(batch, 1, noise_for(range(3)))
        for before, after, level in zip(batch, result, expected, strict=True):
            changed = after[before != after]
            assert len(changed) > 50
            torch.testing.assert_close(changed, level.expand_as(changed))


def test_the_mean_of_a_clip_takes_the_place_of_muted_steps(noise_for, make):
    batch = Padded(torch.tensor([[0.2, 0.4, 0.6, 0.0], [0.5, 0.5, 0.5, 0.5]]), torch.tensor([3, 4]))
    result = make("time-masking", VOICE, (1.0,), fill="mean")(batch, 1, noise_for(range(2))).values
    torch.testing.assert_close(result, torch.tensor([[0.4, 0.4, 0.4, 0.0], [0.5, 0.5, 0.5, 0.5]]))


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 1.0])
def test_frames_are_lost_whole_and_on_their_own(noise_for, make, p):
    """In every clip: MultiBench's faults, silence for clips that are not hit, would show."""
    kept = make("frame-dropout", VOICE, (p,))(ones(*[4000] * 40), 1, noise_for(range(40))).values
    frames = kept.reshape(40, 200, 20)
    assert (frames.amin(2) == frames.amax(2)).all()
    lost = frames[:, :, 0] == 0
    assert lost.float().mean().item() == pytest.approx(p, abs=0.02)
    assert lost.float().mean(1) == pytest.approx([p] * 40, abs=0.15)
    both = (lost[:, 1:] & lost[:, :-1]).float().mean().item()
    assert both == pytest.approx(p * p, abs=0.02)


def test_a_frame_of_a_spectrogram_is_a_column(noise_for, make):
    masked = make("frame-dropout", SOUND, (0.3,))(torch.ones(50, *SOUND.shape), 1, noise_for(range(50))) == 0
    columns = masked.flatten(1, 2)
    assert (columns.all(1) == columns.any(1)).all()
    assert columns.float().mean().item() == pytest.approx(0.3, abs=0.03)


def test_the_smallest_spectrogram(noise_for, make):
    dot = Modality("sound", "spectrogram", (1, 1, 1), range=(0.0, 1.0))
    for name in ("time-masking", "frequency-masking"):
        assert make(name, dot)(torch.ones(2, 1, 1, 1), 1, noise_for(range(2))).sum() == 0
        assert make(name, dot, (0.0,))(torch.ones(2, 1, 1, 1), 1, noise_for(range(2))).sum() == 2


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("time-masking", {"chunk": 0.0}, "option 'chunk' is 0.0, expected a share from 0.001 to 1"),
        ("time-masking", {"seconds": -1.0}, "option 'seconds' is -1.0, expected 0 to 3600 s"),
        ("frame-dropout", {"seconds": float("inf")}, "option 'seconds' is inf"),
        ("time-masking", {"fill": "noise"}, "option 'fill' is 'noise', expected one of 'silence', 'mean'"),
        ("frequency-masking", {"chunk": 2.0}, "option 'chunk' is 2.0"),
        ("frequency-masking", {"levels": (1.2,)}, r"levels\[0\] is 1.2, expected a number from 0 to 1"),
        ("frame-dropout", {"seconds": 0.0}, "option 'seconds' is 0.0, expected above 0, at most 3600 s"),
    ],
)
def test_what_is_out_of_range_is_explained(make, name, options, says):
    with pytest.raises(UsageError, match=says):
        make(name, SOUND, **options)
