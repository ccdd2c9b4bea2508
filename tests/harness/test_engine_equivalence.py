"""G2, cached equals uncached: fusing stored encodings gives what one full forward pass gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from brownout.engine.inputs import as_inputs, mix, modality_of, zeros_like
from brownout.engine.masks import donors, hit, presence
from brownout.engine.noise import KeyedNoise
from brownout.engine.preflight import prepare
from brownout.engine.settings import Settings
from brownout.engine.shelf import Shelf
from brownout.engine.specs import Cell, FitSpec, ViewSpec
from brownout.engine.store import Store
from brownout.results import Run
from brownout.suite import parse_suite
from brownout_registry import Dataset

pytestmark = pytest.mark.usefixtures("testing_plugin")

METHODS = [
    {"name": "mean", "fusion": "mean"},
    {"name": "stacked", "fusion": "stacked"},
    {"name": "concatenation", "fusion": "concatenation"},
    {"name": "early", "fusion": "early"},
]
TOKENS = [{"name": "tokens", "fusion": "tokens"}]
CORRUPTIONS = [
    {"each": ["shift"], "severities": [1, 3], "patterns": "all"},
    {"each": ["shift"], "severities": [2], "share": 0.5, "exact": True},
    {
        "joint": [{"vector": "gaussian-noise", "image": "shift"}],
        "severities": [2],
        "patterns": "all",
        "share": 0.7,
        "together": True,
    },
]
FEATURES = [{"each": ["shift", "gaussian-noise"], "severities": [2], "at": "features", "share": 0.6, "patterns": "all"}]


class FullPass:
    """Computes a cell anew: whole test split at once, inputs perturbed and mixed, every model run on them."""

    def __init__(self, suite: Mapping[str, Any], cache: Path) -> None:
        settings = Settings(cache.parent / "nowhere", cache, device="cpu")
        self.plan = prepare(parse_suite(dict(suite)), settings, remember=False).plan
        self.shelf = Shelf(Store(cache), "cpu", 1000)

    def logits(self, cell: Cell) -> Tensor:
        method, condition = cell.method, cell.condition
        dataset = self.plan.datasets[method.dataset.name]
        split, names = dataset.splits["test"], method.dataset.modalities
        there = presence(condition, names, split.ids, split.present)
        told = there if condition.means in ("absent", "token") else torch.ones_like(there)
        sources = {name: self._source(cell, dataset, name, there[:, v]) for v, name in enumerate(names)}
        if method.own:
            fusion: Any = self.shelf.fitted(method.own).fusion
        else:
            heads = {name: self._unimodal(cell, name).fusion.head.linear for name in names}
            fusion = method.fusion.build(dataset.task, heads)
        with torch.inference_mode():
            logits: Tensor = fusion(sources, told).logits
        return logits

    def _source(self, cell: Cell, dataset: Dataset, name: str, there: Tensor) -> Any:
        """What the fusion gets of one modality."""
        inputs = self._inputs(cell, dataset, name)
        if cell.method.level == "input":
            return mix(inputs, zeros_like(inputs), ~there)
        fit = cell.method.encoding(name, ViewSpec(cell.method.dataset, name)).fit
        means, split = cell.condition.means, dataset.splits["test"]
        values = self._feature_noise(cell, name, self._encode(fit, dataset, name, inputs))
        if means == "zero-input":  # what is absent is not perturbed
            values = torch.where(_wide(there, values), values, self._encode(fit, dataset, name, zeros_like(inputs)))
        elif means == "mean-representation":
            train = dataset.splits["train"]
            rows = train.present[:, list(cell.method.dataset.modalities).index(name)].nonzero().squeeze(1)
            mean = self._encode(fit, dataset, name, train.read(name, rows)).mean(0, keepdim=True)
            values = torch.where(_wide(there, values), values, mean)
        elif means == "zero-representation":
            values = values * _wide(there, values)
        assert len(split) == len(values)
        if cell.method.level == "decision":
            with torch.inference_mode():
                values = self._unimodal(cell, name).fusion.head(values)
        # whatever a fusion gets of what is absent, it must not use it
        return torch.where(_wide(there, values), values, 55.0) if means in ("absent", "token") else values

    def _inputs(self, cell: Cell, dataset: Dataset, name: str) -> Any:
        split, rows = dataset.splits["test"], torch.arange(len(dataset.splits["test"]))
        if name in cell.condition.mispaired:
            rows = donors(cell.condition, name, self.shelf.evaluated(cell.method.dataset))
        clean = split.read(name, rows)
        view = cell.condition.views.get(name)
        if view is None or view.at == "features":
            return clean
        return mix(clean, self._perturb(view, dataset, clean), self._hit(cell, name))

    def _perturb(self, view: ViewSpec, dataset: Dataset, inputs: Any, features: Any = None) -> Any:
        assert view.perturbation is not None
        modality = features or next(each for each in dataset.modalities if each.name == view.modality)
        noise = KeyedNoise(
            view.seed, view.perturbation.short, view.modality, tuple(dataset.splits["test"].ids.tolist())
        )
        return view.perturbation.build(modality, levels=list(view.levels))(inputs, view.severity, noise)

    def _feature_noise(self, cell: Cell, name: str, values: Tensor) -> Tensor:
        view = cell.condition.views.get(name)
        if view is None or view.at == "input":
            return values
        dataset = self.plan.datasets[cell.method.dataset.name]
        shape = self.shelf.representation(cell.method.encoding(name, ViewSpec(cell.method.dataset, name)))
        noisy = self._perturb(view, dataset, as_inputs(values, shape), modality_of(shape, name))
        return mix(values, noisy if isinstance(noisy, Tensor) else noisy.values, self._hit(cell, name))

    def _hit(self, cell: Cell, name: str) -> Tensor:
        return hit(cell.condition, name, self.shelf.evaluated(cell.method.dataset))

    def _encode(self, fit: FitSpec, dataset: Dataset, name: str, inputs: Any) -> Tensor:
        spec = next(each for each in fit.encoders if each.modality == name)
        with torch.inference_mode():
            if spec.backbone:
                modality = next(each for each in dataset.modalities if each.name == name)
                backbone = self.shelf.backbone(spec.backbone, modality)
                inputs = backbone(inputs)
                inputs = as_inputs(inputs, backbone.representation) if spec.encoder else inputs
            values: Tensor = self.shelf.fitted(fit).encoders[name](inputs) if spec.encoder else inputs
        return values

    def _unimodal(self, cell: Cell, name: str) -> Any:
        return self.shelf.fitted(cell.method.unimodal[list(cell.method.dataset.modalities).index(name)])


def _wide(mask: Tensor, values: Tensor) -> Tensor:
    return mask.reshape(-1, *[1] * (values.ndim - 1))


def assert_equivalent(suite: Any, run: Run, stored: Callable[[Run], Any], cache: Path, atol: float = 1e-6) -> int:
    full, kept = FullPass(suite, cache), stored(run)
    for cell in full.plan.cells:
        found = kept.get((cell.method.name, cell.method.seed, cell.condition.facts.name))
        if found is not None:
            np.testing.assert_allclose(
                found.logits, full.logits(cell).numpy(), atol=atol, rtol=1e-5, err_msg=str(cell.condition.facts)
            )
    return len(kept)


@pytest.mark.parametrize("corruptions", [CORRUPTIONS, FEATURES], ids=["inputs", "features"])
@pytest.mark.parametrize("means", ["absent", "zero-input", "zero-representation", "mean-representation"])
def test_stored_predictions_equal_a_full_forward_pass(
    means: str, corruptions: Any, make_suite: Any, compute: Callable[..., Run], stored: Any, tmp_path: Path
) -> None:
    suite = make_suite(
        methods=METHODS,
        training={"epochs": 2, "seeds": [3]},
        protocol={
            "missing": {"patterns": "all", "rates": [0.4], "means": means},
            "corruptions": corruptions,
            "mispaired": {"shares": [0.3, 1.0]},
        },
    )
    run = compute(suite, batch=7)
    failed = {each["method"] for each in run.failures}
    assert failed <= ({"early"} if means.endswith("representation") or corruptions is FEATURES else set())
    assert assert_equivalent(suite, run, stored, tmp_path / "cache") == run.facts["counts"]["finished"] > 30


def test_a_token_is_equal_too(make_suite: Any, compute: Callable[..., Run], stored: Any, tmp_path: Path) -> None:
    suite = make_suite(
        methods=TOKENS,
        training={"epochs": 2},
        protocol={
            "missing": {"patterns": "all", "rates": [0.4], "means": "token"},
            "corruptions": [*CORRUPTIONS, *FEATURES],
        },
    )
    run = compute(suite, batch=7)
    assert assert_equivalent(suite, run, stored, tmp_path / "cache") == run.facts["counts"]["cells"]


def test_a_backbone_alone_that_gives_sequences(
    make_suite: Any, compute: Callable[..., Run], stored: Any, tmp_path: Path
) -> None:
    encoders = {"vector": {"use": "probe"}, "sequence": {"backbone": {"use": "probe", "gives": "sequence"}}}
    protocol = {"missing": {"patterns": "all"}}
    suite = make_suite(
        list(encoders), encoders=encoders, methods=METHODS[:3], training={"epochs": 2}, protocol=protocol
    )
    run = compute(suite)
    assert not run.failures
    assert assert_equivalent(suite, run, stored, tmp_path / "cache") == run.facts["counts"]["cells"]


@pytest.mark.parametrize(
    ("means", "empty"), [("absent", "keep"), ("zero-input", "predict"), ("mean-representation", "keep")]
)
def test_backbones_and_natural_missingness_are_equal_too(
    means: str, empty: str, make_suite: Any, compute: Callable[..., Run], stored: Any, tmp_path: Path
) -> None:
    encoders = {
        "vector": {"use": "probe", "backbone": {"use": "probe", "width": 9}},
        "image": {"backbone": {"use": "probe", "width": 6}},
        "sequence": {"use": "probe", "backbone": {"use": "probe", "gives": "sequence"}},
    }
    suite = make_suite(
        ["vector", "image", "sequence"],
        dataset={"missing": 0.3},
        encoders=encoders,
        methods=METHODS[:3],
        training={"epochs": 2},
        protocol={
            "missing": {"patterns": "all", "means": means, "empty": empty},
            "corruptions": [CORRUPTIONS[0], *FEATURES],
            "mispaired": {"shares": [0.6]},
        },
    )
    run = compute(suite, batch=16)
    assert not run.failures
    assert assert_equivalent(suite, run, stored, tmp_path / "cache") == run.facts["counts"]["cells"]
