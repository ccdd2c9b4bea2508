"""Every shipped component passes the conformance kit; fusions and recipes in `test_conformance_fusions`."""

from __future__ import annotations

import os
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brownout.conformance import Check, NotApplicable, Subject, checks_for
from brownout_registry import catalogue

PLUGINS = (Path(__file__).parents[2] / "plugins").glob("*/pyproject.toml")
SHIPPED = {"brownout", *(f"brownout-{path.parent.name}" for path in PLUGINS)}
ELSEWHERE = {"fusion", "training"}  # in test_conformance_fusions
KINDS = sorted({entry.card.kind for entry in catalogue().list()} - ELSEWHERE)
OPTIONS: dict[str, dict[str, Any]] = {
    "cw-l2": {"steps": 10, "search_steps": 2},
    "log-mel": {"seconds": 1.0},
    "square": {"queries": 50},
    "square-l2": {"queries": 50},
    "timm": {"model": "test_resnet"},
}
ALIKE = "its published constants do not take every severity further from the clean input"
EXPECTED = {
    **{(name, "grows-with-severity"): ALIKE for name in ("elastic-transform", "frost", "glass-blur", "saturate")},
    ("spatter", "grows-with-severity"): ALIKE,
}


def items() -> Iterator[Any]:
    for kind in KINDS:
        shipped = [entry for entry in catalogue().list(kind) if entry.plugin.distribution in SHIPPED]
        for entry in shipped:
            for check in checks_for(kind):
                name = entry.card.name
                reason = EXPECTED.get((name, check.name))
                marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
                yield pytest.param(kind, name, check, id=f"{kind}-{name}-{check.name}", marks=marks)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Callable[[], dict[str, Any]]]:
    """Options that are files: made here, by component."""
    folder = tmp_path_factory.mktemp("conformance")
    return {
        "background-noise": lambda: {"folder": str(_recording(folder / "noise"))},
        "files": lambda: _table(folder / "table.csv"),
        "transformers": lambda: {"model": str(_bert(folder / "bert")), "pretrained": False, "max_length": 32},
    }


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Real data where they are; torch computes in one thread."""
    import torch

    threads = torch.get_num_threads()
    data = os.environ.get("BROWNOUT_DATA", str(Path(__file__).parents[3] / "shared" / "data"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BROWNOUT_DATA", data)
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(threads)


@pytest.mark.parametrize(("kind", "name", "check"), list(items()))
def test_a_shipped_component_passes(
    kind: str, name: str, check: Check, files: dict[str, Callable[[], dict[str, Any]]]
) -> None:
    options = files[name]() if name in files else OPTIONS.get(name, {})
    try:
        check.run(Subject(kind, name, options))
    except NotApplicable as reason:
        pytest.skip(str(reason))


def _recording(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    with wave.open(str(folder / "hum.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((8000 * np.sin(np.arange(16000) / 9)).astype("<i2").tobytes())
    return folder


def _table(path: Path) -> dict[str, Any]:
    rows = [f"{row % 7},{row * 3 % 11},word{row % 5},{'ab'[row % 2]}" for row in range(60)]
    path.write_text("\n".join(["left,right,said,label", *rows]))
    modalities = {
        "numbers": {"kind": "vector", "columns": ["left", "right"]},
        "words": {"kind": "text", "column": "said"},
    }
    return {"path": str(path), "modalities": modalities, "licence": "CC0", "citation": "made up"}


def _bert(folder: Path) -> Path:
    """A tiny BERT with a vocabulary of letters."""
    from transformers import BertConfig, BertTokenizerFast

    if not folder.is_dir():
        folder.mkdir()
        letters = "abcdefghijklmnopqrstuvwxyz"
        vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{each}" for each in letters)]
        (folder / "vocab.txt").write_text("\n".join(vocabulary))
        BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
        sizes = {"num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 40}
        BertConfig(vocab_size=len(vocabulary), hidden_size=16, intermediate_size=32, **sizes).save_pretrained(folder)
    return folder
