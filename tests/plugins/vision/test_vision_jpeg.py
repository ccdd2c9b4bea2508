"""JPEG compression against Pillow's, which ImageNet-C used, for any size and quality."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from brownout_registry import Modality
from brownout_vision.corruptions.digital import jpeg_compression


def through_pillow(pixels: np.ndarray, quality: int) -> np.ndarray:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("channels", [1, 3])
@given(st.data())
def test_every_pixel_is_pillows(channels, data):
    size = data.draw(st.tuples(st.integers(8, 40), st.integers(8, 40)))
    quality, seed = data.draw(st.integers(1, 100)), data.draw(st.integers(0, 2**16))
    pixels = np.random.default_rng(seed).integers(0, 256, (2, channels, *size), dtype=np.uint8)
    modality = Modality("photo", "image", (channels, *size), range=(0.0, 1.0))
    perturb = jpeg_compression(modality, (quality,), profile="given")
    result = (perturb(torch.from_numpy(pixels) / 255, 1, None) * 255).round().byte().numpy()
    for before, after in zip(np.moveaxis(pixels, 1, -1), np.moveaxis(result, 1, -1), strict=True):
        assert (after.squeeze() == through_pillow(before.squeeze(), quality)).all()
