"""Hashed character n-grams: stable for ever, right for any text, and learnable."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from brownout_registry import Modality, UsageError
from brownout_text.char_ngrams import CharNgrams, hash_ngrams

CAPTION = Modality("caption", "text", ())
GOLDEN = [694589687, 3160739560, 694295357, 3186273661, 694596210]  # Ünï
GOLDEN += [700014604, 2594591372, 700267015]  # 日本
GOLDEN += [973014516, 1925886003, 969584452]  # 👍🏽
texts = st.lists(st.text(st.characters(exclude_categories=()), max_size=8), max_size=5)


def fnv1a(text):
    """64-bit FNV-1a over code points, folded to 32 bits, as its authors describe."""
    value = 0xCBF29CE484222325
    for character in text:
        value = (value ^ ord(character)) * 0x100000001B3 % 2**64
    return value >> 32 ^ value & 0xFFFFFFFF


@pytest.mark.parametrize(("text", "published"), [("a", 0xAF63DC4C8601EC8C), ("foobar", 0x85944171F73967E8)])
def test_hashes_are_those_of_the_fnv_reference(text, published):
    hashes, _ = hash_ngrams([text], len(text), len(text))
    assert hashes.tolist() == [published >> 32 ^ published & 0xFFFFFFFF]


def test_hashes_of_other_scripts_stay_as_they_are():
    hashes, counts = hash_ngrams(["Ünï", "日本", "👍🏽"], 1, 2)
    assert counts.tolist() == [5, 3, 3]
    assert hashes.tolist() == GOLDEN


@given(texts, st.integers(1, 3), st.integers(0, 2))
def test_hashes_equal_a_loop_over_all_ngrams(given_texts, shortest, more):
    longest = shortest + more
    hashes, counts = hash_ngrams(given_texts, shortest, longest)
    lowered = [text.lower() for text in given_texts]
    expected = [
        [fnv1a(t[i : i + n]) for i in range(len(t)) for n in range(shortest, longest + 1) if i + n <= len(t)]
        for t in lowered
    ]
    assert counts.tolist() == [len(each) for each in expected]
    assert hashes.tolist() == [value for each in expected for value in each]


def test_the_vector_is_the_mean_of_its_ngrams_embeddings():
    encoder = CharNgrams(CAPTION, shortest=2, longest=3, buckets=50, dimension=4)
    rows = [fnv1a(ngram) % 50 for ngram in ("ab", "ba", "ab", "aba", "bab")]
    torch.testing.assert_close(encoder(["ABab"])[0], encoder.embedding.weight[rows].mean(dim=0))


def test_empty_and_too_short_texts_give_zeros():
    encoder = CharNgrams(CAPTION, shortest=2)
    assert (encoder(["", "x"]) == 0).all()
    assert encoder(["", "xy"]).shape == (2, *encoder.representation.shape)
    assert (encoder(["xy", ""])[0] != 0).any()


def test_a_row_does_not_depend_on_the_others():
    encoder, captions = CharNgrams(CAPTION), ["Grinning face", "", "にっこり", "a"]
    torch.testing.assert_close(encoder(captions), torch.cat([encoder([caption]) for caption in captions]))


def test_the_gradient_reaches_the_buckets_of_the_text_and_no_others():
    encoder = CharNgrams(CAPTION, buckets=1000)
    encoder(["grinning"]).sum().backward()
    touched = encoder.embedding.weight.grad.abs().sum(dim=1).nonzero().flatten().tolist()
    hashes, _ = hash_ngrams(["grinning"], 1, 4)
    assert touched == sorted(set((hashes % 1000).tolist()))


def test_it_learns_categories_of_emoji_from_their_names(shared_data):
    torch.manual_seed(0)
    data = np.load(shared_data / "emoji_twemoji" / "emoji_twemoji.npz")
    names, labels = [each.decode() for each in data["raw_text"]], torch.from_numpy(data["label"]).long()
    train, test = (torch.from_numpy(np.flatnonzero(data["split"] == split)) for split in (0, 1))
    encoder = CharNgrams(CAPTION, dimension=32)
    model = nn.Sequential(encoder, nn.Linear(32, 8))
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(5):
        for rows in train[torch.randperm(len(train))].split(64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model([names[row] for row in rows]), labels[rows]).backward()
            optimiser.step()
    right = model([names[row] for row in test]).argmax(dim=1) == labels[test]
    assert right.float().mean() > 0.5  # the largest class has 0.24, a linear model on TF-IDF 0.64


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"shortest": 0}, "shortest 0, longest 4; expected 1 <= shortest <= longest"),
        ({"shortest": 3, "longest": 2}, "shortest 3, longest 2"),
        ({"buckets": 0}, "buckets 0, dimension 64; expected positive numbers"),
    ],
)
def test_options_out_of_range_are_refused(options, says):
    with pytest.raises(UsageError, match=says):
        CharNgrams(CAPTION, **options)
