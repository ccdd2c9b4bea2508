"""LeNet-5 and the six-layer CNN: shapes, independence of the batch, statistics, and that they learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from brownout_registry import Modality, UsageError
from brownout_vision.cnn6 import CNN6
from brownout_vision.lenet5 import LeNet5

ENCODERS = [LeNet5, CNN6]
sides = st.integers(16, 70)


def picture(*shape):
    return Modality("picture", "image", shape, range=(0.0, 1.0))


@pytest.mark.parametrize("encoder", ENCODERS)
@settings(max_examples=15, deadline=None)
@given(channels=st.integers(1, 4), height=sides, width=sides, samples=st.integers(1, 3))
def test_what_comes_out_has_the_declared_shape_even_for_one_training_sample(encoder, channels, height, width, samples):
    module = encoder(picture(channels, height, width)).train()
    out = module(torch.rand(samples, channels, height, width))
    assert out.shape == (samples, *module.representation.shape)
    assert out.dtype == torch.float32
    assert module.representation.kind == "vector"


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_row_does_not_depend_on_the_others(encoder):
    module, images = encoder(picture(2, 28, 28)), torch.rand(5, 2, 28, 28)
    module(images)  # moves the running statistics of batch normalisation
    module.eval()
    torch.testing.assert_close(module(images), torch.cat([module(image[None]) for image in images]))


@pytest.mark.parametrize("encoder", ENCODERS)
def test_the_gradient_reaches_every_parameter_and_the_input(encoder):
    module, images = encoder(picture(3, 32, 32)), torch.rand(4, 3, 32, 32, requires_grad=True)
    module(images).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in module.parameters())
    assert images.grad.abs().sum() > 0


@pytest.mark.parametrize("encoder", ENCODERS)
def test_statistics_undo_any_scale_and_are_saved(encoder):
    module, images = encoder(picture(2, 28, 28)).eval(), torch.rand(6, 2, 28, 28)
    module.prepare(images)
    expected = module(images)
    scaled = images * torch.tensor([10.0, 0.1])[:, None, None] - 3
    module.prepare(scaled)
    torch.testing.assert_close(module(scaled), expected, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(module.state_dict()["standardise.mean"].flatten(), scaled.mean(dim=(0, 2, 3)))


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_constant_channel_stays_finite(encoder):
    module, images = encoder(picture(1, 20, 20)).eval(), torch.full((3, 1, 20, 20), 0.5)
    module.prepare(images)
    assert module(images).isfinite().all()


def test_lenet5_has_the_size_of_the_papers_network():
    layers = {"C1": 6 * (25 + 1), "C3": 16 * (6 * 25 + 1), "C5": 120 * (16 * 25 + 1), "F6": 84 * (120 + 1)}
    assert sum(map(torch.numel, LeNet5(picture(1, 28, 28)).parameters())) == sum(layers.values())


def test_cnn6_has_six_convolutions_and_obeys_its_options():
    module = CNN6(picture(1, 112, 112), width=3, dropout=0.5)
    assert sum(isinstance(layer, nn.Conv2d) for layer in module.modules()) == 6
    assert module.representation.shape == (48,)
    assert (module.train()(torch.rand(2, 1, 112, 112)) == 0).float().mean() > 0.2


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize(
    ("modality", "says"),
    [
        (picture(1, 15, 40), r"'picture' is 15×40 pixels, expected at least 16×16"),
        (Modality("sound", "vector", (40,)), r"'sound' is vector of shape \(40,\), expected an image"),
    ],
)
def test_other_modalities_are_refused(encoder, modality, says):
    with pytest.raises(UsageError, match=says):
        encoder(modality)


@pytest.mark.parametrize(("options", "says"), [({"width": 0}, "'width' is 0"), ({"dropout": 1.0}, "'dropout' is 1.0")])
def test_options_out_of_range_are_refused(options, says):
    with pytest.raises(UsageError, match=says):
        CNN6(picture(1, 28, 28), **options)


def accuracy(encoder, images, labels, train, test, epochs):
    """Of encoder and a linear layer after a few epochs of Adam."""
    model = nn.Sequential(encoder, nn.Linear(encoder.representation.shape[0], 10))
    encoder.prepare(images[train])
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(epochs):
        for rows in train[torch.randperm(len(train))].split(50):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimiser.step()
    with torch.no_grad():
        return (model.eval()(images[test]).argmax(dim=1) == labels[test]).float().mean()


@pytest.fixture
def one_thread():
    """Small batches on busy cores: threads would wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(
    ("encoder", "view", "label"), [(LeNet5, "image", "label"), (CNN6, "audio_logmel", "audio_digit")]
)
def test_it_learns_digits(shared_data, encoder, view, label):
    torch.manual_seed(0)
    data = np.load(shared_data / "avmnist_fsdd" / "avmnist_fsdd.npz")
    images, labels = torch.from_numpy(data[view])[:, None] / 255, torch.from_numpy(data[label])
    rows = torch.randperm(len(images))[:1700]
    module = encoder(picture(*images.shape[1:]))
    assert accuracy(module, images, labels, rows[:1200], rows[1200:], epochs=5) > 0.8
