"""Heatmaps of the fusion weights under clean, missing and perturbed modalities (after the paper's Figure 5)."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from torch import Tensor

from brownout_raml.fusion import Raml
from brownout_raml.perturbed import Perturbations
from brownout_registry import Dataset, Figure, Fitted, Inputs, UsageError, check_option

WHERE = "figure 'raml-weights'"


@dataclass(frozen=True)
class Panel:
    """One heatmap: a title, and by label the weights of one modality over the D elements."""

    title: str
    rows: dict[str, Tensor]


def raml_weights(
    dataset: Dataset,
    fitted: Sequence[Fitted],
    *,
    samples: int = 3,
    perturbation: str = "gaussian-noise",
    levels: Sequence[float] = (0.18, 0.38),
    text_perturbation: str = "word-masking",
    text_levels: Sequence[float] = (0.15, 0.25),
) -> list[Figure]:
    r"""Draw the weights $\omega_m$ (eq. 4) of each fitted RAML, a row for each modality, a column for each element.

    From top to bottom: some test samples as they are; the first of them without one modality; the same sample with
    one modality perturbed more and more. Figure 5 of the paper (Chen et al., 2023) has the first and the last part.

    Args:
        dataset: its test split gives the samples, those that lack nothing.
        fitted: the methods of a run; those whose fusion is `Raml` are drawn.
        samples: how many are drawn clean.
        perturbation: name of what perturbs a modality that is not text.
        levels: its physical parameters.
        text_perturbation: name of what perturbs a text.
        text_levels: its physical parameters.

    Returns:
        One figure for each method.

    Raises:
        UsageError: an option does not fit, no RAML was fitted, or no test sample has all modalities.
    """
    whole = isinstance(samples, int) and not isinstance(samples, bool) and samples > 0
    check_option(whole, WHERE, "samples", samples, "a positive integer")
    drawn = [each for each in fitted if isinstance(each.fusion, Raml)]
    if not drawn:
        raise UsageError(f"{WHERE} needs a method with fusion 'raml'")
    rows = dataset.splits["test"].present.all(dim=1).nonzero().squeeze(1)[:samples]
    if not len(rows):
        raise UsageError(f"{WHERE} needs a test sample that has all modalities, and there is none")
    perturbations = Perturbations(perturbation, levels, text_perturbation, text_levels)
    return [_figure(each, list(panels(dataset, each, rows, perturbations))) for each in drawn]


def panels(dataset: Dataset, fitted: Fitted, rows: Tensor, perturbations: Perturbations) -> Iterator[Panel]:
    """The heatmaps of one method.

    Args:
        dataset: where the samples come from.
        fitted: a method whose prediction has weights ``[B, D]``.
        rows: int64, positions of the samples in the test split; the first is robbed and perturbed.
        perturbations: of each modality.

    Yields:
        Clean samples, then one heatmap of each missing and of each perturbed modality.
    """
    names = [each.name for each in dataset.modalities]
    split = dataset.splits["test"]
    clean: dict[str, Inputs] = {name: split.read(name, rows) for name in names}
    first: dict[str, Inputs] = {name: split.read(name, rows[:1]) for name in names}
    weights = _weights(fitted, clean, torch.ones(len(rows), len(names), dtype=torch.bool))
    ids = split.ids[rows].tolist()
    yield Panel(
        "clean samples", {f"sample {each} · {name}": weights[name][i] for i, each in enumerate(ids) for name in names}
    )
    for column, name in enumerate(names if len(names) > 1 else []):
        weights = _weights(fitted, first, torch.arange(len(names))[None] != column)
        yield Panel(f"sample {ids[0]} without {name}", {other: weights[other][0] for other in names})
    for modality in dataset.modalities:
        labelled: dict[str, Tensor] = {}
        for level, inputs in perturbations(modality, first[modality.name]):
            perturbed = {**first, modality.name: inputs}
            weights = _weights(fitted, perturbed, torch.ones(1, len(names), dtype=torch.bool))
            labelled |= {f"{level:g} · {name}": weights[name][0] for name in names}
        yield Panel(f"sample {ids[0]}, {perturbations.name_of(modality)} on {modality.name}", labelled)


def _weights(fitted: Fitted, inputs: dict[str, Inputs], present: Tensor) -> dict[str, Tensor]:
    return {name: each.float().cpu() for name, each in fitted.predict(inputs, present).weights.items()}


def _figure(fitted: Fitted, drawn: Sequence[Panel]) -> Figure:
    caption = (
        "The share of each modality in each element of the fused representation; the number behind a modality is its "
        "mean over the elements. Rows of a perturbed modality carry the perturbation's level, 0 is clean. "
        f"Training seed {fitted.seed}. After Figure 5 of Chen et al. (2023)."
    )
    return Figure(f"RAML's weights: {fitted.method}", caption, _draw(drawn))


def _draw(drawn: Sequence[Panel]) -> bytes:
    heights = [len(panel.rows) for panel in drawn]
    canvas = Canvas(figsize=(8, 0.24 * sum(heights) + 0.5 * len(drawn) + 0.8), dpi=120, layout="constrained")
    axes = canvas.subplots(len(drawn), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axis, panel in zip(axes, drawn, strict=True):
        values = torch.stack(list(panel.rows.values())).numpy()
        image = axis.imshow(values, aspect="auto", interpolation="nearest", vmin=0, vmax=1, cmap="viridis")
        labels = [f"{label} ({row.mean():.2f})" for label, row in zip(panel.rows, values, strict=True)]
        axis.set_yticks(range(len(labels)), labels, fontsize=7)
        axis.set_xticks([])
        axis.set_title(panel.title, fontsize=8, loc="left")
    axes[-1].set_xlabel("element")
    canvas.colorbar(image, ax=list(axes), label="weight", aspect=40)
    png = io.BytesIO()
    FigureCanvasAgg(canvas).print_png(png)
    return png.getvalue()
