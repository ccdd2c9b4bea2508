"""From a protocol's grammar to the list of conditions on one dataset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from brownout.engine.specs import Condition, DatasetSpec
from brownout.suite.attacks import Attacks
from brownout.suite.chosen import Choice, Pattern
from brownout.suite.corruptions import Part
from brownout.suite.protocol import Patterns, Protocol
from brownout_registry import ConditionFacts, Modality, UsageError


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
    # a named protocol is for any dataset
    choice = Choice(spec.name, {each.name: each for each in modalities}, alone and not protocol.use)
    builder = _Builder(protocol, spec, choice)
    missing = [*builder.clean(), *builder.patterns(), *builder.rates()]
    found = list(_distinct([*missing, *builder.corruptions(), *builder.mispaired(), *builder.attacks()]))
    names = [condition.facts.name for condition in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"protocol: two conditions are called {twice[0]!r}; give the perturbations a 'name'")
    if not found:
        raise UsageError("protocol: it has no condition at all; add 'clean: true', 'missing' or 'corruptions'")
    return found


def _distinct(conditions: Iterable[Condition]) -> Iterator[Condition]:
    """Cells are known by their content: what has the content of another condition is told apart by its name."""
    known: dict[str, set[str]] = {}
    for condition in conditions:
        name, alike = condition.facts.name, known.setdefault(condition.key, set())
        if name in alike:
            raise UsageError(f"protocol: condition {name!r} is there twice; leave one of them out")
        yield replace(condition, again=name) if alike else condition
        alike.add(name)


@dataclass(frozen=True)
class _Builder:
    """What the parts of a protocol have in common on one dataset."""

    protocol: Protocol
    spec: DatasetSpec
    choice: Choice

    def condition(self, facts: ConditionFacts, present: Pattern | None = None, **more: object) -> Condition:
        common = {"seed": self.protocol.seed, "means": self.protocol.missing.means}
        return Condition(facts, present or tuple(self.choice.modalities), **common, **more)  # type: ignore[arg-type]

    def clean(self) -> Iterator[Condition]:
        if self.protocol.clean:
            yield self.condition(ConditionFacts("clean", "clean", "clean"))

    def patterns(self) -> Iterator[Condition]:
        for pattern in self.choice.patterns(self.protocol.missing.patterns, "protocol.missing.patterns"):
            name = self.choice.missing(pattern)
            yield self.condition(ConditionFacts(name, name, "missing"), pattern)

    def rates(self) -> Iterator[Condition]:
        rates, key = self.protocol.missing.rates, "protocol.missing.rates"
        if rates and len(self.choice.modalities) < 2:
            if self.choice.alone:
                raise UsageError(f"{key}: {self.spec.name} has one modality, which is never missing")
            return
        equal = 0
        for rate in rates:
            if isinstance(rate, dict):
                self.choice.known(rate, key)
                name = "missing at random " + " ".join(f"{modality} {value:g}" for modality, value in rate.items())
                yield self.condition(ConditionFacts(name, name, "missing"), rates=rate)
                continue
            equal += 1
            group = "missing at random"
            facts = ConditionFacts(f"{group} {rate:g}", group, "missing", equal, rate, "missing rate")
            yield self.condition(facts, rates=dict.fromkeys(self.choice.modalities, rate))

    def corruptions(self) -> Iterator[Condition]:
        given, before = self.protocol.corruptions, set()
        many = isinstance(given, list)
        for place, part in enumerate(given if isinstance(given, list) else [given]):
            key = f"protocol.corruptions[{place}]" if many else "protocol.corruptions"
            found = Part(part, key, self.choice, self.spec, self.protocol.seed).conditions()
            for facts, views in self.choice.some(found, key, by_kind=part.by_kind):
                share = {"share": part.share, "exact": part.exact, "together": part.together}
                condition = self.condition(facts, None, views=views, **share)
                if not part.by_kind or condition.key not in before:
                    yield condition
                before.add(condition.key)
                yield from self._crossed(condition, part.patterns, key)

    def mispaired(self) -> Iterator[Condition]:
        given, key = self.protocol.mispaired, "protocol.mispaired"
        if given is None:
            return
        if len(self.choice.modalities) < 2:
            raise UsageError(f"{key}: {self.spec.name} has one modality, and nothing that it could be paired with")
        names = self.choice.names(given.modalities or self.choice.modalities, f"{key}.modalities")
        for name in self.choice.some(names, key):
            for severity, share in enumerate(given.shares, 1):
                group, parameter = f"mispaired({name})", "share of samples"
                facts = ConditionFacts(f"{group} {share:g}", group, "corruption", severity, share, parameter)
                yield self.condition(facts, mispaired={name: share})

    def attacks(self) -> Iterator[Condition]:
        for place, use in enumerate(self.protocol.attacks):
            key = f"protocol.attacks[{place}]"
            found = Attacks(use, key, self.choice, self.protocol.seed).conditions()
            for facts, attack in self.choice.some(found, key):
                condition = self.condition(facts, attack=attack)
                yield condition
                yield from self._crossed(condition, use.patterns, key)

    def _crossed(self, condition: Condition, patterns: Patterns | None, key: str) -> Iterator[Condition]:
        """The same perturbation under missing patterns that leave at least one perturbed modality."""
        for pattern in self.choice.patterns(patterns or [], f"{key}.patterns"):
            views = {name: view for name, view in condition.views.items() if name in pattern}
            attack = condition.attack.on(pattern) if condition.attack else None
            if not views and not (attack and attack.budgets):
                continue
            old, suffix = condition.facts, f", {self.choice.missing(pattern)}"
            name = f"{old.name}{suffix}"
            facts = replace(old, name=name, group=f"{old.group}{suffix}", kind=f"missing+{old.kind}")
            yield replace(condition, facts=facts, present=pattern, views=views, attack=attack)
