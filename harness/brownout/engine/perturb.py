"""Perturbed inputs of a view: a pure function of the view and the samples."""

from __future__ import annotations

from torch import Tensor

from brownout.engine.data import read
from brownout.engine.inputs import first_bad_row, to_device
from brownout.engine.noise import KeyedNoise
from brownout.engine.specs import ViewSpec
from brownout_registry import Dataset, Inputs, Modality, Noise, Perturbation


def noise_of(view: ViewSpec, ids: Tensor, device: str = "cpu") -> Noise:
    """The keyed noise of some samples of a view; the same for all its severities."""
    assert view.perturbation is not None
    return KeyedNoise(view.seed, view.perturbation.short, view.modality, tuple(ids.tolist()), device)


def perturbed(
    dataset: Dataset, view: ViewSpec, rows: Tensor, noise: Noise | None = None, device: str = "cpu"
) -> Inputs:
    """The canonical inputs of some rows under a view; clean ones for clean and feature-level views.

    Raises:
        ArithmeticError: the perturbation made a sample NaN or infinite.
    """
    split = dataset.splits[view.split]
    inputs = to_device(read(dataset, split, view.modality, rows), device)
    if view.perturbation is None or view.at == "features":
        return inputs
    ids = split.ids[rows]
    return perturb(view, modality_named(dataset, view.modality), inputs, noise or noise_of(view, ids, device), ids)


def perturb(view: ViewSpec, modality: Modality, inputs: Inputs, noise: Noise, ids: Tensor) -> Inputs:
    """Apply a view's perturbation to inputs or representations, and refuse a result that is not finite."""
    assert view.perturbation is not None
    function: Perturbation = view.perturbation.build(modality, levels=list(view.levels))
    result: Inputs = function(inputs, view.severity, noise)
    bad = first_bad_row(result)
    if bad is not None:
        what = view.perturbation.short
        raise ArithmeticError(f"{what} made {view.modality!r} of sample {int(ids[bad])} NaN or infinite")
    return result


def modality_named(dataset: Dataset, name: str) -> Modality:
    """One of the dataset's modalities."""
    return next(each for each in dataset.modalities if each.name == name)
