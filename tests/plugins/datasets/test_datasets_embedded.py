"""The datasets that need no file of the user's: what they hold, and that they hold it again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from brownout_datasets.plugin import brownout_datasets
from brownout_registry import SPLITS, Dataset, UsageError, bind_options, resolve

CARDS = {card.name: card for card in brownout_datasets()}
EMBEDDED = ("htad", "emoji", "two-moons", "digits-views")


def build(name: str, **options: Any) -> Dataset:
    data = resolve(CARDS[name])(**bind_options(CARDS[name], options))
    assert isinstance(data, Dataset)
    return data


@cache
def default(name: str) -> Dataset:
    return build(name)


def everything(data: Dataset, name: str) -> dict[str, np.ndarray]:
    """All of one modality, by split."""
    return {split: np.asarray(data.splits[split].read(name, torch.arange(len(data.splits[split])))) for split in SPLITS}


def linear_probe(data: Dataset, names: list[str]) -> float:
    """Test accuracy of logistic regression on standardised inputs."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    parts = [everything(data, name) for name in names]
    inputs = {
        split: np.concatenate([part[split].reshape(len(data.splits[split]), -1) for part in parts], 1)
        for split in ("train", "test")
    }
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, C=0.1))
    model.fit(inputs["train"], data.splits["train"].targets)
    return float(model.score(inputs["test"], data.splits["test"].targets))


def test_listing_imports_nothing_heavy() -> None:
    heavy = {"torch", "numpy", "datasets", "sklearn", "pandas", "scipy", "PIL", "pyarrow", "pydantic"}
    script = f"import sys, brownout_datasets.plugin as p; p.brownout_datasets(); print({heavy!r} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout == b"set()\n"


@pytest.mark.parametrize("name", CARDS)
def test_every_option_is_an_argument_with_its_default(name: str) -> None:
    import inspect

    arguments = inspect.signature(resolve(CARDS[name])).parameters
    assert set(arguments) == {option.name for option in CARDS[name].options}
    for option in CARDS[name].options:
        if arguments[option.name].default is not inspect.Parameter.empty:
            assert arguments[option.name].default == option.default


@pytest.mark.parametrize("name", EMBEDDED)
class TestEachEmbeddedDataset:
    def test_ids_are_unique_over_disjoint_splits(self, name: str) -> None:
        ids = torch.cat([split.ids for split in default(name).splits.values()])
        assert sorted(ids.tolist()) == list(range(len(ids)))
        assert ids.dtype == torch.int64

    def test_every_class_is_in_every_split(self, name: str) -> None:
        for split in default(name).splits.values():
            assert set(split.targets.tolist()) == set(range(len(default(name).task.classes)))
            assert split.targets.dtype == torch.int64

    def test_frequencies_are_those_of_train(self, name: str) -> None:
        data = default(name)
        counts = torch.bincount(data.splits["train"].targets)
        assert data.task.frequencies == pytest.approx((counts / counts.sum()).tolist())

    def test_inputs_are_canonical(self, name: str) -> None:
        data = default(name)
        for modality in data.modalities:
            read = data.splits["validation"].read(modality.name, torch.tensor([3, 0]))
            if modality.kind == "text":
                assert [type(text) for text in read] == [str, str]
                continue
            assert isinstance(read, torch.Tensor)
            assert (read.shape, read.dtype) == ((2, *modality.shape), torch.float32)
            if modality.range:
                assert read.min() >= modality.range[0]
                assert read.max() <= modality.range[1]

    def test_rows_are_read_in_any_order(self, name: str) -> None:
        split = default(name).splits["train"]
        for modality in default(name).modalities:
            both, one = (split.read(modality.name, torch.tensor(rows)) for rows in ([5, 2], [2]))
            assert np.array_equal(np.asarray(both)[1:], np.asarray(one))

    def test_built_again_it_is_the_same(self, name: str) -> None:
        assert build(name).fingerprint == default(name).fingerprint

    def test_the_seed_moves_the_split_alone(self, name: str) -> None:
        other = build(name, seed=1)
        assert other.fingerprint != default(name).fingerprint
        assert sum(map(len, other.splits.values())) == sum(map(len, default(name).splits.values()))

    def test_it_says_where_it_comes_from(self, name: str) -> None:
        assert default(name).citation
        assert default(name).licence != "unknown"


FINGERPRINTS: Mapping[str, str] = {
    "htad": "3d27b35ca7a99bae218cabe41a55e71156783b9e",
    "emoji": "6e862a0ae81101387f2a8fed7a2306c64d24f249",
    "digits-views": "f88df481e64d05b83667949e43d8feaa1eb9a5fc",
}


@pytest.mark.parametrize("name", FINGERPRINTS)
def test_the_content_is_the_published_one(name: str) -> None:
    """A run's predictions belong to this content: a change here makes finished runs incomparable."""
    assert default(name).fingerprint == FINGERPRINTS[name]


def test_htad() -> None:
    data = default("htad")
    assert data.task.classes[:2] == ("brush_teeth", "eat_chips")
    assert sum(map(len, data.splits.values())) == 1386
    audio, accelerometer = (linear_probe(data, [name]) for name in ("audio", "accelerometer"))
    both = linear_probe(data, ["audio", "accelerometer"])
    assert 0.6 < audio < both
    assert 0.7 < accelerometer < both


def test_two_moons_needs_both_coordinates() -> None:
    data = default("two-moons")
    assert linear_probe(data, ["x", "y"]) > max(linear_probe(data, ["x"]), linear_probe(data, ["y"]))
    train = everything(data, "y")["train"][:, 0]
    upper = train[data.splits["train"].targets.numpy() == data.task.classes.index("upper")]
    assert upper.mean() > train.mean()


@pytest.mark.parametrize("options", [{"samples": 1}, {"noise": -1.0}])
def test_two_moons_refuses(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"two-moons: samples is .*, noise .*; expected"):
        build("two-moons", **options)


def test_two_moons_without_noise_lie_on_two_circles() -> None:
    data = build("two-moons", samples=40, noise=0.0)
    x, y, targets = everything(data, "x")["train"], everything(data, "y")["train"], data.splits["train"].targets
    upper = np.hypot(x, y)[targets.numpy() == 0]
    lower = np.hypot(x - 1, y - 0.5)[targets.numpy() == 1]
    assert np.concatenate([upper, lower]) == pytest.approx(1, abs=1e-6)


def test_every_view_of_the_digits_tells_digits_apart() -> None:
    views = ["picture", "pixels", "profiles", "frequency", "top", "bottom"]
    data = build("digits-views", views=views)
    assert [modality.name for modality in data.modalities] == views
    assert all(linear_probe(data, [name]) > 0.75 for name in views)


def test_views_are_of_the_same_digit() -> None:
    data = build("digits-views", views=["picture", "pixels", "top", "bottom", "profiles", "frequency"])
    view = {modality.name: everything(data, modality.name)["test"] for modality in data.modalities}
    assert np.array_equal(view["picture"].reshape(-1, 64), view["pixels"])
    assert np.array_equal(np.concatenate([view["top"], view["bottom"]], 1), view["pixels"])
    assert view["profiles"][:, 8:] == pytest.approx(view["picture"][:, 0].mean(1))


def test_frequencies_are_those_of_scipy() -> None:
    from scipy.fft import dctn

    data = build("digits-views", views=["picture", "frequency"])
    pictures, ours = everything(data, "picture")["test"][:, 0], everything(data, "frequency")["test"]
    assert ours == pytest.approx(dctn(pictures, axes=(1, 2), norm="ortho")[:, :4, :4].reshape(-1, 16), abs=1e-4)


@pytest.mark.parametrize(
    ("views", "message"),
    [
        (["pixles"], "did you mean 'pixels'"),
        ([], "expected a list"),
        ("pixels", "expected a list"),
        (["top", "top"], "expected a list of different"),
    ],
)
def test_digits_views_refuses(views: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        build("digits-views", views=views)


def test_emoji_keeps_its_own_split() -> None:
    data = default("emoji")
    assert len(data.splits["test"]) == 409
    assert len(data.splits["train"]) + len(data.splits["validation"]) == 1227
    assert len(data.splits["validation"]) == pytest.approx(123, abs=8)
    assert data.task.classes[5] == "Smileys & Emotion"
    assert "grinning face; grinning" in data.splits["train"].read("text", torch.arange(3))


def test_emoji_agree_with_their_source(shared_data: Any) -> None:
    source = np.load(shared_data / "emoji_twemoji" / "emoji_twemoji.npz", allow_pickle=False)
    for split in default("emoji").splits.values():
        rows = torch.arange(len(split))
        assert np.array_equal(split.targets, source["label"][split.ids])
        assert split.read("text", rows) == [text.decode() for text in source["raw_text"][split.ids]]
        pictures = np.asarray(split.read("image", rows)).transpose(0, 2, 3, 1)
        assert np.array_equal(np.rint(pictures * 255), source["image"][split.ids])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_emoji_picture_or_gender_variant_is_in_train_and_validation(seed: int) -> None:
    data = build("emoji", seed=seed)
    pictures = everything(data, "image")
    assert not {one.tobytes() for one in pictures["train"]} & {one.tobytes() for one in pictures["validation"]}
    names = {
        split: {neutral(text) for text in data.splits[split].read("text", torch.arange(len(data.splits[split])))}
        for split in ("train", "validation")
    }
    assert not (names["train"] & names["validation"]) - {""}


def neutral(text: str) -> str:
    """The name of a gender variant without its gender, empty for all others."""
    words = text.split(";", maxsplit=1)[0].split()
    gendered = bool({"man", "woman"} & set(words)) and len(words) > 1
    return " ".join(word for word in words if word not in {"man", "woman"}) if gendered else ""
