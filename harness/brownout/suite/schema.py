"""What a suite file may say: the pydantic models behind its validation and its JSON schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from brownout.suite.protocol import Protocol
from brownout.suite.uses import Name, Strict, Use, or_bare_name
from brownout_registry import unknown

SUITE = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


class DatasetUse(Use):
    """A dataset; ``name`` is what reports call it."""

    name: Name | None = None


class EncoderUse(BaseModel):
    """An encoder, on top of an optional frozen ``backbone`` whose outputs are shared; one of both at least."""

    model_config = ConfigDict(extra="allow", frozen=True, json_schema_extra=or_bare_name)

    use: str | None = None
    backbone: Use | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, value: Any) -> Any:
        return {"use": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _something(self) -> EncoderUse:
        if self.use is None and self.backbone is None:
            raise ValueError("give 'use' (a trained encoder), 'backbone' (a frozen one) or both")
        if self.use is None and self.model_extra:
            raise ValueError(f"options {sorted(self.model_extra)} belong to an encoder, but 'use' is not given")
        return self

    @property
    def options(self) -> dict[str, Any]:
        """What stands beside ``use`` and ``backbone``."""
        return dict(self.model_extra or {})


class RecipeUse(Use):
    """A training recipe; ``variant`` is a named set of its options."""

    variant: str | None = None


class Training(Strict):
    """How weights are fitted."""

    recipe: str = "regular"
    options: dict[str, Any] = Field({})
    variant: str | None = Field(None, description="a named set of the recipe's options")
    recipes: dict[str, RecipeUse] = Field({}, description="for unimodal classifiers, by modality or kind")
    epochs: int = Field(30, ge=0, description="at most; 0 leaves weights as initialised")
    batch_size: int = Field(64, ge=1)
    optimiser: Literal["adamw", "adam", "sgd"] = "adamw"
    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(1e-2, ge=0)
    samples: int | None = Field(None, ge=2, description="fit on this many training samples; all, if not given")
    patience: int | None = Field(5, ge=1, description="epochs without a better validation loss; null never stops")
    select: Literal["complete", "random-patterns"] = Field(
        "complete", description="what of the validation samples is present when the best epoch is chosen"
    )
    seeds: list[int] = Field([0], min_length=1)

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: list[int]) -> list[int]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("the same seed twice")
        return seeds


class Method(Strict):
    """Encoders + fusion strategy + training recipe under one name."""

    name: Name
    fusion: str
    options: dict[str, Any] = Field({})
    variant: str | None = None
    encoders: dict[str, EncoderUse] = Field({}, description="replace the suite's, by modality")
    training: dict[str, Any] = Field({}, description="replace keys of the suite's training, seeds excepted")
    datasets: list[str] = Field([], description="the method is fitted on these alone; on all, if none is named")
    needs: list[str] = Field([], description="files without which the method is left out, with a line that says so")


class Summary(Use):
    """A summary; ``name`` is the column's title."""

    name: Name | None = None


class PublishedUse(Use):
    """A paper's table, set beside the measured one; ``dataset`` and ``metric`` restrict it to some of its rows."""

    dataset: str | None = None
    metric: str | None = None


class Gate(Strict):
    """What pytest holds cells to; `brownout run` only measures. Every key that is given must hold."""

    metric: str | None = Field(None, description="the suite's first, if not given")
    minimum: float | None = Field(None, description="the smallest value that passes")
    maximum: float | None = Field(None, description="the largest value that passes")
    drop: float | None = Field(None, ge=0, description="how much worse than clean it may be, in the metric's unit")
    methods: list[str] = Field(["*"], min_length=1, description="names or shell patterns")
    conditions: list[str] = Field(["*"], min_length=1, description="names or shell patterns")
    xfail: str | None = Field(None, min_length=1, description="why these cells are known to fail; they stay in tables")

    @model_validator(mode="after")
    def _something(self) -> Gate:
        if (self.minimum, self.maximum, self.drop, self.xfail) == (None, None, None, None):
            raise ValueError("give 'minimum', 'maximum', 'drop' or 'xfail'")
        return self


class Suite(Strict):
    """One suite file: datasets × methods × protocol."""

    suite: Annotated[str, Field(pattern=SUITE, max_length=80)]
    description: str = ""
    dataset: DatasetUse | list[DatasetUse]
    encoders: dict[str, EncoderUse] = Field({}, description="by modality, or by kind for modalities not named")
    methods: list[Method] = Field(min_length=1)
    training: Training = Training()
    protocol: Protocol = Protocol()
    metrics: list[Use] = Field([Use(use="accuracy")], min_length=1)
    summaries: list[Summary] = Field([])
    figures: list[Use] = Field([])
    published: list[PublishedUse] = Field([], description="tables of papers, shown beside what was measured")
    baseline: str | None = Field(None, description="the method that the report compares the others with")
    gates: list[Gate] = Field([], description="what `pytest SUITE` fails on; not part of a run's identity")
    _source: str = PrivateAttr("suite")

    @model_validator(mode="after")
    def _names(self) -> Suite:
        names = [method.name for method in self.methods]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"methods: two methods are called {', '.join(map(repr, twice))}")
        if self.baseline is not None and self.baseline not in names:
            raise ValueError(f"baseline: {unknown('method', self.baseline, names)}")
        if any(method.name == self.baseline and method.datasets for method in self.methods):
            raise ValueError("baseline: the method is left out on some datasets; choose one that is on all")
        return self

    @property
    def source(self) -> str:
        """The file that it was read from, for messages."""
        return self._source

    def read_from(self, source: str) -> Suite:
        """The same suite, which knows its file."""
        self._source = source
        return self

    @property
    def datasets(self) -> list[DatasetUse]:
        """One or several, always as a list."""
        return self.dataset if isinstance(self.dataset, list) else [self.dataset]
