"""Registers QMF: the fusion, the metrics of its theory, its noise, and the paper's tables."""

from __future__ import annotations

from math import inf

from brownout_registry import (
    FusionCard,
    MetricCard,
    Option,
    Paper,
    PerturbationCard,
    PublishedCard,
    hookimpl,
)

PAPER = Paper(
    title="Provable Dynamic Fusion for Low-Quality Multimodal Data",
    year=2023,
    url="https://arxiv.org/abs/2306.02050",
    bibtex="""@inproceedings{zhang2023provable,
  title = {Provable Dynamic Fusion for Low-Quality Multimodal Data},
  author = {Zhang, Qingyang and Wu, Haitao and Zhang, Changqing and Hu, Qinghua and Fu, Huazhu
            and Zhou, Joey Tianyi and Peng, Xi},
  booktitle = {International Conference on Machine Learning},
  year = {2023}
}""",
)
TABLES = (
    "accuracy, average and worst, Gaussian noise and blank words on 50 % of the modalities",
    "ablation on NYU Depth V2, average and worst accuracy under Gaussian noise",
    "correlation of losses and weights on FOOD101, printed without its sign",
    "ablation on NYU Depth V2 with standard deviations",
    "accuracy with standard deviations, Gaussian noise on 50 % of the modalities",
    "accuracy with standard deviations, salt and pepper on 50 % of the modalities",
)
IMAGES = ("image", "spectrogram", "depth")
EPS = {"*": (5.0, 10.0)}
RELEASED = {"history": "sum", "normalise_history": True, "rank_loss": "official-slack"}
STATIC = {"unimodal_loss": False, "lam": 0.0}
NOISE = {"overflow": "wrap", "shared_channels": True, "fixed_pattern": True}


@hookimpl
def brownout_fusions() -> list[FusionCard]:
    """Quality-aware multimodal fusion."""
    return [
        FusionCard(
            name="qmf",
            target="brownout_qmf.fusion:qmf",
            summary="Unimodal logits weighted by their certainty, which is trained to follow the training history",
            level="representation",
            trained=True,
            missing="skip",
            paper=PAPER,
            options=_fusion_options(),
            variants={
                "released-text-image": {**RELEASED, "detach": True, "update": "before", "lam": 1.0},
                "released-rgbd": {**RELEASED, "detach": False, "update": "after", "lam": 0.1},
                "late-fusion": {**STATIC, "dynamic": False},
                "late-fusion-released": {**STATIC, "dynamic": "evaluation"},
            },
        )
    ]


def _fusion_options() -> tuple[Option, ...]:
    return (
        Option("hidden", (), "widths of each classifier's hidden layers; an empty list makes it linear"),
        Option(
            "uncertainty",
            "energy",
            "u of a modality: energy score, 1 - largest probability, normalised entropy, or vacuity of the evidence",
            choices=("energy", "max-probability", "entropy", "evidence"),
        ),
        Option("temperature", 1.0, "of energy and softmax"),
        Option("alpha", "auto", "w = alpha u + beta, below 0; auto: -0.1 for the energy (as released), else -1"),
        Option("beta", "auto", "w = alpha u + beta, 0 or more; auto: 0 for the energy (as released), else 1"),
        Option(
            "dynamic",
            True,
            "whether w weighs the modalities (UAW); false: equally; evaluation: equally in training only",
            choices=(True, False, "evaluation"),
        ),
        Option("detach", False, "whether w is a constant for the fused prediction's gradient; text-image code: true"),
        Option("unimodal_loss", True, "whether the unimodal cross-entropies are trained"),
        Option("lam", 0.1, "weight of the regulariser, 0 for none; released: 1 text-image, .1 NYUD2, 1 SUN RGB-D"),
        Option(
            "rank_loss",
            "paper-eq16",
            "the regulariser: eq. 16, the released code's, which allows a wrong order up to the difference of the "
            "histories, or the confidence-aware one, which asks for a right order by that difference",
            choices=("paper-eq16", "official-slack", "crl-margin"),
        ),
        Option("history", "mean", "of a sample's losses: mean (eq. 14) or sum (released)", choices=("mean", "sum")),
        Option("normalise_history", False, "to [0, 1] over the training set; released: true"),
        Option(
            "update",
            "before",
            "whether a batch enters the history before its regulariser (algorithm 1, text-image) or after (RGB-D)",
            choices=("before", "after"),
        ),
    )


@hookimpl
def brownout_metrics() -> list[MetricCard]:
    """What theorems 1 and 2 speak of, for any fusion that gives weights and unimodal logits."""
    needs = ("weights", "unimodal")
    return [
        MetricCard(
            name="weight-loss-correlation",
            target="brownout_qmf.metrics:weight_loss_correlation",
            summary="Pearson r of fusion weight and unimodal loss, signed: below 0 dynamic fusion provably helps",
            paper=PAPER,
            higher_is_better=False,
            range=(-1.0, 1.0),
            needs=needs,
            options=(Option("modality", "mean", "a modality, or mean over all; the paper's table 3 prints |r|"),),
        ),
        MetricCard(
            name="term-l",
            target="brownout_qmf.metrics:term_l",
            summary="Term-L of theorem 1: sum of mean weight times mean unimodal loss",
            paper=PAPER,
            higher_is_better=False,
            range=(-inf, inf),
            needs=needs,
        ),
        MetricCard(
            name="term-cov",
            target="brownout_qmf.metrics:term_cov",
            summary="Term-Cov of theorem 1: sum of the covariances of weight and unimodal loss, 0 if static",
            paper=PAPER,
            higher_is_better=False,
            range=(-inf, inf),
            needs=needs,
            options=(Option("covariance", "population", "divided by N or by N - 1", ("population", "sample")),),
        ),
    ]


@hookimpl
def brownout_perturbations() -> list[PerturbationCard]:
    """The paper's noise; ``share: 0.5`` in a suite corrupts 50 % of the modalities."""
    return [_gaussian(), _salt_and_pepper(), _blank_words()]


def _gaussian() -> PerturbationCard:
    return PerturbationCard(
        name="qmf-gaussian",
        target="brownout_qmf.gaussian:gaussian",
        summary="Gaussian noise on pixels from 0 to 255, as in the QMF paper or its released code (with share: 0.5)",
        paper=PAPER,
        takes=IMAGES,
        parameter="eps",
        levels=EPS,
        options=(
            Option(
                "scale",
                "sqrt-eps",
                "standard deviation: sqrt-eps (variance eps, as printed), eps (RGB-D code), 10-eps (text-image code)",
                ("sqrt-eps", "eps", "10-eps"),
            ),
            Option("overflow", "clip", "clip, or wrap negative values modulo 256 as released", ("clip", "wrap")),
            Option("shared_channels", False, "one draw per pixel for all channels; released: true"),
            Option("fixed_pattern", False, "the same pattern for every picture of a size; released: true"),
        ),
        variants={
            "released-text-image": {"scale": "10-eps", **NOISE},
            "released-rgbd": {"scale": "eps", **NOISE},
        },
    )


def _salt_and_pepper() -> PerturbationCard:
    return PerturbationCard(
        name="qmf-salt-and-pepper",
        target="brownout_qmf.salt:salt_and_pepper",
        summary="Black and white pixels on a picture with probability eps / divisor (QMF; with share: 0.5)",
        paper=PAPER,
        takes=IMAGES,
        parameter="eps",
        levels=EPS,
        options=(
            Option("density", 0.1, "share of the pixels that are replaced in a picture that is hit"),
            Option("divisor", 10, "pictures are hit with probability eps / divisor: 10 before June 2025", (10, 100)),
        ),
        variants={"released-old": {"divisor": 10}, "released-head": {"divisor": 100}},
    )


def _blank_words() -> PerturbationCard:
    return PerturbationCard(
        name="qmf-blank-words",
        target="brownout_qmf.blank:blank_words",
        summary="Each word becomes _ with probability eps / 10 (QMF; with share: 0.5)",
        paper=PAPER,
        takes=("text",),
        parameter="eps",
        levels=EPS,
    )


@hookimpl
def brownout_published() -> list[PublishedCard]:
    """Tables 1 to 6 of the paper."""
    return [
        PublishedCard(
            name=f"qmf-table-{number}",
            target=f"brownout_qmf.published:table_{number}",
            summary=f"Table {number}: {what}",
            paper=PAPER,
        )
        for number, what in enumerate(TABLES, 1)
    ]
