"""Cards of the perturbations; importing this imports no torch."""

from __future__ import annotations

from brownout_registry import Option, Paper, PerturbationCard
from brownout_text.papers import AEDA, EDA, MM_ROBUSTNESS, QMF, RAML

SHARES = (0.05, 0.1, 0.15, 0.2, 0.25)
"""0.05 k: MM-Robustness, which goes on to 0.35, and RAML."""

SELECT = Option(
    "select", "each", "each with the level's chance, or the count ceil(level n) of n, as in nlpaug", ("each", "count")
)
SHARE = Option("share", 0.3, "of a hit word's letters and digits, rounded up")
SHORTEST = Option("shortest", 4, "letters and digits of the shortest words that can be hit")
ALPHABET = Option(
    "alphabet",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*()_+",
    "what is drawn from; nlpaug's by default, give the letters of your script",
)
WORDS = Option(
    "words",
    None,
    "list of synonyms, JSON or TSV: a file, package:name/file, or None for the shipped English one",
    path=True,
)


def _card(
    name: str,
    target: str,
    summary: str,
    paper: Paper,
    *options: Option,
    parameter: str = "share of words",
    default: bool = False,
) -> PerturbationCard:
    return PerturbationCard(
        name=name,
        target=f"brownout_text.{target}",
        summary=summary,
        paper=paper,
        takes=("text",),
        default_for=("text",) if default else (),
        parameter=parameter,
        levels={"*": SHARES},
        options=options,
    )


CARDS = [
    PerturbationCard(
        name="word-masking",
        target="brownout_text.masking:word_masking",
        summary="Each word becomes a mask with the level's probability",
        paper=QMF,
        takes=("text",),
        default_for=("text",),
        parameter="probability that a word is masked",
        levels={"*": (0.1, 0.2, 0.3, 0.4, 0.5)},
        options=(Option("mask", "_", "what takes a word's place: '_', a tokeniser's '[MASK]', or '' for nothing"),),
    ),
    _card(
        "word-blanking",
        "masking:word_blanking",
        "Words, or each letter of words, become '_' or nothing (RAML, QMF)",
        RAML,
        Option("replacement", "_", "of a word or of each of its letters: '_', '[MASK]', '' for nothing"),
        Option("per", "word", "what one replacement stands for", ("word", "character")),
        SELECT,
    ),
    _card(
        "keyboard-typos",
        "typos:keyboard_typos",
        "Letters of words become what a neighbouring QWERTY key gives",
        MM_ROBUSTNESS,
        SHARE,
        SHORTEST,
        Option("shift", "either", "neighbours typed with either or the same shift key", ("either", "same")),
        SELECT,
        default=True,
    ),
    _card(
        "ocr-errors",
        "typos:ocr_errors",
        "Characters of words are mistaken for similar ones, as by optical character recognition",
        MM_ROBUSTNESS,
        SHARE,
        Option("shortest", 1, SHORTEST.help),
        Option("least", 2, "characters hit in a word that has as many that can be mistaken"),
        SELECT,
    ),
    _card(
        "character-insertion",
        "random_characters:character_insertion",
        "Random characters are inserted before letters of words",
        MM_ROBUSTNESS,
        SHARE,
        SHORTEST,
        ALPHABET,
        SELECT,
    ),
    _card(
        "character-substitution",
        "random_characters:character_substitution",
        "Letters of words become random other characters",
        MM_ROBUSTNESS,
        SHARE,
        SHORTEST,
        ALPHABET,
        SELECT,
    ),
    _card(
        "character-swap",
        "edits:character_swap",
        "Letters of words change places with a neighbour",
        MM_ROBUSTNESS,
        SHARE,
        SHORTEST,
        SELECT,
    ),
    _card(
        "character-deletion",
        "edits:character_deletion",
        "Letters of words go",
        MM_ROBUSTNESS,
        SHARE,
        SHORTEST,
        SELECT,
    ),
    _card(
        "word-deletion",
        "word_order:word_deletion",
        "Words go, all but one at most",
        EDA,
        SELECT,
        default=True,
    ),
    _card(
        "word-swap",
        "word_order:word_swap",
        "Words change places",
        EDA,
        Option("reach", "anywhere", "which words change places", ("anywhere", "neighbours")),
        SELECT,
    ),
    _card(
        "word-insertion",
        "synonyms:word_insertion",
        "Synonyms of the text's words, or copies of them, are inserted anywhere",
        EDA,
        Option("insert", "synonym", "what is inserted: a synonym of one of the words, or a copy", ("synonym", "copy")),
        WORDS,
        SELECT,
        parameter="inserted words per word",
    ),
    _card(
        "synonym-replacement",
        "synonyms:synonym_replacement",
        "Words become synonyms, where the list knows some",
        EDA,
        WORDS,
        SELECT,
        parameter="share of known words",
    ),
    _card(
        "punctuation-insertion",
        "punctuation:punctuation_insertion",
        "Punctuation marks are inserted before words (AEDA)",
        AEDA,
        Option("marks", ".,!?;:", "each drawn with the same chance"),
        SELECT,
        parameter="marks per word",
    ),
]
