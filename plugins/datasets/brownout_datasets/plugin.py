"""The cards of this plugin."""

from __future__ import annotations

from collections.abc import Sequence

from brownout_datasets.folder_cards import HANDWRITTEN6, NYUV2, SISFALL
from brownout_registry import REQUIRED, DatasetCard, Option, Paper, hookimpl

SEED = Option("seed", 0, "seed of the splits that are held out")
TEST = Option("test", 0.2, "share of the samples for the test split")
VALIDATION = Option("validation", 0.1, "share of the samples for the validation split")


@hookimpl
def brownout_datasets() -> Sequence[DatasetCard]:
    """All datasets of this plugin."""
    return [HTAD, EMOJI, TWO_MOONS, DIGITS_VIEWS, AVMNIST_FSDD, HANDWRITTEN6, SISFALL, NYUV2, FILES]


HTAD_PAPER = Paper(
    "HTAD: A Home-Tasks Activities Dataset with Wrist-Accelerometer and Audio Features",
    2021,
    "https://doi.org/10.1007/978-3-030-67835-7_17",
    """@inproceedings{garciaceja2021htad,
  title = {{HTAD}: A Home-Tasks Activities Dataset with Wrist-Accelerometer and Audio Features},
  author = {Garcia-Ceja, Enrique and Thambawita, Vajira and Hicks, Steven A. and Jha, Debesh and Jakobsen, Petter
    and Hammer, Hugo L. and Halvorsen, P{\\aa}l and Riegler, Michael A.},
  booktitle = {MultiMedia Modeling},
  pages = {196--205},
  year = {2021},
  publisher = {Springer},
  doi = {10.1007/978-3-030-67835-7_17}
}""",
)

HTAD = DatasetCard(
    name="htad",
    target="brownout_datasets.htad:htad",
    modalities={"audio": "vector", "accelerometer": "vector"},
    summary="Home activities from audio and accelerometer features: 1386 samples, 7 classes",
    licence="MIT; data free for research and education (HTAD terms)",
    paper=HTAD_PAPER,
    options=(TEST, VALIDATION, SEED),
)

EMOJI = DatasetCard(
    name="emoji",
    target="brownout_datasets.emoji:emoji",
    modalities={"image": "image", "text": "text"},
    summary="Twemoji pictures and their names: 1636 samples, 8 classes",
    licence="MIT; graphics CC BY 4.0 (Twemoji, copyright Twitter, Inc and other contributors)",
    options=(VALIDATION, SEED),
)

TWO_MOONS = DatasetCard(
    name="two-moons",
    target="brownout_datasets.two_moons:two_moons",
    modalities={"x": "vector", "y": "vector"},
    summary="Two interleaved half circles, one coordinate a modality: 2 classes",
    paper=Paper(
        "Training-Free Robust Multimodal Learning via Sample-Wise Jacobian Regularization",
        2022,
        "https://arxiv.org/abs/2204.02485",
        """@article{gao2022trainingfree,
  title = {Training-Free Robust Multimodal Learning via Sample-Wise {Jacobian} Regularization},
  author = {Gao, Zhengqi and Ren, Sucheng and Xue, Zihui and Li, Siting and Zhao, Hang},
  journal = {arXiv preprint arXiv:2204.02485},
  year = {2022}
}""",
    ),
    options=(
        Option("samples", 2000, "how many points"),
        Option("noise", 0.1, "standard deviation of the Gaussian noise on the points"),
        SEED,
        TEST,
        VALIDATION,
    ),
)

DIGITS_VIEWS = DatasetCard(
    name="digits-views",
    target="brownout_datasets.digits_views:digits_views",
    modalities="brownout_datasets.facts:digits_views",
    summary="scikit-learn's 8 x 8 digits in two or more views: 1797 samples, 10 classes",
    licence="MIT; data CC BY 4.0",
    options=(
        Option(
            "views",
            ("pixels", "profiles", "frequency"),
            "list of views: picture (image), pixels, profiles, frequency, top, bottom (vectors)",
        ),
        TEST,
        VALIDATION,
        SEED,
    ),
)

AVMNIST_FSDD = DatasetCard(
    name="avmnist-fsdd",
    target="brownout_datasets.avmnist_fsdd:avmnist_fsdd",
    modalities="brownout_datasets.facts:avmnist_fsdd",
    summary="Written and spoken digits (MNIST and FSDD) from a folder: 12000 pairs, 10 classes",
    licence="MIT; data CC BY-SA 4.0",
    paper=Paper(
        "CentralNet: a Multilayer Approach for Multimodal Fusion",
        2018,
        "https://arxiv.org/abs/1808.07275",
        """@inproceedings{vielzeuf2018centralnet,
  title = {{CentralNet}: a Multilayer Approach for Multimodal Fusion},
  author = {Vielzeuf, Valentin and Lechervy, Alexis and Pateux, St{\\'e}phane and Jurie, Fr{\\'e}d{\\'e}ric},
  booktitle = {European Conference on Computer Vision Workshops},
  year = {2018}
}""",
    ),
    options=(
        Option("root", None, "folder of avmnist_fsdd.npz; default $BROWNOUT_DATA/avmnist_fsdd"),
        Option("audio", "logmel112", "how the spoken digit is given", ("logmel112", "logmel64", "waveform")),
        VALIDATION,
        SEED,
    ),
)

FILES = DatasetCard(
    name="files",
    target="brownout_datasets.files.factory:from_files",
    modalities="brownout_datasets.facts:files",
    summary="Data of one's own: npz, csv, parquet, a folder of pictures, or a Hugging Face hub set",
    options=(
        Option("path", REQUIRED, "file, folder of pictures or hub id; or a mapping of split to file"),
        Option(
            "modalities",
            REQUIRED,
            "mapping of name to column or columns, kind, and where needed range, scale, size, sample_rate, "
            "channels, lengths, index, file, present",
        ),
        Option("target", "label", "column of the labels: class indices, or names"),
        Option("split", None, "column that says each sample's split"),
        Option(
            "splits", None, "mapping of the data's names of splits to train, validation, test, or null to leave out"
        ),
        Option("id", None, "column of unique integers; default: the row number"),
        Option("classes", None, "list of class names, in label order"),
        Option("ignore_label", -100, "label of dense targets that does not count"),
        Option("config", None, "configuration of a hub set"),
        TEST,
        VALIDATION,
        SEED,
        Option("licence", "unknown", "of the data"),
        Option("citation", "", "of the data: BibTeX or one line"),
    ),
)
