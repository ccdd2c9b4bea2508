"""What a suite file may say of its protocol: missing patterns, corruptions, mispaired samples and attacks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from brownout.suite.uses import Name, Strict, Use, or_bare_name

Share = Annotated[float, Field(gt=0, le=1)]
Rate = Annotated[float, Field(gt=0, lt=1)]
Rates = Annotated[dict[str, Rate], Field(min_length=1)]
Severity = Annotated[int, Field(ge=1)]
Budget = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Pattern = Annotated[list[str], Field(min_length=1)]
Patterns = Literal["all", "single-missing", "single-present"] | list[Pattern]
Means = Literal["absent", "token", "zero-input", "zero-representation", "mean-representation"]


class PerturbationUse(Use):
    """A perturbation; ``variant`` is a named set of its options, ``levels`` replace its physical parameters."""

    variant: str | None = None
    levels: list[float] | None = Field(None, min_length=1)
    name: Name | None = Field(None, description="what reports call it")


class Missing(Strict):
    """Missing patterns and random missing rates."""

    patterns: Patterns = Field(
        [], description="each lists the modalities that are present; single-...: each one missing, or present, alone"
    )
    rates: list[Rate | Rates] = Field([], description="for all modalities, or by modality")
    means: Means = "absent"
    empty: Literal["refuse", "keep", "predict"] = Field(
        "refuse",
        description="what happens where a pattern leaves nothing of a sample that has something: the suite is refused, "
        "the sample keeps all that it has, or it is predicted from nothing",
    )


class Corruptions(Strict):
    """Which views are perturbed, how strongly, and what else happens at the same time."""

    each: Literal["default"] | list[PerturbationUse] = Field([], description="one modality at a time")
    joint: list[dict[str, PerturbationUse]] = Field([], description="several at once, by modality or kind")
    modalities: list[str] | None = Field(None, description="restrict `each` to these, or to these kinds")
    severities: list[Severity] | None = Field(None, description="all that the perturbation has, if not given")
    at: Literal["input", "features"] = "input"
    share: Share = Field(1.0, description="random share of samples, drawn for each modality independently")
    exact: bool = Field(False, description="exactly floor(share N + 1/2) of the N evaluated samples")
    together: bool = Field(False, description="one draw decides for all modalities of a sample")
    patterns: Patterns | None = Field(None, description="crossed with these missing patterns")
    by_kind: bool = Field(
        False,
        description="for any dataset: words in `modalities` and `joint` are kinds alone, and what takes none of a "
        "dataset's modalities is passed over, or is joint and takes one",
    )

    @model_validator(mode="after")
    def _something(self) -> Corruptions:
        if not self.each and not self.joint:
            raise ValueError("give 'each' or 'joint', a list of perturbations")
        return self

    @model_validator(mode="after")
    def _of_a_share(self) -> Corruptions:
        if self.share == 1 and (self.exact or self.together):
            raise ValueError("'exact' and 'together' say how a share of the samples is drawn: give a 'share' below 1")
        return self


class Mispaired(Strict):
    """Some samples get the content of a modality from another sample."""

    shares: list[Share] = Field(min_length=1, description="random shares of samples that are hit, nested")
    modalities: list[str] | None = Field(None, description="one at a time, by name or kind; all, if not given")


class AttackUse(Use):
    """An attack; ``variant`` is a named set of its options, ``levels`` replace its budgets."""

    variant: str | None = None
    name: Name | None = Field(None, description="what reports call it")
    modalities: list[str] | None = Field(
        None, description="one at a time, by name or kind; all, unless `joint` is given"
    )
    joint: Literal["all"] | list[Pattern] = Field([], description="several at once, with a budget each")
    target: Literal["fused", "unimodal"] = Field(
        "fused", description="what is fooled: the method's prediction or each modality's own classifier"
    )
    at: Literal["input", "embeddings", "features"] = "input"
    levels: list[Budget] | dict[str, list[Budget]] | None = Field(None, description="for all, or by modality or kind")
    severities: list[Severity] | None = Field(None, description="all that the attack has, if not given")
    patterns: Patterns | None = Field(None, description="crossed with these missing patterns")


class Protocol(Strict):
    """A list of conditions; ``use`` takes a named protocol, whose keys the others replace."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=or_bare_name)

    use: str | None = None
    name: str | None = None
    version: str = "1"
    seed: int = 0
    clean: bool = True
    missing: Missing = Missing()
    corruptions: Corruptions | list[Corruptions] = Field([])
    mispaired: Mispaired | None = None
    attacks: list[AttackUse] = Field([])
