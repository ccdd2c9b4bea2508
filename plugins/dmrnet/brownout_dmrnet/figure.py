"""The training variances of all combinations of modalities (the paper's Figure 3), epoch by epoch."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from torch import Tensor

from brownout_dmrnet.formulas import hardest
from brownout_dmrnet.fusion import DMRNet
from brownout_registry import Dataset, Figure, Fitted, UsageError, check_option

WHERE = "figure 'dmrnet-variances'"
LABELLED = 15


def dmrnet_variances(dataset: Dataset, fitted: Sequence[Fitted], *, seed: int | None = None) -> list[Figure]:
    r"""Draw d_j (eq. 10) of each combination over the epochs, one panel for each fitted DMRNet.

    Figure 3 of the paper (Wei et al., 2024) shows one such set of variances with its top V in red circles; here the
    circles are at the last epoch. The epochs end with the one whose weights were chosen, as these are what is kept.

    Args:
        dataset: for the names of the modalities.
        fitted: the methods of a run; those whose fusion is `DMRNet` and was trained are drawn.
        seed: training seed; None for the first that was fitted.

    Returns:
        One figure.

    Raises:
        UsageError: no such method was fitted.
    """
    ok = seed is None or (isinstance(seed, int) and not isinstance(seed, bool))
    check_option(ok, WHERE, "seed", seed, "a whole number, or null")
    drawn = _drawn(fitted, seed)
    names = [each.name for each in dataset.modalities]
    caption = (
        "Mean variance of the estimated distribution in training, by combination of modalities (d_j, eq. 10), over "
        "the epochs up to the one whose weights were chosen. Red circles: the combinations with the largest variances "
        f"in the last of them. Training seed {drawn[0][0].seed}. After Figure 3 of Wei et al. (2024)."
    )
    return [Figure("Training variances of DMRNet", caption, _draw(drawn, names))]


def _drawn(fitted: Sequence[Fitted], seed: int | None) -> list[tuple[Fitted, DMRNet]]:
    """The trained DMRNets of one training seed."""
    able = [(each, each.fusion) for each in fitted if isinstance(each.fusion, DMRNet)]
    able = [(each, fusion) for each, fusion in able if fusion.combinations.history()[0]]
    drawn = [pair for pair in able if pair[0].seed == (able[0][0].seed if seed is None else seed)]
    if not drawn:
        of_seed = "" if seed is None else f" under training seed {seed}"
        raise UsageError(f"{WHERE} needs a method with fusion 'dmrnet' that was trained with a distribution{of_seed}")
    return drawn


def _draw(drawn: Sequence[tuple[Fitted, DMRNet]], names: Sequence[str]) -> bytes:
    canvas = Canvas(figsize=(4.6 * len(drawn) + 0.4, 4.4), dpi=150, layout="constrained")
    panels = canvas.subplots(1, len(drawn), squeeze=False)[0]
    for panel, (each, fusion) in zip(panels, drawn, strict=True):
        epochs, d = fusion.combinations.history()
        _panel(panel, epochs, d.cpu(), fusion.combinations.count, names)
        panel.set_title(each.method, parse_math=False)
        panel.set(xlabel="epoch", ylabel="training variance")
    png = io.BytesIO()
    FigureCanvasAgg(canvas).print_png(png)
    return png.getvalue()


def _panel(panel: Any, epochs: Sequence[int], d: Tensor, count: int, names: Sequence[str]) -> None:
    last = d[-1]
    lines = {}
    for j in range(1, len(last) + 1):
        if not last[j - 1].isnan():
            (lines[j],) = panel.plot(epochs, d[:, j - 1].numpy(), marker=".", linewidth=1)
    largest = sorted(lines, key=lambda j: -float(last[j - 1]))
    for j in (hardest(last, count).nonzero().squeeze(1) + 1).tolist():
        panel.plot(epochs[-1], last[j - 1].item(), "o", markersize=9, markerfacecolor="none", markeredgecolor="red")
    labels = [combination_name(j, names) for j in largest[:LABELLED]]
    legend = panel.legend([lines[j] for j in largest[:LABELLED]], labels, fontsize="x-small", loc="best")
    for text in legend.get_texts():
        text.set_parse_math(False)


def combination_name(j: int, names: Sequence[str]) -> str:
    """The modalities of combination j.

    Example:
        >>> combination_name(5, ["rgb", "depth", "ir"])
        'rgb + ir'
    """
    return " + ".join(name for k, name in enumerate(names) if j >> k & 1)
