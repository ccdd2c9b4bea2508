"""Recordings of a folder: what is read, from where, and what is refused."""

from __future__ import annotations

import os
import struct
import wave

import numpy as np
import pytest
import torch

from brownout_audio.recordings import find_recordings
from brownout_registry import Modality, Padded, UsageError

VOICE = Modality("voice", "audio", (2000,), range=(-10.0, 10.0), sample_rate=8000)


def write_wav(path, frames, width=2, rate=8000):
    """``frames`` ``[n]`` or ``[n, channels]``, whole numbers."""
    frames = np.asarray(frames)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if frames.ndim == 1 else frames.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        numbers = (int(each) + 128 * (width == 1) for each in frames.flatten())
        file.writeframes(b"".join(number.to_bytes(width, "little", signed=width > 1) for number in numbers))


def write_chunks(path, tag, width, data, rate=8000, channels=1, extensible=False, before=b""):
    """A wav file whose ``fmt `` chunk says this, whatever the data are."""
    real, tag, block = tag, 0xFFFE if extensible else tag, channels * width
    layout = struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, 8 * width)
    if extensible:
        layout += struct.pack("<HHIH", 22, 8 * width, 4, real) + bytes.fromhex("000000001000800000aa00389b71")
    chunks = b"WAVE" + before + b"fmt " + struct.pack("<I", len(layout)) + layout
    chunks += b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)


def only(folder, npy_rate=8000):
    (recording,) = find_recordings(str(folder), npy_rate, "here")
    return recording


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_pcm_of_every_width(tmp_path, width):
    top = 2 ** (8 * width - 1)
    numbers = [0, 1, -1, top - 1, -top, 17]
    write_wav(tmp_path / "a.WAV", numbers, width)
    recording = only(tmp_path)
    assert (recording.frames, recording.rate) == (6, 8000)
    assert recording.read(0, 6).tolist() == numbers
    assert recording.read(2, 3).tolist() == numbers[2:5]


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize(("tag", "dtype"), [(1, "u1"), (1, "<i2"), (1, "<i4"), (3, "<f4"), (3, "<f8")])
def test_floats_and_extensible_headers_are_read(tmp_path, tag, dtype, extensible):
    numbers = np.array([0.5, -0.25, 1.0, 0.0]) if tag == 3 else np.array([100, 3, 77, 128])
    data = numbers.astype(dtype)
    other = b"LIST" + struct.pack("<I", 3) + b"odd\0"
    write_chunks(tmp_path / "a.wav", tag, data.itemsize, data.tobytes(), extensible=extensible, before=other)
    recording = only(tmp_path)
    assert (recording.frames, recording.rate) == (4, 8000)
    expected = numbers - 128 * (dtype == "u1")
    assert recording.read(0, 4).tolist() == expected.tolist()
    assert recording.read(1, 2).tolist() == expected[1:3].tolist()


def test_channels_are_averaged(tmp_path):
    write_wav(tmp_path / "stereo.wav", [[100, 300], [-50, 50], [7, 8]])
    assert only(tmp_path).read(0, 3).tolist() == [200, 0, 7.5]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "float16"])
def test_npy_of_any_number(tmp_path, dtype):
    np.save(tmp_path / "a.npy", np.arange(5).astype(dtype))
    recording = only(tmp_path, 11025)
    assert recording.rate == 11025
    assert recording.read(1, 3).tolist() == [1, 2, 3]


@pytest.mark.parametrize("kind", ["wav", "npy"])
@pytest.mark.parametrize(("place", "steps"), [(0.0, 7), (0.7, 7), (0.95, 3), (0.5, 10), (0.3, 45), (0.999, 1)])
def test_a_stretch_goes_round(tmp_path, kind, place, steps):
    numbers = np.arange(10) * 10
    if kind == "wav":
        write_wav(tmp_path / "a.wav", numbers)
    else:
        np.save(tmp_path / "a.npy", numbers)
    expected = numbers[(int(place * 10) + np.arange(steps)) % 10]
    np.testing.assert_allclose(only(tmp_path).stretch(place, steps, 8000), expected)


@pytest.mark.parametrize("rate", [4000, 8000, 16000, 44100])
def test_rates_are_brought_together_by_linear_interpolation(tmp_path, rate):
    write_wav(tmp_path / "ramp.wav", np.arange(8000), rate=rate)
    stretch = only(tmp_path).stretch(0.0, 900, 8000)
    np.testing.assert_allclose(stretch, np.arange(900) * rate / 8000)


@pytest.mark.parametrize(("npy_rate", "step"), [(None, 1.0), (4000, 0.5), (16000, 2.0)])
def test_an_npy_file_has_the_modalitys_rate_unless_told(noise_for, make, tmp_path, npy_rate, step):
    np.save(tmp_path / "tone.npy", np.cos(2 * np.pi * 0.01 * np.arange(100_000)))
    clip = Padded(torch.full((1, 2000), 1e-3), torch.tensor([2000]))
    perturb = make("background-noise", VOICE, (0.0,), folder=str(tmp_path), npy_rate=npy_rate)
    background = perturb(clip, 1, noise_for([0])).values[0] - 1e-3
    assert torch.fft.rfft(background).abs().argmax().item() == 0.01 * step * 2000


def test_every_recording_and_place_has_its_chance(noise_for, make, tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for index, path in enumerate(["b.npy", "deep/a.npy", "deep/er/c.npy", "z.npy"]):
        np.save(tmp_path / path, np.full(50, 1.0 - 2 * (index % 2)) * np.where(np.arange(50) < 5, 3.0, 1.0))
    (tmp_path / "notes.txt").write_text("not a recording")
    assert len(find_recordings(str(tmp_path), 8000, "here")) == 4
    clips = Padded(torch.full((400, 50), 0.1), torch.full((400,), 50))
    perturb = make("background-noise", VOICE, (0.0,), folder=str(tmp_path))
    background = perturb(clips, 1, noise_for(range(400))).values - 0.1
    assert (background[:, 0] > 0).float().mean().item() == pytest.approx(0.5, abs=0.08)
    loudest = background.abs().argmax(1)
    assert len(loudest.unique()) > 40


def test_the_place_does_not_depend_on_the_length_of_the_clip(noise_for, make, folder):
    perturb = make("background-noise", VOICE, (0.0,), folder=str(folder))
    values = torch.full((2, 2000), 0.1)
    long, short = (
        perturb(Padded(values, torch.tensor([n, 2000])), 1, noise_for([5, 6])).values[0] for n in (2000, 700)
    )
    first, second = long[:700] - 0.1, short[:700] - 0.1
    torch.testing.assert_close(first / first.norm(), second / second.norm(), atol=1e-5, rtol=1e-4)


def test_a_silent_recording_adds_nothing(noise_for, make, tmp_path, clips):
    write_wav(tmp_path / "silence.wav", [0] * 100)
    batch = clips([500])
    result = make("background-noise", VOICE, folder=str(tmp_path))(batch, 5, noise_for([0]))
    assert torch.equal(result.values, batch.values)


def text(path):
    path.write_text("RIFF of nothing")


def object_array(path):
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)


def cut_off(path):
    write_wav(path, range(1000))
    path.write_bytes(path.read_bytes()[:500])


def header(*layout, **options):
    return lambda path: write_chunks(path, *layout, bytes(160), **options)


def cut_in_the_header(path):
    write_wav(path, range(10))
    path.write_bytes(path.read_bytes()[:30])


@pytest.mark.parametrize(
    ("name", "write", "says"),
    [
        ("a.wav", lambda path: path.write_bytes(b""), "be read: it is empty$"),
        ("a.npy", lambda path: path.write_bytes(b""), "be read: it is empty$"),
        ("a.wav", text, "be read: it does not begin as a wav file does"),
        ("a.wav", cut_in_the_header, "be read: it is cut off: the chunk 'fmt ' has less than 16 bytes$"),
        ("a.wav", lambda path: path.write_bytes(b"RIFF\0\0\0\0WAVE"), "it is cut off: there is no chunk 'fmt '$"),
        ("a.wav", header(1, 5), r"it holds 40 bits of format 1, expected plain PCM .* convert it$"),
        ("a.wav", header(1, 8), r"it holds 64 bits of format 1, expected"),
        ("a.wav", header(3, 2), r"it holds 16 bits of format 3, expected"),
        ("a.wav", header(2, 1), r"it holds 8 bits of format 2, expected"),
        ("a.wav", header(6, 1, extensible=True), r"it holds 8 bits of format 6, expected"),
        ("a.wav", header(1, 2, rate=2**31 - 1), r"1 channels at 2147483647 Hz, expected 1 .* at 1 to 1000000 Hz$"),
        ("a.wav", header(1, 2, rate=0), r"1 channels at 0 Hz, expected"),
        ("a.wav", header(1, 2, channels=0), r"0 channels at 8000 Hz, expected"),
        ("a.wav", text, "a.wav is no recording that can be read"),
        ("a.npy", text, "a.npy is no recording that can be read"),
        ("a.npy", object_array, "a.npy is no recording that can be read"),
        ("a.npy", lambda path: np.save(path, np.zeros((2, 3))), "expected signed or real numbers on one axis"),
        ("a.npy", lambda path: np.save(path, np.zeros(3, bool)), "it holds bool of shape"),
        ("a.npy", lambda path: np.save(path, np.zeros(0)), "a.npy is no recording that can be read: it is empty"),
        ("a.wav", lambda path: write_wav(path, []), "a.wav is no recording that can be read: it is empty"),
        ("a.wav", cut_off, "a.wav is no recording that can be read: it is cut off"),
    ],
)
def test_a_file_that_is_no_recording_is_named(make, tmp_path, name, write, says):
    write(tmp_path / name)
    with pytest.raises(UsageError, match=says) as error:
        make("background-noise", VOICE, folder=str(tmp_path))
    assert "perturbation 'background-noise' of 'voice'" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_changes_is_read_anew(tmp_path):
    for length in (3, 5):
        write_wav(tmp_path / "a.wav", [1] * length)
        os.utime(tmp_path / "a.wav", ns=(length, length))
        assert only(tmp_path).frames == length


def test_values_that_are_no_numbers_are_named(noise_for, make, tmp_path, clips):
    np.save(tmp_path / "broken.npy", np.array([0.0, np.nan, 1.0]))
    with pytest.raises(UsageError, match=r"broken\.npy holds infinite values or NaN"):
        make("background-noise", VOICE, folder=str(tmp_path))(clips([50]), 1, noise_for([0]))


def test_a_missing_or_empty_folder_is_refused(make, tmp_path):
    (tmp_path / "notes.txt").write_text("not a recording")
    with pytest.raises(UsageError, match=r"'background-noise' of 'voice': folder '.*' holds no \.wav or \.npy file"):
        make("background-noise", VOICE, folder=str(tmp_path))
    with pytest.raises(UsageError, match=r"'background-noise' of 'voice': there is no folder '.*nowhere'"):
        make("background-noise", VOICE, folder=str(tmp_path / "nowhere"))


@pytest.mark.parametrize("rate", [0, -8000, 2e6, float("nan"), "8k"])
def test_a_rate_out_of_range_is_refused(make, rate):
    with pytest.raises(UsageError, match=f"'npy_rate' is {rate!r}, expected a positive rate in Hz, at most 1000000"):
        make("background-noise", VOICE, npy_rate=rate)
