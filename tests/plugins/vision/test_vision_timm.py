"""timm models: real weights, every file type, sizes, channels, and mistakes."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from torch.nn.functional import interpolate

from brownout_registry import Modality, UsageError
from brownout_vision.timm_encoder import TimmEncoder


def picture(channels=3, side=32):
    return Modality("picture", "image", (channels, side, side), range=(0.0, 1.0))


def build(modality=None, model="test_resnet", **options):
    return TimmEncoder(modality or picture(), model=model, **options).eval()


@pytest.fixture
def weights(shared_data):
    file = shared_data.parent / "weights" / "tf_efficientnet_lite0_timm.pth"
    if not file.is_file():
        pytest.skip(f"{file} is absent")
    return str(file)


@pytest.mark.parametrize("model", ["test_resnet", "test_convnext", "test_efficientnet", "test_vit", "test_mambaout"])
@pytest.mark.parametrize("output", ["features", "map"])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_what_comes_out_has_the_declared_shape(model, output, channels):
    module = build(picture(channels, 40), model=model, output=output)
    out = module(torch.rand(2, channels, 40, 40))
    assert out.shape == (2, *module.representation.shape)
    assert module.representation.kind == {"features": "vector", "map": "map"}[output]


def test_a_map_averages_to_the_features():
    images = torch.rand(2, 3, 64, 64)
    torch.manual_seed(0)
    features = build(picture(side=64))(images)
    torch.manual_seed(0)
    maps = build(picture(side=64), output="map")(images)
    torch.testing.assert_close(maps.mean(dim=(2, 3)), features)


def test_a_row_does_not_depend_on_the_others():
    module, images = build(), torch.rand(4, 3, 32, 32)
    torch.testing.assert_close(module(images), torch.cat([module(image[None]) for image in images]))


def test_the_gradient_reaches_every_parameter_and_the_input():
    module, images = build().train(), torch.rand(4, 3, 32, 32, requires_grad=True)
    module(images).square().sum().backward()
    assert all(parameter.grad is not None for parameter in module.parameters())
    assert images.grad.abs().sum() > 0


def test_real_weights_give_the_features_of_timm(shared_data, weights):
    emoji = np.load(shared_data / "emoji_twemoji" / "emoji_twemoji.npz")["image"][:4]
    images = torch.from_numpy(emoji).permute(0, 3, 1, 2) / 255
    net = timm.create_model("tf_efficientnet_lite0").eval()
    net.load_state_dict(torch.load(weights, weights_only=True))
    seen = (interpolate(images, (224, 224), mode="bilinear", antialias=True) - 0.5) / 0.5
    module = build(picture(side=64), model="tf_efficientnet_lite0", weights=weights)
    assert module.representation.shape == (1280,)
    with torch.no_grad():
        logits = net.classifier(module(images))
        torch.testing.assert_close(logits, net(seen), rtol=1e-4, atol=1e-4)


def test_a_grey_image_is_repeated_for_weights_for_rgb(weights):
    grey = torch.rand(2, 1, 32, 32)
    options = {"model": "tf_efficientnet_lite0", "weights": weights, "size": 64, "output": "map"}
    with torch.no_grad():
        alone, repeated = build(picture(1), **options)(grey), build(**options)(grey.repeat(1, 3, 1, 1))
    torch.testing.assert_close(alone, repeated)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".pt"])
@pytest.mark.parametrize("channels", [1, 3])
def test_weights_survive_a_file(tmp_path, suffix, channels):
    first, file = build(picture(channels), size=160), tmp_path / f"weights{suffix}"
    (save_file if suffix == ".safetensors" else torch.save)(first.net.state_dict(), file)
    second, images = build(picture(channels), weights=str(file)), torch.rand(2, channels, 32, 32)
    torch.testing.assert_close(second(images), first(images), rtol=0, atol=0)


def test_the_classifier_of_a_file_is_left_out(tmp_path):
    save_file(timm.create_model("test_resnet", num_classes=7).state_dict(), tmp_path / "with.safetensors")
    assert build(weights=str(tmp_path / "with.safetensors")).representation.shape == (96,)


def test_the_declared_range_becomes_zero_to_one():
    depth, images = Modality("depth", "depth", (3, 32, 32), range=(-2.0, 8.0)), torch.rand(2, 3, 32, 32)
    torch.manual_seed(0)
    expected = build()(images)
    torch.manual_seed(0)
    torch.testing.assert_close(build(depth)(images * 10 - 2), expected, rtol=1e-4, atol=1e-5)


def test_sizes(tmp_path):
    file = str(tmp_path / "w.safetensors")
    save_file(build().net.state_dict(), file)
    assert build().preprocess.size == (32, 32)
    assert build(weights=file).preprocess.size == (160, 160)
    assert build(model="test_vit").preprocess.size == (160, 160)
    assert build(weights=file, size=[48, 64], output="map").representation.shape == (96, 2, 2)


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_pickle_is_never_executed(tmp_path):
    trap = tmp_path / "executed"
    (tmp_path / "bad.pth").write_bytes(pickle.dumps({"conv1.0.weight": Malicious(trap)}, protocol=2))
    torch.save({"conv1.0.weight": Malicious(trap)}, tmp_path / "bad.pt")
    for name in ("bad.pth", "bad.pt"):
        with pytest.raises(UsageError, match=r"holds more than tensors: save it as \.safetensors"):
            build(weights=str(tmp_path / name))
    assert not trap.exists()


def test_files_that_are_no_weights_are_refused(tmp_path):
    torch.save({"state_dict": build().net.state_dict()}, tmp_path / "nested.pt")
    (tmp_path / "broken.safetensors").write_bytes(b"not tensors")
    (tmp_path / "empty.pth").write_bytes(b"")
    (tmp_path / "weights.bin").write_bytes(b"")
    for name, says in {
        "nested.pt": r"not a plain mapping of names to tensors: save it as \.safetensors",
        "broken.safetensors": "damaged",
        "empty.pth": "damaged",
        "weights.bin": r"ends in '\.bin', expected \.safetensors, \.pth, \.pt",
        "absent.pt": "is not a file",
    }.items():
        with pytest.raises(UsageError, match=says):
            build(weights=str(tmp_path / name))


def test_weights_that_do_not_fit_are_named(tmp_path):
    state = build().net.state_dict()
    del state["bn1.weight"]
    state |= {"bn1.bias": torch.zeros(3), "extra": torch.zeros(1)}
    save_file(state, tmp_path / "w.safetensors")
    says = r"bn1.weight is missing; bn1.bias has shape \(3,\), the model's is \(\d+,\); extra is not in the model"
    with pytest.raises(UsageError, match=says):
        build(weights=str(tmp_path / "w.safetensors"))


def test_weights_for_other_channels_are_refused(tmp_path):
    save_file(build().net.state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(UsageError, match="the weights take 3 channels, the modality has 4"):
        build(picture(4), weights=str(tmp_path / "w.safetensors"))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"model": "resnet81"}, "unknown model 'resnet81'; did you mean .*'resnet18'"),
        ({"model": "§§§"}, r"unknown model '§§§'; timm.list_models\(\) has them"),
        ({"model": "resnet18.a1_in2k"}, r"did you mean 'resnet18\.a1_in1k'"),
        ({"model": "test_vit3", "size": 32}, "'test_vit3' gives no features at size 32×32: "),
        ({"size": 0}, "option 'size' is 0, expected one or two positive numbers"),
        ({"size": [1, 2, 3]}, "option 'size'"),
        ({"pretrained": True, "weights": "w.pt"}, "'pretrained' or 'weights', not both"),
    ],
)
def test_mistakes_are_explained_in_one_line(options, says):
    with pytest.raises(UsageError, match=says) as error:
        build(**options)
    assert "\n" not in str(error.value)


def test_without_the_hub_a_local_file_is_asked_for(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UsageError, match=r"no pretrained weights for 'test_resnet'.*give a local file as 'weights'"):
        build(pretrained=True)
