"""Frost: where its pictures come from, which are refused, and how they are read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from brownout_registry import Modality, UsageError
from brownout_vision.corruptions.frost import frost
from brownout_vision.corruptions.frost_pictures import pictures_for

PHOTO = Modality("photo", "image", (3, 64, 64), range=(0.0, 1.0))
WHERE = "perturbation 'frost' of 'photo'"


def refused(match: str, pictures: Path | str) -> None:
    with pytest.raises(UsageError, match=f"^{WHERE}: .*{match}") as caught:
        frost(PHOTO, (1, 2), pictures=str(pictures))
    assert "\n" not in str(caught.value)


def noisy(sides: tuple[int, int] = (80, 80)) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (*sides, 3), dtype=np.uint8))


@pytest.fixture
def package(monkeypatch, tmp_path) -> Any:
    """An installed package whose one picture is of the grey value 200."""
    (tmp_path / "frost").mkdir()
    Image.fromarray(np.full((100, 100, 3), 200, np.uint8)).save(tmp_path / "frost" / "1.png")
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr("brownout_vision.corruptions.frost_pictures.find_spec", lambda _: spec)


def test_pictures_come_from_a_folder(noise_for, tmp_path):
    for number, value in enumerate((50, 200)):
        Image.fromarray(np.full((40, 70, 3), value, np.uint8)).save(tmp_path / f"{number}.png")
    frosty = frost(PHOTO, (1,), pictures=str(tmp_path))(torch.zeros(40, 3, 64, 64), 1, noise_for(range(40)))
    assert (frosty * 255).unique().tolist() == [20, 80]
    assert torch.equal(frosty, frosty[..., :1, :1].expand_as(frosty))


@pytest.mark.parametrize("sides", [(5, 300), (64, 64), (2000, 9)])
def test_a_picture_is_enlarged_until_it_is_larger_than_the_image(noise_for, tmp_path, sides):
    Image.fromarray(np.full((*sides, 3), 100, np.uint8)).save(tmp_path / "ice.jpg")
    modality = replace(PHOTO, shape=(3, 33, 80))
    for profile in ("imagenet", "cifar"):
        perturb = frost(modality, (1,), pictures=str(tmp_path), profile=profile)
        assert (perturb(torch.zeros(4, *modality.shape), 1, noise_for(range(4))) > 0.07).all()


def test_what_is_installed_changes_nothing_unless_it_is_asked_for(noise_for, package):
    black = torch.zeros(2, 3, 64, 64)
    default, stand_ins, packages = (
        frost(PHOTO, (1,), **options)(black, 1, noise_for(range(2)))
        for options in ({}, {"pictures": "synthetic"}, {"pictures": "package"})
    )
    assert torch.equal(default, stand_ins)
    assert (packages * 255).unique().tolist() == [80]


def test_folders_without_pictures_are_refused(tmp_path):
    refused("no .png or .jpg file", tmp_path)
    refused("expected a folder, 'package' or 'synthetic'$", tmp_path / "none")
    refused("expected a folder, 'package' or 'synthetic'$", "auto")
    (tmp_path / "broken.png").write_text("no picture")
    refused("'broken.png' in .* is no picture that Pillow reads", tmp_path)


@pytest.mark.parametrize("name", ["ice.png", "ice.jpg"])
def test_a_truncated_picture_is_refused(tmp_path, name):
    noisy().save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    refused(f"'{name}' in .* is no picture that Pillow reads: ", tmp_path)


def test_a_grey_picture_of_16_bits_is_scaled_to_8(tmp_path):
    ramp = np.linspace(0, 65535, 200).round().astype(np.uint16)
    Image.fromarray(np.tile(ramp, (200, 1))).save(tmp_path / "ice.png")
    sheet = pictures_for(PHOTO, str(tmp_path), 1).values[0]
    assert torch.equal(sheet, torch.from_numpy((ramp / 257).round().astype(np.uint8)).expand(3, 200, 200))


def test_a_package_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr("brownout_vision.corruptions.frost_pictures.find_spec", lambda _: None)
    refused("imagecorruptions is not installed: use 'synthetic'$", "package")
    assert frost(PHOTO, (1, 2))
