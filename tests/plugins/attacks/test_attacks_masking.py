"""Greedy masking of words."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise
from zlib import crc32

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brownout_attacks.losses import margin
from brownout_registry import UsageError

CHECKS = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
texts_of = st.lists(st.text(st.sampled_from("ab é日 \n_"), max_size=14), min_size=1, max_size=4)


def bag(inputs, rows):
    """Two logits that add up what each word says; a word's place does not matter."""
    said = [
        sum(crc32(word.encode()) % 100 / 10 - 4 for t in row for word in t.split())
        for row in zip(*inputs.values(), strict=True)
    ]
    return torch.stack([torch.tensor([float(each), 0.0], dtype=torch.float64) for each in said])


@given(texts_of, st.floats(0, 1), st.data())
@CHECKS
def test_it_masks_no_more_than_it_may_and_never_helps(build, attacked_by, texts, budget, data):
    targets = torch.tensor(data.draw(st.lists(st.integers(0, 1), min_size=len(texts), max_size=len(texts))))
    attacked = attacked_by({"caption": list(texts)}, targets, bag, budget)
    found = build("greedy-masking")(attacked)["caption"]
    assert attacked.inputs["caption"] == texts
    for text, moved in zip(texts, found, strict=True):
        before, after = text.split(), moved.split()
        assert len(before) == len(after)
        changed = [i for i, (one, other) in enumerate(zip(before, after, strict=True)) if one != other]
        assert all(after[i] == "_" for i in changed)
        assert len(changed) <= (max(1, budget * len(before) + 1e-6) if budget else 0)
        assert "".join(c for c in text if c.isspace()) == "".join(c for c in moved if c.isspace())
    gaps = [margin(attacked.logits({"caption": each}), targets) for each in (texts, found)]
    assert (gaps[1] >= gaps[0]).all()


@given(texts_of, st.floats(0.01, 1))
@CHECKS
def test_a_sample_does_not_depend_on_its_company(build, attacked_by, texts, budget):
    targets = torch.arange(len(texts)) % 2
    together = build("greedy-masking", batch_size=3)(attacked_by({"caption": texts}, targets, bag, budget))
    for row, text in enumerate(texts):
        alone = attacked_by({"caption": [text]}, targets[row : row + 1], bag, budget)
        assert build("greedy-masking")(alone)["caption"] == [together["caption"][row]]


def test_where_words_add_up_greedy_is_the_best(build, attacked_by):
    words = ["red", "green", "blue", "black", "white"]
    attacked = attacked_by(
        {"caption": [" ".join(words)]}, torch.tensor([0]), lambda i, r: bag(i, r) + torch.tensor([50.0, 0]), 0.6
    )
    found = build("greedy-masking")(attacked)["caption"]
    options = [
        " ".join("_" if i in chosen else word for i, word in enumerate(words))
        for size in range(4)
        for chosen in combinations(range(5), size)
    ]
    gaps = margin(bag({"caption": options}, None), torch.zeros(len(options), dtype=torch.long))
    torch.testing.assert_close(margin(bag({"caption": found}, None), torch.tensor([0]))[0], gaps.max())


def test_more_budget_is_at_least_as_strong(build, attacked_by):
    texts = ["one two three four five six seven", "eight nine ten", ""]
    targets = torch.tensor([0, 0, 0])
    gaps = []
    for budget in (0.0, 0.1, 0.3, 0.5, 1.0):
        attacked = attacked_by({"caption": texts}, targets, lambda i, r: bag(i, r) + torch.tensor([30.0, 0]), budget)
        gaps.append(margin(attacked.logits(build("greedy-masking")(attacked)), targets))
    assert all((after >= before).all() for before, after in pairwise(gaps))
    assert gaps[-1][0] > gaps[0][0]


def test_it_stops_when_the_sample_is_fooled_and_asks_in_batches(build, attacked_by):
    asked = []

    def logits(inputs, rows):
        asked.append(len(rows))
        return torch.tensor([[2.0 * text.count("good") - 1, 0.0] for text in inputs["review"]])

    texts = ["good but long text here", "bad", "good good"]
    attacked = attacked_by({"review": texts}, torch.tensor([0, 0, 0]), logits, 1.0)
    found = build("greedy-masking", mask="[MASK]", batch_size=4)(attacked)["review"]
    assert found == ["[MASK] but long text here", "bad", "[MASK] [MASK]"]
    assert max(asked) == 4
    assert asked == [3, 4, 3, 1]


def test_two_texts_compete_for_the_next_word(build, attacked_by):
    inputs = {"title": ["good one"], "body": ["good good film"]}

    def logits(changed, rows):
        weight = {"title": 3.0, "body": 1.0}
        return (
            torch.tensor([[sum(weight[n] * t[0].count("good") for n, t in changed.items()) + 9, 0.0]] * 1)
            if len(rows) == 1
            else torch.tensor(
                [[sum(weight[n] * changed[n][i].count("good") for n in changed) + 9, 0.0] for i in range(len(rows))]
            )
        )

    attacked = attacked_by(inputs, torch.tensor([0]), logits, {"title": 0.5, "body": 0.4})
    assert build("greedy-masking")(attacked) == {"title": ["_ one"], "body": ["_ good film"]}
    none = replace(attacked, budgets={"title": 0.0, "body": 1.0})
    assert build("greedy-masking")(none) == {"title": ["good one"], "body": ["_ _ film"]}


def test_what_is_no_text_is_refused(build, attacked_by):
    attacked = attacked_by({"sound": torch.ones(1, 2)}, torch.tensor([0]), bag, 0.5)
    with pytest.raises(UsageError, match="attack 'greedy-masking' masks words, but 'sound' is no text"):
        build("greedy-masking")(attacked)
