"""The log-mel spectrogram: against another implementation, real speech, and its invariances."""

from __future__ import annotations

import inspect
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.audio_utils import mel_filter_bank, spectrogram, window_function

from brownout_audio.log_mel import LogMel
from brownout_audio.mel import mel_filters
from brownout_audio.plugin import brownout_encoders
from brownout_registry import REQUIRED, Modality, Padded, UsageError, resolve
from brownout_vision.cnn6 import CNN6

SPEECH = Modality("speech", "audio", (8000,), sample_rate=8000)


def clips(*lengths, scale=0.5):
    """Noise, zero behind each end."""
    noise = torch.rand(len(lengths), max(lengths), generator=torch.Generator().manual_seed(0)) * 2 - 1
    ends = torch.tensor(lengths)
    return Padded(noise * scale * (torch.arange(max(lengths)) < ends[:, None]), ends)


@pytest.fixture(scope="module")
def digits(shared_data):
    data = np.load(shared_data / "avmnist_fsdd" / "avmnist_fsdd.npz")
    waves = torch.from_numpy(data["audio_wave"][:300] / np.float32(32768))
    return Padded(waves, torch.from_numpy(data["audio_length"][:300]).long()), data["audio_logmel"][:300] / 255


@pytest.mark.parametrize(("n_fft", "hop", "mels", "fmin", "fmax"), [(256, 128, 64, 0, 4000), (512, 80, 40, 50, 3500)])
def test_it_equals_the_one_of_transformers(n_fft, hop, mels, fmin, fmax):
    sound = clips(8000)
    ours = LogMel(SPEECH, seconds=1, n_fft=n_fft, hop=hop, mels=mels, fmin=fmin, fmax=fmax, floor=-60)(sound)[0, 0]
    theirs = spectrogram(
        sound.values[0].double().numpy(),
        window_function(n_fft, "hann"),
        frame_length=n_fft,
        hop_length=hop,
        power=2.0,
        pad_mode="constant",
        mel_filters=mel_filter_bank(n_fft // 2 + 1, mels, fmin, fmax, 8000, norm=None, mel_scale="htk"),
    )
    expected = 1 + 10 * np.log10(np.maximum(theirs / theirs.max(), 1e-6)) / 60
    np.testing.assert_allclose(ours, expected, atol=1e-4)


def test_real_speech_looks_as_in_the_stored_spectrograms(digits):
    """Their window and hop are not written down; these come close."""
    sounds, stored = digits
    ours = LogMel(SPEECH, seconds=1, hop=126)(sounds)[:, 0].numpy()
    correlations = [np.corrcoef(a.flatten(), b.flatten())[0, 1] for a, b in zip(ours, stored, strict=True)]
    assert np.mean(correlations) > 0.97


@pytest.mark.parametrize("hertz", [300.0, 1000.0, 2500.0])
def test_a_tone_is_brightest_in_the_filter_that_is_highest_at_its_frequency(hertz):
    tone = torch.sin(2 * torch.pi * hertz * torch.arange(8000) / 8000)[None]
    image = LogMel(SPEECH, seconds=1, n_fft=512, mels=40)(Padded(tone, torch.tensor([8000])))[0, 0]
    at_tone = mel_filters(40, 512, 8000, 0, 4000)[:, round(hertz * 512 / 8000)]
    assert image.mean(dim=1).argmax() == at_tone.argmax()


def test_filters_sum_to_one_between_the_first_and_the_last_peak():
    filters = mel_filters(20, 1024, 16000, 0, 8000)
    first, last = filters[0].argmax(), filters[-1].argmax()
    torch.testing.assert_close(filters.sum(dim=0)[first + 1 : last], torch.ones(int(last - first - 1)))


@settings(max_examples=25, deadline=None)
@given(seconds=st.floats(0.01, 2), hop=st.integers(20, 300), longest=st.integers(1, 20000), samples=st.integers(1, 3))
def test_what_comes_out_has_the_declared_shape_and_range(seconds, hop, longest, samples):
    module = LogMel(SPEECH, seconds=seconds, hop=hop, mels=20)
    out = module(clips(*[longest] * samples))
    assert out.shape == (samples, *module.representation.shape)
    assert out.min() >= 0
    assert out.max() <= 1


def test_a_row_depends_neither_on_the_others_nor_on_what_lies_behind_its_end():
    module, sounds = LogMel(SPEECH, seconds=1), clips(9000, 3000, 500)
    expected = module(sounds)
    dirty = sounds.values.clone()
    dirty[1, 3000:], dirty[2, 500:], dirty[:, 8000:] = 0.7, -0.7, 0.3
    torch.testing.assert_close(module(Padded(dirty, sounds.lengths)), expected)
    for row in range(3):
        end = int(sounds.lengths[row])
        alone = Padded(sounds.values[row : row + 1, :end], sounds.lengths[row : row + 1])
        torch.testing.assert_close(module(alone)[0], expected[row], rtol=1e-4, atol=1e-4)


def test_loudness_does_not_matter_and_silence_is_zero():
    module = LogMel(SPEECH, seconds=1)
    torch.testing.assert_close(module(clips(8000, scale=0.01)), module(clips(8000)), rtol=1e-4, atol=1e-4)
    assert (module(clips(8000, scale=0.0)) == 0).all()


@pytest.mark.parametrize("scale", [0.0, 0.5])
def test_the_gradient_is_finite_and_reaches_the_waveform(scale):
    values = clips(8000, scale=scale).values.requires_grad_()
    weights = torch.rand(64, 63)
    (LogMel(SPEECH, seconds=1)(Padded(values, torch.tensor([8000]))) * weights).sum().backward()
    assert values.grad.isfinite().all()
    assert (values.grad.abs().sum() > 0) == (scale > 0)


def test_it_has_nothing_to_fit_or_save():
    module = LogMel(SPEECH, seconds=1)
    assert list(module.parameters()) == []
    assert module.state_dict() == {}


def test_its_map_is_an_image_for_the_next_encoder():
    module = LogMel(SPEECH, seconds=1)
    image = Modality("speech", "image", module.representation.shape)
    assert CNN6(image)(module(clips(8000, 4000))).shape == (2, 128)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seconds": 0}, "option 'seconds' is 0; expected at least one sample"),
        ({"floor": 0}, "option 'floor' is 0; expected a negative level"),
        ({"fmax": 5000}, r"fmax 5000; expected 0 <= fmin < fmax <= 4000\.0 Hz"),
        ({"fmin": 2000, "fmax": 1000}, "fmin 2000 and fmax 1000"),
        ({"hop": 0}, "hop 0"),
        ({"mels": 112}, "3 of 112 mel filters contain no frequency bin; expected fewer mels or n_fft > 256"),
    ],
)
def test_options_out_of_range_are_explained(options, says):
    with pytest.raises(UsageError, match=says):
        LogMel(SPEECH, **{"seconds": 1, **options})


def test_a_sample_rate_is_needed():
    with pytest.raises(UsageError, match="modality 'speech' declares no sample rate"):
        LogMel(Modality("speech", "audio", (8000,)), seconds=1)


def test_options_of_the_card_are_the_factorys():
    (card,) = brownout_encoders()
    _, *parameters = inspect.signature(resolve(card)).parameters.values()
    taken = {each.name: REQUIRED if each.default is each.empty else each.default for each in parameters}
    assert {option.name: option.default for option in card.options} == taken


def test_listing_imports_no_torch():
    code = "import sys, brownout_audio.plugin; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
