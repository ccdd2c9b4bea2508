"""Registers the two MMTM fusions."""

from __future__ import annotations

from brownout_registry import FusionCard, Option, Paper, hookimpl

PAPER = Paper(
    title="MMTM: Multimodal Transfer Module for CNN Fusion",
    year=2020,
    url="https://arxiv.org/abs/1911.08670",
    bibtex="""@inproceedings{joze2020mmtm,
  title = {{MMTM}: Multimodal Transfer Module for {CNN} Fusion},
  author = {Vaezi Joze, Hamid Reza and Shaban, Amirreza and Iuzzolino, Michael L. and Koishida, Kazuhito},
  booktitle = {Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  pages = {13289--13299},
  year = {2020}
}""",
)
GATES = (
    Option("ratio", 4.0, "the joint layer has int(2 sum(C) / ratio) units, C being each modality's channels"),
    Option("gate_factor", 2.0, "gates are this times a sigmoid: 2 in the paper (quoted second-hand), 1 as released"),
)
VARIANTS = {"released": {"gate_factor": 1.0}}


@hookimpl
def brownout_fusions() -> list[FusionCard]:
    """MMTM over any encoders, and inside ResNets."""
    return [
        FusionCard(
            name="mmtm",
            target="brownout_mmtm.fusion:MMTMFusion",
            summary="Modalities gate each other's representations; mean of their classifiers' logits",
            level="representation",
            paper=PAPER,
            trained=True,
            missing="zero",
            options=GATES,
            variants=VARIANTS,
        ),
        FusionCard(
            name="mmtm-resnet",
            target="brownout_mmtm.resnet:MMTMResNet",
            summary="One ResNet for each image-like modality, with transfer modules between their stages",
            level="input",
            takes=("image", "spectrogram", "depth"),
            paper=PAPER,
            trained=True,
            missing="zero",
            options=(
                Option("model", "resnet18", "name of a ResNet in timm"),
                Option("pretrained", False, "weights from the model hub, for every modality's ResNet"),
                Option(
                    "weights", None, "file of weights for every modality's ResNet: .safetensors, .pth or .pt", path=True
                ),
                Option("size", None, "side in pixels that every modality is resized to; null keeps its own"),
                Option("after", (2, 3, 4), "stages, 1 to 4, that a transfer module follows; none is late fusion"),
                *GATES,
            ),
            variants=VARIANTS,
        ),
    ]
