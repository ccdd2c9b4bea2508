"""The suites in the shape of the papers' tables: each can be planned and started on the data that are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from brownout.engine.preflight import prepare
from brownout.engine.settings import Settings
from brownout.suite import load_suite

PAPERS = sorted((Path(__file__).parents[1] / "configs" / "papers").glob("*.yaml"))
TABLES = {"jacobian": (1, 4, 5), "qmf": (1, 2, 3), "dmrnet": (1, 2, 3), "raml": (1, 4, 5, 6)}


def test_every_table_has_a_suite_that_shows_the_papers_numbers() -> None:
    assert {path.stem for path in PAPERS} == {f"{paper}-table-{n}" for paper, all_ in TABLES.items() for n in all_}
    for path in PAPERS:
        suite = load_suite(path)
        assert suite.suite == path.stem
        assert [use.use for use in suite.published] == [path.stem]
        assert len(suite.training.seeds) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("path", PAPERS, ids=lambda path: path.stem)
def test_a_suite_passes_the_preflight(
    path: Path, shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every data set is read, every encoder, fusion and perturbation built, every method fitted on one batch."""
    weights = shared_data.parent / "weights" / "tf_efficientnet_lite0_timm.pth"
    text = path.read_text(encoding="utf-8")
    if not weights.is_file() and weights.name in text:
        pytest.skip(f"pretrained weights not at hand: {weights} is absent")
    monkeypatch.setenv("BROWNOUT_DATA", str(shared_data))
    (tmp_path / path.name).write_text(text.replace(f"../shared/weights/{weights.name}", str(weights)))
    ready = prepare(load_suite(tmp_path / path.name), Settings(tmp_path / "run", tmp_path / "cache"), remember=False)
    assert ready.missing == ready.plan.cells
    assert not ready.plan.left_out
