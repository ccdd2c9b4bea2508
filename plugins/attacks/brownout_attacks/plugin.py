"""What this plugin registers; importing it imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from brownout_attacks.levels import L1, L2, LINF, WORDS
from brownout_attacks.papers import ANDRIUSHCHENKO, CARLINI, CROCE, GOODFELLOW, LI, MADRY
from brownout_registry import AttackCard, Option, Paper, hookimpl

TENSORS = ("image", "spectrogram", "depth", "vector", "audio", "sequence")
Variants = Mapping[str, Mapping[str, Any]]

LABEL = Option(
    "label", "target", "whose loss is raised: the target's, or the predicted label's", ("target", "predicted")
)
RANDOM_START = Option("random_start", True, "start at noise in the ball, or at the clean input", (True, False))
RESTARTS = Option("restarts", 1, "random starts; what withstands one meets the next")
LOSS = Option("loss", "cross-entropy", "what is raised", ("cross-entropy", "dlr", "margin"))
PGD = (
    Option("steps", 20, "how many"),
    Option("step_size", None, "of each; null: 2.5 / steps budgets"),
    Option("step_unit", "budget", "of step_size: shares of the budget, or attack units", ("budget", "absolute")),
    RANDOM_START,
    RESTARTS,
    LOSS,
)
CLEVERHANS: Variants = {"cleverhans": {"label": "predicted"}}
PGD_PRESETS: Variants = {
    "madry-2018": {"steps": 20, "step_size": 0.25},
    "jacobian-2022": {"steps": 20, "step_size": 0.001, "step_unit": "absolute"},
}
APGD = (Option("steps", 100, "how many"), RANDOM_START, RESTARTS, LOSS)
CW = (
    Option("steps", 100, "of Adam, for each weight c"),
    Option("search_steps", 9, "how many c are tried"),
    Option("initial_c", 1.0, "the first c; distances are measured in budgets"),
    Option("step_size", 0.01, "of Adam"),
    Option("confidence", 0.0, "kappa: by how much another logit must be ahead"),
)


AUTO_APGD: Variants = {"autoattack-2020": {"steps": 100, "restarts": 5}}
AUTO_SQUARE: Variants = {"autoattack-2020": {"queries": 5000, "p": 0.8, "rescaled": False}}
CW_PRESETS: Variants = {"carlini-2017": {"steps": 10_000, "search_steps": 20}}
QUERIES = Option("queries", 1000, "how often a sample's logits may be asked for")
RESCALED = Option("rescaled", True, "stretch the paper's schedule of 10,000 queries to their number", (True, False))


@hookimpl
def brownout_attacks() -> list[AttackCard]:
    """Gradient attacks and random search in L-infinity and L2 balls, one step in L1, and one attack on words."""
    step, descent = "One step along the gradient", "Projected gradient descent"
    auto, blocks = "Gradient steps with momentum that size themselves", "Random search over blocks, without gradients"
    module = "brownout_attacks"
    return [
        _linf("fgsm", f"{module}.fgsm:fgsm", step, GOODFELLOW, (LABEL,), CLEVERHANS),
        _l2("fgsm-l2", f"{module}.fgsm:fgsm_l2", step, GOODFELLOW, (LABEL,), CLEVERHANS),
        replace(
            _linf("fgsm-l1", f"{module}.fgsm:fgsm_l1", step, GOODFELLOW, (LABEL,), CLEVERHANS),
            summary=f"{step}, all of it in one entry; L1",
            norm="L1",
            levels=L1,
        ),
        _linf("pgd", f"{module}.pgd:pgd", descent, MADRY, PGD, PGD_PRESETS),
        _l2("pgd-l2", f"{module}.pgd:pgd_l2", descent, MADRY, PGD),
        _linf("apgd", f"{module}.apgd:apgd", auto, CROCE, APGD, AUTO_APGD),
        _l2("apgd-l2", f"{module}.apgd:apgd_l2", auto, CROCE, APGD, AUTO_APGD),
        replace(
            _linf("square", f"{module}.square:square", blocks, ANDRIUSHCHENKO, _square(0.8), AUTO_SQUARE),
            access="black-box",
        ),
        replace(
            _l2("square-l2", f"{module}.square:square_l2", blocks, ANDRIUSHCHENKO, _square(0.1), AUTO_SQUARE),
            access="black-box",
        ),
        _l2(
            "cw-l2", f"{module}.cw:cw_l2", "The smallest change that fools, cut to the budget", CARLINI, CW, CW_PRESETS
        ),
        _greedy_masking(),
    ]


def _linf(
    name: str, target: str, summary: str, paper: Paper, options: tuple[Option, ...], variants: Variants | None = None
) -> AttackCard:
    return AttackCard(
        name=name,
        target=target,
        summary=f"{summary}; L-infinity",
        paper=paper,
        takes=TENSORS,
        norm="L-inf",
        levels=LINF,
        options=options,
        variants=variants or {},
    )


def _l2(
    name: str, target: str, summary: str, paper: Paper, options: tuple[Option, ...], variants: Variants | None = None
) -> AttackCard:
    card = _linf(name, target, summary, paper, options, variants)
    return replace(card, summary=f"{summary}; L2", norm="L2", levels=L2)


def _square(p: float) -> tuple[Option, ...]:
    return QUERIES, Option("p", p, "share of the input that the first block covers"), RESCALED


def _greedy_masking() -> AttackCard:
    return AttackCard(
        name="greedy-masking",
        target="brownout_attacks.masking:greedy_masking",
        summary="Masks the word whose masking hurts most, one after the other; without gradients",
        paper=LI,
        takes=("text",),
        norm="words",
        access="black-box",
        levels=WORDS,
        features=False,
        options=(
            Option("mask", "_", "what takes a word's place: _, [MASK], or nothing"),
            Option("batch_size", 256, "texts of one query"),
        ),
    )
