"""One sample of a modality as a small picture: PNG for what has two axes, SVG for lines and bars."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from brownout_registry import Inputs, Kind, Modality, Padded

SIDE = 96
WIDTH, HEIGHT = 132, 72
MOST_LINES, MOST_STEPS = 3, 66
# Anchors of a perceptual map from dark to light, after matplotlib's inferno (CC0).
INFERNO = np.array(
    [(0, 0, 4), (51, 10, 95), (120, 28, 109), (187, 55, 84), (237, 105, 37), (252, 180, 30), (252, 255, 164)]
)
GREY, COLOURS = "#a2a6b0", ("#0072B2", "#D55E00", "#009E73")
DECIBELS = 80.0


def picture(modality: Modality, clean: Inputs, inputs: Inputs) -> tuple[str, bytes]:
    """The first sample of a batch of a modality's canonical inputs.

    Args:
        modality: whose range, scale and sample rate the picture is drawn in.
        clean: the same sample unperturbed; it gives a sound's loudest point, and the grey lines of a plot.
        inputs: the sample to draw.

    Returns:
        ``"png"``, ``"svg"`` or ``"txt"``, and the file's content.
    """
    if isinstance(inputs, list):
        return "txt", inputs[0].encode()
    if modality.kind in DRAWN:
        return "svg", DRAWN[modality.kind](modality, clean, inputs)
    return "png", png(PAINTED[modality.kind](modality, clean, inputs))


def png(pixels: np.ndarray) -> bytes:
    """Pixels uint8 ``[H, W]`` (grey) or ``[H, W, 3]`` as a PNG file."""
    height, width = pixels.shape[:2]
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if pixels.ndim == 3 else 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _image(modality: Modality, clean: Any, inputs: Any) -> np.ndarray:
    """Three channels as colours; of any other number the first, in grey."""
    values = _small(_scaled(modality, inputs[0]))
    if len(values) == 3:
        return _bytes(values.permute(1, 2, 0))
    return _bytes(values[0])


def _depth(modality: Modality, clean: Any, inputs: Any) -> np.ndarray:
    return _coloured(_small(_scaled(modality, inputs[0]))[0])


def _spectrogram(modality: Modality, clean: Any, inputs: Any) -> np.ndarray:
    return _coloured(_small(_scaled(modality, inputs[0], clean[0]))[0].flip(0))


def _audio(modality: Modality, clean: Any, inputs: Any) -> np.ndarray:
    """The power of the short-time Fourier transform, from 80 dB below the clean sound's loudest point."""
    loudest = _power(clean).max().clamp(min=1e-12)
    decibels = 10 * torch.log10((_power(inputs) / loudest).clamp(min=1e-12))
    return _coloured(_small((1 + decibels / DECIBELS).clamp(0, 1)[None], tall=HEIGHT, wide=WIDTH)[0].flip(0))


def _power(inputs: Padded) -> Tensor:
    wave = inputs.values[0, : int(inputs.lengths[0])].float().cpu()
    points = 256 if len(wave) >= 1024 else 64
    wave = torch.nn.functional.pad(wave, (0, max(points - len(wave), 0)))
    hop = max(len(wave) // (2 * WIDTH), 1)
    window = torch.hann_window(points)
    found = torch.stft(wave, points, hop, window=window, return_complex=True, pad_mode="constant")
    return found.abs().square()


def _vector(modality: Modality, clean: Any, inputs: Any) -> bytes:
    """Bars, in standard deviations of each entry under an inverse hyperbolic sine; the clean ones in grey behind."""
    scale = torch.tensor(modality.scale or (1.0,)).clamp(min=1e-6)
    both = [_thin(torch.asinh(each[0].cpu().float() / scale), 64) for each in (clean, inputs)]
    reach = float(both[0].abs().max().clamp(min=1e-6)) * 1.25
    step = WIDTH / len(both[0])
    bars = [(values.numpy() / reach).clip(-1, 1) for values in both]
    grey = "".join(_bar(i * step, step * 0.9, value) for i, value in enumerate(bars[0]))
    front = "".join(_bar(i * step + step * 0.2, step * 0.5, value) for i, value in enumerate(bars[1]))
    return _svg(f'<path d="{grey}" fill="{GREY}"/><path d="{front}" fill="{COLOURS[0]}"/>')


def _sequence(modality: Modality, clean: Any, inputs: Any) -> bytes:
    """The first three entries over time, each within the range it has in the clean sample; that one in grey behind."""
    before, after = (each.values[0, : int(each.lengths[0]), :MOST_LINES].cpu().float() for each in (clean, inputs))
    low, high = before.amin(0), before.amax(0)
    middle, reach = (low + high) / 2, ((high - low) / 2).clamp(min=1e-6) * 1.3
    lines = [_thin((each - middle) / reach, MOST_STEPS).clamp(-1, 1).numpy() for each in (before, after)]
    paths = [(_line(lines[0][:, i]), GREY) for i in range(lines[0].shape[1])]
    paths += [(_line(lines[1][:, i]), COLOURS[i]) for i in range(lines[1].shape[1])]
    return _svg("".join(f'<path d="{path}" fill="none" stroke="{colour}"/>' for path, colour in paths))


def _svg(content: str) -> bytes:
    line = f'<path d="M0 {HEIGHT / 2:g}H{WIDTH}" stroke="{GREY}" stroke-width=".5" stroke-dasharray="2 2"/>'
    start = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
    return f"{start}{line}{content}</svg>".encode()


def _bar(left: float, width: float, value: float) -> str:
    return f"M{left:.1f} {HEIGHT / 2:g}h{width:.1f}V{HEIGHT / 2 * (1 - value):.1f}h{-width:.1f}z"


def _line(values: np.ndarray) -> str:
    step = WIDTH / max(len(values) - 1, 1)
    return "M" + "L".join(f"{i * step:.1f} {HEIGHT / 2 * (1 - value):.1f}" for i, value in enumerate(values))


def _thin(values: Tensor, most: int) -> Tensor:
    return values[:: -(-len(values) // most)]


def _scaled(modality: Modality, values: Tensor, reference: Tensor | None = None) -> Tensor:
    """Into [0, 1]: by the modality's range, else by that of the reference."""
    values = values.cpu().float()
    of = values if reference is None else reference.cpu().float()
    low, high = modality.range or (float(of.min()), float(of.max()))
    return ((values - low) / max(high - low, 1e-6)).clamp(0, 1)


def _small(values: Tensor, tall: int = SIDE, wide: int = SIDE) -> Tensor:
    """``[C, H, W]``, no larger than asked for; what is smaller stays as it is."""
    size = (min(values.shape[1], tall), min(values.shape[2], wide))
    if size == tuple(values.shape[1:]):
        return values
    if (tall, wide) == (SIDE, SIDE):
        ratio = SIDE / max(values.shape[1:])
        size = (max(round(values.shape[1] * ratio), 1), max(round(values.shape[2] * ratio), 1))
    return torch.nn.functional.interpolate(values[None], size, mode="area")[0]


def _bytes(values: Tensor) -> np.ndarray:
    found: np.ndarray = (values * 255).round().byte().numpy()
    return found


def _coloured(values: Tensor) -> np.ndarray:
    """``[H, W]`` in [0, 1] through a colour map."""
    places = np.linspace(0, 1, len(INFERNO))
    return (
        np.stack([np.interp(values.numpy(), places, INFERNO[:, i]) for i in range(3)], axis=-1).round().astype(np.uint8)
    )


PAINTED: Mapping[Kind, Callable[[Modality, Any, Any], np.ndarray]] = {
    "image": _image,
    "depth": _depth,
    "spectrogram": _spectrogram,
    "audio": _audio,
}
DRAWN: Mapping[Kind, Callable[[Modality, Any, Any], bytes]] = {"vector": _vector, "sequence": _sequence}
