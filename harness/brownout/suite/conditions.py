"""From a protocol's grammar to the list of conditions on one dataset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TypeVar

from brownout.engine.components import Component, bind
from brownout.engine.faults import located
from brownout.engine.specs import Condition, DatasetSpec, ViewSpec
from brownout.suite.attacks import Attacks
from brownout.suite.protocol import Corruptions, Patterns, PerturbationUse, Protocol
from brownout_registry import (
    KIND_OF_REPRESENTATION,
    KINDS,
    ConditionFacts,
    Modality,
    PerturbationCard,
    UsageError,
    catalogue,
    unknown,
)

Pattern = tuple[str, ...]
T = TypeVar("T")


def conditions_of(
    protocol: Protocol, spec: DatasetSpec, modalities: Sequence[Modality], *, alone: bool = True
) -> list[Condition]:
    """All conditions, in the protocol's order: clean, patterns, rates, corruptions, mispaired, attacks.

    Args:
        protocol: what to expand.
        spec: of the dataset.
        modalities: its modalities; of each the name and the kind are looked at.
        alone: whether it is the suite's only dataset; otherwise a part may be meant for another one.

    Raises:
        UsageError: names the key of the protocol.
    """
    builder = _Builder(protocol, spec, modalities, alone)
    missing = [*builder.clean(), *builder.patterns(), *builder.rates()]
    found = list(_distinct([*missing, *builder.corruptions(), *builder.mispaired(), *builder.attacks()]))
    names = [condition.facts.name for condition in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"protocol: two conditions are called {twice[0]!r}; give the perturbations a 'name'")
    if not found:
        raise UsageError("protocol: it has no condition at all; add 'clean: true', 'missing' or 'corruptions'")
    return found


def _distinct(conditions: Iterable[Condition]) -> Iterator[Condition]:
    """Each content once: cells are known by it. Two crossed parts may leave the same, which is then there already."""
    known: dict[str, str] = {}
    for condition in conditions:
        name = condition.facts.name
        first = known.get(condition.key)
        if first is None:
            known[condition.key] = name
            yield condition
        elif not condition.facts.kind.startswith("missing+"):
            again = "is there twice" if name == first else f"is the same as {first!r}"
            raise UsageError(f"protocol: condition {name!r} {again}; leave one of them out")


class _Builder:
    """What the parts of a protocol have in common on one dataset."""

    def __init__(self, protocol: Protocol, spec: DatasetSpec, modalities: Sequence[Modality], alone: bool) -> None:
        self.protocol, self.spec = protocol, spec
        self.alone = alone and not protocol.use  # a named protocol is for any dataset
        self.modalities = {each.name: each for each in modalities}
        self.means, self.seed = protocol.missing.means, protocol.seed

    def condition(self, facts: ConditionFacts, present: Pattern | None = None, **more: object) -> Condition:
        whole = tuple(self.modalities)
        return Condition(facts, present or whole, seed=self.seed, means=self.means, **more)  # type: ignore[arg-type]

    def clean(self) -> Iterator[Condition]:
        if self.protocol.clean:
            yield self.condition(ConditionFacts("clean", "clean", "clean"))

    def patterns(self) -> Iterator[Condition]:
        for pattern in self._patterns(self.protocol.missing.patterns, "protocol.missing.patterns"):
            name = self._pattern_name(pattern)
            yield self.condition(ConditionFacts(name, name, "missing"), pattern)

    def rates(self) -> Iterator[Condition]:
        if self.protocol.missing.rates and len(self.modalities) < 2:
            if self.alone:
                raise UsageError(f"protocol.missing.rates: {self.spec.name} has one modality, which is never missing")
            return
        equal = 0
        for rate in self.protocol.missing.rates:
            if isinstance(rate, dict):
                self._known(rate, "protocol.missing.rates")
                name = "missing at random " + " ".join(f"{key} {value:g}" for key, value in rate.items())
                yield self.condition(ConditionFacts(name, name, "missing"), rates=rate)
                continue
            equal += 1
            group = "missing at random"
            facts = ConditionFacts(f"{group} {rate:g}", group, "missing", equal, rate, "missing rate")
            yield self.condition(facts, rates=dict.fromkeys(self.modalities, rate))

    def corruptions(self) -> Iterator[Condition]:
        given = self.protocol.corruptions
        many, before = isinstance(given, list), set()
        for place, part in enumerate(given if isinstance(given, list) else [given]):
            key = f"protocol.corruptions[{place}]" if many else "protocol.corruptions"
            for condition in self._some(self._part(part, key), key, by_kind=part.by_kind):
                if not part.by_kind or condition.key not in before:
                    yield condition
                before.add(condition.key)
                yield from self._crossed(condition, part.patterns, key)

    def mispaired(self) -> Iterator[Condition]:
        given, key = self.protocol.mispaired, "protocol.mispaired"
        if given is None:
            return
        if len(self.modalities) < 2:
            raise UsageError(f"{key}: {self.spec.name} has one modality, and nothing that it could be paired with")
        for name in self._some(self._chosen(given.modalities or list(self.modalities), f"{key}.modalities"), key):
            for severity, share in enumerate(given.shares, 1):
                group, parameter = f"mispaired({name})", "share of samples"
                facts = ConditionFacts(f"{group} {share:g}", group, "corruption", severity, share, parameter)
                yield self.condition(facts, mispaired={name: share})

    def attacks(self) -> Iterator[Condition]:
        for place, use in enumerate(self.protocol.attacks):
            key = f"protocol.attacks[{place}]"
            found = Attacks(use, key, self.modalities, self.seed, self._chosen).conditions()
            for facts, attack in self._some(found, key):
                condition = self.condition(facts, attack=attack)
                yield condition
                yield from self._crossed(condition, use.patterns, key)

    def _some(self, found: Iterable[T], key: str, *, by_kind: bool = False) -> Iterator[T]:
        """All of it; that a part has nothing for the only dataset is a mistake."""
        nothing = True
        for each in found:
            nothing = False
            yield each
        if nothing and self.alone and not by_kind:
            raise UsageError(f"{key}: nothing of it applies to {self._what_there_is()}")

    def _what_there_is(self) -> str:
        return f"{self.spec.name} ({', '.join(f'{each.name}: {each.kind}' for each in self.modalities.values())})"

    def _chosen(self, names: Sequence[str], key: str, *, every: bool = False) -> list[str]:
        return list(self._named(dict.fromkeys(names), key, every=every))

    def _part(self, part: Corruptions, key: str) -> Iterator[Condition]:
        chosen = dict.fromkeys(self.modalities)
        if part.modalities is not None:
            chosen = self._named(dict.fromkeys(part.modalities), f"{key}.modalities", by_kind=part.by_kind)
        for modality in chosen:
            for use in self._each(part, self.modalities[modality], list(chosen), key):
                yield from self._group({modality: use}, part, f"{key}.each")
        for uses in part.joint:
            named = self._named(uses, f"{key}.joint", by_kind=part.by_kind, every=True)
            if len(named) > (1 if part.by_kind else 0):
                yield from self._group(named, part, f"{key}.joint")

    def _each(self, part: Corruptions, modality: Modality, chosen: list[str], key: str) -> list[PerturbationUse]:
        """The perturbations of ``each`` that take this modality; an only dataset has one for each."""
        kinds = _kinds(modality, part.at)
        if part.each == "default":
            cards = [entry.card for entry in catalogue().list("perturbation")]
            return [PerturbationUse(use=card.name) for card in cards if _is_default(card, modality, part.at)]
        uses = [use for use in part.each if _takes(use.use, kinds, part.at, f"{key}.each")]
        for use in part.each:
            taken = (_takes(use.use, _kinds(self.modalities[m], part.at), part.at, key) for m in chosen)
            if self.alone and not part.by_kind and not any(taken):
                raise UsageError(f"{key}.each: {use.use!r} takes none of the modalities {', '.join(chosen)}")
        return uses

    def _group(self, uses: dict[str, PerturbationUse], part: Corruptions, key: str) -> Iterator[Condition]:
        """One condition for each severity."""
        views = {name: self._views(name, use, part, key) for name, use in uses.items()}
        most = min(len(each) for each in views.values())
        label = self._label(uses, part)
        group = label + _share(part)
        for severity in part.severities or range(1, most + 1):
            if severity > most:
                raise UsageError(f"{key}: severity {severity} is not there; {label} has severities 1 to {most}")
            chosen = {name: each[severity - 1] for name, each in views.items()}
            first = next(iter(chosen.values()))
            level = first.levels[severity - 1] if len(chosen) == 1 else None
            parameter = _card(first.perturbation).parameter if len(chosen) == 1 else "severity"
            facts = ConditionFacts(f"{group} s{severity}", group, "corruption", severity, level, parameter)
            yield self.condition(facts, views=chosen, share=part.share, exact=part.exact, together=part.together)

    def _views(self, modality: str, use: PerturbationUse, part: Corruptions, key: str) -> list[ViewSpec]:
        with located(key):
            component = bind("perturbation", use.use, use.options, use.variant)
        kinds = _kinds(self.modalities[modality], part.at)
        if not _takes(use.use, kinds, part.at, key):
            raise UsageError(f"{key}: {use.use!r} does not take modality {modality!r} ({', '.join(kinds)})")
        levels = tuple(use.levels or _levels(_card(component), kinds[0]))
        return [
            ViewSpec(self.spec, modality, component, levels, severity, self.seed, part.at)
            for severity in range(1, len(levels) + 1)
        ]

    def _crossed(self, condition: Condition, patterns: Patterns | None, key: str) -> Iterator[Condition]:
        """The same perturbation under missing patterns that leave at least one perturbed modality."""
        for pattern in self._patterns(patterns or [], f"{key}.patterns"):
            views = {name: view for name, view in condition.views.items() if name in pattern}
            attack = condition.attack.on(pattern) if condition.attack else None
            if not views and not (attack and attack.budgets):
                continue
            old, suffix = condition.facts, f", {self._pattern_name(pattern)}"
            name = f"{old.name}{suffix}"
            facts = replace(old, name=name, group=f"{old.group}{suffix}", kind=f"missing+{old.kind}")
            yield replace(condition, facts=facts, present=pattern, views=views, attack=attack)

    def _patterns(self, given: str | Sequence[Sequence[str]], key: str) -> list[Pattern]:
        """Patterns as given or all proper ones, by how much is missing; the complete one is the clean condition."""
        names = tuple(self.modalities)
        if isinstance(given, str):
            most = len(names) - 1
            sizes = {"all": range(most, 0, -1), "single-missing": [most], "single-present": [min(most, 1)]}[given]
            return [pattern for size in sizes if size for pattern in combinations(names, size)]
        for pattern in given:
            self._known(pattern, key)
            if set(pattern) == set(names):
                raise UsageError(f"{key}: {list(pattern)} misses nothing; that is the clean condition")
        return [tuple(name for name in names if name in pattern) for pattern in given]

    def _pattern_name(self, pattern: Pattern) -> str:
        return "missing " + " + ".join(name for name in self.modalities if name not in pattern)

    def _label(self, uses: dict[str, PerturbationUse], part: Corruptions) -> str:
        """``noise(audio) + noise(image)``, and ``noise(all)`` where it is the same for all of several modalities."""
        same = all(use == next(iter(uses.values())) for use in uses.values())
        if same and 1 < len(uses) == len(self.modalities):
            return _label("all", next(iter(uses.values())), part)
        return " + ".join(_label(name, use, part) for name, use in uses.items())

    def _named(self, chosen: dict[str, T], key: str, *, by_kind: bool = False, every: bool = False) -> dict[str, T]:
        """What is chosen by modality or by kind, by modality; a kind that this dataset lacks chooses nothing.

        Where `every` word counts, a kind that the only dataset lacks is a mistake.
        """
        if by_kind and (other := [name for name in chosen if name not in KINDS]):
            raise UsageError(f"{key}: {unknown('kind', other[0], KINDS)}; with 'by_kind' only kinds stand here")
        self._known((name for name in chosen if name not in KINDS), key)
        found = {}
        for name, modality in self.modalities.items():
            word = name if name in chosen and not by_kind else modality.kind
            if word in chosen:
                found[name] = chosen[word]
        kinds = {each.kind for each in self.modalities.values()}
        lacking = [name for name in chosen if name in KINDS and name not in kinds]
        if lacking and every and self.alone and not by_kind:
            raise UsageError(f"{key}: there is no {lacking[0]} in {self._what_there_is()}")
        return found

    def _known(self, names: Iterable[str], key: str) -> None:
        for name in names:
            if name not in self.modalities:
                raise UsageError(f"{key}: {unknown('modality', name, self.modalities)}")


def _kinds(modality: Modality, at: str) -> list[str]:
    """The kinds that a perturbation of this modality may see: its own, or those of representations."""
    return [modality.kind] if at == "input" else list(KIND_OF_REPRESENTATION.values())


def _takes(name: str, kinds: Sequence[str], at: str, key: str) -> bool:
    with located(key):
        card = catalogue().find("perturbation", name).card
    assert isinstance(card, PerturbationCard)
    return (at == "input" or card.features) and any(kind in card.takes for kind in kinds)


def _is_default(card: object, modality: Modality, at: str) -> bool:
    assert isinstance(card, PerturbationCard)
    return (at == "input" or card.features) and any(kind in card.default_for for kind in _kinds(modality, at))


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


def _share(part: Corruptions) -> str:
    """`` on exactly 0.5 of samples, together``, or nothing if all samples are hit."""
    if part.share >= 1:
        return ""
    return f" on {'exactly ' * part.exact}{part.share:g} of samples{', together' * part.together}"


def _label(modality: str, use: PerturbationUse, part: Corruptions) -> str:
    where = modality if part.at == "input" else f"{modality} features"
    return f"{use.name or use.use.rpartition('/')[2]}({where})"
