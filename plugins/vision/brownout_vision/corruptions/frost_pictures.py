"""Pictures of frost: a user's, an installed package's, or stand-ins made of numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate, pad

from brownout_registry import Modality, UsageError

ENLARGED = 1.1
SIDE, ROUNDS = 512, 8
OF_CIFAR = 5
NAMED = ("synthetic", "package")


@dataclass(frozen=True)
class Pictures:
    """Pictures of unequal size: uint8 ``[P, 3, H, W]``, 0 beyond each one's size ``[P, 2]``."""

    values: Tensor
    sizes: Tensor


def pictures_for(modality: Modality, source: str, scale: float) -> Pictures:
    """The pictures of a source, scaled, and at least one pixel larger than the image.

    Raises:
        UsageError: no such folder or package, or no or a broken picture in it.
    """
    where = f"perturbation 'frost' of {modality.name!r}"
    few = scale < 1 and source in NAMED
    _, height, width = modality.shape
    try:
        return _prepared(_folder(where, source), height, width, scale, OF_CIFAR if few else None)
    except OSError as error:
        raise UsageError(f"{where}: {error}") from error


def _folder(where: str, source: str) -> Path | None:
    """The folder of a source; none: stand-ins."""
    if source == "synthetic":
        return None
    folder = _package() if source == "package" else Path(source).expanduser()
    if folder is None:
        raise UsageError(f"{where}: pictures is 'package', but imagecorruptions is not installed: use 'synthetic'")
    if not folder.is_dir():
        raise UsageError(f"{where}: pictures is {source!r}, expected a folder, 'package' or 'synthetic'")
    if not _listed(folder):
        raise UsageError(f"{where}: pictures is {source!r}, in which there is no .png or .jpg file")
    return folder


def _package() -> Path | None:
    spec = find_spec("imagecorruptions")
    folder = Path(spec.submodule_search_locations[0]) / "frost" if spec and spec.submodule_search_locations else None
    return folder if folder and folder.is_dir() else None


def _listed(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in (".png", ".jpg", ".jpeg"))


@lru_cache(maxsize=4)
def _prepared(folder: Path | None, height: int, width: int, scale: float, count: int | None) -> Pictures:
    pictures = list(_synthetic()) if folder is None else [_read(path) for path in _listed(folder)]
    scale = scale if folder else scale / ENLARGED
    sheets = [_scaled(each, height, width, scale) for each in pictures[:count]]
    sizes = torch.tensor([sheet.shape[-2:] for sheet in sheets])
    tall, wide = sizes.amax(0).tolist()
    padded = [pad(sheet, (0, wide - sheet.shape[-1], 0, tall - sheet.shape[-2])) for sheet in sheets]
    return Pictures(torch.stack(padded), sizes)


def _read(path: Path) -> Tensor:
    try:
        with Image.open(path) as picture:
            pixels = np.array(_in_eight_bits(picture).convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise OSError(f"{path.name!r} in {str(path.parent)!r} is no picture that Pillow reads: {error}") from error
    return torch.from_numpy(pixels).permute(2, 0, 1)


def _in_eight_bits(picture: Image.Image) -> Image.Image:
    """A grey picture of 16 bits, which Pillow would clip, scaled to 8; any other as it is."""
    if not picture.mode.startswith("I"):
        return picture
    return Image.fromarray((np.asarray(picture) / 257).round().clip(0, 255).astype(np.uint8))


def _scaled(picture: Tensor, height: int, width: int, scale: float) -> Tensor:
    tall, wide = picture.shape[-2:]
    scale = max(scale, ENLARGED * height / tall, ENLARGED * width / wide)
    size = (ceil(tall * scale), ceil(wide * scale))
    if size == (tall, wide):
        return picture
    mode = "bicubic" if scale > 1 else "bilinear"
    return interpolate(picture[None].float(), size, mode=mode, align_corners=False)[0].round().clamp(0, 255).byte()


@lru_cache(maxsize=1)
def _synthetic() -> tuple[Tensor, ...]:
    numbers = json.loads((files("brownout_vision.corruptions") / "frost_pictures.json").read_text(encoding="utf-8"))
    frequencies = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE))
    ring = np.clip(np.searchsorted(numbers["rings"], frequencies, side="right") - 1, 0, len(numbers["rings"]) - 2)
    return tuple(_texture(seed, each, numbers, ring) for seed, each in enumerate(numbers["pictures"]))


def _texture(seed: int, numbers: dict[str, Any], shared: dict[str, Any], ring: NDArray) -> Tensor:
    """White noise, in turns given the picture's spectrum and its quantiles; then its colours."""
    amplitude = np.sqrt(np.array(numbers["spectrum"]))[ring]
    levels = np.interp((np.arange(SIDE * SIDE) + 0.5) / SIDE**2, shared["points"], numbers["quantiles"])
    luminance = np.random.default_rng(seed).standard_normal((SIDE, SIDE))
    for _ in range(ROUNDS):
        spectrum = np.fft.rfft2(luminance - luminance.mean(), norm="ortho")
        shaped = np.fft.irfft2(spectrum / np.maximum(np.abs(spectrum), 1e-12) * amplitude, (SIDE, SIDE), norm="ortho")
        luminance = np.empty(SIDE * SIDE)
        luminance[np.argsort(shaped, axis=None)] = levels
        luminance = luminance.reshape(SIDE, SIDE)
    colours = _coloured(luminance, shared["luminance"], numbers["colour"])
    return torch.from_numpy(np.stack(colours)).round().byte()


def _coloured(luminance: NDArray, edges: Sequence[float], colour: Sequence[Sequence[float]]) -> list[NDArray]:
    centres = (np.array(edges[:-1]) + np.array(edges[1:])) / 2
    return [np.interp(luminance, centres, channel) for channel in colour]
