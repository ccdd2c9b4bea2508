"""Perturbations on real speech, and a suite of them from file to report."""

from __future__ import annotations

import wave
from itertools import pairwise

import numpy as np
import pytest
import torch

import brownout
from brownout.engine.settings import Settings
from brownout_audio.plugin import brownout_perturbations
from brownout_registry import Modality, Padded, UsageError

SPEECH = Modality("audio", "audio", (18262,), range=(-1.0, 1.0), sample_rate=8000)
ON_WAVES = [card.name for card in brownout_perturbations() if "audio" in card.takes]


@pytest.fixture(scope="module")
def digits(shared_data):
    """400 clips of at most half a second, their labels and spectrograms."""
    with np.load(shared_data / "avmnist_fsdd" / "avmnist_fsdd.npz") as data:
        rows = np.arange(0, 3000, 7)[:400]
        lengths = np.minimum(data["audio_length"][rows], 4000)
        waves = data["audio_wave"][rows, :4000] / np.float32(32768)
        return waves, lengths, data["audio_digit"][rows], data["audio_logmel"][rows]


@pytest.mark.parametrize("name", ON_WAVES)
def test_speech_suffers_more_at_each_severity(noise_for, make, digits, name):
    clips = Padded(torch.from_numpy(digits[0][:20]), torch.from_numpy(digits[1][:20]).long())
    perturb, noise = make(name, SPEECH), noise_for(range(20))
    results = [perturb(clips, severity, noise).values for severity in range(1, 6)]
    distances = [float((result - clips.values).square().mean()) for result in results]
    assert distances[0] > 0
    assert all(mild < strong for mild, strong in pairwise(distances))
    assert all(torch.isfinite(result).all() and result.abs().max() <= 1 for result in results)


def write_hum(folder):
    folder.mkdir()
    with wave.open(str(folder / "hum.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((3000 * np.sin(np.arange(32000) / 40)).astype("<i2").tobytes())
    return str(folder)


def suite_of(digits, tmp_path, each):
    waves, lengths, labels, spectrograms = digits
    np.savez(tmp_path / "digits.npz", voice=waves, lengths=lengths, sound=spectrograms, label=labels)
    modalities = {
        "voice": {"kind": "audio", "column": "voice", "lengths": "lengths", "sample_rate": 8000},
        "sound": {"kind": "spectrogram", "column": "sound"},
    }
    return {
        "suite": "speech",
        "dataset": {"use": "files", "path": str(tmp_path / "digits.npz"), "modalities": modalities},
        "encoders": {
            "voice": {"backbone": {"use": "log-mel", "seconds": 0.5, "mels": 20}, "use": "mlp", "hidden": [32]},
            "sound": {"use": "mlp", "hidden": [32]},
        },
        "methods": [{"name": "mean", "fusion": "mean"}],
        "training": {"epochs": 25, "learning_rate": 0.01, "seeds": [0]},
        "protocol": {"corruptions": {"each": each, "severities": [1, 5]}},
        "metrics": ["accuracy"],
    }


def test_every_perturbation_in_one_suite(digits, tmp_path):
    names = [card.name for card in brownout_perturbations() if card.name != "background-noise"]
    hum = {"use": "background-noise", "folder": write_hum(tmp_path / "rooms")}
    run = brownout.run(suite_of(digits, tmp_path, [*names, hum]), Settings(tmp_path / "out", device="cpu"))
    assert run.failures == ()
    accuracy = {each.condition.name: each.value for each in run.scores}
    on_both = ["time-masking", "frame-dropout"]
    voices, sounds = [*ON_WAVES], [*on_both, "frequency-masking"]
    expected = {f"{name}(voice)" for name in voices} | {f"{name}(sound)" for name in sounds}
    assert set(accuracy) == {"clean"} | {f"{each} s{severity}" for each in expected for severity in (1, 5)}
    assert accuracy["clean"] > 0.6
    assert accuracy["white-noise(voice) s1"] > accuracy["white-noise(voice) s5"]


def test_a_missing_folder_is_refused_before_anything_is_computed(digits, tmp_path):
    suite = suite_of(digits, tmp_path, [{"use": "background-noise", "folder": str(tmp_path / "nowhere")}])
    with pytest.raises(UsageError, match=r"there is no folder '.*nowhere'"):
        brownout.run(suite, Settings(tmp_path / "out", device="cpu"))
