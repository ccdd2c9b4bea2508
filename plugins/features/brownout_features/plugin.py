"""What this plugin registers; importing it imports no torch."""

from __future__ import annotations

from collections.abc import Sequence

from brownout_features import cards
from brownout_features.kinds import TENSORS
from brownout_features.papers import IMAGENET_C, JACOBIAN
from brownout_registry import EncoderCard, Option, PerturbationCard, hookimpl


@hookimpl
def brownout_encoders() -> Sequence[EncoderCard]:
    """The multilayer perceptron and the convolutional encoder."""
    return [
        EncoderCard(
            name="mlp",
            target="brownout_features.mlp:mlp",
            summary="Standardise, flatten, hidden layers; the representation is the last one",
            takes=("vector", "sequence", "image", "spectrogram", "depth"),
            options=(
                Option("hidden", (64,), "sizes of the hidden layers; empty: the standardised input itself"),
                Option("dropout", 0.0, "share of hidden units dropped while training, below 1"),
                Option("normalise", True, "standardise with the statistics of the training split"),
                Option("activation", "relu", "after each hidden layer", ("relu", "gelu", "tanh")),
            ),
        ),
        EncoderCard(
            name="cnn1d",
            target="brownout_features.cnn1d:cnn1d",
            summary="Standardise, convolutions over time, mean over the real steps",
            takes=("sequence", "audio"),
            options=(
                Option("channels", (32, 64), "of each convolution"),
                Option("kernel", 5, "steps that a convolution sees"),
                Option("stride", 2, "steps from one of its places to the next"),
                Option("normalise", True, "standardise with the statistics of the training split"),
                Option("pool", "mean", "mean over time (a vector), or none (a sequence)", ("mean", "none")),
            ),
        ),
    ]


@hookimpl
def brownout_perturbations() -> Sequence[PerturbationCard]:
    """Corruptions that any tensor can suffer, and those of time series and tables."""
    common = [_gaussian_noise(), _salt_and_pepper(), _missing_entries()]
    return [*common, *cards.losses(), *cards.amplitudes(), *cards.orders()]


def _gaussian_noise() -> PerturbationCard:
    image = (0.08, 0.12, 0.18, 0.26, 0.38)
    return PerturbationCard(
        name="gaussian-noise",
        target="brownout_features.gaussian:gaussian_noise",
        summary="Gaussian noise, additive (ImageNet-C) or multiplicative (Jacobian paper, App. B.1)",
        paper=IMAGENET_C,
        takes=TENSORS,
        default_for=TENSORS,
        parameter="noise level",
        levels={
            "image": image,
            "spectrogram": image,
            "depth": image,
            "audio": (0.01, 0.0316, 0.1, 0.316, 1.0),
            "*": (0.1, 0.2, 0.4, 0.8, 1.6),
        },
        features=True,
        options=(
            Option(
                "mode",
                "additive",
                "additive: x + s e; multiplicative: x (1 + e); the paper's levels there are 1, 1.5, 2, 2.5, 4",
                ("additive", "multiplicative"),
            ),
            Option(
                "reading",
                "auto",
                "what a level is; auto: std if additive, variance if multiplicative (N(0, w0) as printed)",
                ("auto", "std", "variance"),
            ),
            Option(
                "unit",
                "auto",
                "of an additive level: share of the declared range, of each entry's std over the training split, of "
                "the sample's root mean square (1 is 0 dB), or absolute; auto: range for image-like kinds that "
                "declare one, std for vectors and sequences, else rms",
                ("auto", "range", "std", "rms", "absolute"),
            ),
            Option("clip", "auto", "to the declared range; auto: if additive", ("auto", True, False)),
        ),
    )


def _salt_and_pepper() -> PerturbationCard:
    return PerturbationCard(
        name="salt-and-pepper",
        target="brownout_features.salt:salt_and_pepper",
        summary="A share of the entries becomes the largest or smallest value, half each (ImageNet-C impulse noise)",
        paper=IMAGENET_C,
        takes=TENSORS,
        default_for=("image", "depth", "vector"),
        parameter="share of entries",
        levels={"*": (0.03, 0.06, 0.09, 0.17, 0.27)},
        features=True,
    )


def _missing_entries() -> PerturbationCard:
    return PerturbationCard(
        name="missing-entries",
        target="brownout_features.missing:missing_entries",
        summary="Consecutive time steps, columns or rows, or scattered entries (random drop), become 0",
        paper=JACOBIAN,
        takes=TENSORS,
        default_for=("spectrogram", "audio", "sequence", "vector"),
        parameter="share of the axis, or columns",
        levels={"*": (0.1, 0.2, 0.3, 0.4, 0.5)},
        features=True,
        options=(
            Option(
                "axis",
                "auto",
                "time: consecutive columns, steps, samples, or entries of a vector; frequency: consecutive rows; "
                "entries: each on its own; auto: entries for a vector, else time",
                ("auto", "time", "frequency", "entries"),
            ),
            Option("unit", "share", "of a level: share of the axis, or number of columns", ("share", "columns")),
            cards.FILL,
        ),
        variants={"random-drop": {"axis": "entries"}},
    )
