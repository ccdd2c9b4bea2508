"""Registers RAML, its figure and the paper's tables."""

from __future__ import annotations

from brownout_registry import FigureCard, FusionCard, Option, Paper, PublishedCard, hookimpl

PAPER = Paper(
    title="Redundancy-Adaptive Multimodal Learning for Imperfect Data",
    year=2023,
    url="https://arxiv.org/abs/2310.14496",
    bibtex="""@misc{chen2023redundancy,
  title = {Redundancy-Adaptive Multimodal Learning for Imperfect Data},
  author = {Chen, Mengxi and Yao, Jiangchao and Xing, Linyu and Wang, Yu and Zhang, Ya and Wang, Yanfeng},
  year = {2023},
  eprint = {2310.14496},
  archivePrefix = {arXiv}
}""",
)

CHOICES = {
    "predictor": ("shared", "separate"),
    "weights": ("adaptive", "identical", "fixed", "fixed-scalar"),
    "sigma_activation": ("softplus", "exp"),
    "sigma_is": ("std", "variance"),
    "l1_reduction": ("sum", "mean"),
}

TABLES = {
    1: "missing modalities on Food-101, N24News, IEMOCAP and CMU-MOSEI",
    2: "Gaussian noise on the image or masked words, Food-101 and N24News",
    3: "Gaussian noise on the image and masked words at once, Food-101",
    4: "trained and tested on complete samples",
    5: "identical, fixed and adaptive weights",
    6: "with and without the unimodal and the redundancy loss",
}


@hookimpl
def brownout_fusions() -> list[FusionCard]:
    """Redundancy-Adaptive Multimodal Learning."""
    return [
        FusionCard(
            name="raml",
            target="brownout_raml.fusion:Raml",
            summary="Each element of each modality's mean weighted by its learned inverse variance",
            level="representation",
            paper=PAPER,
            trained=True,
            missing="skip",
            options=(
                Option("width", 128, "D, elements of each representation"),
                Option("hidden", (), "widths of the hidden layers of the heads; the paper states none"),
                _choice("predictor", "one for the fused and every unimodal representation, or one for each (figure 4)"),
                _choice(
                    "weights",
                    "inverse variances (eq. 4); of table V equal ones, or learned ones that no sample changes, "
                    "for each element or for each modality",
                ),
                Option("lambda_1", 1.0, "weight of the unimodal loss L^U; the paper sweeps .2 to 1.6"),
                Option("lambda_2", 0.2, "weight of the redundancy loss L^D; the paper sweeps .2 to 1.6"),
                Option("mask_unimodal", False, "leave absent modalities out of L^U; eq. 2 does not", (False, True)),
                Option("mask_redundancy", False, "leave absent modalities out of L^D; eq. 3 does not", (False, True)),
                _choice("sigma_activation", "how sigma is kept positive; the paper does not say"),
                _choice("sigma_is", "whether the head gives the standard deviation or the variance"),
                _choice("l1_reduction", "of L^D over the D elements; a norm is a sum"),
            ),
        )
    ]


def _choice(name: str, text: str) -> Option:
    return Option(name, CHOICES[name][0], text, CHOICES[name])


@hookimpl
def brownout_figures() -> list[FigureCard]:
    """The paper's Figure 5."""
    return [
        FigureCard(
            name="raml-weights",
            target="brownout_raml.figure:raml_weights",
            summary="RAML's element-wise weights of clean, missing and perturbed modalities",
            paper=PAPER,
            options=(
                Option("samples", 3, "test samples drawn clean; the first is then perturbed"),
                Option("perturbation", "gaussian-noise", "what perturbs a modality that is not text"),
                Option("levels", (0.18, 0.38), "its physical parameters"),
                Option("text_perturbation", "word-masking", "what perturbs a text"),
                Option("text_levels", (0.15, 0.25), "its physical parameters"),
            ),
        )
    ]


@hookimpl
def brownout_published() -> list[PublishedCard]:
    """Tables I to VI."""
    return [
        PublishedCard(
            name=f"raml-table-{number}",
            target=f"brownout_raml.published:table_{number}",
            summary=f"Table {number} of RAML: {what}",
            paper=PAPER,
        )
        for number, what in TABLES.items()
    ]
