"""Heatmaps of the Jacobian's norm over the plane of two one-dimensional modalities (the paper's Figure 3)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence

import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from torch import Tensor

from brownout_jacobian.fusion import JacobianFusion
from brownout_jacobian.norms import jacobian_norm
from brownout_registry import Dataset, Figure, Fitted, UsageError, unknown

WHERE = "figure 'jacobian-heatmap'"


def jacobian_heatmap(
    dataset: Dataset,
    fitted: Sequence[Fitted],
    *,
    modality: str | None = None,
    resolution: int = 80,
    seed: int | None = None,
) -> list[Figure]:
    r"""Draw $\|J W_A\|_F$ of statistical fusion beside $\|J W_a W_A\|_F$ of each fitted Jacobian fusion.

    One panel for each distinct gamma, on one colour scale, with the test samples on top: Figure 3 of the paper
    (Gao et al., 2022). J is taken at the prediction of statistical fusion.

    Args:
        dataset: with two modalities of kind vector and shape (1,).
        fitted: the methods of a run; those whose fusion is `JacobianFusion` are drawn.
        modality: A, the one that is regularised; None for the dataset's last.
        resolution: grid points along each axis.
        seed: training seed; None for the first that was fitted.

    Returns:
        One figure.

    Raises:
        UsageError: the dataset is not a plane, an option does not fit, or no Jacobian fusion of that modality and
            seed was fitted.
    """
    names = _plane(dataset)
    target = names[1] if modality is None else modality
    if target not in names:
        raise UsageError(f"{WHERE}, option 'modality': {unknown('modality', target, names)}")
    if not (isinstance(resolution, int) and resolution >= 2):
        raise UsageError(f"{WHERE}, option 'resolution' is {resolution!r}, expected a whole number from 2")
    drawn = _drawn(fitted, target, seed)
    points, labels = _test_samples(dataset, names)
    axes = {name: _axis(column, resolution) for name, column in zip(names, points.unbind(dim=1), strict=True)}
    gammas = sorted({1.0} | {float(fusion.gamma) for _, fusion in drawn}, reverse=True)
    maps = {gamma: sensitivity(*drawn[0], axes, target, gamma) for gamma in gammas}
    caption = (
        f"How strongly the prediction reacts to {target}: the Frobenius norm of J W for statistical fusion "
        f"(gamma = 1) and of J Wa W for Jacobian fusion, with J at the prediction of statistical fusion. "
        f"Points are test samples, coloured by class; training seed {drawn[0][0].seed}. "
        f"After Figure 3 of Gao et al. (2022)."
    )
    return [Figure("Jacobian heatmap", caption, _draw(maps, axes, points, labels))]


@torch.no_grad()
def sensitivity(
    fitted: Fitted, fusion: JacobianFusion, axes: Mapping[str, Tensor], target: str, gamma: float
) -> Tensor:
    r"""$\|J W_a W_A\|_F$ on the grid of two axes; for gamma = 1 this is $\|J W_A\|_F$.

    Args:
        fitted: the method whose encoders and heads are used.
        fusion: its fusion, for the class frequencies.
        axes: the grid of each of the two modalities, horizontal first, ``[N]`` each.
        target: modality A.
        gamma: in (0, 1].

    Returns:
        ``[N, N]``, rows along the second axis.
    """
    W = fitted.heads[target].weight
    inputs = {name: values[:, None].to(W.device) for name, values in axes.items()}
    horizontal, vertical = (fitted.heads[name](fitted.encoders[name](values)) for name, values in inputs.items())
    p = (horizontal[None, :, :] + vertical[:, None, :] - fusion.log_freq).softmax(dim=-1)
    return jacobian_norm(p, W, gamma).cpu()


def _plane(dataset: Dataset) -> tuple[str, str]:
    flat = [each.name for each in dataset.modalities if each.kind == "vector" and each.shape == (1,)]
    if len(dataset.modalities) != 2 or len(flat) != 2:
        found = ", ".join(f"{each.name} ({each.kind} {each.shape})" for each in dataset.modalities)
        raise UsageError(f"{WHERE} draws datasets of two modalities of kind vector and shape (1,), not of {found}")
    return flat[0], flat[1]


def _drawn(fitted: Sequence[Fitted], target: str, seed: int | None) -> list[tuple[Fitted, JacobianFusion]]:
    """The Jacobian fusions that regularise the target, of one training seed."""
    fusions = [(each, each.fusion) for each in fitted if isinstance(each.fusion, JacobianFusion)]
    able = [(each, fusion) for each, fusion in fusions if target in fusion.regularised]
    drawn = [pair for pair in able if pair[0].seed == (able[0][0].seed if seed is None else seed)]
    if not drawn:
        of_seed = "" if seed is None else f" and training seed {seed}"
        raise UsageError(f"{WHERE} needs a method with fusion 'jacobian' that regularises {target!r}{of_seed}")
    return drawn


def _test_samples(dataset: Dataset, names: Iterable[str]) -> tuple[Tensor, Tensor]:
    """Points ``[N, 2]`` and targets ``[N]`` of the test samples that have both modalities."""
    test = dataset.splits["test"]
    rows = test.present.all(dim=1).nonzero().squeeze(1)
    columns = [torch.as_tensor(test.read(name, rows)) for name in names]
    return torch.cat(columns, dim=1), test.targets[rows]


def _axis(values: Tensor, resolution: int) -> Tensor:
    """A grid over the values with a margin of a tenth on both sides."""
    low, high = values.min().item(), values.max().item()
    margin = (high - low) / 10
    return torch.linspace(low - margin, high + margin, resolution)


def _draw(maps: Mapping[float, Tensor], axes: Mapping[str, Tensor], points: Tensor, labels: Tensor) -> bytes:
    (x_name, x), (y_name, y) = axes.items()
    canvas = Canvas(figsize=(3.2 * len(maps) + 0.8, 3.2), dpi=150, layout="constrained")
    panels = canvas.subplots(1, len(maps), sharex=True, sharey=True, squeeze=False)[0]
    top = max(float(values.max()) for values in maps.values())
    extent = (x[0].item(), x[-1].item(), y[0].item(), y[-1].item())
    for panel, (gamma, values) in zip(panels, maps.items(), strict=True):
        image = panel.imshow(
            values.numpy(), origin="lower", extent=extent, aspect="auto", vmin=0, vmax=top, cmap="viridis"
        )
        panel.scatter(*points.T.numpy(), c=labels.numpy(), s=5, cmap="coolwarm", edgecolors="white", linewidths=0.2)
        panel.set(title=f"statistical (γ = {gamma:g})" if gamma == 1 else f"γ = {gamma:g}", xlabel=x_name)
    panels[0].set_ylabel(y_name)
    canvas.colorbar(image, ax=list(panels), label="Frobenius norm")
    png = io.BytesIO()
    FigureCanvasAgg(canvas).print_png(png)
    return png.getvalue()
