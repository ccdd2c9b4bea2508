"""The AV-MNIST-like set: nothing leaks, and each kind of audio is the stored one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from brownout_datasets.avmnist_fsdd import avmnist_fsdd
from brownout_registry import Dataset, Padded, UsageError


@pytest.fixture(scope="module")
def root(shared_data: Path) -> Path:
    return shared_data / "avmnist_fsdd"


@pytest.fixture(scope="module")
def stored(root: Path) -> Any:
    return np.load(root / "avmnist_fsdd.npz", allow_pickle=False)


@pytest.fixture(scope="module")
def data(root: Path) -> Dataset:
    return avmnist_fsdd(str(root), audio="logmel64")


@pytest.mark.parametrize("seed", [0, 1])
def test_no_picture_and_no_recording_is_in_two_splits(root: Path, stored: Any, seed: int) -> None:
    splits = avmnist_fsdd(str(root), audio="logmel64", seed=seed).splits
    for column in ("audio_index", "image_mnist_index"):
        values = stored[column]
        seen = [set(values[split.ids].tolist()) for split in splits.values()]
        assert sum(map(len, seen)) == len(set.union(*seen))


def test_validation_is_a_tenth_of_train_in_each_class(data: Dataset) -> None:
    counts = {name: torch.bincount(split.targets, minlength=10) for name, split in data.splits.items()}
    assert ((counts["validation"] >= 95) & (counts["validation"] <= 100)).all()
    assert (counts["train"] + counts["validation"] == 1000).all()
    assert (counts["test"] == 200).all()


def test_pairs_are_the_stored_ones(data: Dataset, stored: Any) -> None:
    split, rows = data.splits["validation"], torch.tensor([7, 0, 300])
    pairs = split.ids[rows].numpy()
    pictures, spectrograms = (np.asarray(split.read(name, rows)) for name in ("image", "audio"))
    assert np.array_equal(np.rint(pictures[:, 0] * 255), stored["image"][pairs])
    assert np.array_equal(np.rint(spectrograms[:, 0] * 255), stored["audio_logmel"][stored["audio_index"][pairs]])
    assert np.array_equal(split.targets[rows], stored["label"][pairs])


def test_waveforms_end_where_the_recording_does(root: Path, stored: Any) -> None:
    split, rows = avmnist_fsdd(str(root), audio="waveform").splits["test"], torch.tensor([5, 1])
    read = split.read("audio", rows)
    assert isinstance(read, Padded)
    for values, length, pair in zip(read.values, read.lengths, split.ids[rows].tolist(), strict=True):
        recording = stored["audio_index"][pair]
        assert length == stored["audio_length"][recording]
        assert np.array_equal(np.rint(values.numpy() * 32768), stored["audio_wave"][recording])


def test_default_spectrograms_are_112_wide(root: Path) -> None:
    data = avmnist_fsdd(str(root))
    assert data.modalities[1].shape == (1, 112, 112)
    assert data.splits["train"].read("audio", torch.arange(2)).shape == (2, 1, 112, 112)  # type: ignore[union-attr]
    assert data.fingerprint == avmnist_fsdd(str(root)).fingerprint != avmnist_fsdd(str(root), seed=1).fingerprint


def test_the_environment_says_where_it_is(shared_data: Path, data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWNOUT_DATA", str(shared_data))
    assert avmnist_fsdd(audio="logmel64").fingerprint == data.fingerprint


def test_a_folder_without_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no file '.*avmnist_fsdd.npz': set option 'root'.*BROWNOUT_DATA"):
        avmnist_fsdd(str(tmp_path))


@pytest.mark.parametrize("content", [b"", b"not an npz file", b"PK\x03\x04 cut off"])
def test_a_damaged_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "avmnist_fsdd.npz").write_bytes(content)
    with pytest.raises(UsageError, match=r"avmnist-fsdd: .*avmnist_fsdd.npz: "):
        avmnist_fsdd(str(tmp_path))


def test_a_file_of_something_else(tmp_path: Path) -> None:
    np.savez(tmp_path / "avmnist_fsdd.npz", image=np.zeros(3))
    with pytest.raises(UsageError, match=r"avmnist_fsdd.npz: audio_index is not a file in the archive"):
        avmnist_fsdd(str(tmp_path))


def test_unknown_audio(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown audio 'logmel11'; did you mean"):
        avmnist_fsdd(str(tmp_path), audio="logmel11")
