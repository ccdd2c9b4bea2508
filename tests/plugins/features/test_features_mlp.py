"""The MLP encoder, and its card."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from brownout_features import plugin
from brownout_features.gaussian import gaussian_noise
from brownout_features.mlp import mlp
from brownout_registry import Encoder, Modality, Padded, UsageError, bind_options, resolve

VECTOR = Modality("table", "vector", (3,))
SEQUENCE = Modality("sensor", "sequence", (6, 2))
IMAGE = Modality("photo", "image", (3, 4, 5), range=(0.0, 1.0))


def sequence(lengths: list[int], steps: int) -> Padded:
    """Samples that are the same however far the batch is padded."""
    values = torch.randn(len(lengths), 9, 2, generator=torch.Generator().manual_seed(0))[:, :steps]
    kept = torch.arange(steps) < torch.tensor(lengths)[:, None]
    return Padded(values * kept[..., None], torch.tensor(lengths))


@pytest.mark.parametrize(
    ("modality", "inputs"),
    [(VECTOR, torch.randn(8, 3)), (SEQUENCE, sequence([6, 3, 0, 1], 6)), (IMAGE, torch.rand(8, 3, 4, 5))],
    ids=["vector", "sequence", "image"],
)
@pytest.mark.parametrize("hidden", [(), (7,), (7, 5)])
def test_the_representation_is_what_it_declares(modality, inputs, hidden):
    encoder = mlp(modality, hidden=hidden, dropout=0.5, activation="tanh")
    encoder.prepare(inputs)
    assert isinstance(encoder, Encoder)
    assert encoder.representation.kind == "vector"
    assert encoder(inputs).shape == (len(inputs), *encoder.representation.shape)
    assert encoder(inputs).dtype == torch.float32
    assert torch.isfinite(encoder(inputs)).all()


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=30), st.floats(-1e6, 1e6, width=32))
@settings(deadline=None)
def test_features_are_standardised_and_constant_ones_are_safe(column, constant):
    inputs = torch.tensor([[value, constant, -value] for value in column])
    encoder = mlp(VECTOR, hidden=())
    encoder.prepare(inputs)
    result = encoder(inputs).double()
    assert torch.isfinite(result).all()
    assert result[:, 1].abs().max() <= max(1e-6 * abs(constant), 1e-6)
    if np.std(column) > max(1e-6, 1e-3 * max(map(abs, column))):
        torch.testing.assert_close(result.mean(0)[::2], torch.zeros(2).double(), atol=1e-3, rtol=0)
        torch.testing.assert_close(result.std(0, correction=0)[::2], torch.ones(2).double(), atol=1e-3, rtol=0)


def test_images_are_standardised_by_channel():
    inputs = torch.rand(16, 3, 4, 5) * torch.tensor([1.0, 10.0, 0.1]).reshape(3, 1, 1)
    encoder = mlp(IMAGE, hidden=())
    encoder.prepare(inputs)
    result = encoder(inputs).reshape(16, 3, -1).movedim(1, 0).reshape(3, -1)
    torch.testing.assert_close(result.mean(1), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(result.std(1, correction=0), torch.ones(3), atol=1e-4, rtol=0)


def test_sequences_are_standardised_over_real_steps_and_padding_is_neutral():
    inputs = Padded(torch.tensor([[[1.0, 10.0], [3.0, 30.0]], [[5.0, 50.0], [0.0, 0.0]]]), torch.tensor([2, 1]))
    encoder = mlp(Modality("sensor", "sequence", (2, 2)), hidden=())
    encoder.prepare(inputs)
    assert encoder.mean.tolist() == [3.0, 30.0]
    assert encoder(inputs)[1, 2:].tolist() == [0.0, 0.0]


def test_the_padding_of_the_batch_does_not_matter():
    encoder = mlp(SEQUENCE, hidden=(4,))
    encoder.prepare(sequence([6, 3, 2], 6))
    results = [encoder(sequence([3, 2, 1], steps)) for steps in (3, 6, 9)]
    assert torch.equal(results[0], results[1])
    assert torch.equal(results[1], results[2])


def test_statistics_are_saved_with_the_weights():
    encoder = mlp(VECTOR)
    encoder.prepare(torch.randn(9, 3) * 7 + 2)
    again = mlp(VECTOR)
    again.load_state_dict(encoder.state_dict())
    inputs = torch.randn(4, 3)
    assert torch.equal(again(inputs), encoder(inputs))


def test_without_normalisation_the_input_itself_is_the_representation():
    encoder = mlp(VECTOR, hidden=(), normalise=False)
    encoder.prepare(torch.randn(9, 3) * 7 + 2)
    inputs = torch.randn(4, 3)
    assert torch.equal(encoder(inputs), inputs)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: mlp(VECTOR, hidden=(8, 0)), r"hidden is \(8, 0\)"),
        (lambda: mlp(VECTOR, hidden=64), "hidden is 64, expected a list"),
        (lambda: mlp(VECTOR, hidden=(2.5,)), "positive whole numbers"),
        (lambda: mlp(VECTOR, dropout=1.0), "dropout is 1.0"),
        (lambda: mlp(VECTOR).prepare(torch.tensor([[1.0, float("nan"), 2.0]])), "not finite"),
        (lambda: mlp(SEQUENCE)(Padded(torch.zeros(1, 9, 2), torch.tensor([8]))), "has 8 steps, expected at most 6"),
    ],
)
def test_mistakes_are_named(run, message):
    with pytest.raises(UsageError, match=message):
        run()


def test_digits_are_learned_and_noise_costs_accuracy(shared_data, noise_for):
    torch.manual_seed(0)
    data = np.load(shared_data / "handwritten6" / "handwritten6.npz")
    x, y, split = (torch.from_numpy(data[key]) for key in ("fou", "label", "split"))
    train, test = x[split == 0].float(), x[split == 1].float()
    modality = Modality("fourier", "vector", (x.shape[1],))
    encoder = mlp(modality, hidden=(64,))
    encoder.prepare(train)
    model = torch.nn.Sequential(encoder, torch.nn.Linear(64, 10))
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(model(train), y[split == 0].long()).backward()
        optimiser.step()
    model.eval()
    levels = plugin.brownout_perturbations()[0].levels["*"]
    perturb, target = gaussian_noise(modality, levels), y[split == 1].long()
    noisy = [test, *(perturb(test, severity, noise_for(range(len(test)))) for severity in range(1, 6))]
    accuracies = [(model(each).argmax(1) == target).float().mean().item() for each in noisy]
    assert accuracies[0] > 0.75
    assert accuracies == sorted(accuracies, reverse=True)
    assert accuracies[-1] < 0.6


def test_importing_the_plugin_imports_no_torch_and_every_card_resolves():
    code = "import sys, brownout_features.plugin; sys.exit(bool({'torch', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    for card in [*plugin.brownout_encoders(), *plugin.brownout_perturbations()]:
        assert callable(resolve(card))
        assert all(option.help for option in card.options)
        bind_options(card, {})
