"""What this plugin registers; importing it imports neither numpy nor scipy."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from brownout_metrics.papers import GUO, LIANG, MICHAELIS, QIU, WEI
from brownout_metrics.summaries import KINDS, SHIFTS
from brownout_registry import MetricCard, Option, SummaryCard, hookimpl


@hookimpl
def brownout_metrics() -> Sequence[MetricCard]:
    """Accuracies, likelihood and calibration."""
    return [
        _share("accuracy", "accuracy", "Share of right predictions (WA)"),
        _share("macro-f1", "macro_f1", "Mean F1 over classes that occur among targets or predictions"),
        _share("unweighted-accuracy", "unweighted_accuracy", "Mean recall over classes that occur among targets (UA)"),
        MetricCard(
            name="nll",
            target="brownout_metrics.calibration:nll",
            summary="Mean negative log likelihood of the targets, in nats",
            higher_is_better=False,
            range=(0.0, inf),
        ),
        MetricCard(
            name="ece",
            target="brownout_metrics.calibration:ece",
            summary="Expected calibration error on the largest probability",
            paper=GUO,
            higher_is_better=False,
            range=(0.0, 1.0),
            options=(
                Option("bins", 15, "number of bins"),
                Option(
                    "binning",
                    "equal-width",
                    "bins of equal width in confidence, or of equal counts",
                    ("equal-width", "adaptive"),
                ),
            ),
        ),
    ]


@hookimpl
def brownout_summaries() -> Sequence[SummaryCard]:
    """Means, the worst cell, drops and areas."""
    return [
        SummaryCard(
            name="mean",
            target="brownout_metrics.summaries:mean",
            summary="Mean over conditions, by default all, attacks too",
            options=(Option("kinds", KINDS, "kinds of conditions that count"),),
        ),
        SummaryCard(
            name="worst",
            target="brownout_metrics.summaries:worst",
            summary="The worst cell, by default of all conditions, attacks too",
            options=(Option("kinds", KINDS, "kinds of conditions that count"),),
        ),
        SummaryCard(
            name="relative-drop",
            target="brownout_metrics.summaries:relative_drop",
            summary="Share of the clean score that perturbations cost (MMI), attacks not unless named; larger is worse",
            paper=QIU,
            unit="share",
            options=(Option("kinds", SHIFTS, "kinds of conditions that count as perturbed"),),
        ),
        SummaryCard(
            name="missing-mean",
            target="brownout_metrics.summaries:missing_mean",
            summary="Mean over all missing patterns, the complete one included; no corruptions, no attacks",
            paper=WEI,
            options=(Option("over", "patterns", "missing patterns, or random missing rates", ("patterns", "rates")),),
        ),
        SummaryCard(
            name="corruption-mean",
            target="brownout_metrics.summaries:corruption_mean",
            summary="Mean over corruptions of the mean over severities (mPC); no attacks",
            paper=MICHAELIS,
        ),
        SummaryCard(
            name="severity-area",
            target="brownout_metrics.summaries:severity_area",
            summary="Area under the score over the corruptions' severity index (clean at 0), divided by its length",
            paper=LIANG,
            options=(Option("kinds", ("corruption",), "kinds of conditions whose severity curves count"),),
        ),
    ]


def _share(name: str, function: str, summary: str) -> MetricCard:
    return MetricCard(
        name=name,
        target=f"brownout_metrics.classification:{function}",
        summary=summary,
        higher_is_better=True,
        range=(0.0, 1.0),
        percent=True,
    )
