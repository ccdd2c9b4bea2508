"""The plugin of the components that violate the kit's checks, one each, and of those that hold them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from brownout_registry import FusionCard, Option, Paper, TrainingCard, hookimpl

PAPER = Paper("On Nothing", 2020, "https://example.org/nothing", "@article{nothing, title={On Nothing}, year={2020}}")


def fusion(name: str, target: str = "", **more: Any) -> FusionCard:
    """A card at representation level unless told otherwise."""
    facts = {"level": "representation", "trained": True, "summary": "Made for one test", **more}
    return FusionCard(name=name, target=f"violating_fusions:{target or name.title().replace('-', '')}", **facts)


HEALTHY = fusion("healthy", paper=PAPER)
BAD_CARDS = {
    "bad-summary": replace(HEALTHY, summary="two\nlines"),
    "bad-licence": replace(HEALTHY, licence=""),
    "bad-url": replace(HEALTHY, paper=replace(PAPER, url="")),
    "bad-bibtex": replace(HEALTHY, paper=replace(PAPER, bibtex="Nobody (2020): On Nothing")),
    "bad-year": replace(HEALTHY, paper=replace(PAPER, year=0)),
    "bad-level": replace(HEALTHY, level="somewhere"),  # type: ignore[arg-type]
    "bad-missing": replace(HEALTHY, missing="perhaps"),  # type: ignore[arg-type]
    "bad-takes": replace(HEALTHY, takes=("vector", "smell")),
    "bad-help": replace(HEALTHY, target="violating_fusions:Optional", options=(Option("width", 3, " "),)),
    "bad-default": replace(HEALTHY, target="violating_fusions:Optional", options=(Option("width", [3], "of what"),)),
    "bad-choice": replace(
        HEALTHY, target="violating_fusions:Optional", options=(Option("width", 3, "of what", (1, 2)),)
    ),
    "bad-option": replace(HEALTHY, options=(Option("width", 3, "of what"),)),
    "bad-variant": replace(HEALTHY, variants={"released": {"width": 3}}),
    "Bad_Name": HEALTHY,
}


@hookimpl
def brownout_fusions() -> Sequence[FusionCard]:
    """Healthy ones of every level, and the violators."""
    return [
        HEALTHY,
        fusion("healthy-decision", level="decision", trained=False),
        fusion("healthy-function", "healthy_function", level="decision", trained=False),
        fusion("healthy-input", level="input"),
        fusion("two-only"),
        *(replace(card, name=name) for name, card in BAD_CARDS.items()),
        fusion("few-colours"),
        fusion("refuses-all"),
        fusion("nothing-is-nan"),
        fusion("nan-loss"),
        fusion("overflows"),
        fusion("strange-weights"),
        fusion("strange-unimodal"),
        fusion("strange-embedding"),
        fusion("multiplies"),
        fusion("trains-on-absent"),
        fusion("sums-all", level="decision", trained=False),
        fusion("reads-inputs", level="input"),
        fusion("centres"),
        fusion("edits-sources"),
        fusion("own-dice"),
        fusion("idle-layer"),
        fusion("never-fitted", level="decision", trained=False),
        fusion("forgets"),
        fusion("float32-only"),
        fusion("stays-behind"),
        fusion("wrong-target"),
        fusion("hunts-test-data"),
        fusion("counts-test-data"),
    ]


@hookimpl
def brownout_trainings() -> Sequence[TrainingCard]:
    """A healthy one, and the violators."""
    names = ("Healthy", "TwoPhases", "GivesTensor", "EditsBatch", "OwnDice", "Idle", "Thaws", "LossTwice", "LongPhases")
    cards = [
        TrainingCard(name=f"recipe-{name.lower()}", target=f"violating_recipes:{name}", summary="Made for one test")
        for name in (*names, "NoText")
    ]
    return [*cards, replace(cards[0], name="recipe-unlicensed", licence="")]
