"""From the corruptions of a protocol to conditions on one dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from brownout.engine.components import Component, bind
from brownout.engine.faults import located
from brownout.engine.specs import DatasetSpec, ViewSpec
from brownout.suite.chosen import Choice
from brownout.suite.protocol import Corruptions, PerturbationUse
from brownout_registry import (
    KIND_OF_REPRESENTATION,
    ConditionFacts,
    Modality,
    PerturbationCard,
    UsageError,
    catalogue,
)


@dataclass(frozen=True)
class Part:
    """One part of ``protocol.corruptions`` on one dataset.

    Attributes:
        part: what it says.
        key: where it stands in the suite.
        choice: the dataset's modalities.
        spec: of the dataset.
        seed: of the protocol.
    """

    part: Corruptions
    key: str
    choice: Choice
    spec: DatasetSpec
    seed: int

    def conditions(self) -> Iterator[tuple[ConditionFacts, dict[str, ViewSpec]]]:
        """One condition for each group of perturbed modalities and severity."""
        part, modalities = self.part, self.choice.modalities
        chosen = dict.fromkeys(modalities)
        if part.modalities is not None:
            words = dict.fromkeys(part.modalities)
            chosen = self.choice.named(words, f"{self.key}.modalities", by_kind=part.by_kind)
        for modality in chosen:
            for use in self._each(modalities[modality], list(chosen)):
                yield from self._group({modality: use}, f"{self.key}.each")
        for uses in part.joint:
            named = self.choice.named(uses, f"{self.key}.joint", by_kind=part.by_kind, every=True)
            if len(named) > (1 if part.by_kind else 0):
                yield from self._group(named, f"{self.key}.joint")

    def _each(self, modality: Modality, chosen: Sequence[str]) -> list[PerturbationUse]:
        """The perturbations of ``each`` that take this modality; an only dataset has one for each."""
        part, key = self.part, f"{self.key}.each"
        if part.each == "default":
            cards = [entry.card for entry in catalogue().list("perturbation")]
            return [PerturbationUse(use=card.name) for card in cards if self._is_default(card, modality)]
        for use in part.each:
            taken = (self._takes(use.use, self.choice.modalities[name], key) for name in chosen)
            if self.choice.alone and not part.by_kind and not any(taken):
                raise UsageError(f"{key}: {use.use!r} takes none of the modalities {', '.join(chosen)}")
        return [use for use in part.each if self._takes(use.use, modality, key)]

    def _group(
        self, uses: Mapping[str, PerturbationUse], key: str
    ) -> Iterator[tuple[ConditionFacts, dict[str, ViewSpec]]]:
        views = {name: self._views(name, use, key) for name, use in uses.items()}
        most = min(len(each) for each in views.values())
        label = self._label(uses)
        group = label + self._share()
        for severity in self.part.severities or range(1, most + 1):
            if severity > most:
                raise UsageError(f"{key}: severity {severity} is not there; {label} has severities 1 to {most}")
            chosen = {name: each[severity - 1] for name, each in views.items()}
            first = next(iter(chosen.values()))
            level = first.levels[severity - 1] if len(chosen) == 1 else None
            parameter = _card(first.perturbation).parameter if len(chosen) == 1 else "severity"
            yield ConditionFacts(f"{group} s{severity}", group, "corruption", severity, level, parameter), chosen

    def _views(self, name: str, use: PerturbationUse, key: str) -> list[ViewSpec]:
        """Of one modality at each severity."""
        with located(key):
            component = bind("perturbation", use.use, use.options, use.variant)
        kinds, at = self._kinds(self.choice.modalities[name]), self.part.at
        if not self._takes(use.use, self.choice.modalities[name], key):
            raise UsageError(f"{key}: {use.use!r} does not take modality {name!r} ({', '.join(kinds)})")
        levels = tuple(use.levels or _levels(_card(component), kinds[0]))
        severities = range(1, len(levels) + 1)
        return [ViewSpec(self.spec, name, component, levels, severity, self.seed, at) for severity in severities]

    def _kinds(self, modality: Modality) -> list[str]:
        """The kinds that a perturbation of this modality may see: its own, or those of representations."""
        return [modality.kind] if self.part.at == "input" else list(KIND_OF_REPRESENTATION.values())

    def _takes(self, name: str, modality: Modality, key: str) -> bool:
        with located(key):
            card = catalogue().find("perturbation", name).card
        assert isinstance(card, PerturbationCard)
        return (self.part.at == "input" or card.features) and any(kind in card.takes for kind in self._kinds(modality))

    def _is_default(self, card: object, modality: Modality) -> bool:
        assert isinstance(card, PerturbationCard)
        kinds = self._kinds(modality)
        return (self.part.at == "input" or card.features) and any(kind in card.default_for for kind in kinds)

    def _label(self, uses: Mapping[str, PerturbationUse]) -> str:
        """``noise(audio) + noise(image)``, and ``noise(all)`` where it is the same for all of several modalities."""
        same = all(use == next(iter(uses.values())) for use in uses.values())
        if same and 1 < len(uses) == len(self.choice.modalities):
            uses = {"all": next(iter(uses.values()))}
        suffix = "" if self.part.at == "input" else " features"
        return " + ".join(f"{use.name or use.use.rpartition('/')[2]}({name}{suffix})" for name, use in uses.items())

    def _share(self) -> str:
        """`` on exactly 0.5 of samples, together``, or nothing if all samples are hit."""
        part = self.part
        if part.share >= 1:
            return ""
        return f" on {'exactly ' * part.exact}{part.share:g} of samples{', together' * part.together}"


def _card(component: Component | None) -> PerturbationCard:
    assert component is not None
    card = component.card
    assert isinstance(card, PerturbationCard)
    return card


def _levels(card: PerturbationCard, kind: str) -> tuple[float, ...]:
    levels = card.levels.get(kind, card.levels.get("*", ()))
    if not levels:
        raise UsageError(f"perturbation {card.name!r} has no default levels for kind {kind!r}: give 'levels'")
    return levels
