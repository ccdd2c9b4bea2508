"""Registers HeMIS and ShaSpec."""

from __future__ import annotations

from brownout_registry import FusionCard, Option, Paper, hookimpl

HEMIS = Paper(
    title="HeMIS: Hetero-Modal Image Segmentation",
    year=2016,
    url="https://arxiv.org/abs/1607.05194",
    bibtex="""@inproceedings{havaei2016hemis,
  title = {{HeMIS}: Hetero-Modal Image Segmentation},
  author = {Havaei, Mohammad and Guizard, Nicolas and Chapados, Nicolas and Bengio, Yoshua},
  booktitle = {Medical Image Computing and Computer-Assisted Intervention},
  pages = {469--477},
  year = {2016}
}""",
)
SHASPEC = Paper(
    title="Multi-Modal Learning With Missing Modality via Shared-Specific Feature Modelling",
    year=2023,
    url="https://arxiv.org/abs/2307.14126",
    bibtex="""@inproceedings{wang2023multimodal,
  title = {Multi-Modal Learning With Missing Modality via Shared-Specific Feature Modelling},
  author = {Wang, Hu and Chen, Yuanhong and Ma, Congbo and Avery, Jodie and Hull, Louise and Carneiro, Gustavo},
  booktitle = {Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  year = {2023}
}""",
)


@hookimpl
def brownout_fusions() -> list[FusionCard]:
    """Two fusions made for any subset of the modalities."""
    return [
        FusionCard(
            name="hemis",
            target="brownout_imputing.hemis:Hemis",
            summary="A perceptron on mean and variance over the representations that are present",
            level="representation",
            trained=True,
            missing="skip",
            paper=HEMIS,
            options=(
                Option("width", 64, "common width to which each modality is brought"),
                Option("hidden", (128,), "widths of the hidden layers; an empty list makes it linear"),
                Option(
                    "variance",
                    "available",
                    "sum it over what is present, or over all modalities with zeros for absent ones",
                    choices=("available", "all-slots"),
                ),
            ),
            variants={"surf-mv": {"variance": "all-slots"}},
        ),
        FusionCard(
            name="shaspec",
            target="brownout_imputing.shaspec:ShaSpec",
            summary="Shared and specific features; the shared ones of what is present stand in for what is absent",
            level="representation",
            trained=True,
            missing="skip",
            paper=SHASPEC,
            options=(
                Option("width", 64, "width of shared and specific features"),
                Option(
                    "missing",
                    "mean",
                    "what stands in for an absent modality: mean of the present shared features, or the first",
                    choices=("mean", "first-available"),
                ),
                Option("alpha", 0.1, "weight of the distance between shared features"),
                Option("beta", 0.02, "weight of telling the modality from its specific feature"),
                Option(
                    "auxiliary",
                    "all",
                    "whether both count absent modalities too, as zero inputs",
                    choices=("all", "present"),
                ),
            ),
            variants={"released": {"missing": "first-available"}},
        ),
    ]
