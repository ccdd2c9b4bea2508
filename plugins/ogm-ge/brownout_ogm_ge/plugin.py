"""Registers the training recipe."""

from __future__ import annotations

from brownout_registry import Option, Paper, TrainingCard, hookimpl

PAPER = Paper(
    title="Balanced Multimodal Learning via On-the-fly Gradient Modulation",
    year=2022,
    url="https://arxiv.org/abs/2203.15332",
    bibtex="""@inproceedings{peng2022balanced,
  title = {Balanced Multimodal Learning via On-the-fly Gradient Modulation},
  author = {Peng, Xiaokang and Wei, Yake and Deng, Andong and Wang, Dong and Hu, Di},
  booktitle = {Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  pages = {8238--8247},
  year = {2022}
}""",
)


@hookimpl
def brownout_trainings() -> list[TrainingCard]:
    """OGM-GE."""
    return [
        TrainingCard(
            name="ogm-ge",
            target="brownout_ogm_ge.recipe:ogm_ge",
            summary="Slows the encoders of dominant modalities down, and adds gradient noise",
            paper=PAPER,
            options=(
                Option("alpha", 0.8, "how strongly a dominant modality is slowed: k = 1 - tanh(alpha rho)"),
                Option("enhance", True, "GE: Gaussian noise of each gradient's own standard deviation; false is OGM"),
                Option(
                    "modulate",
                    "all",
                    "which gradients of an encoder: all, or those of its 2-D convolutions as released",
                    choices=("all", "convolutions"),
                ),
                Option("epochs", None, "first and last epoch of modulation, from 0; null for every one"),
                Option("drop", "none", "modality dropout in training", choices=("none", "bernoulli", "uniform")),
                Option("drop_rate", 0.5, "of bernoulli: probability that a modality is dropped"),
            ),
            variants={"released": {"modulate": "convolutions", "epochs": (0, 50)}},
        )
    ]
