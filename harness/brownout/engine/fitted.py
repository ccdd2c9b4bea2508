"""Fitted methods as figures see them, and the figures of a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from brownout.engine.components import Component, key_of
from brownout.engine.files import replacing
from brownout.engine.inputs import to_device
from brownout.engine.models import blank
from brownout.engine.plan import Plan
from brownout.engine.predictor import Predictor
from brownout.engine.shelf import Shelf
from brownout.engine.specs import EncoderSpec, FitSpec, MethodSpec
from brownout_registry import Dataset, Figure, Fitted, Inputs, Prediction


def draw_figures(
    shelf: Shelf, plan: Plan, figures: Iterable[tuple[str, Component]], folder: Path
) -> list[dict[str, Any]]:
    """Draw every figure for every dataset with the methods fitted under the first seed.

    Returns:
        ``file``, ``title``, ``caption`` of each picture, for ``run.json``.
    """
    drawn: list[dict[str, Any]] = []
    for name, component in figures:
        for dataset in plan.specs:
            fitted = [as_fitted(shelf, method) for method in first_seed_methods(plan, dataset)]
            for figure in component.build(plan.datasets[dataset], fitted):
                drawn.append(_save(figure, folder, f"{name}-{dataset}-{len(drawn)}"))
    return drawn


def first_seed_methods(plan: Plan, dataset: str) -> list[MethodSpec]:
    """The methods on one dataset under the first training seed."""
    seed = plan.suite.training.seeds[0]
    methods = {cell.method.key: cell.method for cell in plan.cells}
    return [method for method in methods.values() if method.seed == seed and method.dataset.name == dataset]


def as_fitted(shelf: Shelf, method: MethodSpec) -> Fitted:
    """One fitted method."""
    predictor = Predictor(shelf, method)
    encoders = {
        each.modality: _encoder(shelf, predictor.dataset, fit, each) for fit in method.fits for each in fit.encoders
    }
    heads = {name: head.linear for name, head in predictor.heads.items()}
    predict = _predict(shelf, predictor, encoders)
    return Fitted(method.name, method.seed, predict, encoders, heads, predictor.fusion)


def _encoder(shelf: Shelf, dataset: Dataset, fit: FitSpec, spec: EncoderSpec) -> Callable[[Any], Tensor]:
    """Backbone and encoder as one function of canonical inputs, without gradients."""
    encode = shelf.encoder(dataset, fit, spec)

    def without_gradients(inputs: Inputs) -> Tensor:
        with torch.inference_mode():
            return encode(to_device(inputs, shelf.device))

    return without_gradients


def _predict(
    shelf: Shelf, predictor: Predictor, encoders: Mapping[str, Callable[[Any], Tensor]]
) -> Callable[[Mapping[str, Inputs], Tensor], Prediction]:
    def predict(inputs: Mapping[str, Inputs], present: Tensor) -> Prediction:
        """One full forward pass on canonical inputs, nothing stored."""
        present = present.to(shelf.device)
        sources: dict[str, Any] = {name: to_device(each, shelf.device) for name, each in inputs.items()}
        with torch.inference_mode():
            for column, name in enumerate(predictor.method.dataset.modalities):
                if name in encoders:
                    values = encoders[name](inputs[name])
                    values = predictor.heads[name](values) if predictor.heads else values
                    sources[name] = blank(values, present[:, column])
            prediction: Prediction = predictor.fusion(sources, present)
        return prediction

    return predict


def _save(figure: Figure, folder: Path, name: str) -> dict[str, Any]:
    file = f"figures/{key_of(name)[:12]}.png"
    (folder / "figures").mkdir(exist_ok=True)
    with replacing(folder / file) as temporary:
        temporary.write_bytes(figure.png)
    return {"file": file, "title": figure.title, "caption": figure.caption}
