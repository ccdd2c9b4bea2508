"""Registers the Jacobian fusion, its metrics and figure, bias noise, and the paper's tables."""

from __future__ import annotations

from math import inf

from brownout_registry import (
    FigureCard,
    FusionCard,
    MetricCard,
    Option,
    Paper,
    PerturbationCard,
    PublishedCard,
    hookimpl,
)

PAPER = Paper(
    title="Training-Free Robust Multimodal Learning via Sample-Wise Jacobian Regularization",
    year=2022,
    url="https://arxiv.org/abs/2204.02485",
    bibtex="""@article{gao2022trainingfree,
  title = {Training-Free Robust Multimodal Learning via Sample-Wise {Jacobian} Regularization},
  author = {Gao, Zhengqi and Ren, Sucheng and Xue, Zihui and Li, Siting and Zhao, Hang},
  journal = {arXiv preprint arXiv:2204.02485},
  year = {2022}
}""",
)
TABLES = (
    "AV-MNIST, audio perturbed",
    "RAVDESS, audio perturbed",
    "VGGSound (100 classes), video perturbed",
    "AV-MNIST, image perturbed",
    "AV-MNIST, Gaussian noise on both modalities",
    "RAVDESS, image perturbed",
    "VGGSound (100 classes), video perturbed, unknown which",
    "VGGSound (100 classes), audio perturbed, unknown which",
)


@hookimpl
def brownout_fusions() -> list[FusionCard]:
    """Statistical fusion with sample-wise Jacobian regularisation."""
    return [
        FusionCard(
            name="jacobian",
            target="brownout_jacobian.fusion:JacobianFusion",
            summary="Statistical fusion whose Jacobian is regularised for each sample, without training",
            level="decision",
            paper=PAPER,
            oracle="it is told which modality is perturbed, as in the paper's tables (option modalities)",
            oracle_unless=("modalities", "all"),
            options=(
                Option("gamma", 0.1, "in (0, 1]: smaller regularises more, 1 is statistical fusion"),
                Option("t_max", 1, "iterations of algorithm 1; the paper reports 1"),
                Option(
                    "power",
                    "M-1",
                    "how often the class frequencies are divided out with M modalities present: M-1 times or once",
                    choices=("M-1", 1),
                ),
                Option("modalities", "all", "which modalities are regularised: all, a name or a list of names"),
                Option(
                    "solver",
                    "eigen",
                    "eigen: exact and fast for any head; sylvester: scipy's solver one sample at a time in float64, to "
                    "check it, refused where W Wᵀ is singular",
                    choices=("eigen", "sylvester"),
                ),
                Option("diagnostics", False, "whether to store what the metrics of this plugin need"),
            ),
        )
    ]


@hookimpl
def brownout_metrics() -> list[MetricCard]:
    """What theorem 1 speaks of, from the diagnostics of the fusion."""
    return [
        MetricCard(
            name="jacobian-sensitivity",
            target="brownout_jacobian.metrics:sensitivity",
            summary="Mean Frobenius norm of J Wa W: how strongly predictions react to a modality's features",
            paper=PAPER,
            higher_is_better=False,
            range=(0.0, inf),
            needs=("diagnostics",),
            options=(Option("modality", "max", "a regularised modality, or max: the largest in each sample"),),
        ),
        MetricCard(
            name="jacobian-bound",
            target="brownout_jacobian.metrics:theorem_bound",
            summary="What theorem 1 says jacobian-sensitivity cannot exceed: sqrt(gamma K / (2 (1 - gamma)))",
            paper=PAPER,
            higher_is_better=False,
            range=(0.0, inf),
            needs=("diagnostics",),
        ),
        MetricCard(
            name="changed-predictions",
            target="brownout_jacobian.metrics:changed_predictions",
            summary="Share of samples whose predicted class is not that of plain statistical fusion",
            paper=PAPER,
            higher_is_better=False,
            range=(0.0, 1.0),
            needs=("diagnostics",),
            percent=True,
        ),
    ]


@hookimpl
def brownout_perturbations() -> list[PerturbationCard]:
    """Bias noise of App. B.1."""
    return [
        PerturbationCard(
            name="bias-patch",
            target="brownout_jacobian.bias:bias_patch",
            summary="A random square patch times 1 + w3, a change of illumination (Jacobian paper, App. B.1)",
            paper=PAPER,
            takes=("image", "spectrogram", "depth"),
            parameter="relative change",
            levels={"*": (0.4, 0.8, 1.2, 1.6, 2.0)},
            features=True,
            options=(
                Option("size", 0.36, "edge w2 of the patch; the paper: 10 of 28 pixels"),
                Option("unit", "share", "of the size: share of the shorter side, or pixels", ("share", "pixels")),
                Option("clip", True, "to the declared range, where there is one; the paper mentions no clipping"),
            ),
        )
    ]


@hookimpl
def brownout_figures() -> list[FigureCard]:
    """The paper's Figure 3."""
    return [
        FigureCard(
            name="jacobian-heatmap",
            target="brownout_jacobian.figure:jacobian_heatmap",
            summary="How strongly the prediction reacts to one modality, over the plane of two 1-D modalities",
            paper=PAPER,
            options=(
                Option("modality", None, "the modality that is regularised; None for the dataset's last"),
                Option("resolution", 80, "grid points along each axis"),
                Option("seed", None, "training seed to draw; None for the first that was fitted"),
            ),
        )
    ]


@hookimpl
def brownout_published() -> list[PublishedCard]:
    """Tables 1 to 8 of the paper."""
    return [
        PublishedCard(
            name=f"jacobian-table-{number}",
            target=f"brownout_jacobian.published:table_{number}",
            summary=f"Table {number}: accuracy on {what}",
            paper=PAPER,
        )
        for number, what in enumerate(TABLES, 1)
    ]
