"""Every mistake in one's own data or options gets one line that names file and key."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from brownout_datasets.files.factory import from_files
from brownout_registry import UsageError

LABEL = np.arange(12) % 2
VECTOR = {"a": {"column": "a", "kind": "vector"}}


def refusal(path: Any, modalities: Any = VECTOR, **options: Any) -> str:
    with pytest.raises(UsageError) as caught:
        from_files(path, modalities, **options)
    message = str(caught.value)
    assert message.startswith("files: ")
    assert "\n" not in message
    assert "Traceback" not in message
    return message


def npz(folder: Path, **arrays: Any) -> str:
    np.savez(folder / "data.npz", **({"label": LABEL, "a": np.zeros((12, 2))} | arrays))
    return str(folder / "data.npz")


def csv(folder: Path, text: str) -> str:
    (folder / "data.csv").write_text(text)
    return str(folder / "data.csv")


@pytest.mark.parametrize("name", ["absent.npz", "absent.csv", "absent.parquet"])
def test_missing_file(tmp_path: Path, name: str) -> None:
    assert f"path: there is no file '{tmp_path / name}'" in refusal(str(tmp_path / name))
    assert "path.test: there is no file" in refusal({"test": str(tmp_path / name)})


@pytest.mark.parametrize("name", ["data.npz", "data.parquet", "data.csv"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe garbage, \x93\n1,2\n3", b"PK\x03\x04 cut off"])
def test_unreadable_file(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert str(tmp_path / name) in refusal(str(tmp_path / name))


def test_a_damaged_npz_member(tmp_path: Path) -> None:
    path = Path(npz(tmp_path, a=np.random.default_rng(0).random((12, 500))))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 50] = bytes(50)
    path.write_bytes(content)
    assert "data.npz: cannot be read as an npz file" in refusal(str(path))


def test_a_pickled_npz_is_never_unpickled(tmp_path: Path) -> None:
    class Touch:
        def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
            return os.mkdir, (str(tmp_path / "executed"),)

    objects = np.empty(12, object)
    objects[:] = [Touch() for _ in range(12)]
    assert "data.npz: holds pickled objects" in refusal(npz(tmp_path, a=objects))
    (tmp_path / "data.npz").write_bytes(pickle.dumps(Touch()))
    assert "data.npz: holds pickled objects" in refusal(str(tmp_path / "data.npz"))
    assert not (tmp_path / "executed").exists()


def test_a_single_array_is_no_npz(tmp_path: Path) -> None:
    with (tmp_path / "data.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    assert "data.npz: cannot be read as an npz file" in refusal(str(tmp_path / "data.npz"))


def test_unknown_format(tmp_path: Path) -> None:
    (tmp_path / "data.xlsx").touch()
    assert "is neither .npz, .csv, .parquet, a folder nor a hub id" in refusal(str(tmp_path / "data.xlsx"))


def test_files_of_two_formats(tmp_path: Path) -> None:
    paths = {"train": npz(tmp_path), "test": csv(tmp_path, "a,label\n1,0\n")}
    assert "path: files of different formats" in refusal(paths)


@pytest.mark.parametrize("path", [3, {}, None, ["data.npz"]])
def test_no_path(path: object) -> None:
    assert "option 'path' is" in refusal(path)


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    assert str(tmp_path) in refusal(str(tmp_path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "lable"}, "target: unknown column 'lable'; did you mean 'label'"),
        ({"modalities": {"x": {"column": "aa", "kind": "vector"}}}, "modalities.x.column: unknown column 'aa'"),
        ({"modalities": {"x": {"columns": ["a", "b"], "kind": "vector"}}}, "modalities.x.columns: unknown column 'b'"),
        ({"split": "fold"}, "split: unknown column 'fold'"),
        ({"id": "key"}, "id: unknown column 'key'"),
        ({"modalities": {"x": {"column": "a", "kind": "vector", "index": "i"}}}, "modalities.x.index: unknown column"),
        ({"modalities": {"x": {"column": "a", "kind": "vector", "present": "p"}}}, "x.present: unknown column 'p'"),
        ({"modalities": {"x": {"column": "a", "kind": "sequence", "lengths": "n"}}}, "x.lengths: unknown column 'n'"),
        ({"modalities": {"x": {"column": "a", "kind": "vector", "file": "no.npz"}}}, "no.npz: cannot be read"),
        ({"modalities": {}}, "option 'modalities' is {}"),
        ({"modalities": ["a"]}, "option 'modalities' is ['a']"),
        ({"modalities": {"x": "a"}}, "modalities.x: "),
        ({"modalities": {"x": {"column": "a"}}}, "modalities.x: key 'kind' is missing"),
        ({"modalities": {"x": {"column": "a", "kind": "vektor"}}}, "x.kind: unknown kind 'vektor'; did you mean"),
        ({"modalities": {"x": {"column": "a", "kind": "vector", "skale": 2}}}, "x: unknown key 'skale'; did you mean"),
        ({"modalities": {"x": {"kind": "vector"}}}, "modalities.x: give either 'column' or 'columns'"),
        ({"modalities": {"x": {"column": "a", "kind": "vector", "size": 3}}}, "modalities.x.size: kind is 'vector'"),
        ({"modalities": {"x": {"column": "a", "kind": "vector", "scale": "big"}}}, "modalities.x.scale: "),
        ({"modalities": {"x": {"column": "a", "kind": "vector", "scale": 0}}}, "modalities.x.scale: "),
        ({"modalities": {"x": {"column": "a", "kind": "vector", "range": [1, 0]}}}, "modalities.x.range is [1.0, 0.0]"),
        ({"modalities": {"x": {"column": "a", "kind": "image", "size": -1}}}, "modalities.x.size"),
        ({"modalities": {"x": {"column": "a", "kind": "audio"}}}, "needs a 'sample_rate'"),
        ({"modalities": {"x": {"column": "a", "kind": "image"}}}, "has samples of shape (2,), but kind 'image'"),
        ({"modalities": {"x": {"column": "a", "kind": "text"}}}, "holds ndarray in row 0, expected text"),
        ({"modalities": {"x": {"column": "label", "kind": "text"}}}, "holds int64 in row 0, expected text"),
        ({"splits": ["train"], "split": "label"}, "option 'splits' is ['train']"),
        ({"splits": {0: "train", 1: "tset"}, "split": "label"}, "option 'splits': unknown split 'tset'; did you mean"),
        ({"splits": {0: "train"}, "split": "label"}, "split: unknown split '1'"),
        ({"split": "label"}, "split: unknown split '0'; known: test, train, validation"),
        ({"split": "a"}, "split: shape (12, 2), but target 'label' has 12 samples"),
        ({"id": "label"}, "id: column 'label' has 0 more than once"),
        ({"id": "a"}, "id: column 'a' must hold one integer"),
        ({"target": 3}, "target: unknown column '3'"),
        ({"classes": "no"}, "option 'classes' is 'no'"),
        ({"classes": ["no", "no"]}, "expected a list of different names"),
        ({"config": "small"}, "option 'config' is for sets of the hub"),
        ({"target": "a"}, "target: column 'a' holds float64"),
    ],
)
def test_options_that_do_not_fit_the_file(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    assert message in refusal(npz(tmp_path), **options)


@pytest.mark.parametrize(
    ("arrays", "source", "message"),
    [
        ({"a": np.zeros((11, 2))}, {}, "modalities.a has 11 samples, but target 'label' has 12: unequal lengths"),
        ({"a": np.array(["x"] * 12)}, {}, "holds text, expected numbers"),
        ({"a": np.zeros(12, complex)}, {}, "holds values of type complex128, expected numbers"),
        ({"a": np.array(3.0)}, {}, "column 'a' is a single value"),
        ({"a": np.array([b"\xff"] * 12)}, {}, "holds bytes that are no UTF-8 text"),
        ({"a": np.zeros((12, 2, 2))}, {}, "has samples of shape (2, 2), but kind 'vector' has 1 dimension(s)"),
        ({"a": np.zeros((12, 9, 8, 7))}, {"kind": "image"}, "neither the first nor the last axis is channels"),
        ({"a": np.full((12, 8, 8), 255.0)}, {"kind": "image"}, "out of the range [0.0, 1.0]: give 'scale'"),
        ({"a": np.full((12, 8), 3.0)}, {"kind": "audio", "sample_rate": 8}, "out of the range [-1.0, 1.0]"),
        ({"a": np.zeros((12, 8, 8))}, {"kind": "image", "size": 4}, "are for pictures in files, not for arrays"),
        ({"i": np.full(12, 12)}, {"index": "i"}, "column 'i' must hold row numbers from 0 to 11"),
        ({"i": np.full(12, -1)}, {"index": "i"}, "column 'i' must hold row numbers from 0 to 11"),
        ({"i": np.zeros(12)}, {"index": "i"}, "column 'i' must hold row numbers from 0 to 11"),
        ({"i": np.full(12, 2)}, {"present": "i"}, "column 'i' must hold true or false"),
        ({"i": np.full(12, 3)}, {"kind": "sequence", "lengths": "i"}, "'lengths' must be whole numbers from 0"),
        ({"i": np.full(11, 1)}, {"kind": "sequence", "lengths": "i"}, "'lengths' must be whole numbers from 0"),
    ],
)
def test_arrays_that_do_not_fit_their_kind(
    tmp_path: Path, arrays: dict[str, Any], source: dict[str, Any], message: str
) -> None:
    said = refusal(npz(tmp_path, **arrays), {"a": {"column": "a", "kind": "vector"} | source})
    assert message in said
    assert "data.npz" in said


@pytest.mark.parametrize(
    ("text", "modality", "message"),
    [
        ("a,label\n1,x\n2,\n", {}, "target: column 'label' is empty in row 1"),
        ("a,label\n1,x\nNA,y\n", {}, "modalities.a: column 'a' holds text, expected numbers"),
        ("a,label\nhi,x\n,y\n", {"kind": "image"}, "modalities.a: column 'a', row 0: "),
        ("a,label\n1.5,x\n2,y\n", {"kind": "text"}, "holds float64 in row 0, expected text"),
        ("a,label\n1,0.5\n2,1\n", {}, "holds float64 of shape (2,), expected class indices or names"),
        ("a,label\n1,90\n2,1\n", {}, "has label 90, more than samples"),
        ("a,label,i\n1,0,0\n2,1,0\n", {"index": "i"}, "'index' ('i' into 'a') is for npz files only"),
        ("a,label\n1,x\n2,y,z\n", {}, "data.csv: cannot be read"),
    ],
)
def test_tables_that_do_not_fit(tmp_path: Path, text: str, modality: dict[str, Any], message: str) -> None:
    said = refusal(csv(tmp_path, text), {"a": {"column": "a", "kind": "vector"} | modality})
    assert message in said
    assert "data.csv" in said


def test_several_columns_must_be_single_numbers(tmp_path: Path) -> None:
    said = refusal(npz(tmp_path), {"x": {"columns": ["a", "label"], "kind": "vector"}})
    assert "modalities.x.columns: 'a' has shape (12, 2), expected (12,)" in said


def test_a_label_that_classes_lacks(tmp_path: Path) -> None:
    path = csv(tmp_path, "a,label\n1,cat\n2,dgo\n")
    assert "unknown class 'dgo'; did you mean 'dog'" in refusal(path, classes=["cat", "dog"])


@pytest.mark.parametrize("cells", [[[1.0, 2.0], [3.0]], [[[1.0], [2.0, 3.0]], [[1.0], [2.0]]]])
def test_vectors_of_unequal_length(tmp_path: Path, cells: list[Any]) -> None:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    write_table(pa.table({"a": cells, "label": [0, 1]}), tmp_path / "data.parquet")
    said = refusal(str(tmp_path / "data.parquet"))
    assert "modalities.a: column 'a' " in said
    assert "unequal length" in said


def test_pictures_of_unequal_size_damaged_or_deep(tmp_path: Path) -> None:
    modality = {"a": {"column": "a", "kind": "image"}}
    path = csv(tmp_path, "a,label\n0.png,x\n1.png,y\n")
    for row, size in enumerate([(4, 4), (5, 4)]):
        Image.new("RGB", size).save(tmp_path / f"{row}.png")
    assert "unequal size (4x4 and, in row 1, 4x5); give 'size'" in refusal(path, modality)
    (tmp_path / "1.png").write_bytes(b"no picture")
    assert "row 1: " in refusal(path, modality)
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(tmp_path / "1.png")
    assert "row 1 has more than 8 bits" in refusal(path, {"a": {"column": "a", "kind": "depth"}})


def test_a_picture_cut_off_is_named_when_it_is_read(tmp_path: Path) -> None:
    import torch

    for row in range(2):
        Image.fromarray(np.random.default_rng(row).integers(0, 256, (64, 64, 3), np.uint8)).save(
            tmp_path / f"{row}.png"
        )
    (tmp_path / "1.png").write_bytes((tmp_path / "1.png").read_bytes()[:5000])
    path = csv(tmp_path, "a,label\n0.png,x\n1.png,y\n")
    data = from_files(path, {"a": {"column": "a", "kind": "image"}})
    with pytest.raises(UsageError, match=r"row 1: .*1.png is absent or cannot be read as a picture"):
        data.splits["train"].read("a", torch.arange(2))


@pytest.mark.parametrize("name", ["someone/a-set-of-theirs"])
def test_hub_set_while_offline(name: str) -> None:
    script = f"""
from brownout_registry import UsageError
from brownout_datasets.files.factory import from_files
try:
    from_files({name!r}, {VECTOR!r})
except UsageError as error:
    print(error)
"""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"files: {name}: ")
    assert "HF_HUB_OFFLINE" in done.stdout
    assert done.stdout.count("\n") == 1
    assert not done.stderr
