"""Registers DMRNet, its metrics and figure, and the paper's tables."""

from __future__ import annotations

from brownout_registry import FigureCard, FusionCard, MetricCard, Option, Paper, PublishedCard, hookimpl

PAPER = Paper(
    title="Robust Multimodal Learning via Representation Decoupling",
    year=2024,
    url="https://arxiv.org/abs/2407.04458",
    bibtex="""@inproceedings{wei2024robust,
  title = {Robust Multimodal Learning via Representation Decoupling},
  author = {Wei, Shicai and Luo, Yang and Wang, Yuji and Luo, Chunbo},
  booktitle = {European Conference on Computer Vision},
  year = {2024}
}""",
)
TABLES = (
    "error of face anti-spoofing by missing pattern on CASIA-SURF",
    "accuracy by missing pattern on CREMA-D and Kinetics-Sounds",
    "ablation of both components on CASIA-SURF",
    "three ways to estimate the distribution on CASIA-SURF",
    "segmentation by missing pattern on NYUv2",
    "the effect of alpha on CASIA-SURF",
    "the effect of beta on CASIA-SURF",
)
OPTIONS = (
    Option(
        "probabilistic",
        "dmr",
        "how the distribution is estimated: DMR, PCME or PE of Table 4, or not at all",
        choices=("dmr", "pcme", "pe", "none"),
    ),
    Option(
        "head",
        "auto",
        "map: of feature maps of one size; vector: after pooling; auto: of maps where all modalities have them",
        choices=("auto", "map", "vector"),
    ),
    Option(
        "sigma_head",
        "log-sigma",
        "what is predicted: ln sigma (eq. 6) or ln sigma^2 (released code)",
        choices=("log-sigma", "log-variance"),
    ),
    Option("alpha", 1e-3, "weight of the divergence from N(0, I)"),
    Option(
        "kl_reduction",
        "sum",
        "sum over channels and positions, over channels alone (released segmentation), or mean",
        choices=("sum", "sum-channels", "mean"),
    ),
    Option("kl_detached", False, "whether the divergence gives no gradient (released segmentation)"),
    Option("kl_from_epoch", 0, "first epoch, from 0, in which the divergence counts"),
    Option("beta", 0.7, "weight of the hard combination regulariser; the paper: 0.7, 0.3, 0.3, 0.5 by dataset"),
    Option(
        "hcr",
        "sum-over-batch",
        "hard samples' losses: their sum over B, their mean, or (released code) the mean of all times their number",
        choices=("sum-over-batch", "mean-over-hard", "as-released"),
    ),
    Option(
        "hard",
        "mined",
        "mined: largest variances of the epoch before (eq. 10); weakest: the single modality of the largest variance "
        "before from_epoch; incomplete: all but the complete one; or a list of lists of names or positions from 0",
    ),
    Option("hard_count", None, "how many combinations are mined; null: as many as modalities"),
    Option("from_epoch", 0, "first epoch, from 0, in which the regulariser counts"),
    Option("auxiliary", "shared", "f_r is the classifier, or a second layer", choices=("shared", "separate")),
    Option("history_epochs", 100, "of how many epochs the training variances are kept"),
    Option("diagnostics", False, "whether to store what channel-diversity needs"),
)
VARIANTS = {
    "released-face": {
        "sigma_head": "log-variance",
        "beta": 0.7,
        "hcr": "as-released",
        "hard": ((0,), (0, 2), (2,)),
        "from_epoch": 6,
    },
    "released-audio-visual": {
        "head": "vector",
        "sigma_head": "log-variance",
        "beta": 0.3,
        "hcr": "as-released",
        "hard": "weakest",
        "from_epoch": 6,
    },
    "released-segmentation": {
        "sigma_head": "log-variance",
        "kl_reduction": "sum-channels",
        "kl_detached": True,
        "kl_from_epoch": 11,
        "beta": 0.5,
        "hard": "incomplete",
        "auxiliary": "separate",
    },
}


@hookimpl
def brownout_fusions() -> list[FusionCard]:
    """Decoupled multimodal representations."""
    return [
        FusionCard(
            name="dmrnet",
            target="brownout_dmrnet.fusion:dmrnet",
            summary="A distribution of what stands side by side, sampled in training; hard combinations count more",
            level="representation",
            trained=True,
            missing="zero",
            paper=PAPER,
            options=OPTIONS,
            variants=VARIANTS,
        )
    ]


@hookimpl
def brownout_metrics() -> list[MetricCard]:
    """The error of face anti-spoofing, and diversities of feature maps."""
    return [
        MetricCard(
            name="acer",
            target="brownout_dmrnet.metrics:acer",
            summary="Average classification error rate of two classes, (APCER + BPCER) / 2, by the largest logit",
            paper=PAPER,
            higher_is_better=False,
            range=(0.0, 1.0),
            percent=True,
            options=(Option("live", 1, "index of the class of live samples, 0 or 1"),),
        ),
        MetricCard(
            name="channel-diversity",
            target="brownout_dmrnet.metrics:channel_diversity",
            summary="Mean distance between the channels of feature maps (D_channel, eq. 14 and 15)",
            paper=PAPER,
            higher_is_better=True,
            range=(0.0, 2.0),
            needs=("diagnostics",),
            options=(
                Option(
                    "form", "gram", "normalised as eq. 14 prints it, or cosine as its text says", ("gram", "cosine")
                ),
                Option("pairs", "inter", "inter: pairs of modalities; intra: each with itself; or [m, n]"),
            ),
        ),
    ]


@hookimpl
def brownout_figures() -> list[FigureCard]:
    """The paper's Figure 3."""
    return [
        FigureCard(
            name="dmrnet-variances",
            target="brownout_dmrnet.figure:dmrnet_variances",
            summary="Training variance of each combination of modalities over the epochs",
            paper=PAPER,
            options=(Option("seed", None, "training seed to draw; None for the first that was fitted"),),
        )
    ]


@hookimpl
def brownout_published() -> list[PublishedCard]:
    """Tables 1 to 7 of the paper."""
    return [
        PublishedCard(
            name=f"dmrnet-table-{number}",
            target=f"brownout_dmrnet.published:table_{number}",
            summary=f"Table {number}: {what}",
            paper=PAPER,
        )
        for number, what in enumerate(TABLES, 1)
    ]
