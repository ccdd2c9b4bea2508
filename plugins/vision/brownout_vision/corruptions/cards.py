"""The cards of the corruptions; importing this imports no torch."""

from __future__ import annotations

from brownout_registry import Option, Paper, PerturbationCard
from brownout_vision.corruptions.constants import SEVERITIES

IMAGES = ("image", "spectrogram", "depth")
IMAGENET_C = Paper(
    title="Benchmarking Neural Network Robustness to Common Corruptions and Perturbations",
    year=2019,
    url="https://arxiv.org/abs/1903.12261",
    bibtex="""@inproceedings{hendrycks2019robustness,
  title = {Benchmarking Neural Network Robustness to Common Corruptions and Perturbations},
  author = {Hendrycks, Dan and Dietterich, Thomas},
  booktitle = {International Conference on Learning Representations},
  year = {2019}
}""",
)
CUTOUT = Paper(
    title="Improved Regularization of Convolutional Neural Networks with Cutout",
    year=2017,
    url="https://arxiv.org/abs/1708.04552",
    bibtex="""@misc{devries2017improved,
  title = {Improved Regularization of Convolutional Neural Networks with Cutout},
  author = {DeVries, Terrance and Taylor, Graham W.},
  year = {2017},
  eprint = {1708.04552},
  archivePrefix = {arXiv}
}""",
)
PROFILES = ("auto", "imagenet", "cifar")
PROFILE = Option(
    "profile", "auto", "whose constants: ImageNet-C, CIFAR-C; auto: cifar where the shorter side is below 48", PROFILES
)
WITH_GIVEN = Option(
    "profile",
    "auto",
    "whose constants: ImageNet-C, CIFAR-C; auto: cifar where the shorter side is below 48; given: a level is the "
    "parameter itself, and levels must be given",
    (*PROFILES, "given"),
)
QUANTISE = Option("quantise", "auto", "truncate to 256 levels, as the sets do; auto: of images", ("auto", True, False))
PICTURES = Option(
    "pictures",
    "synthetic",
    "synthetic: stand-ins of the same spectrum and colours as the originals; package: of the installed "
    "imagecorruptions; a folder",
    path=True,
)


def corruption_cards() -> list[PerturbationCard]:
    """ImageNet-C without Gaussian noise, which `gaussian-noise` of brownout-features is; and occlusion."""
    number = (WITH_GIVEN, QUANTISE)
    several = (PROFILE, QUANTISE)
    image = ("image",)
    return [
        _card("shot-noise", "noise", "Poisson noise: Poisson(c x) / c", number),
        _card("impulse-noise", "noise", "A share of the values becomes 1 or 0, half each", number),
        _card("speckle-noise", "noise", "Gaussian noise times the image: x + x s e", number),
        _card("gaussian-blur", "blur", "Gaussian blur, sigma in pixels", number),
        _card("defocus-blur", "defocus", "Correlation with a softened disk", several),
        _card("zoom-blur", "blur", "Mean over enlargements of the centre", several),
        _card("glass-blur", "glass", "Pixels take a near one's place, between two Gaussian blurs", several),
        _card("motion-blur", "motion", "One-sided Gaussian along a random direction of -45 to 45 degrees", several),
        _card("snow", "snow", "Whitened image and motion-blurred flakes", several, image),
        _card(
            "frost",
            "frost",
            "Crop of a picture of frost added, by default of a stand-in that has no crystals",
            (*several, PICTURES),
            image,
        ),
        _card("fog", "fog", "Plasma fractal added, brightest value kept", several, image),
        _card("spatter", "spatter", "Drops of water (severity 1 to 3) or mud (4, 5)", several, image),
        _card("brightness", "colour", "HSV value raised", number),
        _card("contrast", "colour", "Contrast to the channel's mean lowered", number),
        _card("saturate", "colour", "HSV saturation lowered (severity 1, 2) or raised (3 to 5)", several, image),
        _card("elastic-transform", "elastic", "Pixels displaced by smooth random fields", several),
        _card("pixelate", "digital", "Shrunk by averaging and enlarged by repeating", number),
        _card("jpeg-compression", "digital", "JPEG with 8 bits, through libjpeg on the CPU", (WITH_GIVEN,), image),
        PerturbationCard(
            name="occlusion",
            target="brownout_vision.corruptions.occlusion:occlusion",
            summary="A square at a random place is covered",
            paper=CUTOUT,
            takes=IMAGES,
            parameter="share of the area",
            levels={"*": (0.1, 0.2, 0.3, 0.4, 0.5)},
            options=(Option("fill", 0.0, "what covered pixels become, brought into the declared range"),),
        ),
    ]


def _card(
    name: str, module: str, summary: str, options: tuple[Option, ...], takes: tuple[str, ...] = IMAGES
) -> PerturbationCard:
    return PerturbationCard(
        name=name,
        target=f"brownout_vision.corruptions.{module}:{name.replace('-', '_')}",
        summary=f"{summary} (ImageNet-C, CIFAR-C)",
        paper=IMAGENET_C,
        takes=takes,
        parameter="severity in ImageNet-C or CIFAR-C, by profile",
        levels={"*": SEVERITIES},
        options=options,
    )
