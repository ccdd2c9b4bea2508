"""Perturbed inputs of a view: a pure function of the view and the samples."""

from __future__ import annotations

from functools import lru_cache

from torch import Tensor

from brownout.engine.components import Component
from brownout.engine.data import read
from brownout.engine.inputs import first_bad_row, to_device
from brownout.engine.noise import KeyedNoise
from brownout.engine.specs import ViewSpec
from brownout_registry import Dataset, Inputs, Modality, Noise, Padded, Perturbation


def noise_of(view: ViewSpec, ids: Tensor, device: str = "cpu") -> Noise:
    """The keyed noise of some samples of a view; the same for all its severities."""
    assert view.perturbation is not None
    return KeyedNoise(view.seed, view.perturbation.short, view.modality, tuple(ids.tolist()), device)


def clean_inputs(dataset: Dataset, view: ViewSpec, rows: Tensor, device: str = "cpu") -> Inputs:
    """The canonical inputs of some rows of a view's split and modality."""
    return to_device(read(dataset, dataset.splits[view.split], view.modality, rows), device)


def perturbed(dataset: Dataset, view: ViewSpec, rows: Tensor, device: str = "cpu") -> Inputs:
    """The canonical inputs of some rows under a view; clean ones for clean and feature-level views.

    Raises:
        ArithmeticError: the perturbation made a sample NaN or infinite.
        ValueError: it edited its input in place.
    """
    inputs = clean_inputs(dataset, view, rows, device)
    if view.perturbation is None or view.at == "features":
        return inputs
    ids = dataset.splits[view.split].ids[rows]
    return perturb(view, modality_named(dataset, view.modality), inputs, noise_of(view, ids, device), ids)


def perturb(view: ViewSpec, modality: Modality, inputs: Inputs, noise: Noise, ids: Tensor) -> Inputs:
    """Apply a view's perturbation to inputs or representations; see `perturbed` for what is refused."""
    assert view.perturbation is not None
    function = _built(view.perturbation, modality, view.levels)
    version = _version(inputs)
    result: Inputs = function(inputs, view.severity, noise)
    what, bad = view.perturbation.short, first_bad_row(result)
    if _version(inputs) != version:
        raise ValueError(f"{what} edited its input in place; a perturbation gives a new one")
    if bad is not None:
        raise ArithmeticError(f"{what} made {view.modality!r} of sample {int(ids[bad])} NaN or infinite")
    return result


@lru_cache(maxsize=32)
def _built(component: Component, modality: Modality, levels: tuple[float, ...]) -> Perturbation:
    """A perturbation is a pure function, so one serves all chunks and severities."""
    function: Perturbation = component.build(modality, levels=list(levels))
    return function


def _version(inputs: Inputs) -> object:
    """What changes when inputs are edited in place: torch's version counter, or the texts themselves."""
    values = inputs.values if isinstance(inputs, Padded) else inputs
    return values._version if isinstance(values, Tensor) else tuple(values)


def modality_named(dataset: Dataset, name: str) -> Modality:
    """One of the dataset's modalities."""
    return next(each for each in dataset.modalities if each.name == name)
