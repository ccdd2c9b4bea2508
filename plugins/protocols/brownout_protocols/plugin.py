"""Registers the named protocols; importing this reads none of them."""

from __future__ import annotations

from brownout_protocols import papers
from brownout_registry import Paper, ProtocolCard, hookimpl


@hookimpl
def brownout_protocols() -> list[ProtocolCard]:
    """Missing modalities, standard corruptions, attacks, and the papers' own."""
    return [
        _card("missing-all", "Every missing pattern"),
        _card("missing-rates", "Each modality missing at random, at rates 0.1 to 0.9"),
        _card(
            "imagenet-c",
            "The 15 corruptions of ImageNet-C on each image modality, severities 1 to 5",
            papers.IMAGENET_C,
        ),
        _card(
            "cifar-c", "The 15 corruptions of CIFAR-10-C on each image modality, severities 1 to 5", papers.IMAGENET_C
        ),
        _card("text-noise", "Typos, misreadings, edited, moved and masked words in each text", papers.MM_ROBUSTNESS),
        _card("audio-noise", "Noise, room, line and gaps in each waveform or spectrogram", papers.AVROBUSTBENCH),
        _card("missing-and-corruption", "Missing patterns and rates, and noise under every missing pattern"),
        _card("adversarial", "FGSM, PGD, APGD and Square on each modality and on all of them jointly"),
        _card(
            "jacobian-2022", "Noise, missing frames, bias and attacks of tables 1, 4 and 5 (AV-MNIST)", papers.JACOBIAN
        ),
        _card("qmf-2023", "Half of the modalities corrupted, as in tables 1 and 6", papers.QMF),
        _card("dmrnet-2024", "Every missing pattern, as in tables 1 to 3", papers.DMRNET),
        _card(
            "raml-2023", "Missing patterns, noise on images, masked words, and both, as in tables I to III", papers.RAML
        ),
    ]


def _card(name: str, summary: str, paper: Paper | None = None) -> ProtocolCard:
    target = f"brownout_protocols.named:{name.replace('-', '_')}"
    return ProtocolCard(name=name, target=target, summary=summary, paper=paper, version="1")
