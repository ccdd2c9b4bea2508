"""Lists of synonyms: the shipped one, or a user's own."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import regex  # type: ignore[import-untyped]

from brownout_registry import UsageError
from brownout_text.words import pick

SHIPPED = Path(__file__).with_name("synonyms.tsv")
WORD_WITHIN = regex.compile(r"([^\p{L}\p{N}\p{M}]*+)((?:.*[\p{L}\p{N}\p{M}])?+)(.*)", regex.DOTALL)
"""What is around a word, and the word from its first letter to its last: no part is tried twice."""
Thesaurus: TypeAlias = Mapping[str, Sequence[str]]
"""Synonyms by word, in lower case."""


def read(words: str | None, where: str) -> Thesaurus:
    r"""Read a list of synonyms.

    JSON is ``{"big": ["large", "huge"], ...}``, any other file has a line ``big<tab>large<tab>huge`` for each word.
    Case does not matter in the first of these; a word is not its own synonym.

    Args:
        words: a file, ``package:name/file`` for one inside an installed package, or None for the shipped list.
        where: how messages begin.

    Raises:
        UsageError: the file is not there, no UTF-8, no such list, or empty.

    Example:
        >>> thesaurus = read(None, "here")
        >>> thesaurus["big"], "zyx" in thesaurus
        (['large'], False)
    """
    file = SHIPPED if words is None else _locate(words)
    thesaurus: dict[str, list[str]] = {}
    try:
        text = file.read_text(encoding="utf-8-sig")
        for word, synonyms in _entries(json.loads(text)) if file.suffix.lower() == ".json" else _lines(text):
            others = thesaurus.setdefault(_key(word), [])
            others += [each for each in synonyms if _key(each) != _key(word) and each not in others]
    except (OSError, ValueError) as error:
        raise UsageError(f"{where}: words {words!r} cannot be read: {error}") from None
    if not any(thesaurus.values()):
        raise UsageError(f"{where}: words {words!r} holds no synonyms")
    return thesaurus


def synonyms_of(word: str, thesaurus: Thesaurus) -> Sequence[str]:
    """Synonyms of a word, whatever its case and the punctuation around it; none if it is not known.

    Example:
        >>> synonyms_of("(Big!)", {"big": ["large", "huge"]}), synonyms_of("?", {"big": ["large"]})
        (['large', 'huge'], ())
    """
    return thesaurus.get(_key(WORD_WITHIN.fullmatch(word)[2]), ())


def synonym(word: str, u: float, thesaurus: Thesaurus) -> str | None:
    """One synonym, all with the same chance by a draw from [0, 1), in the word's capitals and punctuation.

    Example:
        >>> thesaurus = {"big": ["large", "huge"]}
        >>> synonym("(Big!)", 0.1, thesaurus), synonym("BIG", 0.5, thesaurus), synonym("red", 0.5, thesaurus)
        ('(Large!)', 'HUGE', None)
    """
    choices = synonyms_of(word, thesaurus)
    if not choices:
        return None
    before, core, after = WORD_WITHIN.fullmatch(word).groups()
    chosen = pick(choices, u)
    if core.isupper() and len(core) > 1:
        chosen = chosen.upper()
    elif core[0].isupper():
        chosen = chosen[0].upper() + chosen[1:]
    return f"{before}{chosen}{after}"


def _key(word: str) -> str:
    return unicodedata.normalize("NFC", word).casefold()


def _locate(words: str) -> Path:
    scheme, _, rest = words.partition(":")
    if scheme != "package":
        return Path(words).expanduser()
    package, _, inside = rest.partition("/")
    spec = find_spec(package) if package.isidentifier() else None
    folders = (spec and spec.submodule_search_locations) or []
    return next((file for folder in folders if (file := Path(folder) / inside).is_file()), Path(words))


def _entries(content: object) -> Iterator[tuple[str, list[str]]]:
    expected = 'expected {"word": ["synonym", ...], ...}'
    if not isinstance(content, dict):
        raise ValueError(expected)
    for word, synonyms in content.items():
        fine = isinstance(synonyms, list) and all(isinstance(each, str) and each.strip() for each in synonyms)
        if not (fine and word.strip()):
            raise ValueError(f"{word!r} has {synonyms!r}, {expected}")
        yield word.strip(), [each.strip() for each in synonyms]


def _lines(text: str) -> Iterator[tuple[str, list[str]]]:
    for number, line in enumerate(text.split("\n"), 1):
        word, *synonyms = map(str.strip, line.split("\t"))
        if not line.strip():
            continue
        if not (word and synonyms and all(synonyms)):
            raise ValueError(f"line {number} is {line!r}, expected a word, a tab, and synonyms with tabs between them")
        yield word, synonyms
