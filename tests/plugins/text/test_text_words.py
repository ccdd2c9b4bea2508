"""Perturbations of words: blanking, deletion, swap, punctuation; and which words are hit."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brownout_registry import Modality
from brownout_text.masking import word_blanking, word_masking
from brownout_text.punctuation import punctuation_insertion
from brownout_text.word_order import word_deletion, word_swap
from brownout_text.words import hit, join, split

CAPTION = Modality("caption", "text", ())
TEXT = "  one two\tthree  four\nfive "
LEVELS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@given(st.text(st.characters(), max_size=40))
def test_words_and_gaps_make_up_the_text(text):
    words, gaps = split(text)
    assert join(words, gaps) == text
    assert words == text.split()
    assert "".join(gaps).strip() == ""


@given(st.lists(st.floats(0, 1, exclude_max=True), max_size=12), st.sampled_from(["each", "count"]))
def test_what_a_level_hits_a_higher_one_hits_too(draws, select):
    draws = np.array(draws)
    sets = [set(hit(draws, level, select)) for level in LEVELS]
    assert sets[0] == set()
    assert sets[-1] == set(range(len(draws)))
    assert all(milder <= stronger for milder, stronger in pairwise(sets))
    if select == "count":
        assert [len(each) for each in sets] == [-(-level * len(draws) // 5) for level in range(6)]


@pytest.mark.parametrize(
    ("level", "n", "count"), [(0.05, 20, 1), (0.07, 100, 7), (0.3, 16, 5), (0.01, 3, 1), (0, 9, 0)]
)
def test_counts_are_rounded_up(level, n, count):
    assert len(hit(np.linspace(0.9, 0.1, n), level, "count")) == count


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "  _ _\t_  _\n_ "),
        ({"replacement": "[MASK]"}, "  [MASK] [MASK]\t[MASK]  [MASK]\n[MASK] "),
        ({"replacement": "", "per": "character"}, "   \t  \n "),
        ({"per": "character", "replacement": "█"}, "  ███ ███\t█████  ████\n████ "),
    ],
)
def test_blanks(noise_for, options, expected):
    assert word_blanking(CAPTION, (1,), **options)([TEXT], 1, noise_for([0])) == [expected]


def test_blank_letters_leave_punctuation_and_length(noise_for):
    texts = ["“Hé, l'été!” שלום… e\u0301t 👍🏽"]
    assert word_blanking(CAPTION, (1,), per="character")(texts, 1, noise_for([0])) == ["“__, _'___!” ____… __ 👍🏽"]


def test_blanking_by_words_is_masking_with_other_draws(noise_for):
    texts, noise = [TEXT] * 300, noise_for(range(300))
    blanked, masked = (factory(CAPTION, (0.4,))(texts, 1, noise) for factory in (word_blanking, word_masking))
    assert blanked != masked
    for each in (blanked, masked):
        assert sum(text.count("_") for text in each) / 1500 == pytest.approx(0.4, abs=0.04)


def test_deleted_words_take_the_white_space_before_them(noise_for):
    results = {word_deletion(CAPTION, (0.6,))([TEXT], 1, noise_for([0], seed))[0] for seed in range(400)}
    assert {"  one two\tthree  four\nfive ", "  two\tthree ", "  one  four\nfive ", "  five ", "  one "} <= results


@pytest.mark.parametrize("select", ["each", "count"])
@pytest.mark.parametrize("text", [TEXT, "word", " \u200fمرحبا بالعالم ", "ab ab"])
def test_one_word_always_stays(noise_for, text, select):
    for seed in range(20):
        (result,) = word_deletion(CAPTION, (1,), select=select)([text], 1, noise_for([0], seed))
        assert len(result.split()) == 1
        assert result.split()[0] in text.split()


@pytest.mark.parametrize("reach", ["anywhere", "neighbours"])
@given(n=st.integers(0, 11), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=40)
def test_every_word_moves_once_at_most(noise_for, reach, n, seed):
    text = "  ".join(map(str, range(n)))
    (result,) = word_swap(CAPTION, (1,), reach=reach)([text], 1, noise_for([0], seed))
    order = [int(word) for word in result.split()]
    moved = [place for place, word in enumerate(order) if place != word]
    assert [order[each] for each in order] == list(range(n))  # exchanged pairs, no longer cycles
    assert len(moved) >= (n // 2 * 2 if reach == "anywhere" or n == 2 else 2 * ((n - 1) // 2))
    assert reach == "anywhere" or all(abs(place - word) == 1 for place, word in enumerate(order) if place in moved)


def test_every_pair_of_neighbours_can_be_swapped(noise_for):
    perturb = word_swap(CAPTION, (0.5,), reach="neighbours")
    results = perturb(["0 1 2 3"] * 200, 1, noise_for(range(200)))
    assert set(results) == {"0 1 2 3", "1 0 2 3", "0 1 3 2", "1 0 3 2", "0 2 1 3"}


def test_marks_stand_alone_before_words(noise_for):
    results = punctuation_insertion(CAPTION, (0.5,))(["A  dog."] * 300, 1, noise_for(range(300)))
    first = {text.split("A")[0] for text in results}
    assert first == {"", *(f"{mark} " for mark in ".,!?;:")}
    assert {text.split("A")[1].split("dog.")[0] for text in results} == {"  ", *(f"  {mark} " for mark in ".,!?;:")}
    assert punctuation_insertion(CAPTION, (1,), marks="؟")(["مرحبا بك"], 1, noise_for([0])) == ["؟ مرحبا ؟ بك"]
