"""What the words of a protocol, names or kinds of modalities, choose of one dataset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

from brownout_registry import KINDS, Modality, UsageError, unknown

Pattern = tuple[str, ...]
T = TypeVar("T")


def check_words(words: Iterable[str], modalities: Iterable[str], key: str) -> None:
    """Refuse a word that is neither one of the modalities nor a kind.

    Example:
        >>> check_words(["image", "sond"], ["sound"], "encoders")
        Traceback (most recent call last):
        ...
        brownout_registry.errors.UsageError: encoders: unknown modality 'sond'; did you mean 'sound'?
    """
    known = [*modalities, *KINDS]
    for word in words:
        if word not in known:
            raise UsageError(f"{key}: {unknown('modality', word, known)}")


@dataclass(frozen=True)
class Choice:
    """One dataset, of which words choose.

    Attributes:
        dataset: its name.
        modalities: by name.
        alone: whether the protocol is for this dataset alone, so that what chooses nothing is a mistake.
    """

    dataset: str
    modalities: Mapping[str, Modality]
    alone: bool

    def named(self, words: Mapping[str, T], key: str, *, by_kind: bool = False, every: bool = False) -> dict[str, T]:
        """What is chosen by modality or by kind, by modality; a kind that this dataset lacks chooses nothing.

        Where `every` word counts, a kind that the only dataset lacks is a mistake.
        """
        if by_kind and (other := [word for word in words if word not in KINDS]):
            raise UsageError(f"{key}: {unknown('kind', other[0], KINDS)}; with 'by_kind' only kinds stand here")
        self.known((word for word in words if word not in KINDS), key)
        word_of = {
            name: name if name in words and not by_kind else modality.kind for name, modality in self.modalities.items()
        }
        lacking = [word for word in words if word not in word_of.values()]
        if lacking and every and self.alone and not by_kind:
            raise UsageError(f"{key}: there is no {lacking[0]} in {self._content()}")
        return {name: words[word] for name, word in word_of.items() if word in words}

    def names(self, words: Iterable[str], key: str, *, every: bool = False) -> list[str]:
        """The modalities that a list of names and kinds chooses."""
        return list(self.named(dict.fromkeys(words), key, every=every))

    def known(self, names: Iterable[str], key: str) -> None:
        """Refuse what is no modality."""
        for name in names:
            if name not in self.modalities:
                raise UsageError(f"{key}: {unknown('modality', name, self.modalities)}")

    def some(self, found: Iterable[T], key: str, *, by_kind: bool = False) -> Iterator[T]:
        """All of it; that a part has nothing for the only dataset is a mistake."""
        nothing = True
        for each in found:
            nothing = False
            yield each
        if nothing and self.alone and not by_kind:
            raise UsageError(f"{key}: nothing of it applies to {self._content()}")

    def patterns(self, given: str | Sequence[Sequence[str]], key: str) -> list[Pattern]:
        """Patterns as given or all proper ones, by how much is missing; the complete one is the clean condition."""
        names = tuple(self.modalities)
        if isinstance(given, str):
            most = len(names) - 1
            sizes = {"all": range(most, 0, -1), "single-missing": [most], "single-present": [min(most, 1)]}[given]
            return [pattern for size in sizes if size for pattern in combinations(names, size)]
        for pattern in given:
            self.known(pattern, key)
            if set(pattern) == set(names):
                raise UsageError(f"{key}: {list(pattern)} misses nothing; that is the clean condition")
        return [tuple(name for name in names if name in pattern) for pattern in given]

    def missing(self, pattern: Pattern) -> str:
        """A pattern's name: ``missing image + text``."""
        return "missing " + " + ".join(name for name in self.modalities if name not in pattern)

    def _content(self) -> str:
        return f"{self.dataset} ({', '.join(f'{each.name}: {each.kind}' for each in self.modalities.values())})"
