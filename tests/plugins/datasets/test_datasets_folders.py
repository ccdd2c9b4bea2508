"""Handwritten numerals, SisFall and NYU Depth V2: what they hold, and that nothing leaks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from brownout_datasets.plugin import brownout_datasets
from brownout_registry import Dataset, Padded, UsageError, bind_options, resolve

CARDS = {card.name: card for card in brownout_datasets()}
NAMES = ("handwritten6", "sisfall", "nyuv2")
FEW = torch.tensor([7, 0, 3])

Build = Callable[..., Dataset]


def create(name: str, **options: Any) -> Dataset:
    data = resolve(CARDS[name])(**bind_options(CARDS[name], options))
    assert isinstance(data, Dataset)
    return data


@pytest.fixture(scope="module")
def build(shared_data: Path) -> Build:
    """A dataset of the real files, with options; a skip where its folder is absent."""

    @cache
    def built(name: str, options: tuple[tuple[str, Any], ...]) -> Dataset:
        if not (shared_data / name).is_dir():
            pytest.skip(f"real data not at hand: {shared_data / name} is absent")
        return create(name, root=str(shared_data / name), **dict(options))

    return lambda name, **options: built(name, tuple(options.items()))


@pytest.fixture(scope="module")
def stored(shared_data: Path) -> Callable[[str], Any]:
    return cache(lambda name: np.load(shared_data / name / f"{name}.npz", allow_pickle=False))


def values(inputs: Any) -> np.ndarray:
    return np.asarray(inputs.values if isinstance(inputs, Padded) else inputs)


FINGERPRINTS = {
    "handwritten6": "b1893516c915dcf028b3f71a621462c4ba7767a7",
    "sisfall": "90c0a14deee5031a819feedafde9a66df895149b",
    "nyuv2": "b2150b0d1b96be66d70383c15d185faffa7d86d9",
}


@pytest.mark.parametrize("name", NAMES)
class TestEachOfThem:
    def test_the_content_is_the_published_one(self, build: Build, name: str) -> None:
        """A run's predictions belong to this content: a change here makes finished runs incomparable."""
        assert build(name).fingerprint == FINGERPRINTS[name] != build(name, seed=1).fingerprint

    def test_test_is_the_sets_own_and_ids_are_rows(self, build: Build, stored: Any, name: str) -> None:
        archive, splits = stored(name), build(name).splits
        ids = torch.cat([split.ids for split in splits.values()])
        assert len(set(ids.tolist())) == len(ids)
        assert (archive["split"][splits["test"].ids] == 1).all()
        for split in ("train", "validation"):
            assert (archive["split"][splits[split].ids] == 0).all()
        assert sorted(ids.tolist()) == np.flatnonzero(archive["label"] >= 0).tolist()
        for split in splits.values():
            assert np.array_equal(split.targets, archive["label"][split.ids])
            assert split.present.all()

    def test_every_class_is_in_every_split(self, build: Build, name: str) -> None:
        for split in build(name).splits.values():
            assert set(split.targets.tolist()) == set(range(len(build(name).task.classes)))

    def test_the_seed_moves_validation_alone(self, build: Build, name: str) -> None:
        one, other = build(name).splits, build(name, seed=1).splits
        assert torch.equal(one["test"].ids, other["test"].ids)
        assert one["validation"].ids.tolist() != other["validation"].ids.tolist()

    def test_inputs_are_canonical_in_any_order(self, build: Build, name: str) -> None:
        data = build(name)
        split = data.splits["validation"]
        for modality in data.modalities:
            read = split.read(modality.name, FEW)
            assert isinstance(read, Padded) == (modality.kind == "sequence")
            assert values(read).shape == (3, *modality.shape)
            assert values(read).dtype == np.float32
            assert np.array_equal(values(read)[2:], values(split.read(modality.name, FEW[2:])))
            if modality.range:
                assert modality.range[0] <= values(read).min() < values(read).max() <= modality.range[1]

    def test_it_says_where_it_comes_from(self, build: Build, name: str) -> None:
        assert build(name).citation.startswith("@")
        assert build(name).licence != "unknown"

    def test_the_environment_says_where_it_is(
        self, build: Build, shared_data: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        expected = build(name).fingerprint
        monkeypatch.setenv("BROWNOUT_DATA", str(shared_data))
        assert create(name).fingerprint == expected


@pytest.mark.parametrize("name", NAMES)
class TestWithoutTheFile:
    def test_the_message_says_where_to_get_it(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(UsageError) as raised:
            create(name, root=str(tmp_path))
        told = str(raised.value)
        assert f"{name}: there is no file '{tmp_path / name}.npz': set option 'root'" in told
        assert "BROWNOUT_DATA" in told
        assert "the original: " in told
        assert "doi:10." in told
        assert "\n" not in told

    @pytest.mark.parametrize("content", [b"", b"not an npz file", b"PK\x03\x04 cut off"])
    def test_a_damaged_file(self, tmp_path: Path, content: bytes, name: str) -> None:
        (tmp_path / f"{name}.npz").write_bytes(content)
        with pytest.raises(UsageError, match=rf"{name}: .*{name}.npz: "):
            create(name, root=str(tmp_path))

    def test_a_file_of_something_else(self, tmp_path: Path, name: str) -> None:
        np.savez(tmp_path / f"{name}.npz", picture=np.zeros(3))
        with pytest.raises(UsageError, match=rf"{name}.npz: \w+ is not a file in the archive"):
            create(name, root=str(tmp_path))


@pytest.mark.parametrize("seed", [0, 1])
def test_handwritten_validation_is_a_tenth_of_each_class_and_twins_stay_together(
    build: Build, stored: Any, seed: int
) -> None:
    splits, archive = build("handwritten6", seed=seed).splits, stored("handwritten6")
    assert (torch.bincount(splits["validation"].targets) >= 15).all()
    assert (torch.bincount(splits["validation"].targets) <= 16).all()
    rows = np.concatenate([archive[name] for name in ("pix", "fou", "fac", "zer", "kar", "mor")], axis=1)
    seen = [{row.tobytes() for row in rows[splits[name].ids]} for name in ("train", "validation")]
    assert not seen[0] & seen[1]


def test_handwritten_views_are_the_stored_ones_by_name_or_place(build: Build, stored: Any) -> None:
    data = build("handwritten6", views=("mor", 1))
    assert [(modality.name, modality.shape) for modality in data.modalities] == [("mor", (6,)), ("fou", (76,))]
    split = data.splits["test"]
    for name in ("mor", "fou"):
        assert np.array_equal(values(split.read(name, FEW)), stored("handwritten6")[name][split.ids[FEW]])
    assert torch.equal(split.ids, build("handwritten6").splits["test"].ids)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("handwritten6", {"views": ["pxi"]}, "handwritten6: option 'views': unknown view 'pxi'; did you mean 'pix'"),
        ("handwritten6", {"views": [6]}, "unknown view '6'; known: fac, fou, kar, mor, pix, zer"),
        ("handwritten6", {"views": [-1]}, "unknown view '-1'"),
        ("handwritten6", {"views": ["pix", 0]}, "expected a list of different views"),
        ("handwritten6", {"views": "pix"}, "option 'views' is 'pix', expected a list"),
        ("sisfall", {"sensors": ["gyr"]}, "sisfall: option 'sensors': unknown sensor 'gyr'; did you mean 'gyro'"),
        ("sisfall", {"sensors": []}, "expected a list of different sensors"),
        ("nyuv2", {"task": "scenes"}, "dataset 'nyuv2': option 'task' is 'scenes', expected one of"),
        ("nyuv2", {"other_prop": "keep"}, "option 'other_prop' is 'keep', expected one of"),
    ],
)
def test_refused_before_any_file_is_read(tmp_path: Path, name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        create(name, root=str(tmp_path), **options)


@pytest.mark.parametrize(("validation", "people"), [(0.1, 2), (0.2, 4), (0.5, 9)])
def test_nobody_is_in_two_splits_of_sisfall(build: Build, stored: Any, validation: float, people: int) -> None:
    for seed in (0, 1):
        splits = build("sisfall", sensors=("gyro",), validation=validation, seed=seed).splits
        seen = {name: set(stored("sisfall")["subject"][split.ids].tolist()) for name, split in splits.items()}
        assert len(seen["validation"]) == people
        assert seen["test"] == {19, 20, 21, 22, 23}
        assert sum(map(len, seen.values())) == len(set.union(*seen.values())) == 23


def test_sensors_are_in_physical_units_at_50_hertz(build: Build, stored: Any) -> None:
    data = build("sisfall")
    assert [modality.sample_rate for modality in data.modalities] == [50] * 3
    split, rows = data.splits["train"], torch.arange(0, 2000, 100)
    for name, bits, full_scale in (("accel1", 13, 16), ("gyro", 16, 2000), ("accel2", 14, 8)):
        read = split.read(name, rows)
        assert isinstance(read, Padded)
        assert (read.lengths == 300).all()
        counts = stored("sisfall")[name][split.ids[rows]]
        assert read.values.numpy() == pytest.approx(counts * (2 * full_scale / 2**bits), rel=1e-6)
        if name != "gyro":  # what a sensor feels all the time is gravity
            assert read.values.norm(dim=2).mean().item() == pytest.approx(1, abs=0.1)


def test_scenes_are_the_stored_pictures(build: Build, stored: Any) -> None:
    from io import BytesIO

    from PIL import Image

    data, archive = build("nyuv2"), stored("nyuv2")
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 433, "validation": 99, "test": 613}
    split = data.splits["test"]
    ids = split.ids[FEW].numpy()
    encoded, edges = archive["image_jpeg"], archive["image_offset"]
    files = [BytesIO(encoded[edges[number] : edges[number + 1]].tobytes()) for number in ids]
    expected = np.stack([np.asarray(Image.open(file)) for file in files]).transpose(0, 3, 1, 2)
    assert np.array_equal(np.rint(values(split.read("rgb", FEW)) * 255), expected)
    assert np.array_equal(np.rint(values(split.read("depth", FEW))[:, 0] * 25.5), archive["depth"][ids])
    assert data.modalities[1].range == (0.0, 10.0)


def test_validation_scenes_are_blocks_of_neighbours(build: Build) -> None:
    for seed in (0, 1, 2):
        held_out = set(build("nyuv2", seed=seed).splits["validation"].ids.tolist())
        alone = [number for number in held_out if not {number - 1, number + 1} & held_out]
        assert len(alone) < 0.2 * len(held_out)


def test_segmentation_ignores_what_is_not_labelled(build: Build, stored: Any) -> None:
    data, archive = build("nyuv2", task="segmentation"), stored("nyuv2")
    assert data.task.kind == "dense"
    assert len(data.task.classes) == 39
    assert all(frequency > 0 for frequency in data.task.frequencies)
    assert len(data.splits["train"]) + len(data.splits["validation"]) == 795
    split = data.splits["test"]
    assert len(split) == 654
    assert split.targets.dtype == torch.int64
    seen, targets = archive["seg40"][split.ids[FEW]], split.targets[FEW].numpy()
    assert np.array_equal(np.where(targets == data.task.ignore_label, 39, targets), seen)
    assert set(build("nyuv2").splits["validation"].ids.tolist()) < set(data.splits["validation"].ids.tolist())


def test_segmentation_with_all_40_classes(build: Build, stored: Any) -> None:
    data = build("nyuv2", task="segmentation", other_prop="class")
    assert len(set(data.task.classes)) == 40
    split = data.splits["validation"]
    assert np.array_equal(split.targets[FEW], stored("nyuv2")["seg40"][split.ids[FEW]])
