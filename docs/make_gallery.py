"""Make docs/gallery.md: every registered perturbation at its default levels on one sample of each kind.

Run ``python docs/make_gallery.py`` after a perturbation was added or changed; it needs scikit-learn and Pillow.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_sample_image

from brownout.engine.components import bind
from brownout.engine.noise import KeyedNoise
from brownout.engine.pictures import HEIGHT, WIDTH, picture
from brownout_registry import REQUIRED, Inputs, Kind, Modality, Padded, PerturbationCard, catalogue

HERE = Path(__file__).parent
SIDE, GAP, RATE = 96, 4, 16_000
TITLES: dict[Kind, str] = {
    "image": "Images",
    "depth": "Depth",
    "text": "Text",
    "audio": "Audio",
    "spectrogram": "Spectrograms",
    "sequence": "Sequences",
    "vector": "Vectors",
}
HEAD = """# Gallery of perturbations

Every registered perturbation on one sample of each kind of modality it takes: clean first, then severities 1, 2, …
at its default levels, which stand below each picture. All severities of a row share their random draws. Attacks are
left out, because they need a model; the report of a run (`report.html`) has a gallery of its own, with the run's
data. `python docs/make_gallery.py` makes this page and its pictures.

Pictures: `flower.jpg` of scikit-learn's sample images, by vultilion on Flickr, CC BY 2.0, cut and resized to 96 × 96
pixels. All other samples are synthetic.
"""


def main() -> int:
    """Write the page and its pictures; one that fails is an error."""
    folder = HERE / "gallery"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    text = "".join(_page(folder))
    (HERE / "gallery.md").write_text(text, encoding="utf-8")
    size = sum(path.stat().st_size for path in folder.iterdir())
    sys.stdout.write(f"{len(list(folder.iterdir()))} pictures, {size / 1024:.0f} KiB\n")
    return 0


def _page(folder: Path) -> Iterator[str]:
    yield HEAD
    samples, left_out = _samples(), []
    cards = [card for entry in catalogue().list("perturbation") if isinstance(card := entry.card, PerturbationCard)]
    for kind, title in TITLES.items():
        yield f"\n## {title}\n"
        for card in sorted(cards, key=lambda each: each.name):
            levels = card.levels.get(kind, card.levels.get("*", ()))
            if kind not in card.takes:
                continue
            if not levels or any(option.default == REQUIRED for option in card.options):
                left_out.append(card.name)
                continue
            yield from _row(folder, card, *samples[kind], levels)
    if left_out:
        names = ", ".join(f"`{name}`" for name in dict.fromkeys(left_out))
        yield f"\n## Left out\n\nWithout default levels, or with an option that must be given: {names}.\n"


def _row(
    folder: Path, card: PerturbationCard, modality: Modality, clean: Inputs, levels: Sequence[float]
) -> Iterator[str]:
    function = bind("perturbation", card.name, {}).build(modality, levels=list(levels))
    noise = KeyedNoise(0, card.name, modality.name, (0,))
    every = [clean, *(function(clean, severity, noise) for severity in range(1, len(levels) + 1))]
    files = [picture(modality, clean, inputs) for inputs in every]
    said = ", ".join(f"{level:g}" for level in levels)
    yield f"\n**{card.name}** · {card.summary}  \n"
    if files[0][0] == "txt":
        yield f"{card.parameter}: {said}\n\n"
        yield from (f"{severity}. {_code(content.decode())}\n" for severity, (_, content) in enumerate(files))
        return
    name, content = _strip(files)
    file = folder / f"{modality.kind}-{card.name}.{name}"
    file.write_bytes(content)
    yield f"![{card.name} on {modality.kind}: clean, then severities 1 to {len(levels)}](gallery/{file.name})  \n"
    yield f"{card.parameter}: {said}\n"


def _code(text: str) -> str:
    return f"`{text}`" if text.strip() and "`" not in text else f"`` {text} ``" if text.strip() else "(empty)"


def _strip(files: Sequence[tuple[str, bytes]]) -> tuple[str, bytes]:
    """Pictures side by side, as one file."""
    if files[0][0] == "svg":
        tiles = [
            re.sub(rb"^<svg ", f'<svg x="{i * (WIDTH + GAP)}" '.encode(), content)
            for i, (_, content) in enumerate(files)
        ]
        size = f'width="{len(files) * (WIDTH + GAP) - GAP}" height="{HEIGHT}"'
        return "svg", f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'.encode() + b"".join(tiles) + b"</svg>\n"
    tiles = [Image.open(io.BytesIO(content)).convert("RGB") for _, content in files]
    wide, tall = tiles[0].size
    strip = Image.new("RGB", (len(tiles) * (wide + GAP) - GAP, tall), "white")
    for i, tile in enumerate(tiles):
        strip.paste(tile, (i * (wide + GAP), 0))
    stream = io.BytesIO()
    strip.save(stream, "WEBP", quality=50, method=6)
    return "webp", stream.getvalue()


def _samples() -> dict[Kind, tuple[Modality, Inputs]]:
    """One sample of each kind."""
    sound, lines = _sound(), _lines()
    power = torch.stft(sound, 512, 160, window=torch.hann_window(512), return_complex=True).abs().square()
    spectrogram = (
        (1 + 10 * torch.log10((power / power.max()).clamp(min=1e-8)) / 80).clamp(0, 1)[None, None, :128].contiguous()
    )
    vector = torch.from_numpy(np.random.default_rng(3).normal(size=32).astype(np.float32))[None]
    found: list[tuple[Modality, Inputs]] = [
        (Modality("image", "image", (3, SIDE, SIDE), (0.0, 1.0)), _flower()),
        (Modality("depth", "depth", (1, SIDE, SIDE), (0.0, 1.0)), _ball()),
        (Modality("text", "text", ()), ["The quick brown fox jumps over the lazy dog, and the happy child laughs."]),
        (Modality("audio", "audio", (RATE,), (-1.0, 1.0), RATE), Padded(sound[None], torch.tensor([RATE]))),
        (Modality("spectrogram", "spectrogram", tuple(spectrogram.shape[1:]), (0.0, 1.0)), spectrogram),
        (
            Modality("sequence", "sequence", (120, 3), sample_rate=50, scale=tuple(lines.std(0).tolist())),
            Padded(lines[None], torch.tensor([120])),
        ),
        (Modality("vector", "vector", (32,), scale=(1.0,) * 32), vector),
    ]
    return {modality.kind: (modality, inputs) for modality, inputs in found}


def _flower() -> torch.Tensor:
    whole = Image.fromarray(load_sample_image("flower.jpg")).crop((105, 0, 532, 427))
    pixels = np.asarray(whole.resize((SIDE, SIDE), Image.Resampling.LANCZOS), dtype=np.float32) / 255
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous()


def _ball() -> torch.Tensor:
    """A ball above a floor that runs away from the camera."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, SIDE), torch.linspace(-1, 1, SIDE), indexing="ij")
    floor = 0.95 - 0.7 * (y + 1) / 2
    inside = 0.36 - (x - 0.1) ** 2 - (y + 0.05) ** 2
    return torch.where(inside > 0, 0.55 - inside.clamp(min=0).sqrt() * 0.6, floor)[None, None].float()


def _sound() -> torch.Tensor:
    """One second: a voice-like tone that glides, with formants and syllables, then a rising chirp."""
    t = torch.arange(RATE) / RATE
    pitch = 140 + 40 * torch.sin(2 * torch.pi * 1.5 * t)
    phase = 2 * torch.pi * torch.cumsum(pitch, 0) / RATE
    syllables = torch.sin(torch.pi * (t / 0.16 % 1)).clamp(min=0) * (t < 0.64)
    voice = sum(
        torch.sin(k * phase)
        * sum(torch.exp(-(((k * 150 - f) / 280) ** 2)) for f in torch.tensor([600.0, 1500.0, 2700.0]))
        for k in range(1, 24)
    )
    chirp = torch.sin(2 * torch.pi * (400 * (t - 0.66) + 7000 * (t - 0.66) ** 2)) * ((t > 0.66) & (t < 0.98))
    wave = 0.25 * syllables * voice + 0.5 * chirp
    return (wave / wave.abs().max() * 0.8).float()


def _lines() -> torch.Tensor:
    """Three axes of a movement: rest, three swings, rest."""
    t = torch.linspace(0, 1, 120)
    swing = torch.exp(-(((t - 0.5) / 0.22) ** 2))
    axes = [swing * torch.sin(2 * torch.pi * 6 * t), 0.7 * swing * torch.cos(2 * torch.pi * 6 * t), 1 - 0.8 * swing]
    return torch.stack(axes, dim=1).float()


if __name__ == "__main__":
    sys.exit(main())
