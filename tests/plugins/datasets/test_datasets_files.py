"""Data of one's own, in every format that `files` reads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from brownout_datasets.files.factory import from_files
from brownout_registry import SPLITS, Dataset, Padded

VECTOR = {"a": {"column": "a", "kind": "vector"}}


def save(folder: Path, **arrays: Any) -> str:
    np.savez(folder / "data.npz", **arrays)
    return str(folder / "data.npz")


def write(folder: Path, text: str, name: str = "data.csv") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def parquet(folder: Path, columns: Mapping[str, Any]) -> str:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    write_table(pa.table(dict(columns)), folder / "data.parquet")
    return str(folder / "data.parquet")


def picture(path: Path, value: int | tuple[int, int, int], size: tuple[int, int] = (6, 4)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L" if isinstance(value, int) else "RGB", size, value).save(path)


def whole(data: Dataset, name: str) -> dict[int, Any]:
    """Every sample of a modality by its id."""
    return {
        int(sample): sample_input
        for split in data.splits.values()
        for sample, sample_input in zip(split.ids, read(split, name), strict=True)
    }


def read(split: Any, name: str) -> list[Any]:
    inputs = split.read(name, torch.arange(len(split)))
    if isinstance(inputs, Padded):
        return [values[:length].tolist() for values, length in zip(inputs.values, inputs.lengths, strict=True)]
    return inputs if isinstance(inputs, list) else inputs.tolist()  # type: ignore[no-any-return]


def present(data: Dataset) -> dict[int, list[bool]]:
    return {
        int(sample): mask.tolist()
        for split in data.splits.values()
        for sample, mask in zip(split.ids, split.present, strict=True)
    }


def test_csv_with_vectors_text_missing_cells_and_names(tmp_path: Path) -> None:
    rows = ["7,1.5,2,hello,cat,train", "9,,3,NA,dog,test", "8,4,5,,cat,validation", '5,6,7,"a, b",dog,train']
    path = write(tmp_path, "\n".join(["key,u,v,words,animal,part", *rows]) + "\n")
    modalities = {"sensors": {"columns": ["u", "v"], "kind": "vector"}, "note": {"column": "words", "kind": "text"}}
    data = from_files(path, modalities, target="animal", split="part", id="key")
    assert data.task.classes == ("cat", "dog")
    assert {name: split.ids.tolist() for name, split in data.splits.items()} == {
        "train": [7, 5],
        "validation": [8],
        "test": [9],
    }
    assert whole(data, "sensors")[5] == [6, 7]
    assert whole(data, "note") == {7: "hello", 9: "NA", 8: "", 5: "a, b"}
    assert present(data) == {7: [True, True], 9: [False, True], 8: [True, False], 5: [True, True]}


def test_without_a_split_one_is_held_out_by_class(tmp_path: Path) -> None:
    path = save(tmp_path, a=np.arange(60.0).reshape(30, 2), label=np.arange(30) % 3)
    data = from_files(path, VECTOR, test=0.3, validation=0.2)
    for name, count in {"test": 3, "validation": 2, "train": 5}.items():
        assert torch.bincount(data.splits[name].targets).tolist() == [count] * 3
    assert data.fingerprint == from_files(path, VECTOR, test=0.3, validation=0.2).fingerprint
    assert data.fingerprint != from_files(path, VECTOR, test=0.3, validation=0.2, seed=1).fingerprint


def test_row_order_does_not_move_samples_with_ids(tmp_path: Path) -> None:
    values, order = np.arange(30.0), np.random.default_rng(0).permutation(30)
    arrays = {"a": values, "label": np.arange(30) % 3, "key": np.arange(100, 130)}
    one = from_files(save(tmp_path, **arrays), VECTOR, id="key")
    other = from_files(save(tmp_path, **{name: array[order] for name, array in arrays.items()}), VECTOR, id="key")
    for name in SPLITS:
        assert set(one.splits[name].ids.tolist()) == set(other.splits[name].ids.tolist())


def test_a_data_set_with_train_and_test_gives_validation_out_of_train(tmp_path: Path) -> None:
    path = save(tmp_path, a=np.arange(40.0), label=np.zeros(40, int), split=np.arange(40) // 30)
    data = from_files(path, VECTOR, split="split", splits={0: "train", 1: "test"}, validation=0.1)
    assert data.splits["test"].ids.tolist() == list(range(30, 40))
    assert len(data.splits["validation"]) == 3


def test_a_split_can_be_left_out(tmp_path: Path) -> None:
    path = save(tmp_path, a=np.arange(6.0), label=[0] * 6, split=["fit", "fit", "val", "extra", "test", "test"])
    meanings = {"fit": "train", "val": "validation", "test": "test", "extra": None}
    data = from_files(path, VECTOR, split="split", splits=meanings)
    assert 3 not in whole(data, "a")
    assert data.splits["validation"].ids.tolist() == [2]


def test_one_file_for_each_split(tmp_path: Path) -> None:
    header = "a,label\n"
    paths = {
        "train": write(tmp_path, header + "1,x\n2,y\n3,x\n4,y\n", "fit.csv"),
        "test": write(tmp_path, header + "5,x\n6.5,y\n", "exam.csv"),
    }
    data = from_files(paths, VECTOR, validation=0.5)
    assert data.splits["test"].ids.tolist() == [0, 1]
    assert read(data.splits["test"], "a") == [[5], [6.5]]
    assert [len(split) for split in data.splits.values()] == [2, 2, 2]


def test_npz_files_for_each_split_keep_their_index(tmp_path: Path) -> None:
    paths = {}
    for split, offset in (("train", 0), ("validation", 10), ("test", 20)):
        (tmp_path / split).mkdir()
        paths[split] = save(tmp_path / split, a=[offset, offset + 1], row=[1, 1, 0], label=[0, 1, 1])
    data = from_files(paths, {"a": {"column": "a", "kind": "vector", "index": "row"}})
    assert {name: read(split, "a") for name, split in data.splits.items()} == {
        "train": [[1], [1], [0]],
        "validation": [[11], [11], [10]],
        "test": [[21], [21], [20]],
    }


def test_npz_of_every_kind(tmp_path: Path) -> None:
    generator, count = np.random.default_rng(0), 10
    path = save(
        tmp_path,
        rgb=generator.integers(0, 256, (count, 5, 6, 3), np.uint8),
        grey=generator.random((count, 5, 6)),
        deep=generator.random((count, 1, 5, 6)) * 10,
        wave=generator.integers(-9, 9, (count, 50)).astype(np.int16),
        steps=generator.random((count, 7, 3)),
        ends=np.arange(count) % 7 + 1,
        words=np.array([f"word {row}".encode() for row in range(count)]),
        label=np.arange(count) % 2,
        seen=np.arange(count) > 0,
    )
    modalities = {
        "rgb": {"column": "rgb", "kind": "image", "present": "seen"},
        "grey": {"column": "grey", "kind": "spectrogram"},
        "deep": {"column": "deep", "kind": "depth", "range": [0, 10]},
        "wave": {"column": "wave", "kind": "audio", "sample_rate": 8000},
        "steps": {"column": "steps", "kind": "sequence", "lengths": "ends", "sample_rate": 50},
        "words": {"column": "words", "kind": "text"},
    }
    data, stored = from_files(path, modalities), np.load(path)
    shapes = {modality.name: modality.shape for modality in data.modalities}
    assert shapes == {
        "rgb": (3, 5, 6),
        "grey": (1, 5, 6),
        "deep": (1, 5, 6),
        "wave": (50,),
        "steps": (7, 3),
        "words": (),
    }
    assert np.rint(np.array(whole(data, "rgb")[4]) * 255).transpose(1, 2, 0).tolist() == stored["rgb"][4].tolist()
    assert np.array(whole(data, "deep")[3]) == pytest.approx(stored["deep"][3])
    assert np.array(whole(data, "wave")[3]) * 32768 == pytest.approx(stored["wave"][3])
    assert np.array(whole(data, "steps")[2]) == pytest.approx(stored["steps"][2, :3])
    assert whole(data, "words")[9] == "word 9"
    assert present(data)[0] == [False, *[True] * 5]
    assert all(present(data)[9])


def test_rows_of_another_file_through_an_index(tmp_path: Path) -> None:
    np.savez(tmp_path / "bank.npz", sound=np.arange(6.0).reshape(3, 2))
    path = save(tmp_path, row=[2, 0, 0, 1], label=[0, 1, 0, 1])
    modalities = {"a": {"column": "sound", "kind": "vector", "file": "bank.npz", "index": "row"}}
    assert whole(from_files(path, modalities), "a") == {0: [4, 5], 1: [0, 1], 2: [0, 1], 3: [2, 3]}


def test_dense_targets(tmp_path: Path) -> None:
    targets = np.zeros((20, 4, 4), np.uint8)
    targets[:, 0], targets[:, 1] = 255, 2
    path = save(tmp_path, a=np.zeros((20, 3)), seg=targets)
    data = from_files(path, VECTOR, target="seg", ignore_label=255)
    assert (data.task.kind, data.task.classes) == ("dense", ("0", "1", "2"))
    assert data.task.frequencies == pytest.approx((2 / 3, 0, 1 / 3))


def test_parquet_with_lists_of_unequal_length_and_nulls(tmp_path: Path) -> None:
    columns = {
        "wave": [[0.5, -0.5, 0.25], None, [1.0], [0.0, 0.0]],
        "walk": [[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]], None, [[7.0, 8.0]]],
        "a": [[1, 2], [3, 4], None, [5, 6]],
        "label": [0, 1, 0, 1],
    }
    modalities = {
        "wave": {"column": "wave", "kind": "audio", "sample_rate": 10},
        "walk": {"column": "walk", "kind": "sequence"},
        **VECTOR,
    }
    data = from_files(parquet(tmp_path, columns), modalities, classes=["no", "yes"])
    assert data.task.classes == ("no", "yes")
    assert whole(data, "wave") == {0: [0.5, -0.5, 0.25], 1: [], 2: [1], 3: [0, 0]}
    assert whole(data, "walk")[1] == [[3, 4], [5, 6]]
    assert whole(data, "a")[3] == [5, 6]
    assert present(data) == {0: [True] * 3, 1: [False, True, True], 2: [True, False, False], 3: [True] * 3}


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    for row in range(4):
        picture(tmp_path / "train" / "dark" / f"{row}.png", (row, 0, 0))
        picture(tmp_path / "train" / "light" / f"{row}.png", (255, 255, 250 + row))
    picture(tmp_path / "test" / "dark" / "0.png", (9, 9, 9))
    modalities = {"picture": {"column": "image", "kind": "image"}}
    data = from_files(str(tmp_path), modalities, validation=0.25)
    assert data.task.classes == ("dark", "light")
    assert data.modalities[0].shape == (3, 4, 6)
    assert [len(split) for split in data.splits.values()] == [6, 2, 1]
    assert np.rint(np.array(read(data.splits["test"], "picture")) * 255) == pytest.approx(9)
    resized = from_files(str(tmp_path), {"picture": {"column": "image", "kind": "image", "size": 8, "channels": 1}})
    assert resized.modalities[0].shape == (1, 8, 8)
    assert resized.splits["test"].read("picture", torch.arange(1)).shape == (1, 1, 8, 8)  # type: ignore[union-attr]
    before = data.fingerprint
    picture(tmp_path / "test" / "dark" / "0.png", (9, 9, 8))
    assert from_files(str(tmp_path), modalities, validation=0.25).fingerprint != before


def test_a_name_with_brackets_is_a_name(tmp_path: Path) -> None:
    folder = tmp_path / "run[1]"
    for name in ("cat/0.png", "cat/1.png", "dog/0.png", "dog/1.png"):
        picture(folder / name, 3)
    data = from_files(str(folder), {"picture": {"column": "image", "kind": "image"}})
    assert data.task.classes == ("cat", "dog")
    path = write(tmp_path, "a,label\n1,x\n2,y\n", "data[2].csv")
    assert whole(from_files(path, VECTOR), "a") == {0: [1], 1: [2]}


def test_a_table_of_pictures_beside_it_some_missing(tmp_path: Path) -> None:
    for row, value in enumerate((0, 51, 255)):
        picture(tmp_path / "pictures" / f"{row}.png", value)
    names = ["pictures/0.png", "pictures/1.png", "", "pictures/2.png"]
    path = write(tmp_path, "file,label\n" + "".join(f"{name},{row % 2}\n" for row, name in enumerate(names)))
    data = from_files(path, {"picture": {"column": "file", "kind": "image", "channels": 1}})
    means = {sample: np.mean(pixels) for sample, pixels in whole(data, "picture").items()}
    assert means == pytest.approx({0: 0, 1: 0.2, 2: 0, 3: 1})
    assert present(data)[2] == [False]


def test_a_photograph_taken_upright_is_read_upright(tmp_path: Path) -> None:
    pixels = np.zeros((16, 8, 3), np.uint8)
    pixels[:8] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rows run from right to left of what was seen
    Image.fromarray(pixels).save(tmp_path / "0.jpg", exif=exif, quality=100)
    path = write(tmp_path, "file,label\n0.jpg,0\n0.jpg,1\n")
    data = from_files(path, {"photo": {"column": "file", "kind": "image"}})
    assert data.modalities[0].shape == (3, 8, 16)
    upright = np.array(whole(data, "photo")[0])
    assert upright[:, :, 8:].mean() > 0.95
    assert upright[:, :, :8].mean() < 0.05


def test_depth_of_more_than_8_bits(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 6), 2500, np.uint16)).save(tmp_path / "0.png")
    path = write(tmp_path, "file,label\n0.png,0\n0.png,1\n")
    modality = {"column": "file", "kind": "depth", "scale": 1000, "range": [0, 10]}
    data = from_files(path, {"depth": modality})
    assert np.array(whole(data, "depth")[0]) == pytest.approx(2.5)


def test_a_hub_set_brings_its_splits_and_class_names(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    def rows(count: int) -> datasets.Dataset:
        features = datasets.Features(
            {
                "photo": datasets.Image(),
                "says": datasets.Value("string"),
                "label": datasets.ClassLabel(names=["n", "y"]),
            }
        )
        photos = [Image.new("RGB", (4, 4), (row, 0, 0)) for row in range(count)]
        cells = {"photo": photos, "says": ["a"] * count, "label": [row % 2 for row in range(count)]}
        return datasets.Dataset.from_dict(cells, features=features)

    def load_dataset(path: str, name: str | None) -> datasets.DatasetDict:
        assert (path, name) == ("owner/set", "small")
        return datasets.DatasetDict({"train": rows(10), "dev": rows(2), "test": rows(4), "unlabelled": rows(3)})

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    modalities = {"photo": {"column": "photo", "kind": "image"}, "says": {"column": "says", "kind": "text"}}
    meanings = {"train": "train", "dev": "validation", "test": "test", "unlabelled": None}
    data = from_files("owner/set", modalities, splits=meanings, config="small")
    assert [len(split) for split in data.splits.values()] == [10, 2, 4]
    assert data.task.classes == ("n", "y")
    assert np.rint(np.array(read(data.splits["train"], "photo"))[7, 0] * 255) == pytest.approx(7)


def test_one_changed_cell_changes_the_fingerprint(tmp_path: Path) -> None:
    text = "a,label\n1,x\n2,y\n3,x\n4,y\n"
    before = from_files(write(tmp_path, text), VECTOR).fingerprint
    assert from_files(write(tmp_path, text), VECTOR).fingerprint == before
    assert from_files(write(tmp_path, text.replace("3", "3.5")), VECTOR).fingerprint != before


def test_real_sets_are_read_as_they_are(shared_data: Path) -> None:
    views = {name: {"column": name, "kind": "vector"} for name in ("pix", "fou", "mor")}
    path = str(next((shared_data / "handwritten6").glob("*.npz")))
    data = from_files(path, views, split="split", splits={0: "train", 1: "test"})
    assert [len(split) for split in data.splits.values()] == [1440, 160, 400]
    assert [modality.shape for modality in data.modalities] == [(240,), (76,), (6,)]


def test_nothing_is_left_in_the_cache_and_nothing_is_printed(tmp_path: Path) -> None:
    path = write(tmp_path, "a,label\n1,x\n2,y\n3,x\n4,y\n")
    script = f"from brownout_datasets.files.factory import from_files; from_files({path!r}, {VECTOR!r})"
    home = tmp_path / "home"
    environment = {**os.environ, "HF_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
    assert not [file for file in home.rglob("*") if file.is_file()]


def test_progress_bars_are_as_before(tmp_path: Path) -> None:
    import datasets

    path = write(tmp_path, "a,label\n1,x\n2,y\n")
    before = datasets.utils.are_progress_bars_disabled(), datasets.logging.get_verbosity()
    from_files(path, VECTOR)
    assert (datasets.utils.are_progress_bars_disabled(), datasets.logging.get_verbosity()) == before
