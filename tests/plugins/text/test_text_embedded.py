"""Encoders in two halves, below and above their embeddings, as attacks want them."""

from __future__ import annotations

import pytest
import torch
from transformers import BertConfig, BertModel, BertTokenizerFast, RobertaConfig, RobertaModel, T5Config, T5Model

from brownout_registry import Modality
from brownout_text.char_ngrams import CharNgrams
from brownout_text.transformer import TransformerEncoder

CAPTION = Modality("caption", "text", ())
TEXTS = ["a cafe", "", "bad jig faded " * 6, "日本 😀"]
SIZES = {"vocab_size": 25, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
MODELS = {
    "bert": lambda: BertModel(BertConfig(**SIZES, max_position_embeddings=40)),
    "roberta": lambda: RobertaModel(RobertaConfig(**SIZES, max_position_embeddings=40, pad_token_id=0)),
    "t5": lambda: T5Model(T5Config(vocab_size=25, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)),
}


@pytest.fixture(params=["char-ngrams", *MODELS])
def encoder(request, tmp_path):
    torch.manual_seed(0)
    if request.param == "char-ngrams":
        return CharNgrams(CAPTION, buckets=100, dimension=6).eval()
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghij", *(f"##{each}" for each in "abcdefghij")]
    (tmp_path / "vocab.txt").write_text("\n".join(vocabulary))
    BertTokenizerFast(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    MODELS[request.param]().save_pretrained(tmp_path)
    return TransformerEncoder(CAPTION, model=str(tmp_path), max_length=20).eval()


def test_both_halves_together_are_the_encoder(encoder):
    embedded = encoder.embed(TEXTS)
    assert embedded.shape[0] == len(TEXTS)
    torch.testing.assert_close(encoder.encode_embedded(embedded, TEXTS), encoder(TEXTS))
    torch.testing.assert_close(encoder.encode_embedded(encoder.embed([""]), [""]), encoder([""]))


def test_some_rows_keep_their_width(encoder):
    embedded = encoder.embed(TEXTS)
    rows = [3, 0, 3]
    some = encoder.encode_embedded(embedded[rows], [TEXTS[row] for row in rows])
    torch.testing.assert_close(some, encoder(TEXTS)[rows], rtol=1e-4, atol=1e-5)


def test_what_is_behind_a_text_s_end_reaches_nothing_and_the_rest_has_gradients(encoder):
    embedded = encoder.embed(TEXTS).detach().requires_grad_()
    encoder.encode_embedded(embedded, TEXTS).square().sum().backward()
    moves = embedded.grad.abs().sum(2) > 0
    assert moves[2].all()
    assert moves[0].any()
    alone = encoder.embed([TEXTS[0]]).shape[1]
    assert not moves[0, alone:].any()
    changed = embedded.detach().clone()
    changed[0, alone:] += 1
    torch.testing.assert_close(encoder.encode_embedded(changed, TEXTS), encoder(TEXTS))


def test_moved_embeddings_move_the_representation(encoder):
    embedded = encoder.embed(TEXTS)
    assert not torch.allclose(
        encoder.encode_embedded(embedded + torch.randn_like(embedded), TEXTS)[2], encoder(TEXTS)[2]
    )
