"""Every mistake is answered by one clear message and exit code 4; nothing is half-written, nothing trained."""

from __future__ import annotations

import errno
import json
import os
import pickle
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import save_file

from brownout.engine import evaluate
from brownout.engine.folder import RunFolder

Brownout = Callable[..., Any]
Write = Callable[..., Path]
Contents = Callable[[Path], dict[str, bytes]]
Refused = Callable[..., None]
AUDIO = {"column": "a", "kind": "vector"}
MOTION = {"column": "b", "kind": "vector"}


@pytest.fixture
def refused(here: Path, brownout: Brownout) -> Refused:
    """``refused(*mentions)``: the suite is refused with these words, and no run folder, no weights and no mark left."""

    def check(*mentions: str) -> None:
        said = brownout("run", "suite.yaml", "--out", "run", "--cache", "cache")
        assert said.code == 4, said.err
        assert said.out == ""
        assert said.err.startswith("brownout: ")
        assert len(said.err.splitlines()) == 1
        for mention in mentions:
            assert mention in said.err
        assert not (here / "run").exists()
        assert not (here / "cache").exists()
        assert brownout("run", "suite.yaml", "--dry-run", "--out", "run", "--cache", "cache").err == said.err

    return check


@pytest.mark.parametrize(
    ("keys", "mentions"),
    [
        ({"trainig": {}}, ["trainig: unknown key 'trainig'; did you mean 'training'"]),
        (
            {"methods": [{"name": "m", "fusion": "mean", "optoins": {}}]},
            ["methods[0].optoins", "did you mean 'options'"],
        ),
        ({"protocol": {"corruptions": {"eech": []}}}, ["protocol.corruptions.eech", "did you mean 'each'"]),
        (
            {"protocol": {"corruptions": [{"each": [3]}]}},
            ["protocol.corruptions[0].each[0]: expected a mapping, found 3"],
        ),
        (
            {"protocol": {"corruptions": {"each": "defualt"}}},
            ["protocol.corruptions.each: expected 'default' or a list"],
        ),
        ({"protocol": {"missing": {"rates": [1.5]}}}, ["protocol.missing.rates[0]: expected less than 1"]),
        ({"protocol": "no-such"}, ["protocol.use: unknown protocol 'no-such'"]),
        ({"baseline": "maen"}, ["baseline: unknown method 'maen'; did you mean 'mean'"]),
        (
            {"suite": "quick/start"},
            ["suite: expected letters (a to z), digits, '.', '_' and '-', a letter or digit first, found 'quick/"],
        ),
        ({"suite": "a" * 81}, ["suite: expected at most 80 characters, found 'aaa"]),
        (
            {"methods": [{"name": "*", "fusion": "mean"}]},
            ["methods[0].name: expected letters, digits, spaces and any of _ . , : + / ( ) = -", "found '*'"],
        ),
        ({"methods": [{"name": "m"}]}, ["methods[0].fusion: is required"]),
        ({"dataset": {"use": "htda"}}, ["dataset: unknown dataset 'htda'; did you mean 'htad'"]),
        (
            {"methods": [{"name": "m", "fusion": "maen"}]},
            ["methods[0] (m): unknown fusion 'maen'; did you mean 'mean'"],
        ),
        (
            {"methods": [{"name": "m", "fusion": "jacobian", "options": {"gama": 1}}]},
            ["methods[0] (m): ", "'jacobian'", "unknown option 'gama'; did you mean 'gamma'"],
        ),
        (
            {"methods": [{"name": "m", "fusion": "jacobian", "variant": "relesed"}]},
            ["methods[0] (m): ", "unknown variant 'relesed'"],
        ),
        ({"encoders": {"vector": "mpl"}}, ["encoders.audio: unknown encoder 'mpl'; did you mean 'mlp'"]),
        ({"encoders": {"audio": "mlp"}}, ["methods[0] (mean): encoders: modality 'motion' (vector) has none"]),
        ({"training": {"recipe": "reglar"}}, ["training: unknown training 'reglar'; did you mean 'regular'"]),
        ({"metrics": ["accuracy", "ecee"]}, ["metrics[1]: unknown metric 'ecee'; did you mean 'ece'"]),
        ({"summaries": ["wrost"]}, ["summaries[0]: unknown summary 'wrost'; did you mean 'worst'"]),
        ({"figures": ["jacobian-heatmp"]}, ["figures[0]: unknown figure", "did you mean 'jacobian-heatmap'"]),
        ({"encoders": {"audoi": "mlp"}}, ["encoders: unknown modality 'audoi'; did you mean 'audio'"]),
        (
            {"protocol": {"missing": {"patterns": [["adio"]]}}},
            ["protocol.missing.patterns: unknown modality 'adio'; did you mean 'audio'"],
        ),
        (
            {"protocol": {"missing": {"rates": [{"moton": 0.5}]}}},
            ["protocol.missing.rates: unknown modality 'moton'; did you mean 'motion'"],
        ),
        (
            {"protocol": {"corruptions": {"each": ["gaussian-noise"], "modalities": ["audi"]}}},
            ["protocol.corruptions.modalities: unknown modality 'audi'; did you mean 'audio'"],
        ),
        (
            {"methods": [{"name": "m", "fusion": "unimodal", "options": {"modality": "audo"}}]},
            ["methods[0] (m): brownout-baselines/unimodal: ", "unknown modality 'audo'; did you mean 'audio'"],
        ),
        (
            {"protocol": {"corruptions": {"each": ["gaussian-nois"]}}},
            ["protocol.corruptions", "unknown perturbation 'gaussian-nois'; did you mean 'gaussian-noise'"],
        ),
        (
            {"protocol": {"corruptions": {"each": ["gaussian-noise"], "severities": [1, 9]}}},
            ["protocol.corruptions", "severity 9 is not there; gaussian-noise(audio) has severities 1 to 5"],
        ),
        (
            {"protocol": {"corruptions": {"each": ["gaussian-noise"], "severities": [0]}}},
            ["protocol.corruptions.severities[0]: expected greater than or equal to 1, found 0"],
        ),
        (
            {"protocol": {"corruptions": {"each": ["word-masking"]}}},
            ["protocol.corruptions.each: 'word-masking' takes none of the modalities audio, motion"],
        ),
    ],
    ids=lambda value: value[0][:60] if isinstance(value, list) else "",
)
def test_a_suite_that_names_what_is_not_there(
    write_suite: Write, refused: Refused, keys: dict[str, Any], mentions: list[str]
) -> None:
    write_suite(**keys)
    refused("suite.yaml: ", *mentions)


@pytest.mark.parametrize(
    ("keys", "mentions"),
    [
        (
            {"methods": [{"name": "m", "fusion": "jacobian", "options": {"gamma": 7.0}}]},
            ["methods[0] (m): brownout-jacobian/jacobian: ", "'gamma' is 7.0"],
        ),
        (
            {"encoders": {"vector": "lenet5"}},
            ["encoders.audio: encoder brownout-vision/lenet5 takes image, ", "'audio'"],
        ),
        (
            {"encoders": {"vector": {"backbone": "lenet5"}}},
            ["encoders.audio.backbone: encoder brownout-vision/lenet5 takes image, "],
        ),
        (
            {"encoders": {"vector": {"use": "mlp", "dropout": 2.0}}},
            ["encoders.audio: brownout-features/mlp: ", "dropout"],
        ),
        (
            {"training": {"epochs": 1, "options": {"clip": -1.0}}},
            ["methods[0] (mean): training: brownout/regular: ", "'clip' is -1.0"],
        ),
        (
            {"protocol": {"corruptions": {"each": [{"use": "gaussian-noise", "levels": [-3.0]}]}}},
            ["protocol.corruptions: gaussian-noise(audio): brownout-features/gaussian-noise: ", "levels[0] is -3.0"],
        ),
        (
            {"protocol": {"corruptions": {"at": "features", "each": [{"use": "gaussian-noise", "levels": [-3.0]}]}}},
            ["protocol.corruptions: gaussian-noise(audio features): brownout-features/gaussian-noise: "],
        ),
        (
            {"metrics": ["accuracy", {"use": "ece", "bins": "x"}]},
            ["metrics[1]: metric 'ece': option 'bins' is 'x': Input should be a valid integer"],
        ),
        (
            {"summaries": ["worst", {"use": "relative-drop", "kinds": 5}]},
            ["summaries[1]: summary 'relative-drop': option 'kinds' is 5: "],
        ),
        (
            {"summaries": [{"use": "relative-drop", "kinds": ["mising"]}]},
            ["summaries[0]: brownout-metrics/relative-drop: ", "'mising'; did you mean 'missing'"],
        ),
        (
            {"figures": [{"use": "jacobian-heatmap", "resolution": "fine"}]},
            ["figures[0]: figure 'jacobian-heatmap': option 'resolution' is 'fine': Input should be a valid integer"],
        ),
    ],
    ids=lambda value: value[0][:60] if isinstance(value, list) else "",
)
def test_a_component_that_refuses_is_told_before_anything_is_trained(
    write_suite: Write, refused: Refused, keys: dict[str, Any], mentions: list[str]
) -> None:
    write_suite(**keys)
    refused("suite.yaml: ", *mentions)


def test_a_missing_suite_file(here: Path, write_suite: Write, brownout: Brownout) -> None:
    write_suite()
    said = brownout("run", "siute.yaml")
    assert said.code == 4
    assert "siute.yaml: unknown suite file 'siute.yaml'; did you mean 'suite.yaml'?" in said.err
    assert brownout("run", ".").code == 4
    assert not (here / "runs").exists()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"methods: [", "suite.yaml: not valid YAML: "),
        (b"a: b: c", "suite.yaml: not valid YAML: "),
        (b"suite: \xff\xfe\x80", "suite.yaml: cannot be read: "),
        (b"", "suite.yaml: expected a mapping with the keys of a suite, found NoneType"),
        (b"- suite", "suite.yaml: expected a mapping with the keys of a suite, found list"),
        (b"suite: !!python/object/apply:os.mkdir [executed]", "suite.yaml: not valid YAML: "),
        (
            b"suite: a\nmethods:\n- {name: m}\nsuite: b",
            "suite.yaml: key 'suite' stands at line 1 and again at line 4; write it once",
        ),
        (b"methods:\n- {name: m,\n   name: n}", "suite.yaml: key 'name' stands at line 2 and again at line 3"),
        (b"training: {epochs: 1, epochs: 2}", "suite.yaml: key 'epochs' stands twice at line 1; write it once"),
        (
            b"protocol:\n  corruptions: {each: [a]}\n  corruptions: {each: [b]}",
            "'corruptions' stands at line 2 and again at line 3; write it once, with a list of parts: corruptions: [{",
        ),
    ],
)
def test_an_unreadable_suite(here: Path, refused: Refused, content: bytes, complaint: str) -> None:
    (here / "suite.yaml").write_bytes(content)
    refused(complaint)
    assert not (here / "executed").exists()


DATA: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "missing file": ({}, {"path": "absent.npz"}, ["path: there is no file 'absent.npz'"]),
    "a column that is not there": (
        {},
        {"modalities": {"audio": {"column": "aa", "kind": "vector"}, "motion": MOTION}},
        ["data.npz: modalities.audio.column: unknown column 'aa'; did you mean 'a'"],
    ),
    "no target": ({}, {"target": "lable"}, ["data.npz: target: unknown column 'lable'; did you mean 'label'"]),
    "NaN": (
        {"a": np.where(np.arange(180).reshape(60, 3) == 50, np.nan, 1.0), "key": np.arange(1000, 1060)},
        {"id": "key"},
        ["modality 'audio' of sample 1016 ", "NaN or infinite"],
    ),
    "infinity": (
        {"b": np.where(np.arange(120).reshape(60, 2) == 33, -np.inf, 1.0)},
        {},
        ["modality 'motion' of sample 16 ", "NaN or infinite"],
    ),
    "label out of range": (
        {"label": np.where(np.arange(60) == 7, 9, np.arange(60) % 3)},
        {"classes": ["x", "y", "z"]},
        ["label 9 of sample 7 ", "there are 3 classes, 0 to 2"],
    ),
    "negative label": (
        {"label": np.where(np.arange(60) == 7, -1, np.arange(60) % 3)},
        {},
        ["label -1 of sample 7 ", "out of range"],
    ),
    "a label without a class": (
        {"label": np.array(["cat", "dgo"] * 30)},
        {"classes": ["cat", "dog"]},
        ["data.npz: target: ", "unknown class 'dgo'; did you mean 'dog'"],
    ),
    "empty split": ({}, {"test": 0}, ["split 'test' is empty"]),
    "a class that train does not have": (
        {"label": np.repeat([0, 1, 2], 20), "s": np.repeat(["train", "test"], [40, 20])},
        {"split": "s"},
        ["split 'test' has classes that train does not have: '2'"],
    ),
    "a modality that every sample lacks": (
        {"p": np.zeros(60, bool)},
        {"modalities": {"audio": {**AUDIO, "present": "p"}, "motion": MOTION}},
        ["every sample of split 'train' lacks modality 'audio'"],
    ),
    "unequal lengths": ({"a": np.zeros((59, 3))}, {}, ["data.npz: modalities.audio has 59 samples", "unequal lengths"]),
}


@pytest.mark.parametrize("case", DATA)
def test_data_that_cannot_be_used(write_data: Write, write_suite: Write, refused: Refused, case: str) -> None:
    arrays, options, mentions = DATA[case]
    write_data(**arrays)
    modalities = {"audio": AUDIO, "motion": MOTION}
    write_suite(dataset={"use": "files", "path": "data.npz", "modalities": modalities, **options})
    refused("suite.yaml: dataset: brownout-datasets/files: ", *mentions)


def test_of_several_datasets_the_bad_one_is_named(write_suite: Write, refused: Refused) -> None:
    files = {"use": "files", "path": "no.npz", "modalities": {"audio": AUDIO}}
    write_suite(dataset=[{"use": "two-moons", "samples": 60}, files])
    refused("suite.yaml: dataset[1]: brownout-datasets/files: ", "there is no file 'no.npz'")


class Touch:
    """Unpickled, it leaves a file behind."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.mkdir, ("executed",)


def write_pictures(write_data: Write, write_suite: Write, weights: str) -> None:
    write_data(a=np.zeros((60, 8, 8), np.float32))
    modalities = {"audio": {"column": "a", "kind": "image"}}
    encoder = {"use": "timm", "model": "test_resnet", "weights": weights}
    write_suite(
        dataset={"use": "files", "path": "data.npz", "modalities": modalities},
        encoders={"audio": encoder},
        methods=[{"name": "m", "fusion": "mean"}],
        protocol={},
    )


def test_weights_that_do_not_fit(here: Path, write_data: Write, write_suite: Write, refused: Refused) -> None:
    save_file({"conv1.weight": torch.zeros(3, 3)}, here / "small.safetensors")
    write_pictures(write_data, write_suite, "./small.safetensors")
    refused(
        "suite.yaml: methods[0] (m): encoders.audio: brownout-vision/timm: ",
        "'./small.safetensors' does not fit the model: ",
        "conv1.",
    )


@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pth"])
def test_a_pickle_in_the_place_of_weights_is_never_unpickled(
    here: Path, write_data: Write, write_suite: Write, refused: Refused, name: str
) -> None:
    (here / name).write_bytes(pickle.dumps({"conv1.weight": Touch()}))
    write_pictures(write_data, write_suite, f"./{name}")
    refused("encoders.audio: brownout-vision/timm: ", name, "save it as .safetensors")
    assert not (here / "executed").exists()


def test_pickled_arrays_are_never_unpickled(
    here: Path, write_data: Write, write_suite: Write, refused: Refused
) -> None:
    objects = np.empty(60, object)
    objects[:] = [Touch() for _ in range(60)]
    write_data(a=objects)
    write_suite()
    refused("dataset: brownout-datasets/files: ", "data.npz: holds pickled objects")
    assert not (here / "executed").exists()


def test_a_run_folder_of_another_suite(here: Path, brownout: Brownout, write_suite: Write, contents: Contents) -> None:
    assert brownout("run", write_suite(), "--out", "run").code == 0
    before = contents(here / "run")
    for keys, complaint in (
        ({"suite": "other"}, "another suite ('small', not 'other')"),
        ({"protocol": {"seed": 1}}, "another protocol"),
        ({"dataset": {"use": "two-moons", "samples": 60}}, "another data"),
    ):
        for more in ([], ["--dry-run"]):
            said = brownout("run", write_suite(**keys), "--out", "run", *more)
            assert said.code == 4
            assert f"run: holds a run with {complaint}; choose another folder with --out" in said.err
            assert contents(here / "run") == before
    said = brownout("run", write_suite(), "--out", "run", "--limit", 3)
    assert (said.code, contents(here / "run")) == (4, before)
    assert "run: holds a run with another --limit" in said.err


def test_a_run_folder_that_is_in_use(here: Path, brownout: Brownout, write_suite: Write, contents: Contents) -> None:
    assert brownout("run", write_suite(), "--out", "run").code == 0
    with RunFolder(here / "run").locked():
        before = contents(here / "run")
        said = brownout("run", "suite.yaml", "--out", "run", "--set", "training.seeds=[0, 1]")
        assert said.code == 4
        assert f"run: the run folder is in use by process {os.getpid()}" in said.err
        assert contents(here / "run") == before
    assert brownout("run", "suite.yaml", "--out", "run").code == 0


def finished_cells(run: Path) -> dict[str, Any]:
    return {key: cell for key, cell in RunFolder(run).cells().items() if cell["status"] == "finished"}


def test_no_disk_space_keeps_finished_cells(
    here: Path, brownout: Brownout, write_suite: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = evaluate.write_predictions, []

    def full(path: Path, *content: Any) -> str:
        written.append(path)
        if len(written) > 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, *content)

    monkeypatch.setattr(evaluate, "write_predictions", full)
    said = brownout("run", write_suite(), "--out", "run", "--cache", "cache")
    assert said.code == 4
    assert "run or cache: No space left on device: finished cells are kept" in said.err
    kept = finished_cells(here / "run")
    assert {cell["method"] for cell in kept.values()} == {"mean"}
    assert len(kept) == 3
    monkeypatch.setattr(evaluate, "write_predictions", write)
    again = brownout("run", "suite.yaml", "--out", "run", "--cache", "cache")
    assert again.code == 0
    assert "3 of 6 cells to compute (3 were computed before)" in again.err
    assert kept.items() <= finished_cells(here / "run").items()


@pytest.fixture
def small_disk(here: Path) -> Iterator[Path]:
    """A file system of 192 KiB, where the person who runs the tests may mount one."""
    disk = here / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount a file system")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("full", ["--out", "--cache"])
def test_a_disk_that_is_really_full(
    here: Path, small_disk: Path, brownout: Brownout, write_suite: Write, contents: Contents, full: str
) -> None:
    places = {"--out": here / "run", "--cache": here / "cache"} | {full: small_disk / "kept"}
    arguments = ["run", write_suite(), *(part for pair in places.items() for part in pair)]
    blocker = small_disk / "blocker"
    blocker.write_bytes(bytes(180 * 1024))
    said = brownout(*arguments)
    assert said.code == 4
    assert "No space left on device" in said.err
    assert str(small_disk) in said.err
    assert not [name for name in contents(small_disk) if name.endswith(".tmp")]
    blocker.unlink()
    again = brownout(*arguments)
    assert again.code == 0, again.err
    assert len(finished_cells(places["--out"])) == 6


def test_an_interrupt_is_exit_code_2_and_the_same_command_continues(
    here: Path, brownout: Brownout, write_suite: Write, program: Callable[..., subprocess.Popen[str]]
) -> None:
    training = {"epochs": 60, "patience": None, "seeds": list(range(10))}
    arguments = ["run", write_suite(training=training), "--out", "run", "--cache", "cache"]
    started = program(*arguments)
    while not list((here / "cache").glob("*.safetensors")) and started.poll() is None:
        time.sleep(0.005)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=60)
    assert started.returncode == 2, err
    assert err.splitlines()[-1] == "brownout: interrupted; finished cells are kept, the same command continues"
    assert "Traceback" not in err
    facts = json.loads((here / "run" / "run.json").read_text())
    assert facts["state"] == "interrupted"
    assert facts["counts"]["finished"] < 60
    weights = {path: path.stat().st_mtime_ns for path in (here / "cache").glob("*.safetensors")}
    assert brownout(*arguments).code == 0
    assert len(finished_cells(here / "run")) == 60
    assert all(path.stat().st_mtime_ns == time_ for path, time_ in weights.items())


def test_a_suite_that_is_right_is_not_refused(brownout: Brownout, write_suite: Write) -> None:
    content = yaml.safe_load(write_suite().read_text())
    assert set(content) == {"suite", "dataset", "encoders", "methods", "training", "protocol"}
    assert brownout("run", "suite.yaml", "--dry-run").code == 0
