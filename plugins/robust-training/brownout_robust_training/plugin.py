"""What this plugin registers; importing it imports no torch."""

from __future__ import annotations

from brownout_registry import Option, TrainingCard, hookimpl
from brownout_robust_training.papers import MADRY, NEVEROVA, SHAFAHI, ZHANG, ZHENG

CLIP = Option("clip", None, "largest norm of the gradient; null does not clip")
COMMON = (
    Option(
        "drop",
        "none",
        "modality dropout: none, each modality of each sample (bernoulli), or uniform over the non-empty patterns",
        ("none", "bernoulli", "uniform"),
    ),
    Option("drop_rate", 0.5, "probability of drop: bernoulli"),
    CLIP,
)
MODALITIES = Option("modalities", "all", "which inputs are changed: all that are not text, a name, or a list")
RANGE = Option("range", None, "[smallest, largest] valid value of the inputs; null clips nothing")
UNIT_RANGE = (0.0, 1.0)

MODALITY_DROPOUT = TrainingCard(
    name="modality-dropout",
    target="brownout_robust_training.modality_dropout:modality_dropout",
    summary="Samples are trained with modalities missing: drawn patterns, or every sample under every pattern",
    paper=NEVEROVA,
    options=(
        Option(
            "patterns",
            "bernoulli",
            "each modality with probability rate; uniform over the 2^V - 1 patterns; or a copy for each pattern",
            ("bernoulli", "uniform", "all-copies"),
        ),
        Option("rate", 0.5, "probability of patterns: bernoulli"),
        CLIP,
    ),
    variants={"dmrnet": {"patterns": "uniform"}, "raml": {"patterns": "all-copies"}},
)

ADVERSARIAL = TrainingCard(
    name="adversarial",
    target="brownout_robust_training.adversarial:adversarial",
    summary="Trained on inputs that projected gradient descent (or the fast gradient method) made worse",
    paper=MADRY,
    options=(
        Option("epsilon", 0.03, "largest norm of a sample's perturbation, in the input's unit"),
        Option("step_size", None, "norm of a step; null: min(1, 2.5 / steps) * epsilon"),
        Option("steps", 7, "how many; 1 without random_start is the fast gradient method"),
        Option("random_start", True, "whether the first perturbation is uniform in +-epsilon", (True, False)),
        Option("norm", "linf", "linf or l2", ("linf", "l2")),
        MODALITIES,
        RANGE,
        Option("clean", 0.0, "share of the samples of a batch that stay unchanged"),
        *COMMON,
    ),
    variants={
        "fgsm": {"steps": 1, "random_start": False},
        "jacobian-paper": {"epsilon": 0.03, "step_size": 0.001, "steps": 20},
        "madry-mnist": {"epsilon": 0.3, "step_size": 0.01, "steps": 40, "range": UNIT_RANGE},
        "madry-cifar10": {"epsilon": 8 / 255, "step_size": 2 / 255, "steps": 7, "range": UNIT_RANGE},
    },
)

FREE = TrainingCard(
    name="free",
    target="brownout_robust_training.free:free",
    summary="Adversarial training that replays each batch m times; divide training.epochs by m",
    paper=SHAFAHI,
    options=(
        Option("m", 4, "replays of each batch, each an optimiser step"),
        Option("epsilon", 0.03, "largest entry of the perturbation, in the input's unit"),
        Option("step_size", None, "of the perturbation; null: epsilon"),
        MODALITIES,
        RANGE,
        *COMMON,
    ),
    variants={
        "imagenet": {"m": 4, "epsilon": 4 / 255, "range": UNIT_RANGE},
        "cifar": {"m": 8, "epsilon": 8 / 255, "range": UNIT_RANGE},
    },
)

STABILITY = TrainingCard(
    name="stability",
    target="brownout_robust_training.stability:stability",
    summary="A second term keeps the prediction of noisy inputs close to that of clean ones",
    paper=ZHENG,
    options=(
        Option(
            "form",
            "zheng",
            "-sum P(x) ln P(x'); KL(P(x)||P(x')); KL(P(x')||P(x)); or -sum P(x') ln P(x)",
            ("zheng", "kl", "reverse-kl", "swapped"),
        ),
        Option("alpha", 0.01, "weight of the second term"),
        Option("sigma", 0.04, "standard deviation of the noise"),
        Option(
            "unit",
            "absolute",
            "of sigma: the input's, or each feature's standard deviation over the batch",
            ("absolute", "batch-std"),
        ),
        Option("detach", False, "no gradient through the distribution that weights the term", (True, False)),
        MODALITIES,
        *COMMON,
    ),
    variants={"jacobian-paper": {"form": "kl"}, "reimplementation": {"form": "swapped"}},
)

MIXUP = TrainingCard(
    name="mixup",
    target="brownout_robust_training.mixup:mixup",
    summary="Trained on weighted means of two samples and of their losses; no text",
    paper=ZHANG,
    options=(
        Option("alpha", 1.0, "of the Beta distribution of the weight; smaller mixes less"),
        Option(
            "targets",
            "auto",
            "both: the weighted loss of both targets; draw: one target drawn for each sample, one call of the loss; "
            "auto: draw for fusions with a loss of their own",
            ("auto", "both", "draw"),
        ),
        *COMMON,
    ),
)


@hookimpl
def brownout_trainings() -> list[TrainingCard]:
    """Modality dropout, and four robust recipes that go with or without it."""
    return [MODALITY_DROPOUT, ADVERSARIAL, FREE, STABILITY, MIXUP]
