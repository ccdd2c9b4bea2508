"""The cards of what befalls time series and tables; importing them imports no torch."""

from __future__ import annotations

from brownout_features.kinds import SERIES, STEPPED, TABULAR, TIMED, WAVES
from brownout_features.papers import IWANA, MULTIBENCH, UM
from brownout_registry import Option, PerturbationCard

SHARES = {"*": (0.1, 0.2, 0.3, 0.4, 0.5)}
DOUBLING = {"*": (0.1, 0.2, 0.4, 0.8, 1.6)}
FILL = Option("fill", 0.0, "what lost entries become, brought into the declared range")
UNIT = Option(
    "unit",
    "auto",
    "of an additive level: share of the declared range, of each entry's std over the training split, of the sample's "
    "root mean square, or absolute; auto: range for spectrograms that declare one, std where there is one, else rms",
    ("auto", "range", "std", "rms", "absolute"),
)


def losses() -> list[PerturbationCard]:
    """Steps that are lost."""
    return [
        PerturbationCard(
            name="structured-drop",
            target="brownout_features.drops:structured_drop",
            summary="Whole steps are lost, each on its own (MultiBench's structured drop, MMSA's mask)",
            paper=MULTIBENCH,
            takes=TABULAR,
            parameter="probability of a lost step",
            levels=SHARES,
            features=True,
            options=(Option("steps", 1, "how many consecutive ones are lost together"), FILL),
        ),
        PerturbationCard(
            name="block-missing",
            target="brownout_features.drops:block_missing",
            summary="Several contiguous blocks of steps are lost",
            takes=TABULAR,
            parameter="share of the steps",
            levels=SHARES,
            features=True,
            options=(Option("blocks", 3, "how many, at most"), FILL),
        ),
    ]


def amplitudes() -> list[PerturbationCard]:
    """Values that sensors distort."""
    return [
        PerturbationCard(
            name="step-noise",
            target="brownout_features.step_noise:step_noise",
            summary="White noise with one draw per step, the same for all columns (MultiBench)",
            paper=MULTIBENCH,
            takes=STEPPED,
            parameter="standard deviation",
            levels={"spectrogram": (0.08, 0.12, 0.18, 0.26, 0.38), **DOUBLING},
            features=True,
            options=(UNIT,),
        ),
        PerturbationCard(
            name="scaling",
            target="brownout_features.scaling:scaling",
            summary="Each column, or each sample, is multiplied by a random factor",
            paper=UM,
            takes=TABULAR,
            parameter="standard deviation of the factor",
            levels=DOUBLING,
            features=True,
            options=(Option("per", "column", "one factor for each column or for the sample", ("column", "sample")),),
        ),
        PerturbationCard(
            name="drift",
            target="brownout_features.drift:drift",
            summary="A smooth random curve is added (baseline wander) or multiplies (magnitude warping)",
            paper=IWANA,
            takes=WAVES,
            parameter="largest deviation",
            levels={"*": (0.25, 0.5, 1.0, 2.0, 4.0)},
            features=True,
            options=(
                Option(
                    "mode", "additive", "additive: x + s w; multiplicative: x (1 + s w)", ("additive", "multiplicative")
                ),
                Option("knots", 4, "how often the curve can turn"),
                UNIT,
            ),
        ),
    ]


def orders() -> list[PerturbationCard]:
    """Times and columns that are not where they were."""
    return [
        PerturbationCard(
            name="time-warp",
            target="brownout_features.warp:time_warp",
            summary="Time runs unevenly: smooth, strictly rising resampling",
            paper=UM,
            takes=SERIES,
            parameter="standard deviation of the speed",
            levels=SHARES,
            features=True,
            options=(Option("knots", 4, "of the speed, linear in between; at least 2"),),
        ),
        PerturbationCard(
            name="permutation",
            target="brownout_features.exchange:permutation",
            summary="Segments of the time axis exchange their places",
            paper=UM,
            takes=SERIES,
            parameter="share of the segments",
            levels={"*": (0.2, 0.4, 0.6, 0.8, 1.0)},
            features=True,
            options=(Option("segments", 10, "how many; fewer where there are fewer steps"),),
        ),
        PerturbationCard(
            name="column-swap",
            target="brownout_features.exchange:column_swap",
            summary="Columns exchange their places (MultiBench's swap of tables)",
            paper=MULTIBENCH,
            takes=TABULAR,
            parameter="probability of an exchange, or share of the columns",
            levels=SHARES,
            features=True,
            options=(
                Option("order", "neighbours", "from left to right with the one before, or any", ("neighbours", "any")),
            ),
        ),
        PerturbationCard(
            name="time-shift",
            target="brownout_features.shift:time_shift",
            summary="The sample comes late or early against its other modalities",
            takes=TIMED,
            parameter="share of the length (or milliseconds, or steps)",
            levels={"*": (0.02, 0.05, 0.1, 0.2, 0.4)},
            features=True,
            options=(
                Option("unit", "share", "of a level", ("share", "milliseconds", "steps")),
                Option("direction", "either", "either: drawn for each sample", ("either", "late", "early")),
                Option("edge", "fill", "where nothing is left: the fill, or what was pushed out", ("fill", "circular")),
                FILL,
            ),
        ),
    ]
