"""MMTM between the stages of ResNets."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy

import brownout
from brownout.engine.settings import Settings
from brownout_mmtm.resnet import MMTMResNet
from brownout_registry import Modality, Task, UsageError

TASK = Task(("a", "b"), (0.25, 0.75))
MODALITIES = {
    "rgb.left": Modality("rgb.left", "image", (3, 32, 40), range=(0.0, 1.0)),
    "sound": Modality("sound", "spectrogram", (1, 48, 32), range=(-10.0, 0.0)),
    "depth": Modality("depth", "depth", (1, 32, 32), range=(0.0, 5.0)),
}


def build(modalities=MODALITIES, model="test_resnet", **options):
    torch.manual_seed(0)
    return MMTMResNet(TASK, modalities, model=model, **options)


def batch(modalities=MODALITIES, size=6):
    random = torch.Generator().manual_seed(0)
    sources = {name: torch.rand(size, *each.shape, generator=random) for name, each in modalities.items()}
    present = torch.rand(size, len(sources), generator=random) < 0.6
    present[:1], present[1:2] = False, True
    return sources, present


def spoil(sources, present):
    spoilt = {name: values.clone() for name, values in sources.items()}
    for column, values in enumerate(spoilt.values()):
        values[~present[:, column]] = torch.nan
    return spoilt


def widen(count):
    return {f"m{i}": Modality(f"m{i}", "image", (1 + i % 2, 32, 32)) for i in range(count)}


@pytest.mark.parametrize("training", [True, False])
def test_absent_content_reaches_neither_prediction_nor_gradients_nor_statistics(training):
    sources, present = batch()
    clean, spoilt = build().train(training), build().train(training)
    expected = clean(sources, present)
    prediction = spoilt(spoil(sources, present), present)
    assert torch.equal(prediction.logits, expected.logits)
    assert prediction.logits.isfinite().all()
    cross_entropy(prediction.logits, torch.arange(6) % 2).backward()
    assert all(parameter.grad.isfinite().all() for parameter in spoilt.parameters())
    for one, other in zip(spoilt.buffers(), clean.buffers(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("count", [1, 2, 6])
def test_every_parameter_is_trained_whatever_the_number_of_modalities(count):
    modalities = widen(count)
    fusion = build(modalities).train()
    sources, present = batch(modalities)
    present[2:4] = True
    with torch.no_grad():
        for parameter in fusion.parameters():
            if not parameter.any():  # timm starts each residual branch at zero, which stops gradients there
                parameter.fill_(0.5)
    fusion(sources, present).logits.logsumexp(-1).sum().backward()
    without = [name for name, each in fusion.named_parameters() if each.grad is None or not each.grad.any()]
    assert without == []


def test_a_sample_depends_on_its_own_row_alone_and_a_batch_of_one_works():
    fusion = build().eval()
    sources, present = batch()
    whole = fusion(sources, present).logits
    for row in range(6):
        one = fusion({name: x[row : row + 1] for name, x in sources.items()}, present[row : row + 1]).logits
        torch.testing.assert_close(one, whole[row : row + 1], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(whole[0].softmax(-1), torch.tensor(TASK.frequencies))


@pytest.mark.parametrize("there", [0, 1])
def test_a_modality_that_hardly_any_sample_has_trains_all_the_same(there):
    fusion = build().train()
    sources, present = batch()
    present[:] = True
    present[there:, 2] = False
    before = [each.clone() for each in fusion.backbones[2].buffers()]
    loss = cross_entropy(fusion(sources, present).logits, torch.arange(6) % 2)
    loss.backward()
    assert loss.isfinite()
    assert all(parameter.grad.isfinite().all() for parameter in fusion.parameters())
    assert all(map(torch.equal, before, fusion.backbones[2].buffers()))  # running statistics are used, not moved
    fusion(sources, torch.ones_like(present))
    assert not all(map(torch.equal, before, fusion.backbones[2].buffers()))


def test_without_transfer_modules_each_network_is_timms_own():
    fusion = build(after=[]).eval()
    sources, _ = batch()
    prediction = fusion(sources, torch.ones(6, 3, dtype=torch.bool))
    net, head = fusion.backbones[1].net, fusion.heads[1]
    config = net.default_cfg
    x = ((sources["sound"] + 10) / 10 - np.mean(config["mean"])) / np.mean(config["std"])
    torch.testing.assert_close(prediction.unimodal["sound"], head(net(x.float())), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(prediction.logits, torch.stack(list(prediction.unimodal.values())).mean(0))


@pytest.mark.parametrize("after", [[2, 3, 4], [1], [4]])
def test_modules_follow_the_stages_that_are_named(after):
    fusion = build(after=after).eval()
    assert sorted(fusion.transfers) == list(map(str, after))
    sources, present = batch()
    present[:] = True
    other = {**sources, "depth": sources["depth"].flip(0) * 5}
    z, changed = fusion(sources, present).unimodal["sound"], fusion(other, present).unimodal["sound"]
    assert (z - changed).abs().amax() > 1e-6
    assert torch.equal(
        build(after=[]).eval()(sources, present).unimodal["sound"],
        build(after=[]).eval()(other, present).unimodal["sound"],
    )


def test_resnet18_has_the_sizes_of_the_qmf_baseline():
    two = {name: MODALITIES[name] for name in ("rgb.left", "depth")}
    fusion = build(two, model="resnet18").eval()
    assert {stage: each.squeeze.in_features // 2 for stage, each in fusion.transfers.items()} == {
        "2": 128,
        "3": 256,
        "4": 512,
    }
    sources, present = batch(two, size=1)
    assert fusion(sources, torch.ones_like(present)).logits.shape == (1, 2)


def test_size_resizes_every_modality():
    small = {"picture": Modality("picture", "image", (1, 8, 8)), "rgb.left": MODALITIES["rgb.left"]}
    fusion = build(small, size=32).eval()
    sources, present = batch(small)
    assert fusion(sources, present).logits.isfinite().all()


def test_weights_come_from_a_file_and_a_single_channel_is_repeated(tmp_path: Path):
    torch.manual_seed(7)
    net = timm.create_model("test_resnet", num_classes=5)
    file = tmp_path / "weights.safetensors"
    save_file(net.state_dict(), file)
    fusion = build(weights=str(file)).eval()
    for backbone in fusion.backbones:
        assert torch.equal(backbone.net.conv1[0].weight, net.conv1[0].weight)
    sources, present = batch()
    assert fusion(sources, present).logits.isfinite().all()


def test_weights_that_do_not_fit(tmp_path: Path):
    save_file({"conv1.0.weight": torch.zeros(4, 3, 3, 3)}, tmp_path / "other.safetensors")
    (tmp_path / "broken.pth").write_bytes(b"nothing")
    for name, message in (("other", "does not fit the model: "), ("broken", "is damaged"), ("none", "is not a file")):
        found = next(tmp_path.glob(f"{name}.*"), tmp_path / "none.pth")
        with pytest.raises(UsageError, match=message) as caught:
            build(weights=str(found))
        assert "\n" not in str(caught.value)
    save_file(timm.create_model("test_resnet").state_dict(), tmp_path / "rgb.safetensors")
    with pytest.raises(UsageError, match="weights take 3 channels, modality 'm1' has 2"):
        build(widen(2), weights=str(tmp_path / "rgb.safetensors"))


def test_weights_from_the_hub_are_asked_for_and_out_of_reach_here(monkeypatch):
    def refuse(*_, **options):
        assert options["pretrained"]
        raise OSError("offline")

    monkeypatch.setattr(timm, "create_model", refuse)
    with pytest.raises(UsageError, match="give a local file as 'weights'"):
        build(pretrained=True)


def test_the_weights_survive_a_round_trip():
    one, other = build(), build()
    sources, present = batch()
    one.train()(sources, present)
    with torch.no_grad():
        one.heads[0].bias.add_(1)
    other.load_state_dict(copy.deepcopy(one.state_dict()))
    assert torch.equal(one.eval()(sources, present).logits, other.eval()(sources, present).logits)


@pytest.mark.parametrize(
    ("modality", "options", "message"),
    [
        (Modality("word", "text", ()), {}, "takes image, spectrogram, depth; modality 'word' is a text"),
        (Modality("motion", "vector", (9,)), {}, "modality 'motion' is a vector"),
        (Modality("tiny", "image", (1, 8, 8)), {}, "modality 'tiny' has 8×8 pixels, expected 32 or more"),
        (MODALITIES["depth"], {"size": 16}, "option 'size' is 16"),
        (MODALITIES["depth"], {"model": "resnet19"}, "option 'model' is 'resnet19', expected a ResNet of timm"),
        (MODALITIES["depth"], {"model": "test_vit"}, "'test_vit', which is no ResNet"),
        (MODALITIES["depth"], {"model": "resnet18.nobody"}, "timm cannot make 'resnet18.nobody'"),
        (MODALITIES["depth"], {"after": [0]}, r"option 'after' is \[0\], expected a list of different stages"),
        (MODALITIES["depth"], {"after": [2, 2]}, "option 'after'"),
        (MODALITIES["depth"], {"ratio": -1.0}, "option 'ratio' is -1.0"),
        (MODALITIES["depth"], {"pretrained": True, "weights": "x.pth"}, "null where 'pretrained' is true"),
    ],
)
def test_mistakes_are_answered_in_one_line(modality, options, message):
    with pytest.raises(UsageError, match=message) as caught:
        build({modality.name: modality}, **options)
    assert "\n" not in str(caught.value)


def test_a_suite_runs(tmp_path: Path):
    pictures, labels = load_digits(n_class=2, return_X_y=True)
    large = np.kron(pictures[:160].reshape(-1, 8, 8) / 16, np.ones((4, 4))).astype(np.float32)
    np.savez(tmp_path / "digits.npz", ink=large, paper=1 - large[:, None], label=labels[:160])
    shapes = {"column": "ink", "kind": "image", "range": [0, 1]}, {"column": "paper", "kind": "depth", "range": [0, 1]}
    suite = {
        "suite": "mmtm-resnet",
        "dataset": {
            "use": "files",
            "path": str(tmp_path / "digits.npz"),
            "modalities": dict(zip(("ink", "paper"), shapes, strict=True)),
        },
        "methods": [{"name": "mmtm", "fusion": "mmtm-resnet", "options": {"model": "test_resnet"}}],
        "training": {"epochs": 20, "batch_size": 16, "learning_rate": 0.003},
        "protocol": {
            "missing": {"patterns": "all", "means": "absent"},
            "corruptions": {"each": [{"use": "gaussian-noise"}], "severities": [3]},
        },
        "metrics": ["accuracy"],
    }
    run = brownout.run(suite, Settings(tmp_path / "run", tmp_path / "cache", device="cpu"))
    assert run.failures == ()
    clean = next(score.value for score in run.scores if score.condition.kind == "clean")
    assert clean > 0.7
    assert len(run.scores) == 1 + 2 + 2
