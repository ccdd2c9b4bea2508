"""``brownout.run(suite, fusions=...)``: fusions that no plugin registers."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import brownout
from brownout.engine.settings import Settings
from brownout.results import Run
from brownout_registry import Prediction, UsageError, catalogue

SUITE = {
    "suite": "guests",
    "dataset": {"use": "two-moons", "samples": 120},
    "encoders": {"vector": {"use": "mlp", "hidden": [4]}},
    "methods": [{"name": "mine", "fusion": "mine"}],
    "training": {"epochs": 2, "seeds": [0, 1]},
    "protocol": {"missing": {"patterns": "all"}},
}


class Sum(nn.Module):
    """Sum of linear scores."""

    def __init__(self, task: Any, representations: Any, *, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = factor
        sizes = {name: each.shape[0] for name, each in representations.items()}
        self.scores = nn.ModuleDict({name: nn.Linear(size, len(task.classes)) for name, size in sizes.items()})

    def forward(self, sources: dict[str, Tensor], present: Tensor) -> Prediction:
        each = [score(sources[name]) for name, score in self.scores.items()]
        return Prediction(self.factor * (torch.stack(each, 1) * present[..., None]).sum(1))


class Fixed(nn.Module):
    """Looks at the inputs themselves; its two layers share their weights."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(1, 2)
        self.second = nn.Linear(1, 2)
        self.second.weight = self.first.weight

    def forward(self, sources: dict[str, Tensor], present: Tensor) -> Prediction:
        x, y = (torch.where(present[:, v, None], each, 0.0) for v, each in enumerate(sources.values()))
        return Prediction(self.first(x) - self.second(y))


Compute = Callable[..., Run]


@pytest.fixture
def run(tmp_path: Path) -> Compute:
    """``run(fusion, out="run", **keys of the suite)`` with one cache for all runs of a test."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)

    def compute(fusion: Any, out: str = "run", executor: str = "serial", **keys: Any) -> Run:
        settings = Settings(tmp_path / out, tmp_path / "cache", executor, device="cpu")
        return brownout.run({**deepcopy(SUITE), **keys}, settings, fusions={"mine": fusion})

    yield compute
    torch.set_num_threads(threads)


def fits(tmp_path: Path) -> int:
    return len(list((tmp_path / "cache").glob("*.safetensors")))


def test_a_class_is_fitted_anew_in_each_run(run: Compute, tmp_path: Path) -> None:
    first = run(Sum)
    assert not first.failures
    assert {score.condition.name for score in first.scores} == {"clean", "missing x", "missing y"}
    assert first.facts["methods"][0]["level"] == "representation"
    assert first.facts["methods"][0]["trained"] is True
    assert "unregistered-mine" in first.facts["versions"]
    assert fits(tmp_path) == 2
    again = run(Sum)
    assert fits(tmp_path) == 4
    assert again.scores == first.scores


def test_an_option_reaches_it_and_an_unknown_one_is_told(run: Compute) -> None:
    method = {"name": "mine", "fusion": "mine", "options": {"factor": 2.0}}
    assert run(Sum, methods=[method]).facts["methods"][0]["options"] == {"factor": 2.0}
    method["options"] = {"fcator": 2.0}
    with pytest.raises(UsageError, match="unknown option 'fcator'; did you mean 'factor'"):
        run(Sum, "other", methods=[method])


def test_a_module_is_evaluated_as_it_is(run: Compute) -> None:
    model = Fixed()
    before = deepcopy(model.state_dict())
    found = run(brownout.fusion(model, level="input", trained=False))
    assert not found.failures
    for name in ("clean", "missing x"):
        assert len({score.value for score in found.scores if score.condition.name == name}) == 1
    with torch.no_grad():
        model.first.bias[0] += 5.0
    moved = run(brownout.fusion(model, level="input", trained=False), "moved")
    assert [each.value for each in moved.scores] != [each.value for each in found.scores]
    assert before["first.weight"].equal(model.first.weight)


def test_a_module_that_is_fitted_is_copied_first(run: Compute) -> None:
    model = Fixed()
    before = deepcopy(model.state_dict())
    assert not run(brownout.fusion(model, level="input", trained=True)).failures
    assert all(before[name].equal(each) for name, each in model.state_dict().items())


def test_a_function_of_decisions_needs_no_class(run: Compute) -> None:
    def largest(task: Any, heads: Any) -> Callable[..., Prediction]:
        def fuse(sources: dict[str, Tensor], present: Tensor) -> Prediction:
            stacked = torch.stack([sources[name] for name in heads], 1)
            return Prediction(stacked.masked_fill(~present[..., None], -1e9).amax(1))

        return fuse

    found = run(largest)
    assert not found.failures
    assert found.facts["methods"][0]["level"] == "decision"


@pytest.mark.parametrize(
    ("fusion", "keys", "told"),
    [
        (Fixed(), {}, "at which level does it fuse"),
        (7, {}, "a class, a factory or a module, not int 7"),
        (Sum, {"executor": "process"}, "'mine': known to this process alone; use the executor 'serial'"),
        (Sum, {"methods": [{"name": "m", "fusion": "mien"}]}, "no method of the suite uses it: unknown fusion 'mine'"),
    ],
)
def test_a_mistake_is_one_line(run: Compute, tmp_path: Path, fusion: Any, keys: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        run(fusion, **keys)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_registered_name_is_refused() -> None:
    suite = {**SUITE, "methods": [{"name": "m", "fusion": "mean"}]}
    with pytest.raises(UsageError, match="'mean' is registered by brownout-baselines; choose another name"):
        brownout.run(suite, fusions={"mean": Sum})


def test_a_guest_leaves_nothing_behind(run: Compute) -> None:
    run(Sum)
    with pytest.raises(UsageError, match="unknown fusion 'mine'"):
        catalogue().find("fusion", "mine")
    assert not [each for each in catalogue().list("fusion") if each.plugin.module == "brownout.guests"]


def test_one_that_breaks_costs_its_own_cells(run: Compute) -> None:
    class Broken(Sum):
        def forward(self, sources: dict[str, Tensor], present: Tensor) -> Prediction:
            raise RuntimeError("boom")

    methods = [{"name": "mean", "fusion": "mean"}, {"name": "mine", "fusion": "mine"}]
    found = run(Broken, methods=methods)
    assert {each["reason"] for each in found.failures} == {"RuntimeError: boom"}
    assert {score.method for score in found.scores} == {"mean"}
