"""Pictures in files: decoded when they are read, so that only their bytes or paths are held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from PIL import ExifTags, Image, ImageOps

from brownout_datasets.columns import Array
from brownout_datasets.files.source import Source
from brownout_registry import Modality, UsageError

Encoded: TypeAlias = "bytes | Path | None"


@dataclass(frozen=True)
class Pictures:
    """Encoded pictures of one size.

    Attributes:
        encoded: bytes or file of each; None where there is none, which reads as zeros.
        size: height and width that each is resized to.
        channels: 3 (colour) or 1 (grey, also of more than 8 bits).
        divisor: of the decoded values.
        nearest: resize without interpolation (depth: there is nothing between foreground and background).
        where: the column, for messages.
    """

    encoded: Sequence[Encoded]
    size: tuple[int, int]
    channels: int
    divisor: float
    nearest: bool
    where: str

    def __len__(self) -> int:
        return len(self.encoded)

    def read(self, rows: Array) -> torch.Tensor:
        """float32 ``[B, C, H, W]``."""
        pixels = np.zeros((len(rows), self.channels, *self.size), np.float32)
        for place, row in enumerate(rows):
            pixels[place] = self._decode(row)
        return torch.from_numpy(pixels) / self.divisor

    def content(self) -> Iterable[bytes]:
        """The encoded pictures and how they are decoded."""
        yield repr((self.size, self.channels, float(self.divisor), self.nearest)).encode()
        for picture in self.encoded:
            yield picture.read_bytes() if isinstance(picture, Path) else picture or b""

    def _decode(self, row: int) -> Array:
        picture = self.encoded[row]
        if picture is None:
            return np.zeros((self.channels, *self.size), np.float32)
        with opened(picture, f"{self.where}, row {row}") as image:
            height, width = self.size
            deep = self.channels == 1 and image.mode[0] in "IF"
            upright = ImageOps.exif_transpose(image) if _turned(image) else image
            plain = upright if deep else upright.convert("RGB" if self.channels == 3 else "L")
            how = Image.Resampling.NEAREST if self.nearest else Image.Resampling.BILINEAR
            pixels = np.asarray(plain if plain.size == (width, height) else plain.resize((width, height), how))
        return pixels.astype(np.float32).reshape(height, width, self.channels).transpose(2, 0, 1)


@contextmanager
def opened(picture: bytes | Path, where: str) -> Iterator[Image.Image]:
    """The picture, decoded when its pixels are asked for.

    Raises:
        UsageError: it is not there, or no picture.
    """
    name = str(picture) if isinstance(picture, Path) else "the embedded picture"
    try:
        with Image.open(BytesIO(picture) if isinstance(picture, bytes) else picture) as image:
            yield image
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UsageError(f"{where}: {name} is absent or cannot be read as a picture") from error


def common_size(encoded: Sequence[Encoded], where: str, resized: bool) -> tuple[int, int]:
    """Height and width of all pictures, of the first one if they are ``resized``.

    Raises:
        UsageError: a picture cannot be read, they differ, or there is none.
    """
    first: tuple[int, int] | None = None
    for row, picture in enumerate(encoded):
        if picture is None:
            continue
        with opened(picture, f"{where}, row {row}") as image:
            height, width = _upright_size(image)
        first = first or (height, width)
        if (height, width) != first and not resized:
            sizes = f"{first[0]}x{first[1]} and, in row {row}, {height}x{width}"
            raise UsageError(f"{where}: pictures are of unequal size ({sizes}); give 'size' to resize them")
    if first is None:
        raise UsageError(f"{where}: there is no picture in any row")
    return first


def _turned(image: Image.Image) -> bool:
    """Whether a photograph says that it lies on its side (a PNG would have to be decoded to tell, and never does)."""
    return image.format != "PNG" and image.getexif().get(ExifTags.Base.Orientation, 1) != 1


def _upright_size(image: Image.Image) -> tuple[int, int]:
    """Height and width, without decoding."""
    width, height = image.size
    lying = _turned(image) and image.getexif()[ExifTags.Base.Orientation] in {5, 6, 7, 8}
    return (width, height) if lying else (height, width)


def picture_column(
    name: str, source: Source, cells: Iterable[Any], folder: Path, where: str
) -> tuple[Modality, Pictures]:
    """The modality of encoded pictures, or of paths of pictures relative to ``folder``.

    Raises:
        UsageError: a cell holds neither, a picture cannot be read, or they are of unequal size and ``size`` is not set.
    """
    encoded = [_encoded(cell, folder, where) for cell in cells]
    common = common_size(encoded, where, resized=source.size is not None)
    size, channels = source.size or common, source.channels or (3 if source.kind == "image" else 1)
    divisor = source.scale or _full_scale(encoded, channels, where)
    modality = Modality(name, source.kind, (channels, *size), source.range or (0.0, 1.0))
    return modality, Pictures(encoded, size, channels, divisor, source.kind == "depth", where)


def _encoded(cell: Any, folder: Path, where: str) -> Encoded:
    if cell is None:
        return None
    if isinstance(cell, str):
        return folder / cell
    if isinstance(cell, dict) and (cell.get("bytes") or cell.get("path")):
        return bytes(cell["bytes"]) if cell.get("bytes") else folder / cell["path"]
    raise UsageError(f"{where} holds {type(cell).__name__}, expected pictures or paths of pictures")


def _full_scale(encoded: Sequence[Encoded], channels: int, where: str) -> float:
    """255, which is right for all but deep grey pictures: these must come with a scale."""
    for row, picture in enumerate(encoded if channels == 1 else ()):
        if picture is not None:
            with opened(picture, f"{where}, row {row}") as image:
                if image.mode[0] in "IF":
                    raise UsageError(f"{where}: row {row} has more than 8 bits: give 'scale', the value that becomes 1")
    return 255
