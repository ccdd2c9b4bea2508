"""Registers the Jacobian fusion and its figure."""

from __future__ import annotations

from brownout_registry import FigureCard, FusionCard, Option, Paper, hookimpl

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
