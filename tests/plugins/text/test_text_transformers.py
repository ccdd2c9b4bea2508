"""Transformer encoders, on a tiny BERT with its own vocabulary that is built here."""

from __future__ import annotations

import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, BertTokenizerFast, T5Config, T5Model

from brownout_registry import Modality, UsageError
from brownout_text.transformer import TransformerEncoder

CAPTION = Modality("caption", "text", ())
TEXTS = ["a cafe", "", "bad jig faded", "日本 😀"]


def tokeniser(folder, **options):
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghij", *(f"##{each}" for each in "abcdefghij")]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    made = BertTokenizerFast(str(folder / "vocab.txt"), **options)
    made.save_pretrained(folder)


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bert")
    tokeniser(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=25,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=40,
    )
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture
def copied(bert, tmp_path):
    return shutil.copytree(bert, tmp_path / "copied")


def build(model, **options):
    return TransformerEncoder(CAPTION, model=str(model), **{"max_length": 32, **options}).eval()


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_it_equals_the_model_on_one_text(bert, pooling):
    states = AutoModel.from_pretrained(bert)(**AutoTokenizer.from_pretrained(bert)("bad jig", return_tensors="pt"))
    expected = {"mean": states.last_hidden_state.mean(dim=1), "cls": states.last_hidden_state[:, 0]}[pooling]
    encoder = build(bert, pooling=pooling)
    torch.testing.assert_close(encoder(["bad jig"]), expected)
    assert encoder.representation.shape == (16,)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_row_does_not_depend_on_the_others(bert, pooling):
    encoder = build(bert, pooling=pooling)
    torch.testing.assert_close(encoder(TEXTS), torch.cat([encoder([text]) for text in TEXTS]), rtol=1e-4, atol=1e-5)


def test_the_gradient_reaches_every_parameter_before_the_unused_pooler(bert):
    encoder = build(bert).train()
    encoder(TEXTS).square().sum().backward()
    without = [name for name, parameter in encoder.named_parameters() if parameter.grad is None]
    assert all("pooler" in name for name in without)


def test_long_texts_are_cut(bert):
    encoder = build(bert, max_length=4)
    torch.testing.assert_close(encoder(["a b c d e"]), encoder(["a b"]))
    assert not torch.allclose(build(bert)(["a b c d e"]), build(bert)(["a b"]))


def test_without_weights_it_is_built_from_the_configuration(copied):
    (copied / "model.safetensors").unlink()
    torch.manual_seed(1)
    first = build(copied, pretrained=False)(TEXTS)
    torch.manual_seed(1)
    torch.testing.assert_close(build(copied, pretrained=False)(TEXTS), first)
    assert first.shape == (4, 16)


def test_half_precision_weights_become_float32(copied, bert):
    save_file(
        {name: tensor.half() for name, tensor in load_file(bert / "model.safetensors").items()},
        copied / "model.safetensors",
        metadata={"format": "pt"},
    )
    assert build(copied)(TEXTS).dtype == torch.float32
    torch.testing.assert_close(build(copied)(TEXTS), build(bert)(TEXTS), rtol=1e-2, atol=1e-2)


def test_an_encoder_decoder_gives_its_encoder(tmp_path):
    tokeniser(tmp_path)
    T5Model(T5Config(vocab_size=25, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)).save_pretrained(tmp_path)
    assert build(tmp_path)(TEXTS).shape == (4, 16)


def test_a_folder_inside_a_package_is_found_without_importing_it(bert, tmp_path, monkeypatch):
    shutil.copytree(bert, tmp_path / "carries_a_model" / "model")
    (tmp_path / "carries_a_model" / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    torch.testing.assert_close(build("package:carries_a_model/model")(TEXTS), build(bert)(TEXTS))
    with pytest.raises(UsageError, match="package 'carries_a_model' has no folder 'modle'"):
        build("package:carries_a_model/modle")


def test_loading_says_nothing(bert, capfd):
    build(bert)
    assert capfd.readouterr() == ("", "")


def test_a_pickle_is_not_read(copied):
    torch.save(load_file(copied / "model.safetensors"), copied / "pytorch_model.bin")
    (copied / "model.safetensors").unlink()
    with pytest.raises(UsageError, match=r"holds its weights as a pickle .* save them as model\.safetensors"):
        build(copied)


def test_weights_that_are_incomplete_or_do_not_fit_are_named(copied):
    state = load_file(copied / "model.safetensors")
    del state["encoder.layer.1.attention.self.query.bias"]
    state["embeddings.word_embeddings.weight"] = torch.zeros(99, 16)
    save_file(state, copied / "model.safetensors", metadata={"format": "pt"})
    says = r"lack or do not fit encoder\.layer\.1\.attention\.self\.query\.bias, embeddings\.word_embeddings\.weight"
    with pytest.raises(UsageError, match=says):
        build(copied)


def test_damaged_weights_are_refused(copied):
    (copied / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(UsageError, match=r"cannot be loaded: .*give a local folder"):
        build(copied)


def test_a_tokeniser_that_cannot_pad_is_refused(copied):
    tokeniser(copied, pad_token=None)
    with pytest.raises(UsageError, match="has no padding token"):
        build(copied)


def test_more_tokens_than_positions_are_refused(bert):
    with pytest.raises(UsageError, match="option 'max_length' is 41, expected 1 to 40"):
        build(bert, max_length=41)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("bert-base-uncased", "'bert-base-uncased' cannot be loaded: .*; give a local folder with config.json"),
        ("./no/such/folder", "'./no/such/folder' cannot be loaded"),
        ("package:no_such_package/model", "package 'no_such_package' is not installed"),
        ("package:", "package '' is not installed"),
    ],
)
def test_what_is_not_at_hand_is_explained_in_one_line(model, says, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UsageError, match=says) as error:
        build(model)
    assert "\n" not in str(error.value)
