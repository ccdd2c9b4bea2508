"""What the tests' plugin registers; importing it imports no torch."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from brownout_registry import (
    AttackCard,
    DatasetCard,
    EncoderCard,
    FusionCard,
    Kind,
    MetricCard,
    Option,
    PerturbationCard,
    PublishedCard,
    TrainingCard,
    hookimpl,
)


def kinds(modalities: Sequence[Kind], **options: Any) -> dict[str, Kind]:
    """Modalities of the synthetic data: each is called by its kind."""
    return {kind: kind for kind in modalities}


FAULTS = ("none", "raises", "nan", "shape", "type", "random", "flips", "sleeps", "dies")


@hookimpl
def brownout_datasets() -> Sequence[DatasetCard]:
    """Synthetic data, computed when it is read."""
    sizes = (
        Option("train", 48, "samples"),
        Option("validation", 24, "samples"),
        Option("test", 40, "samples"),
        Option("seed", 0, "of everything"),
    )
    return [
        DatasetCard(
            name="synthetic",
            target="brownout_testing.data:synthetic",
            modalities="brownout_testing.plugin:kinds",
            summary="Separable classes in modalities of the kinds that are asked for",
            options=(
                *sizes,
                Option("modalities", ("vector", "image"), "kinds; each is also the modality's name"),
                Option("width", 8, "of the modality 'vector'"),
                Option("missing", 0.0, "share of a modality's samples that lack it by nature"),
                Option("absent", "kept", "what absent rows hold", ("kept", "noise", "nan")),
                Option("test_seed", None, "of the test split, if it is another"),
            ),
        ),
        DatasetCard(
            name="scenes",
            target="brownout_testing.dense:scenes",
            modalities={"image": "image", "depth": "depth"},
            summary="Dense prediction: a label for every pixel, some to be ignored",
            options=sizes,
        ),
    ]


@hookimpl
def brownout_encoders() -> Sequence[EncoderCard]:
    """One encoder for all kinds."""
    return [
        EncoderCard(
            name="probe",
            target="brownout_testing.probe:Probe",
            summary="One linear layer; writes down what it sees in evaluation mode",
            options=(
                Option("width", 5, "of the representation"),
                Option("gives", "vector", "kind of representation", ("vector", "map", "sequence")),
                Option("label", None, "what the log calls it, if not by its modality"),
                Option("fault", "none", "what goes wrong in evaluation mode", FAULTS),
                Option("after", 0, "calls in evaluation mode that still go well"),
            ),
        )
    ]


@hookimpl
def brownout_fusions() -> Sequence[FusionCard]:
    """Fusions of every level."""
    return [
        FusionCard(
            name="faulty",
            target="brownout_testing.decisions:Faulty",
            summary="Mean of the logits of what is present, unless something goes wrong",
            level="decision",
            options=(
                Option("fault", "none", "what goes wrong", FAULTS),
                Option("only", "", "only where this modality is absent; empty: everywhere"),
            ),
        ),
        FusionCard(
            name="stacked",
            target="brownout_testing.decisions:Stacked",
            summary="A trained weight for each modality's logits, drawn at random to begin with",
            level="decision",
            trained=True,
        ),
        FusionCard(
            name="tokens",
            target="brownout_testing.representations:Tokens",
            summary="Sum of linear maps, a learned token in place of what is absent",
            level="representation",
            takes=("vector", "sequence"),
            trained=True,
            missing="token",
            options=(Option("loss", "cross-entropy", "", ("cross-entropy", "nan")),),
        ),
        FusionCard(
            name="dense-sum",
            target="brownout_testing.dense:DenseSum",
            summary="Sum of 1 x 1 convolutions over the maps that are present",
            level="representation",
            takes=("map",),
            trained=True,
        ),
        FusionCard(
            name="early",
            target="brownout_testing.early:Early",
            summary="Fuses inputs and owns its encoders",
            level="input",
            trained=True,
        ),
    ]


@hookimpl
def brownout_perturbations() -> Sequence[PerturbationCard]:
    """One for what is not padded, and one for text."""
    return [
        PerturbationCard(
            name="shift",
            target="brownout_testing.shift:shift",
            summary="Adds the level times one keyed draw per sample",
            takes=("image", "depth", "vector"),
            parameter="shift",
            levels={"*": (0.1, 0.2, 0.4)},
            features=True,
        ),
        PerturbationCard(
            name="scribble",
            target="brownout_testing.shift:scribble",
            summary="Edits its input in place, which no perturbation may",
            takes=("image", "depth", "vector"),
            levels={"*": (0.5, 1.0)},
        ),
        PerturbationCard(
            name="lose-words",
            target="brownout_testing.shift:lose_words",
            summary="A share of the words becomes the word w0",
            takes=("text",),
            default_for=("text",),
            parameter="share of words",
            levels={"*": (0.3, 0.6, 1.0)},
        ),
    ]


@hookimpl
def brownout_attacks() -> Sequence[AttackCard]:
    """One for tensors, and one for texts."""
    return [
        AttackCard(
            name="nudge",
            target="brownout_testing.nudge:nudge",
            summary="One step up the sign of the gradient",
            takes=("image", "depth", "spectrogram", "vector", "audio", "sequence"),
            levels={"*": (0.05, 0.2)},
            options=(Option("far", 1.0, "how much of the budget; above 1 leaves the ball"),),
        ),
        AttackCard(
            name="hush",
            target="brownout_testing.nudge:hush",
            summary="Empties texts",
            takes=("text",),
            norm="words",
            access="black-box",
            levels={"text": (1.0,)},
            features=False,
        ),
    ]


@hookimpl
def brownout_metrics() -> Sequence[MetricCard]:
    """A metric that counts, one of a diagnostic, and one that fails."""
    return [
        MetricCard(
            name="largest",
            target="brownout_testing.metrics:largest",
            summary="Mean of the fusion tokens' diagnostic",
            higher_is_better=True,
            range=(float("-inf"), float("inf")),
            needs=("diagnostics",),
        ),
        MetricCard(
            name="samples",
            target="brownout_testing.metrics:samples",
            summary="How many samples there are",
            higher_is_better=True,
            range=(0, float("inf")),
        ),
        MetricCard(
            name="sour",
            target="brownout_testing.metrics:sour",
            summary="Always raises",
            higher_is_better=True,
            range=(0, 1),
        ),
    ]


@hookimpl
def brownout_published() -> Sequence[PublishedCard]:
    """A table."""
    return [PublishedCard(name="table-9", target="brownout_testing.papers:table", summary="Accuracy of two methods")]


@hookimpl
def brownout_trainings() -> Sequence[TrainingCard]:
    """A recipe of two phases."""
    return [
        TrainingCard(
            name="two-phases",
            target="brownout_testing.phases:TwoPhases",
            summary="Encoders are frozen at first, then everything is fitted",
            options=(Option("first", 1, "epochs with frozen encoders"),),
            variants={"short": {"first": 0}},
        )
    ]


@hookimpl
def brownout_run_started(folder: Path, plan: Mapping[str, Any]) -> None:
    """Write it down."""
    _note(folder, {"event": "started", **plan})


@hookimpl
def brownout_cell_finished(folder: Path, cell: Mapping[str, Any]) -> None:
    """Write it down."""
    _note(folder, {"event": "cell", "cell": cell["cell"], "status": cell["status"]})


@hookimpl
def brownout_run_finished(folder: Path, run: Mapping[str, Any]) -> None:
    """Write it down."""
    _note(folder, {"event": "finished", "counts": run["counts"]})


def _note(folder: Path, event: Mapping[str, Any]) -> None:
    if os.environ.get("BROWNOUT_TESTING_RAISE"):
        raise RuntimeError("the logger is out of order")
    with (folder / "events.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(event) + "\n")
