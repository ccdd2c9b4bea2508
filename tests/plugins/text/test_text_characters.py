"""Perturbations of characters: keyboard, optical character recognition, insert, substitute, swap, delete."""

from __future__ import annotations

from collections import Counter
from math import ceil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brownout_registry import Modality
from brownout_text.characters import characters_of, is_letter
from brownout_text.confusions import mistaken, neighbours
from brownout_text.edits import character_deletion, character_swap
from brownout_text.random_characters import ALPHABET, character_insertion, character_substitution
from brownout_text.typos import keyboard_typos, ocr_errors
from brownout_text.words import pick

CAPTION = Modality("caption", "text", ())
FOUR = [character_insertion, character_substitution, character_swap, character_deletion]
LETTERS = "abcdefgéöжשض字가"
words = st.text(LETTERS + LETTERS.upper() + "0123456789", min_size=4, max_size=14)
shares = st.sampled_from([0.1, 0.3, 0.5, 1.0])
many = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(words, shares, st.integers(0, 99))
@many
def test_a_share_of_the_letters_is_hit(noise_for, word, share, seed):
    count, noise = ceil(round(share * len(word), 9)), noise_for([0], seed)
    (inserted,) = character_insertion(CAPTION, (1,), share=share, alphabet="+-")([word], 1, noise)
    assert inserted.replace("+", "").replace("-", "") == word
    assert len(inserted) == len(word) + count
    (substituted,) = character_substitution(CAPTION, (1,), share=share)([word], 1, noise)
    assert sum(old != new for old, new in zip(word, substituted, strict=True)) == count
    (shorter,) = character_deletion(CAPTION, (1,), share=share)([word], 1, noise)
    assert len(shorter) == max(len(word) - count, 1)
    rest = iter(word)
    assert all(each in rest for each in shorter)


@given(words, shares, st.integers(0, 99))
@many
def test_no_swap_undoes_another_and_capitals_stay(noise_for, word, share, seed):
    (swapped,) = character_swap(CAPTION, (1,), share=share)([word], 1, noise_for([0], seed))
    assert Counter(swapped.lower()) == Counter(word.lower())
    assert [each.isupper() for each in swapped if each.lower() != each.upper()].count(True) == sum(
        map(str.isupper, word)
    )
    moved = [place for place, (old, new) in enumerate(zip(word.lower(), swapped.lower(), strict=True)) if old != new]
    assert len(moved) <= 2 * ceil(round(share * len(word), 9))
    if any(one != other for one, other in zip(word.lower(), word.lower()[1:], strict=False)):
        assert moved
    for place in moved:  # with one neighbour, and that one with it
        sides = [each for each in (place - 1, place + 1) if each in moved]
        assert any(swapped[side].lower() == word[place].lower() for side in sides)


def test_both_neighbours_are_swapped_with(noise_for):
    results = character_swap(CAPTION, (1,), share=0.1)(["abc"] * 200, 1, noise_for(range(200)))
    assert set(results) == {"abc"}  # too short
    results = character_swap(CAPTION, (1,), share=0.1, shortest=3)(["abc"] * 200, 1, noise_for(range(200)))
    assert 70 < Counter(results)["bac"] < 130
    assert Counter(results)["bac"] + Counter(results)["acb"] == 200


@pytest.mark.parametrize("factory", [*FOUR, keyboard_typos])
def test_short_words_punctuation_and_emoji_stay(noise_for, factory):
    text = "a an the ..... —— 👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦 «» (cat) ﷺ"
    assert factory(CAPTION, (1,), share=1)([text], 1, noise_for([0])) == [text]
    (result,) = factory(CAPTION, (1,), share=1)(['("lorries!")'], 1, noise_for([0]))
    assert result[:2] + result[-3:] == '("!")'
    assert result != '("lorries!")'


@pytest.mark.parametrize("factory", FOUR)
def test_accents_go_with_their_letters(noise_for, factory):
    word = "e\u0301a\u0300o\u0302u\u0308i\u0303"
    assert len(characters_of(word)) == 5
    for result in factory(CAPTION, (1,), share=0.3)([word] * 50, 1, noise_for(range(50))):
        kept = [each for each in characters_of(result) if len(each) == 2]
        assert set(kept) <= set(characters_of(word))
        assert result != word


def test_what_is_drawn_comes_from_the_alphabet_evenly(noise_for):
    assert len(set(ALPHABET)) == len(ALPHABET) == 74
    results = character_substitution(CAPTION, (1,), share=1)(["aaaaaaaaaa"] * 400, 1, noise_for(range(400)))
    counts = Counter("".join(results))
    assert set(counts) == set(ALPHABET) - {"a"}
    assert 20 < min(counts.values()) < max(counts.values()) < 100
    arabic = character_insertion(CAPTION, (1,), share=1, alphabet="ابت")(["مرحبا"], 1, noise_for([0]))[0]
    assert set(arabic) <= set("مرحباابت")
    assert len(arabic) == 10


@pytest.mark.parametrize("table", [neighbours("either"), neighbours("same"), mistaken()])
def test_tables_hold_single_visible_characters_and_go_both_ways(table):
    for key, others in table.items():
        assert len(key) == 1
        assert others
        assert len(set(others)) == len(others)
        assert key not in others
        assert all(each.isascii() and each.isprintable() and not each.isspace() for each in others)
        assert all(key in table[each] for each in others if each in table)


def test_the_tables_are_those_of_the_field():
    either = neighbours("either")
    assert len(either) == 62
    assert {len(others) for others in either.values()} == {6, 8, 12}  # twice the keys that touch
    assert set(neighbours("same")["s"]) == set("adwezx")
    assert set(either["p"]) == set("0-ol[;" + ")_OL{:")
    assert set(mistaken()) == set("01245679" + "8oODlIzZbsS@&gqukrCGUEB")
    assert len(mistaken()) == 31


def test_keyboard_and_scanner_change_what_their_tables_hold(noise_for):
    noise = noise_for(range(100))
    for result in keyboard_typos(CAPTION, (1,), shift="same")(["Lorries 字字字字字"] * 100, 1, noise):
        first, second = result.split(" ")
        assert second == "字字字字字"
        pairs = [(old, new) for old, new in zip("Lorries", first, strict=True) if old != new]
        assert len(pairs) == 3
        assert all(new in neighbours("same")[old] for old, new in pairs)
    for result in ocr_errors(CAPTION, (1,))(["xylophones, a 8 t& T.T."] * 100, 1, noise):
        first, *rest, last = result.split(" ")
        assert sum(old != new for old, new in zip("xylophones,", first, strict=True)) == 3
        assert rest[0] == "a"
        assert rest[1] in mistaken()["8"]
        assert rest[2] == "t8"
        assert last == "T.T."


@given(st.text(st.characters(), max_size=30))
@many
def test_characters_make_up_the_word(text):
    assert "".join(characters_of(text)) == text
    assert all(isinstance(is_letter(each), bool) for each in characters_of(text))


def test_every_choice_has_its_turn():
    assert [pick("abc", u) for u in (0.0, 0.33, 0.34, 0.67, 0.999999)] == list("aabcc")
