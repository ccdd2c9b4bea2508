"""What holds for every perturbation of text, whatever the text."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from brownout_registry import Modality, UsageError, bind_options, resolve
from brownout_text import plugin

CAPTION = Modality("caption", "text", ())
CARDS = plugin.brownout_perturbations()
WAYS = [
    (card, given_options)
    for card in CARDS
    for given_options in (
        {},
        *({option.name: choice} for option in card.options for choice in option.choices if choice != option.default),
    )
]
LEVELS = (0.0, 0.05, 0.3, 0.6, 1.0)
SAMPLES = [
    "",
    " \t\n",
    "a",
    "  The quick brown fox, jumped over  the LAZY dog!\n",
    "Ünïcödé nai\u0308ve e\u0301\u0301\u0301 \u0301lonely",
    "مرحبا بالعالم الجميل 123",
    "שָׁלוֹם עוֹלָם",
    "敏捷的棕色狐狸跳过了懒狗 小鳥",
    "नमस्ते दुनिया स्वागत",
    "👩‍👩‍👧‍👦 🇫🇷🇩🇪 👍🏽 ❤️ fire\u200d truck",
    "\ud800 lone\udfff surrogate",
    "ẞtraße ǅungla İstanbul ﬀord",
]
texts = st.lists(
    st.one_of(
        st.sampled_from(SAMPLES),
        st.text(st.characters(), max_size=40),
        st.lists(st.text("abcdeÄéß0189@&.,!'\u0301😀אب小", min_size=1, max_size=9), max_size=12).map(" ".join),
    ),
    min_size=1,
    max_size=4,
)
many = settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
every = pytest.mark.parametrize(
    ("card", "options"), WAYS, ids=["-".join([card.name, *options.values()]) for card, options in WAYS]
)
ADDING = {"word-insertion", "punctuation-insertion"}


def make(card, options, levels=LEVELS):
    return resolve(card)(CAPTION, levels, **bind_options(card, options))


def spaces(text):
    return [each for each in text if each.isspace()]


def contains(whole, part):
    """Whether ``part`` is what is left of ``whole`` after leaving something out."""
    rest = iter(whole)
    return all(each in rest for each in part)


@every
@given(batch=texts, seed=st.integers(0, 99))
@example(batch=SAMPLES, seed=0)
@many
def test_texts_stay_texts_and_what_is_hit_stays_hit(noise_for, card, options, batch, seed):
    before = list(batch)
    perturb = make(card, options)
    results = [perturb(batch, severity, noise_for(range(len(batch)), seed)) for severity in range(1, len(LEVELS) + 1)]
    assert batch == before
    assert results[0] == before
    for result in results:
        assert len(result) == len(batch)
        assert all(type(text) is str for text in result)
    for clean, *column in zip(before, *results, strict=True):
        for mild, strong in pairwise(column):
            check_nested(card.name, clean, mild, strong)


def check_nested(name, clean, mild, strong):
    words, milder, stronger = clean.split(), mild.split(), strong.split()
    if name in ADDING:
        assert contains(stronger, milder)
        assert contains(milder, words)
        assert contains(spaces(strong), spaces(clean))
    elif name == "word-deletion":
        assert contains(milder, stronger)
        assert bool(stronger) == bool(words)
        assert contains(spaces(clean), spaces(strong))
    else:
        assert spaces(strong) == spaces(clean)
        assert len(words) == len(milder) == len(stronger)
        assert all(now == then for old, then, now in zip(words, milder, stronger, strict=True) if then != old)
        assert name != "word-swap" or sorted(stronger) == sorted(words)


@every
@given(batch=texts, seed=st.integers(0, 99), severity=st.integers(1, 5), data=st.data())
@many
def test_a_sample_does_not_see_its_batch(noise_for, card, options, batch, seed, severity, data):
    perturb = make(card, options)
    whole = perturb(batch, severity, noise_for(range(len(batch)), seed))
    order = data.draw(st.permutations(range(len(batch))))
    assert perturb([batch[each] for each in order], severity, noise_for(order, seed)) == [whole[each] for each in order]
    assert [perturb([batch[each]], severity, noise_for([each], seed))[0] for each in range(len(batch))] == whole


@every
def test_the_share_of_hit_words_is_the_level(noise_for, card, options):
    known = ["small", "little", "quick", "rapid", "smart", "happy", "trucks", "automobile", "huge", "angry"] * 20
    words = known if card.name in ("synonym-replacement", "word-insertion") else [f"lorries{i}" for i in range(200)]
    results = make(card, options, (0.3,))([" ".join(words)] * 25, 1, noise_for(range(25)))
    changed = [how_many(card.name, words, result.split()) for result in results]
    assert sum(changed) / 25 == pytest.approx(60, rel=0.01 if "select" in options else 0.15)
    assert len(set(results)) > 1


def how_many(name, words, result):
    if name in {"word-deletion", *ADDING}:
        return abs(len(result) - len(words))
    return sum(old != new for old, new in zip(words, result, strict=True))


def test_pythons_hash_seed_does_not_matter():
    code = """
import numpy as np
from brownout_registry import Modality, bind_options, resolve
from brownout_text.plugin import brownout_perturbations
class Seeded:
    def generators(self, label):
        yield np.random.default_rng(1)
for card in brownout_perturbations():
    perturb = resolve(card)(Modality("caption", "text", ()), (0.7,), **bind_options(card, {}))
    print(*perturb(["The small dogs are chasing happy women, quickly, in big automobiles"], 1, Seeded()))
"""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert len(set(outputs.pop().splitlines())) == len(CARDS) - 1  # masking and blanking put the same mark


SHARED = ("keyboard-typos", "ocr-errors", *(f"character-{each}" for each in ("insertion", "deletion", "swap")))
MISTAKES = [
    *((card.name, (0.1, -0.1), {}, r"levels\[1\] is -0.1, expected a number from 0 to 1") for card in CARDS),
    *((card.name, (True,), {}, r"levels\[0\] is True") for card in CARDS),
    *((name, (0.1,), {"share": 0}, "'share' is 0, expected a share") for name in SHARED),
    *((name, (0.1,), {"shortest": 0}, "'shortest' is 0, expected a number of characters") for name in SHARED),
    ("ocr-errors", (0.1,), {"least": 0}, "'least' is 0"),
    ("character-insertion", (0.1,), {"alphabet": "a b"}, "'alphabet' is 'a b', expected two characters"),
    ("character-substitution", (0.1,), {"alphabet": "aa"}, "'alphabet' is 'aa'"),
    ("punctuation-insertion", (0.1,), {"marks": ""}, "'marks' is '', expected punctuation marks"),
    ("punctuation-insertion", (0.1,), {"marks": ". !"}, "'marks' is '. !'"),
    ("word-blanking", (0.1,), {"replacement": None}, "replacement is None, expected text"),
    ("word-swap", (0.1,), {"reach": "far"}, "'reach' is 'far', expected one of 'anywhere', 'neighbours'"),
]


@pytest.mark.parametrize(("name", "levels", "options", "message"), MISTAKES)
def test_mistakes_are_named(name, levels, options, message):
    card = next(card for card in CARDS if card.name == name)
    with pytest.raises(UsageError, match=f"'{name}'.*{message}"):
        make(card, options, levels)


LETTERS = {"character-insertion", "character-substitution", "character-swap", "character-deletion"}
SYNONYMS = {"synonym-replacement", "word-insertion"}
ORDER = {"word-deletion", "word-swap"}
LATIN = {"keyboard-typos", "ocr-errors"}


@pytest.mark.parametrize(
    ("text", "unchanged"),
    [
        ("съешь ещё этих мягких французских", LATIN | SYNONYMS),
        ("الثعلب البني السريع يقفز", LATIN | SYNONYMS),
        ("敏捷的棕色狐狸跳过懒狗", LATIN | SYNONYMS | ORDER),
        ("สวัสดีชาวโลก", LATIN | SYNONYMS | ORDER),
        ("敏捷 棕色 狐狸 跳过 懒狗", LATIN | SYNONYMS | LETTERS),
        ("नमस्ते दुनिया अच्छी", LATIN | SYNONYMS | LETTERS),
    ],
)
def test_what_leaves_a_text_of_another_script_as_it_is(noise_for, text, unchanged):
    """The readme's table: such a condition says nothing of robustness."""
    found = {card.name for card in CARDS if make(card, {})([text] * 9, 5, noise_for(range(9))) == [text] * 9}
    assert found == unchanged
