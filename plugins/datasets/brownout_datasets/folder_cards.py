"""The cards of datasets that are read from a folder of the user's."""

from __future__ import annotations

from brownout_registry import DatasetCard, Option, Paper

SEED = Option("seed", 0, "seed of the validation split")

HAN = Paper(
    "Trusted Multi-View Classification",
    2021,
    "https://arxiv.org/abs/2102.02051",
    """@inproceedings{han2021trusted,
  title = {Trusted Multi-View Classification},
  author = {Han, Zongbo and Zhang, Changqing and Fu, Huazhu and Zhou, Joey Tianyi},
  booktitle = {International Conference on Learning Representations},
  year = {2021}
}""",
)

SUCERQUIA = Paper(
    "SisFall: A Fall and Movement Dataset",
    2017,
    "https://doi.org/10.3390/s17010198",
    """@article{sucerquia2017sisfall,
  title = {{SisFall}: A Fall and Movement Dataset},
  author = {Sucerquia, Angela and L{\\'o}pez, Jos{\\'e} David and Vargas-Bonilla, Jes{\\'u}s Francisco},
  journal = {Sensors},
  volume = {17},
  number = {1},
  pages = {198},
  year = {2017},
  doi = {10.3390/s17010198}
}""",
)

SILBERMAN = Paper(
    "Indoor Segmentation and Support Inference from RGBD Images",
    2012,
    "https://doi.org/10.1007/978-3-642-33715-4_54",
    """@inproceedings{silberman2012indoor,
  title = {Indoor Segmentation and Support Inference from {RGBD} Images},
  author = {Silberman, Nathan and Hoiem, Derek and Kohli, Pushmeet and Fergus, Rob},
  booktitle = {European Conference on Computer Vision},
  year = {2012},
  doi = {10.1007/978-3-642-33715-4_54}
}""",
)

HANDWRITTEN6 = DatasetCard(
    name="handwritten6",
    target="brownout_datasets.handwritten6:handwritten6",
    modalities="brownout_datasets.facts:handwritten6",
    summary="Numerals in six vector views (UCI Multiple Features), as in the TMC paper: 2000 samples, 10 classes",
    licence="MIT; data: UCI Machine Learning Repository, licence of the copy not stated",
    paper=HAN,
    options=(
        Option("root", None, "folder of handwritten6.npz; default $BROWNOUT_DATA/handwritten6"),
        Option("views", ("pix", "fou", "fac", "zer", "kar", "mor"), "list of views to keep: names, or places from 0"),
        Option("validation", 0.1, "share of the training samples for the validation split"),
        SEED,
    ),
)

SISFALL = DatasetCard(
    name="sisfall",
    target="brownout_datasets.sisfall:sisfall",
    modalities="brownout_datasets.facts:sisfall",
    summary="Movements and falls seen by three sensors (SisFall), split by subject: 3900 windows, 34 classes",
    licence="MIT; data: not stated by the authors",
    paper=SUCERQUIA,
    options=(
        Option("root", None, "folder of sisfall.npz; default $BROWNOUT_DATA/sisfall"),
        Option("sensors", ("accel1", "gyro", "accel2"), "list of sensors to keep: names, or places from 0"),
        Option("validation", 0.1, "share of the training subjects for the validation split"),
        SEED,
    ),
)

NYUV2 = DatasetCard(
    name="nyuv2",
    target="brownout_datasets.nyuv2:nyuv2",
    modalities={"rgb": "image", "depth": "depth"},
    summary="Indoor RGB and depth (NYU Depth V2): 9 kinds of scene, as in QMF's tables 1 and 2, or segmentation",
    licence="MIT; data: terms of NYU Depth V2",
    paper=SILBERMAN,
    options=(
        Option("root", None, "folder of nyuv2.npz; default $BROWNOUT_DATA/nyuv2"),
        Option("task", "scene", "the kind of room, or the class of each pixel", ("scene", "segmentation")),
        Option(
            "other_prop",
            "ignore",
            "in segmentation, the last of the 40 classes, which the file mixes with unlabelled pixels",
            ("ignore", "class"),
        ),
        Option("validation", 0.2, "share of the training samples for the validation split"),
        SEED,
    ),
)
