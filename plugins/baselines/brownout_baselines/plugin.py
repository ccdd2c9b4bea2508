"""Registers the baselines."""

from __future__ import annotations

from brownout_registry import REQUIRED, FusionCard, Option, Paper, hookimpl

JACOBIAN = Paper(
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
COSINE = Paper(
    title="Fine-Tuning Pre-trained Language Model with Weak Supervision: "
    "A Contrastive-Regularized Self-Training Approach",
    year=2021,
    url="https://arxiv.org/abs/2010.07835",
    bibtex="""@inproceedings{yu2021cosine,
  title = {Fine-Tuning Pre-trained Language Model with Weak Supervision:
           A Contrastive-Regularized Self-Training Approach},
  author = {Yu, Yue and Zuo, Simiao and Jiang, Haoming and Ren, Wendi and Zhao, Tuo and Zhang, Chao},
  booktitle = {Proceedings of the 2021 Conference of the North American Chapter of the Association for
               Computational Linguistics: Human Language Technologies},
  pages = {1063--1077},
  year = {2021}
}""",
)
QMF = Paper(
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


@hookimpl
def brownout_fusions() -> list[FusionCard]:
    """Four decision-level baselines, concatenation and alignment."""
    return [
        FusionCard(
            name="unimodal",
            target="brownout_baselines.decisions:Unimodal",
            summary="One modality alone; the class frequencies where it is absent",
            level="decision",
            options=(Option("modality", REQUIRED, "the modality that decides"),),
        ),
        FusionCard(
            name="mean",
            target="brownout_baselines.decisions:Mean",
            summary="Mean of the unimodal probabilities of what is present",
            level="decision",
        ),
        FusionCard(
            name="confidence-mean",
            target="brownout_baselines.decisions:Mean",
            summary="Mean of the unimodal probabilities, weighted by each modality's confidence",
            level="decision",
            paper=COSINE,
            options=(
                Option(
                    "confidence",
                    "entropy",
                    "entropy: 1 - H(p)/ln K; max: the largest probability",
                    choices=("entropy", "max"),
                ),
            ),
        ),
        FusionCard(
            name="statistical",
            target="brownout_baselines.statistical:Statistical",
            summary="Product of the unimodal probabilities over the class frequencies (conditional independence)",
            level="decision",
            paper=JACOBIAN,
            options=(
                Option(
                    "power",
                    "M-1",
                    "how often the class frequencies are divided out with M modalities present: M-1 times or once",
                    choices=("M-1", 1),
                ),
            ),
        ),
        FusionCard(
            name="concatenation",
            target="brownout_baselines.concatenation:Concatenation",
            summary="A perceptron over all representations side by side, zeros in place of absent ones",
            level="representation",
            trained=True,
            missing="zero",
            options=(
                Option("hidden", (128,), "widths of the hidden layers; an empty list makes it linear"),
                Option("dropout", 0.0, "share of hidden units dropped in training, in [0, 1)"),
            ),
        ),
        FusionCard(
            name="alignment",
            target="brownout_baselines.alignment:Alignment",
            summary="Mean of the present modalities in a common space, where those of a sample are pulled together",
            level="representation",
            paper=QMF,
            trained=True,
            missing="skip",
            options=(
                Option("width", 128, "dimensions of the common space"),
                Option("weight", 1.0, "of the cosine distance between a sample's modalities in the loss"),
                Option("dropout", 0.1, "share of the common space dropped in training, in [0, 1)"),
            ),
        ),
    ]
