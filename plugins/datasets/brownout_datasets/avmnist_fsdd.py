"""An AV-MNIST-like set from a folder: a written and a spoken digit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from brownout_datasets.archive import archive_path, open_archive
from brownout_datasets.columns import Array, Column, Dense, Steps
from brownout_datasets.holdout import hold_out
from brownout_datasets.in_memory import from_columns
from brownout_registry import SPLITS, Dataset, Modality, UsageError, unknown

CITATION = """@misc{jackson2018fsdd,
  title = {Free Spoken Digit Dataset},
  author = {Jackson, Zohar and Souza, C{\\'e}sar and Flaks, Jason and Pan, Yuxin and Nicolas, Hereman
    and Thite, Adhish},
  year = {2018},
  doi = {10.5281/zenodo.1342401}
}
@article{lecun1998gradient,
  title = {Gradient-Based Learning Applied to Document Recognition},
  author = {LeCun, Yann and Bottou, L{\\'e}on and Bengio, Yoshua and Haffner, Patrick},
  journal = {Proceedings of the IEEE},
  volume = {86},
  number = {11},
  pages = {2278--2324},
  year = {1998}
}"""
PAIRS, MEL112 = "avmnist_fsdd.npz", "logmel112.npz"


def avmnist_fsdd(root: str | None = None, audio: str = "logmel112", validation: float = 0.1, seed: int = 0) -> Dataset:
    """12,000 pairs of an MNIST picture and a spoken digit of the Free Spoken Digit Dataset, in the set's own split.

    A recording is in several pairs, so it is stored once, and validation takes whole recordings out of train:
    neither a recording nor a picture is in two splits. A sample's id is the number of its pair.

    Args:
        root: folder of ``avmnist_fsdd.npz`` and ``logmel112.npz``; by default ``$BROWNOUT_DATA/avmnist_fsdd``,
            without that variable ``../shared/data/avmnist_fsdd``.
        audio: ``logmel112`` or ``logmel64`` (spectrogram, 80 dB below the clip's maximum to 0 dB as [0, 1]),
            or ``waveform`` (8 kHz).
        validation: share of the training pairs held out.
        seed: of the validation split.

    Raises:
        UsageError: the folder has no such file or a damaged one, an unknown kind of audio, or a share out of range.
    """
    if audio not in AUDIO:
        raise UsageError(f"avmnist-fsdd: {unknown('audio', audio, AUDIO)}")
    modality, read = AUDIO[audio]
    with open_archive("avmnist-fsdd", _file(root, PAIRS)) as stored:
        recording, targets, own_split = stored["audio_index"], stored["label"], stored["split"]
        pictures, sounds = Dense(stored["image"][:, None], divisor=255), read(root, stored, recording)
    assignment = np.where(own_split == 0, SPLITS.index("train"), SPLITS.index("test"))
    train = np.flatnonzero(own_split == 0)
    assignment[train] = hold_out(recording[train], targets[train], {"validation": validation}, seed)
    return from_columns(
        {Modality("image", "image", (1, 28, 28), range=(0.0, 1.0)): pictures, modality: sounds},
        targets,
        [str(digit) for digit in range(10)],
        assignment,
        licence="CC BY-SA 4.0",
        citation=CITATION,
    )


def _logmel112(root: str | None, stored: Mapping[str, Array], recording: Array) -> Column:
    with open_archive("avmnist-fsdd", _file(root, MEL112)) as spectrograms:
        return Dense(spectrograms["audio_logmel"][:, None], recording, divisor=255)


def _logmel64(root: str | None, stored: Mapping[str, Array], recording: Array) -> Column:
    return Dense(stored["audio_logmel"][:, None], recording, divisor=255)


def _waveform(root: str | None, stored: Mapping[str, Array], recording: Array) -> Column:
    return Steps(Dense(stored["audio_wave"], recording, divisor=32768), stored["audio_length"])


AUDIO: Mapping[str, tuple[Modality, Callable[[str | None, Mapping[str, Array], Array], Column]]] = {
    "logmel112": (Modality("audio", "spectrogram", (1, 112, 112), range=(0.0, 1.0)), _logmel112),
    "logmel64": (Modality("audio", "spectrogram", (1, 64, 64), range=(0.0, 1.0)), _logmel64),
    "waveform": (Modality("audio", "audio", (18262,), range=(-1.0, 1.0), sample_rate=8000), _waveform),
}


def _file(root: str | None, name: str) -> Path:
    source = "MNIST (LeCun et al., 1998) and the Free Spoken Digit Dataset (doi:10.5281/zenodo.1342401)"
    return archive_path("avmnist-fsdd", "avmnist_fsdd", root, name, source)
