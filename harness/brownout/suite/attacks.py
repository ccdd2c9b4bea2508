"""From the attacks of a protocol to conditions on one dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from brownout.engine.components import Component, bind
from brownout.engine.faults import located
from brownout.engine.specs import AttackSpec
from brownout.suite.chosen import Choice, check_words
from brownout.suite.protocol import AttackUse
from brownout_registry import (
    KIND_OF_REPRESENTATION,
    ORDERS,
    AttackCard,
    ConditionFacts,
    Modality,
    UsageError,
)

PARAMETERS = {norm: f"epsilon ({norm})" for norm in ORDERS} | {"words": "share of words"}


@dataclass(frozen=True)
class Attacks:
    """One entry of ``protocol.attacks`` on one dataset.

    Attributes:
        use: the entry.
        key: where it stands in the suite.
        choice: the dataset's modalities.
        seed: of the protocol.
    """

    use: AttackUse
    key: str
    choice: Choice
    seed: int

    def conditions(self) -> Iterator[tuple[ConditionFacts, AttackSpec]]:
        """One condition for each group of modalities and severity."""
        with located(self.key):
            component = bind("attack", self.use.use, self.use.options, self.use.variant)
        for names in self._groups(_card(component)):
            budgets = {name: self._budgets(_card(component), name) for name in names}
            yield from self._group(component, budgets)

    def _group(
        self, component: Component, budgets: Mapping[str, Sequence[float]]
    ) -> Iterator[tuple[ConditionFacts, AttackSpec]]:
        counts, card = {name: len(levels) for name, levels in budgets.items()}, _card(component)
        if isinstance(self.use.levels, dict) and len(set(counts.values())) > 1:
            told = ", ".join(f"{count} of {name}" for name, count in counts.items())
            raise UsageError(f"{self.key}.levels: {told}; attacked together, all have as many")
        most = min(counts.values())
        group = self._label(card, list(budgets))
        for severity in self.use.severities or range(1, most + 1):
            if severity > most:
                raise UsageError(f"{self.key}: severity {severity} is not there; {group} has severities 1 to {most}")
            chosen = tuple((name, float(levels[severity - 1])) for name, levels in budgets.items())
            same = len({budget for _, budget in chosen}) == 1
            level, parameter = (chosen[0][1], PARAMETERS[card.norm]) if same else (None, "severity")
            name = f"{group} s{severity}"
            facts = ConditionFacts(name, group, "attack", severity, level, parameter, card.access)
            yield facts, AttackSpec(component, chosen, severity, self.seed, self.use.at, self.use.target)

    def _groups(self, card: AttackCard) -> list[list[str]]:
        """Modalities attacked one at a time, then those attacked together."""
        use, names = self.use, list(self.choice.modalities)
        takes = [name for name in names if self._takes(card, self.choice.modalities[name])]
        if use.modalities is not None:
            alone = self.choice.names(use.modalities, f"{self.key}.modalities")
            named = [name for name in alone if name in use.modalities]
            for name in named:
                if name not in takes:
                    raise UsageError(f"{self.key}: {card.name!r} does not take modality {name!r} at {use.at}")
            alone = [name for name in alone if name in takes]
        else:
            alone = [] if use.joint else takes
        joint = [takes] if use.joint == "all" else [self._joint(card, group, takes) for group in use.joint]
        return [*([name] for name in alone), *(group for group in joint if len(group) > 1)]

    def _joint(self, card: AttackCard, group: str | Sequence[str], takes: Sequence[str]) -> list[str]:
        chosen = self.choice.names(group, f"{self.key}.joint", every=True)
        if not card.joint:
            raise UsageError(f"{self.key}.joint: {card.name!r} attacks one modality at a time")
        for name in chosen:
            if name not in takes:
                raise UsageError(f"{self.key}.joint: {card.name!r} does not take modality {name!r} at {self.use.at}")
        if len(chosen) < 2 and set(group) <= set(self.choice.modalities):
            raise UsageError(
                f"{self.key}.joint: {list(group)} is one modality; 'modalities' are attacked one at a time"
            )
        return chosen

    def _takes(self, card: AttackCard, modality: Modality) -> bool:
        if self.use.at == "embeddings":
            return modality.kind == "text" and "sequence" in card.takes
        if self.use.at == "features":
            return card.features and any(kind in card.takes for kind in KIND_OF_REPRESENTATION.values())
        return modality.kind in card.takes

    def _budgets(self, card: AttackCard, name: str) -> Sequence[float]:
        given, kind = self.use.levels, self._kind(self.choice.modalities[name])
        if isinstance(given, dict):
            check_words(given, self.choice.modalities, f"{self.key}.levels")
            found = given.get(name) or given.get(self.choice.modalities[name].kind)
            if not found:
                raise UsageError(f"{self.key}.levels: there are none for modality {name!r}")
            return found
        levels = given or card.levels.get(kind, card.levels.get("*", ()))
        if not levels:
            raise UsageError(f"{self.key}: attack {card.name!r} has no default levels for {kind!r}: give 'levels'")
        return levels

    def _kind(self, modality: Modality) -> str:
        return (
            modality.kind if self.use.at == "input" else {"embeddings": "sequence", "features": "vector"}[self.use.at]
        )

    def _label(self, card: AttackCard, names: Sequence[str]) -> str:
        where = "all" if 1 < len(names) == len(self.choice.modalities) else " + ".join(names)
        where += "" if self.use.at == "input" else f" {self.use.at}"
        target = "" if self.use.target == "fused" else ", unimodal"
        return f"{self.use.name or card.name}({where}{target})"


def _card(component: Component) -> AttackCard:
    card = component.card
    assert isinstance(card, AttackCard)
    return card
