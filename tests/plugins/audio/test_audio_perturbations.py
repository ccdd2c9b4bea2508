"""Properties that hold for every perturbation of waveforms and spectrograms."""

from __future__ import annotations

import inspect
from itertools import pairwise

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brownout_audio.plugin import brownout_perturbations
from brownout_audio.spectra import convolved, scaled
from brownout_audio.waves import root_mean_square
from brownout_registry import REQUIRED, Modality, Padded, UsageError, resolve

CARDS = {card.name: card for card in brownout_perturbations()}
ON_WAVES = [name for name, card in CARDS.items() if "audio" in card.takes]
ON_SPECTROGRAMS = [name for name, card in CARDS.items() if "spectrogram" in card.takes]
DRAWN = [name for name in CARDS if name not in ("low-pass", "clipping", "gain")]
BY_STEP = [name for name in ON_WAVES if name not in ("low-pass", "reverberation")]  # each step on its own
VOICE = Modality("voice", "audio", (400,), range=(-1.0, 1.0), sample_rate=1000)
BARE = Modality("voice", "audio", (400,))
SPECTROGRAMS = [
    Modality("sound", "spectrogram", (1, 12, 20), range=(0.0, 1.0)),
    Modality("sound", "spectrogram", (2, 7, 9), range=(-80.0, 0.0)),
    Modality("sound", "spectrogram", (1, 5, 3)),
]
SEVERITIES = range(1, 6)
many = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
each_wave = pytest.mark.parametrize("name", ON_WAVES)
each_spectrogram = pytest.mark.parametrize("name", ON_SPECTROGRAMS)
each_shape = pytest.mark.parametrize("modality", SPECTROGRAMS, ids=str)
lengths_of_clips = st.lists(st.integers(0, 400), min_size=1, max_size=5)


def pictures(modality, size, seed=0):
    low, high = modality.range or (-3.0, 5.0)
    generator = torch.Generator().manual_seed(seed)
    return low + (high - low) * torch.rand(size, *modality.shape, generator=generator)


@each_wave
@given(lengths=lengths_of_clips, seed=st.integers(0, 99), severity=st.sampled_from(SEVERITIES), data=st.data())
@many
def test_a_clip_sees_neither_its_batch_nor_its_padding(noise_for, make, clips, name, lengths, seed, severity, data):
    perturb, size = make(name, VOICE), len(lengths)
    batch = clips(lengths, seed)
    whole = perturb(batch, severity, noise_for(range(size), seed))
    order = data.draw(st.permutations(range(size)))
    for part in (order, order[:1], order[: size // 2]):
        longest = int(batch.lengths[part].max()) if part else 0
        alone = Padded(batch.values[part][:, : longest + data.draw(st.integers(0, 500))], batch.lengths[part])
        again = perturb(alone, severity, noise_for(part, seed))
        assert torch.equal(again.lengths, alone.lengths)
        for row, sample in enumerate(part):
            assert torch.equal(again.values[row, : lengths[sample]], whole.values[sample, : lengths[sample]])


@each_wave
@pytest.mark.parametrize("modality", [VOICE, BARE], ids=["declared", "bare"])
@given(
    lengths=lengths_of_clips, seed=st.integers(0, 99), severity=st.sampled_from(SEVERITIES), padding=st.integers(0, 9)
)
@many
def test_a_clip_keeps_its_form(noise_for, make, clips, name, modality, lengths, seed, severity, padding):
    batch = clips(lengths, seed, peak=1.0, padding=padding)
    before = batch.values.clone()
    result = make(name, modality)(batch, severity, noise_for(range(len(lengths)), seed))
    assert torch.equal(batch.values, before)
    assert torch.equal(result.lengths, batch.lengths)
    assert result.values.shape == before.shape
    assert result.values.dtype == before.dtype
    assert torch.isfinite(result.values).all()
    assert (result.values.abs() <= 1).all()
    for row, length in enumerate(lengths):
        assert not result.values[row, length:].any()


@each_wave
@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_other_precisions_stay(noise_for, make, clips, name, dtype):
    batch = clips([400, 123, 1])
    single = make(name, VOICE)(batch, 5, noise_for(range(3))).values
    result = make(name, VOICE)(Padded(batch.values.to(dtype), batch.lengths), 5, noise_for(range(3))).values
    assert result.dtype == dtype
    if name != "audio-shot-noise":  # its counts may jump with the last bit of the input
        torch.testing.assert_close(result.float(), single, rtol=0.02, atol=0.02)


@each_wave
@given(seed=st.integers(0, 99))
@many
def test_the_distance_to_the_clip_grows(noise_for, make, clips, name, seed):
    batch = clips([400, 400, 250, 90, 400, 333, 400, 150], seed)
    perturb, noise = make(name, VOICE), noise_for(range(8), seed)
    distances = [(perturb(batch, severity, noise).values - batch.values).abs() for severity in SEVERITIES]
    for mild, strong in pairwise(distances):
        assert mild.mean() <= strong.mean()
        if name in BY_STEP:
            assert (mild <= strong + 1e-6).all()
    assert distances[0].mean() < distances[-1].mean()


@each_wave
@pytest.mark.parametrize("lengths", [[400, 0, 7], [0], [1]])
def test_silence_stays_silence(noise_for, make, clips, name, lengths):
    batch = clips(lengths, peak=0.0)
    for severity in SEVERITIES:
        result = make(name, VOICE)(batch, severity, noise_for(range(len(lengths))))
        assert not result.values.any()


@each_wave
def test_what_stands_in_the_padding_does_not_matter(noise_for, make, clips, name):
    batch = clips([300, 20, 0])
    dirty = batch.values.clone()
    dirty[1, 20:], dirty[2] = torch.nan, 0.9
    perturb = make(name, VOICE)
    expected = perturb(batch, 4, noise_for(range(3))).values
    assert torch.equal(perturb(Padded(dirty, batch.lengths), 4, noise_for(range(3))).values, expected)


@each_wave
def test_a_clip_longer_than_declared_has_a_result_too(noise_for, make, clips, name):
    batch = clips([1000, 450])
    perturb = make(name, VOICE)
    result = perturb(batch, 3, noise_for(range(2))).values
    assert torch.isfinite(result).all()
    alone = perturb(Padded(batch.values[1:, :450], batch.lengths[1:]), 3, noise_for([1])).values
    assert torch.equal(alone[0], result[1, :450])


@each_wave
def test_a_declared_range_is_kept(noise_for, make, clips, name):
    narrow = Modality("voice", "audio", (400,), range=(-0.31, 0.31), sample_rate=1000)
    result = make(name, narrow)(clips([400] * 4), 5, noise_for(range(4)))
    assert result.values.abs().max() <= 0.31


@pytest.mark.parametrize("name", [name for name in ON_WAVES if name != "audio-shot-noise"])  # whose counts need values
def test_waves_stay_on_their_device(noise_for, make, clips, name):
    """The meta device refuses to mix with the CPU, so it finds what an accelerator would."""
    batch = clips([400, 77])
    result = make(name, VOICE)(Padded(batch.values.to("meta"), batch.lengths), 3, noise_for(range(2)))
    assert result.values.device.type == "meta"
    assert result.values.shape == batch.values.shape


@each_spectrogram
@each_shape
@given(order=st.permutations(range(4)), seed=st.integers(0, 99), severity=st.sampled_from(SEVERITIES))
@many
def test_a_spectrogram_does_not_see_its_batch(noise_for, make, name, modality, order, seed, severity):
    batch, perturb = pictures(modality, 4, seed), make(name, modality)
    before = batch.clone()
    whole = perturb(batch, severity, noise_for(range(4), seed))
    assert torch.equal(batch, before)
    for part in (order, order[:1], order[1:]):
        assert torch.equal(perturb(batch[part], severity, noise_for(part, seed)), whole[part])


@each_spectrogram
@each_shape
@pytest.mark.parametrize("fill", ["silence", "mean"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_a_spectrogram_keeps_its_form(noise_for, make, name, modality, fill, dtype):
    batch = pictures(modality, 3).to(dtype)
    result = make(name, modality, fill=fill)(batch, 5, noise_for(range(3)))
    assert result.shape == batch.shape
    assert result.dtype == dtype
    low, high = modality.range or (float(batch.min()), float(batch.max()))
    assert low <= result.min() <= result.max() <= high
    moved = make(name, modality, fill=fill)(batch.to("meta"), 5, noise_for(range(3)))
    assert moved.device.type == "meta"


@each_spectrogram
@each_shape
@pytest.mark.parametrize("fill", ["silence", "mean"])
@given(seed=st.integers(0, 99))
@many
def test_what_is_masked_stays_masked(noise_for, make, name, modality, fill, seed):
    batch, perturb = pictures(modality, 6, seed), make(name, modality, fill=fill)
    distances = [(perturb(batch, severity, noise_for(range(6), seed)) - batch).abs() for severity in SEVERITIES]
    for mild, strong in pairwise(distances):
        assert (mild <= strong).all()
    assert distances[0].sum() < distances[-1].sum()


@pytest.mark.parametrize("name", DRAWN)
def test_seeds_and_samples_differ(noise_for, make, clips, name):
    if name in ON_WAVES:
        one = clips([400])
        batch, modality = Padded(one.values.expand(8, -1), torch.full((8,), 400)), VOICE
    else:
        batch, modality = pictures(SPECTROGRAMS[0], 1).expand(8, -1, -1, -1), SPECTROGRAMS[0]
    first, second = (make(name, modality)(batch, 3, noise_for(range(8), seed)) for seed in (0, 1))
    first, second = (each.values if isinstance(each, Padded) else each for each in (first, second))
    assert not torch.equal(first, second)
    assert len({tuple(row.flatten().tolist()) for row in first}) > 1


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_neither_threads_nor_padding_nor_the_batch_change_a_bit(threads):
    wave = torch.rand(160_000, generator=torch.Generator().manual_seed(0)) - 0.5
    found = []
    for number, rows, padding in ((1, 1, 0), (2, 1, 0), (1, 7, 0), (2, 3, 50_000)):
        threads(number)
        values = torch.zeros(rows, len(wave) + padding)
        values[0, : len(wave)] = wave
        level = root_mean_square(values, Padded(values, torch.full((rows,), len(wave))))[0]
        found.append((level, scaled(wave, torch.linspace(1, 0, 80_001)), convolved(wave, wave)))
    for again in found[1:]:
        assert all(torch.equal(*pair) for pair in zip(found[0], again, strict=True))


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("level", [float("nan"), float("inf"), "loud", True, -1000.0])
def test_levels_out_of_range_are_explained(make, name, level):
    modality = VOICE if name in ON_WAVES else SPECTROGRAMS[0]
    with pytest.raises(
        UsageError, match=rf"perturbation '{name}' of '.*': levels\[1\] is .*, expected a number"
    ) as error:
        make(name, modality, (0.5, level))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("card", CARDS.values(), ids=str)
def test_options_of_a_card_are_the_factorys(card):
    _, _, *parameters = inspect.signature(resolve(card)).parameters.values()
    taken = {each.name: REQUIRED if each.default is each.empty else each.default for each in parameters}
    assert {option.name: option.default for option in card.options} == taken


def test_the_default_set_is_small():
    assert [name for name, card in CARDS.items() if "audio" in card.default_for] == ["low-pass", "reverberation"]
    assert [name for name, card in CARDS.items() if "spectrogram" in card.default_for] == ["frequency-masking"]
