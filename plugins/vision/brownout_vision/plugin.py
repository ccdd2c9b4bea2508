"""What this plugin registers; importing it imports no torch."""

from __future__ import annotations

from brownout_registry import REQUIRED, EncoderCard, Option, Paper, PerturbationCard, hookimpl
from brownout_vision.corruptions.cards import corruption_cards

IMAGES = ("image", "spectrogram", "depth")
LECUN = Paper(
    title="Gradient-Based Learning Applied to Document Recognition",
    year=1998,
    url="https://doi.org/10.1109/5.726791",
    bibtex="""@article{lecun1998gradient,
  title = {Gradient-Based Learning Applied to Document Recognition},
  author = {LeCun, Yann and Bottou, L{\\'e}on and Bengio, Yoshua and Haffner, Patrick},
  journal = {Proceedings of the IEEE},
  volume = {86},
  number = {11},
  pages = {2278--2324},
  year = {1998}
}""",
)
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
WIGHTMAN = Paper(
    title="PyTorch Image Models",
    year=2019,
    url="https://doi.org/10.5281/zenodo.4414861",
    bibtex="""@misc{wightman2019timm,
  title = {{PyTorch} Image Models},
  author = {Wightman, Ross},
  doi = {10.5281/zenodo.4414861},
  year = {2019}
}""",
)


@hookimpl
def brownout_encoders() -> list[EncoderCard]:
    """LeNet-5, the six-layer CNN, and timm."""
    return [
        EncoderCard(
            name="lenet5",
            target="brownout_vision.lenet5:LeNet5",
            summary="LeNet-5 up to its layer F6: images from 16×16 to 84 features",
            paper=LECUN,
            takes=IMAGES,
        ),
        EncoderCard(
            name="cnn6",
            target="brownout_vision.cnn6:CNN6",
            summary="Six convolutions with batch normalisation, as for the spectrograms of AV-MNIST",
            paper=JACOBIAN,
            takes=IMAGES,
            options=(
                Option("width", 8, "maps of the first layer; the vector has 16 times as many features"),
                Option("dropout", 0.0, "probability of dropping a feature while training, below 1"),
            ),
        ),
        EncoderCard(
            name="timm",
            target="brownout_vision.timm_encoder:TimmEncoder",
            summary="Any model of timm without its classifier: pooled features or the last map",
            paper=WIGHTMAN,
            takes=IMAGES,
            options=(
                Option("model", REQUIRED, "name in timm, with or without the tag of its weights"),
                Option("pretrained", False, "take weights from the model hub", (False, True)),
                Option(
                    "weights", None, "local file of weights: .safetensors, or .pth or .pt with tensors only", path=True
                ),
                Option("output", "features", "pooled features, or the last map before pooling", ("features", "map")),
                Option(
                    "size", None, "height and width the model sees, one number or two; None: its own or the image's"
                ),
            ),
        ),
    ]


@hookimpl
def brownout_perturbations() -> list[PerturbationCard]:
    """The corruptions of ImageNet-C and CIFAR-C, and occlusion."""
    return corruption_cards()
