"""Registers TMC, ETMC and Multimodal Dynamics."""

from __future__ import annotations

from brownout_registry import FusionCard, Option, Paper, hookimpl

TMC = Paper(
    title="Trusted Multi-View Classification",
    year=2021,
    url="https://arxiv.org/abs/2102.02051",
    bibtex="""@inproceedings{han2021trusted,
  title = {Trusted Multi-View Classification},
  author = {Han, Zongbo and Zhang, Changqing and Fu, Huazhu and Zhou, Joey Tianyi},
  booktitle = {International Conference on Learning Representations},
  year = {2021}
}""",
)
ETMC = Paper(
    title="Trusted Multi-View Classification With Dynamic Evidential Fusion",
    year=2023,
    url="https://arxiv.org/abs/2204.11423",
    bibtex="""@article{han2023trusted,
  title = {Trusted Multi-View Classification With Dynamic Evidential Fusion},
  author = {Han, Zongbo and Zhang, Changqing and Fu, Huazhu and Zhou, Joey Tianyi},
  journal = {IEEE Transactions on Pattern Analysis and Machine Intelligence},
  volume = {45},
  number = {2},
  pages = {2551--2566},
  year = {2023}
}""",
)
MD = Paper(
    title="Multimodal Dynamics: Dynamical Fusion for Trustworthy Multimodal Classification",
    year=2022,
    url="https://ieeexplore.ieee.org/document/9878603",
    bibtex="""@inproceedings{han2022multimodal,
  title = {Multimodal Dynamics: Dynamical Fusion for Trustworthy Multimodal Classification},
  author = {Han, Zongbo and Yang, Fan and Huang, Junzhou and Zhang, Changqing and Yao, Jianhua},
  booktitle = {Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  pages = {20707--20717},
  year = {2022}
}""",
)
TRUSTED_OPTIONS = (
    Option("hidden", (), "widths of each classifier's hidden layers; an empty list makes it linear"),
    Option("evidence", "softplus", "how logits become evidence", choices=("softplus", "relu", "exp")),
    Option(
        "risk",
        "cross-entropy",
        "the loss that is expected under an opinion's Dirichlet distribution",
        choices=("cross-entropy", "squared-error"),
    ),
    Option("annealing_epochs", 50, "epochs over which the weight of the divergence rises to 1"),
    Option("annealing_start", 1, "number of the first epoch; 0: no divergence in it", choices=(0, 1)),
)
TRUSTED_VARIANTS = {"released-rgbd": {"annealing_epochs": 10, "annealing_start": 0}}


@hookimpl
def brownout_fusions() -> list[FusionCard]:
    """Two fusions of opinions, and one of features weighted by confidence."""
    return [
        FusionCard(
            name="tmc",
            target="brownout_evidential.trusted:tmc",
            summary="Trusted multi-view classification: opinions of what is present, fused by Dempster's rule",
            level="representation",
            trained=True,
            missing="skip",
            paper=TMC,
            options=TRUSTED_OPTIONS,
            variants=TRUSTED_VARIANTS,
        ),
        FusionCard(
            name="etmc",
            target="brownout_evidential.trusted:etmc",
            summary="TMC with one more opinion, of the concatenated representations",
            level="representation",
            trained=True,
            missing="zero",
            paper=ETMC,
            options=TRUSTED_OPTIONS,
            variants=TRUSTED_VARIANTS,
        ),
        FusionCard(
            name="multimodal-dynamics",
            target="brownout_evidential.dynamics:MultimodalDynamics",
            summary="Gated features side by side, each modality's weighted by its estimate of being right",
            level="representation",
            trained=True,
            missing="zero",
            paper=MD,
            options=(
                Option("hidden", 128, "width of each modality's features; the released code uses 1000"),
                Option("dropout", 0.5, "share of them dropped in training, in [0, 1)"),
                Option("p_true_detach", False, "whether the true class probability is a constant for the confidence"),
                Option("gate_penalty", "mean", "mean or sum of a sample's gate", choices=("mean", "sum")),
                Option("gate_weight", 1.0, "weight of the gate's term"),
                Option("confidence_weight", 1.0, "weight of the confidence's term"),
                Option("unimodal_weight", 1.0, "weight of the unimodal cross-entropies"),
            ),
            variants={"released": {"hidden": 1000}},
        ),
    ]
