"""Word masking."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brownout_registry import Modality, UsageError, bind_options, resolve
from brownout_text import plugin
from brownout_text.masking import word_masking

CARD = next(card for card in plugin.brownout_perturbations() if card.name == "word-masking")
CAPTION = Modality("caption", "text", ())
LEVELS = CARD.levels["*"]
texts = st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=8)
many = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def spaces(text: str) -> str:
    return "".join(each for each in text if each.isspace())


@given(texts, st.integers(0, 99))
@many
def test_words_go_one_by_one_and_stay_gone(noise_for, batch, seed):
    before = list(batch)
    perturb = word_masking(CAPTION, (0.0, *LEVELS, 1.0), mask="\N{FULL BLOCK}")
    results = [perturb(batch, severity, noise_for(range(len(batch)), seed)) for severity in range(1, 8)]
    assert batch == before
    assert results[0] == batch
    for column in zip(*results, strict=True):
        words = [text.split() for text in column]
        assert {len(each) for each in words} == {len(words[0])}
        assert {spaces(text) for text in column} == {spaces(column[0])}
        for mild, strong in pairwise(words):
            assert all(new in (old, "\N{FULL BLOCK}") for old, new in zip(mild, strong, strict=True))
        assert set(words[-1]) <= {"\N{FULL BLOCK}"}


@given(batch=texts, seed=st.integers(0, 99), severity=st.integers(1, 5), data=st.data())
@many
def test_a_sample_does_not_see_its_batch(noise_for, batch, seed, severity, data):
    perturb = word_masking(CAPTION, LEVELS)
    whole = perturb(batch, severity, noise_for(range(len(batch)), seed))
    order = data.draw(st.permutations(range(len(batch))))
    assert perturb([batch[each] for each in order], severity, noise_for(order, seed)) == [whole[each] for each in order]
    assert [perturb([batch[each]], severity, noise_for([each], seed))[0] for each in range(len(batch))] == whole


@pytest.mark.parametrize("p", LEVELS)
def test_the_share_of_masked_words_is_the_level(noise_for, p):
    result = word_masking(CAPTION, (p,))(["word " * 1000] * 20, 1, noise_for(range(20)))
    assert sum(text.count("_") for text in result) / 20_000 == pytest.approx(p, abs=0.015)


@pytest.mark.parametrize(
    ("mask", "expected"),
    [("_", ["_  _\n_", "", " "]), ("[MASK]", ["[MASK]  [MASK]\n[MASK]", "", " "]), ("", ["  \n", "", " "])],
)
def test_masks_are_literal_and_empty_texts_safe(noise_for, mask, expected):
    assert word_masking(CAPTION, (1,), mask=mask)(["小鳥  vögel\nwings", "", " "], 1, noise_for(range(3))) == expected
    assert word_masking(CAPTION, (1,), mask=r"\1")(["a"], 1, noise_for([0])) == [r"\1"]


@pytest.mark.parametrize(
    ("levels", "options", "message"),
    [
        ((0.1, 1.1), {}, r"'word-masking' of 'caption': levels\[1\] is 1.1"),
        (("all",), {}, r"levels\[0\] is 'all'"),
        ((0.1,), {"mask": None}, "mask is None, expected text"),
    ],
)
def test_mistakes_are_named(levels, options, message):
    with pytest.raises(UsageError, match=message):
        word_masking(CAPTION, levels, **options)


def test_the_card_makes_the_perturbation(noise_for):
    perturb = resolve(CARD)(CAPTION, LEVELS, **bind_options(CARD, {}))
    assert CARD.takes == ("text",)
    assert perturb(["one two"], 5, noise_for([3])) == word_masking(CAPTION, LEVELS)(["one two"], 5, noise_for([3]))
