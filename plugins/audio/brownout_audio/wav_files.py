"""The header and the samples of wav files: PCM and floats, plain or as WAVE_FORMAT_EXTENSIBLE.

The standard library's ``wave`` reads PCM alone, extensible headers from Python 3.12 on.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
FASTEST = 1_000_000
"""Hz; the fastest recorders of sound take less than half as many."""


@dataclass(frozen=True)
class Wav:
    """What a header says.

    Attributes:
        tag: `PCM` or `FLOAT`.
        channels: one or more.
        width: bytes of a sample.
        rate: frames per second.
        start: where the samples begin, in bytes.
        frames: how many there are.
    """

    tag: int
    channels: int
    width: int
    rate: int
    start: int
    frames: int

    def read(self, path: Path, first: int, count: int) -> np.ndarray:
        """The mean over channels of ``count`` frames from one on, float64 ``[count]``."""
        block = self.channels * self.width
        with path.open("rb") as file:
            file.seek(self.start + first * block)
            data = file.read(count * block)
        samples = np.frombuffer(data, f"<f{self.width}").astype(float) if self.tag == FLOAT else pcm(data, self.width)
        return np.asarray(samples.reshape(-1, self.channels).mean(1))


def header(path: Path) -> Wav:
    """The header of a file.

    Raises:
        ValueError: the file is no wav file, cut off, or of a format or rate that is not read; says which.
    """
    with path.open("rb") as file:
        riff = file.read(12)
        if riff[:4] + riff[8:] != b"RIFFWAVE":
            raise ValueError("it does not begin as a wav file does, with 'RIFF' and 'WAVE'")
        size = _find(file, b"fmt ")
        tag, channels, rate, width = _format(file.read(size))
        file.seek(size % 2, 1)
        frames, start = _find(file, b"data") // (channels * width), file.tell()
    if path.stat().st_size < start + frames * channels * width:
        raise ValueError("it is cut off")
    return Wav(tag, channels, width, rate, start, frames)


def pcm(data: bytes, width: int) -> np.ndarray:
    """Signed numbers of PCM samples of 1 to 4 bytes; those of one byte are stored with an offset of 128.

    Example:
        >>> pcm(bytes([128, 255]), 1).tolist(), pcm(bytes([255, 255, 255, 1, 0, 0]), 3).tolist()
        ([0.0, 127.0], [-1.0, 1.0])
    """
    if width == 1:
        return np.frombuffer(data, np.uint8) - 128.0
    octets = np.frombuffer(data, np.uint8).reshape(-1, width)
    wide = np.zeros((len(octets), 4), np.uint8)
    wide[:, 4 - width :] = octets
    return np.asarray(wide.view("<i4")[:, 0] / float(1 << 8 * (4 - width)))


def _find(file: BinaryIO, wanted: bytes) -> int:
    """Go to the content of the next chunk of this name; returns its size in bytes."""
    while len(head := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", head)
        if name == wanted:
            return int(size)
        file.seek(size + size % 2, 1)
    raise ValueError(f"it is cut off: there is no chunk {wanted.decode()!r}")


def _format(chunk: bytes) -> tuple[int, int, int, int]:
    """Tag, channels, rate and bytes of a sample."""
    if len(chunk) < 16:
        raise ValueError("it is cut off: the chunk 'fmt ' has less than 16 bytes")
    tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunk[:16])
    if tag == EXTENSIBLE:
        tag = int.from_bytes(chunk[24:26], "little")
    if tag not in (PCM, FLOAT) or (bits not in (32, 64) if tag == FLOAT else not 0 < bits <= 32):
        expected = "plain PCM (1) of at most 32 bits or floats (3) of 32 or 64: convert it"
        raise ValueError(f"it holds {bits} bits of format {tag}, expected {expected}")
    if not channels or not 0 < rate <= FASTEST:
        expected = f"1 channel or more at 1 to {FASTEST} Hz"
        raise ValueError(f"its header says {channels} channels at {rate} Hz, expected {expected}")
    return tag, channels, rate, -(-bits // 8)
