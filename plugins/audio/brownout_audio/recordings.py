"""Recordings in a folder: wav files by `brownout_audio.wav_files`, npy files through numpy.

Only the stretch that is asked for is read, so neither the number nor the length of the recordings costs memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from pathlib import Path

import numpy as np

from brownout_audio.wav_files import header
from brownout_registry import UsageError


@dataclass(frozen=True)
class Recording:
    """One file.

    Attributes:
        path: of the file.
        frames: how many it has.
        rate: frames per second.
        read: ``read(first, count)`` gives the mean over channels, float64 ``[count]``.
    """

    path: Path
    frames: int
    rate: float
    read: Callable[[int, int], np.ndarray]

    def stretch(self, place: float, steps: int, rate: float) -> np.ndarray:
        """``steps`` values at ``rate`` per second from a place in [0, 1) on, by linear interpolation; it may go round.

        Raises:
            UsageError: the file holds infinite values or NaN there.
        """
        times = np.arange(steps) * (self.rate / rate)
        frames = self._around(int(place * self.frames), ceil(times[-1]) + 2 if steps else 0)
        if not np.isfinite(frames).all():
            raise UsageError(f"{self.path} holds infinite values or NaN; a recording must be finite")
        return np.asarray(np.interp(times, np.arange(len(frames)), frames)) if steps else frames

    def _around(self, first: int, count: int) -> np.ndarray:
        if count >= self.frames:
            return np.take(self.read(0, self.frames), np.arange(first, first + count), mode="wrap")
        head = self.read(first, min(count, self.frames - first))
        return np.concatenate([head, self.read(0, count - len(head))])


def find_recordings(folder: str, npy_rate: float, where: str) -> Sequence[Recording]:
    """The recordings of a folder and its subfolders, by name.

    Raises:
        UsageError: the folder is missing or holds no recording, or a file is none.
    """
    root = Path(folder)
    if not root.is_dir():
        raise UsageError(f"{where}: there is no folder {folder!r}, expected one with .wav or .npy files")
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in (".wav", ".npy"))
    if not paths:
        raise UsageError(f"{where}: folder {folder!r} holds no .wav or .npy file")
    return [_open(path, npy_rate, where) for path in paths]


def _open(path: Path, npy_rate: float, where: str) -> Recording:
    try:
        return _opened(path, path.stat().st_mtime_ns, npy_rate)
    except (OSError, EOFError, ValueError) as error:
        raise UsageError(f"{where}: {path} is no recording that can be read: {error}") from None


@lru_cache(maxsize=1 << 16)
def _opened(path: Path, modified: int, npy_rate: float) -> Recording:
    """The engine makes a perturbation anew for each chunk of samples; a file's header is read once."""
    if path.stat().st_size == 0:
        raise ValueError("it is empty")
    recording = _wav(path) if path.suffix.lower() == ".wav" else _npy(path, npy_rate)
    if recording.frames == 0:
        raise ValueError("it is empty")
    return recording


def _wav(path: Path) -> Recording:
    wav = header(path)
    return Recording(path, wav.frames, wav.rate, lambda first, count: wav.read(path, first, count))


def _npy(path: Path, rate: float) -> Recording:
    values = _array(path)
    if values.ndim != 1 or values.dtype.kind not in "fi":
        raise ValueError(
            f"it holds {values.dtype} of shape {values.shape}, expected signed or real numbers on one axis"
        )
    return Recording(path, len(values), rate, lambda first, count: np.array(_array(path)[first : first + count], float))


def _array(path: Path) -> np.ndarray:
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
