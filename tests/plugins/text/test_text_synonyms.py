"""Synonyms, shipped and a user's own."""

from __future__ import annotations

import json
import time
from collections import Counter

import pytest

from brownout_registry import Modality, UsageError
from brownout_text.synonyms import synonym_replacement, word_insertion
from brownout_text.thesaurus import SHIPPED, read, synonym

CAPTION = Modality("caption", "text", ())
OWN = {"Big": ["large", "very large"], "caf\u00e9": ["bistro"], "МИР": ["покой"], "same": ["Same", "equal"]}


@pytest.fixture(params=["json", "tsv"])
def own(request, tmp_path):
    """A user's own list, in both formats."""
    file = tmp_path / f"own words.{request.param}"
    lines = "\ufeff" + "\r\n\n".join("\t".join([word, *others]) for word, others in OWN.items())
    file.write_text(json.dumps(OWN) if request.param == "json" else lines, encoding="utf-8")
    return str(file)


def test_the_shipped_list_is_sound():
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    words = [line.split("\t")[0] for line in lines]
    assert words == sorted(set(words))
    assert len(words) > 500
    for line in lines:
        word, *others = line.split("\t")
        assert others
        assert len({word, *others}) == len(others) + 1
        assert all(each.isascii() and each.isalpha() and each.islower() for each in (word, *others))
    known = read(None, "here")
    assert list(known) == words
    assert all(word in known[other] for word, others in known.items() for other in others)


def test_case_punctuation_and_unknown_words_stay(noise_for):
    text = "“Dogs, (dogs) DOGS  dogs' Zyx 123 … e\u0301dogs 👍🏽"
    results = synonym_replacement(CAPTION, (1,))([text], 1, noise_for([0]))
    assert results == ["“Hounds, (hounds) HOUNDS  hounds' Zyx 123 … e\u0301dogs 👍🏽"]


def test_every_synonym_has_its_turn(noise_for):
    results = Counter(synonym_replacement(CAPTION, (1,))(["quick"] * 300, 1, noise_for(range(300))))
    assert set(results) == {"fast", "rapid"}
    assert min(results.values()) > 100


def test_a_list_of_your_own(noise_for, own):
    noise = noise_for(range(100))
    results = synonym_replacement(CAPTION, (1,), words=own)(["BIG Cafe\u0301, мир same dog"] * 100, 1, noise)
    assert set(results) == {f"{big} Bistro, покой equal dog" for big in ("LARGE", "VERY LARGE")}


def test_a_list_within_an_installed_package(noise_for):
    perturb = synonym_replacement(CAPTION, (1,), words="package:brownout_text/synonyms.tsv")
    assert perturb(["a dog"], 1, noise_for([0])) == ["a hound"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.json", None, "No such file"),
        ("list.json", "[1]", 'expected {"word"'),
        ("broken.json", '{"a": ', "Expecting value"),
        ("string.json", '{"a": "b"}', "'a' has 'b', expected"),
        ("number.json", '{"a": [1]}', r"'a' has \[1\], expected"),
        ("nameless.json", '{" ": ["b"]}', "' ' has"),
        ("alone.tsv", "big\tlarge\nsmall\n", "line 2 is 'small', expected a word, a tab"),
        ("gap.tsv", "big\t\tlarge", "line 1 is"),
        ("latin.tsv", b"caf\xe9\tbistro", "can't decode"),
        ("empty.tsv", "\n", "holds no synonyms"),
        ("itself.tsv", "big\tBIG", "holds no synonyms"),
    ],
)
@pytest.mark.parametrize("factory", [synonym_replacement, word_insertion])
def test_a_list_that_is_none_is_refused(tmp_path, factory, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError, match=f"of 'caption': words '.*{name}'.*{message}") as error:
        factory(CAPTION, (0.1,), words=str(tmp_path / name))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("words", ["package:no_such_package/x.tsv", "package:brownout_text/x.tsv", "package:a b", ""])
def test_a_package_without_the_list_is_refused(words):
    with pytest.raises(UsageError, match="cannot be read"):
        synonym_replacement(CAPTION, (0.1,), words=words)


def test_synonyms_are_inserted_anywhere(noise_for):
    results = word_insertion(CAPTION, (0.5,))(["zyx  (Dog)"] * 300, 1, noise_for(range(300)))
    assert {text for text in results if text.count("hound") == 1} == {
        "hound zyx  (Dog)",
        "zyx  hound (Dog)",
        "zyx  (Dog) hound",
    }
    assert {text.count("hound") for text in results} == {0, 1, 2}


def test_a_text_of_unknown_words_stays_or_gets_copies(noise_for):
    texts, noise = ["привет,  мир", "", " "], noise_for(range(3))
    assert word_insertion(CAPTION, (1,))(texts, 1, noise) == texts
    assert synonym_replacement(CAPTION, (1,))(texts, 1, noise) == texts
    copied = word_insertion(CAPTION, (1,), insert="copy")(texts, 1, noise)
    assert copied[1:] == texts[1:]
    assert len(copied[0].split()) == 4
    assert set(copied[0].split()) == {"привет,", "мир"}


@pytest.mark.parametrize("word", ["a" + "-" * 40_000 + "b", "-" * 40_000 + "b", "a" + "-" * 40_000, "-a" * 20_000])
def test_a_long_word_takes_no_longer_than_its_length(word):
    """A pattern that tries every end of the word took 20 s."""
    begun = time.process_time()
    assert synonym(word, 0.5, {word.strip("-"): ["same"]}) == word.replace(word.strip("-"), "same")
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    ("word", "expected"), [("I", "Me"), ("i", "me"), ("ß", "SS"), ("!?", None), ("", None), ("_I_", "_Me_")]
)
def test_single_letters(word, expected):
    assert synonym(word, 0.5, {"i": ["me"], "ss": ["SS"]}) == expected
