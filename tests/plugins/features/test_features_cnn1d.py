"""The convolutional encoder of sequences and audio."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from brownout_features.cnn1d import cnn1d
from brownout_registry import Encoder, Modality, Padded, UsageError

SENSOR = Modality("sensor", "sequence", (20, 3), sample_rate=50)
VOICE = Modality("voice", "audio", (40,), range=(-1.0, 1.0), sample_rate=8000)
BOTH = pytest.mark.parametrize("modality", [SENSOR, VOICE], ids=["sequence", "audio"])
POOLS = pytest.mark.parametrize("pool", ["mean", "none"])


def samples(modality: Modality, lengths: list[int], steps: int, padding: float = 0.0) -> Padded:
    """Samples that are the same however far the batch is padded, and with what."""
    longest = torch.randn(len(lengths), 50, *modality.shape[1:], generator=torch.Generator().manual_seed(0))
    kept = torch.arange(steps) < torch.tensor(lengths)[:, None]
    values = longest[:, :steps]
    return Padded(
        torch.where(kept.reshape(*kept.shape, *[1] * (values.dim() - 2)), values, padding), torch.tensor(lengths)
    )


@BOTH
@POOLS
@pytest.mark.parametrize(("channels", "kernel", "stride"), [((4,), 1, 1), ((6, 5), 5, 2), ((4, 5, 6), 4, 3)])
def test_the_representation_is_what_it_declares(modality, pool, channels, kernel, stride):
    encoder = cnn1d(modality, channels=channels, kernel=kernel, stride=stride, pool=pool)
    inputs = samples(modality, [modality.shape[0], 7, 0, 1], modality.shape[0])
    encoder.prepare(inputs)
    result = encoder(inputs)
    assert isinstance(encoder, Encoder)
    assert encoder.representation.kind == ("vector" if pool == "mean" else "sequence")
    assert result.shape == (4, *encoder.representation.shape)
    assert result.dtype == torch.float32
    assert torch.isfinite(result).all()
    assert not result[2].any()


@BOTH
@POOLS
@pytest.mark.parametrize("padding", [0.0, 1e6, float("nan"), float("inf")])
def test_neither_content_nor_amount_of_padding_matters(modality, pool, padding):
    encoder = cnn1d(modality, channels=(4, 5), kernel=4, pool=pool)
    encoder.prepare(samples(modality, [20, 9, 1], 20))
    short = samples(modality, [9, 4, 1, 0], 9)
    for steps in (10, 20, 45):
        torch.testing.assert_close(encoder(samples(modality, [9, 4, 1, 0], steps, padding)), encoder(short))


@BOTH
def test_the_content_of_padding_reaches_no_gradient(modality):
    encoder = cnn1d(modality, channels=(4, 5))
    encoder(samples(modality, [9, 4, 0], 20, float("nan"))).sum().backward()
    assert all(torch.isfinite(each.grad).all() for each in encoder.parameters())


@BOTH
@POOLS
@given(lengths=st.lists(st.integers(0, 20), min_size=1, max_size=4))
@settings(deadline=None, max_examples=15)
def test_a_sample_does_not_see_its_batch(modality, pool, lengths):
    encoder = cnn1d(modality, channels=(4, 5), pool=pool)
    batch = samples(modality, lengths, 20)
    whole = encoder(batch)
    for row in range(len(lengths)):
        alone = encoder(Padded(batch.values[row : row + 1], batch.lengths[row : row + 1]))
        torch.testing.assert_close(alone[0], whole[row])


def test_a_convolution_is_the_documented_sum():
    encoder = cnn1d(SENSOR, channels=(2,), kernel=4, stride=3, normalise=False, pool="none")
    batch = samples(SENSOR, [8], 20)
    weight, bias = encoder.layers[0].weight, encoder.layers[0].bias
    for t in range(3):  # ceil(8 / 3) steps
        seen = [(k, 3 * t + k - 1) for k in range(4) if 0 <= 3 * t + k - 1 < 8]
        expected = bias + sum(weight[:, :, k] @ batch.values[0, step] for k, step in seen)
        torch.testing.assert_close(encoder(batch)[0, t], expected.relu())
    assert not encoder(batch)[0, 3:].any()


def test_the_mean_is_over_the_steps_that_are_left():
    steps = cnn1d(SENSOR, pool="none")
    pooled = cnn1d(SENSOR)
    pooled.load_state_dict(steps.state_dict())
    batch = samples(SENSOR, [20, 9], 20)
    for row, left in enumerate((5, 3)):  # ceil(ceil(T / 2) / 2)
        torch.testing.assert_close(pooled(batch)[row], steps(batch)[row, :left].mean(0))


def test_what_comes_without_lengths_is_of_full_length():
    encoder = cnn1d(SENSOR)
    batch = samples(SENSOR, [20, 20], 20)
    encoder.prepare(batch.values)
    assert torch.equal(encoder(batch.values), encoder(batch))
    torch.testing.assert_close(encoder.mean, batch.values.mean((0, 1)))


@BOTH
def test_inputs_are_standardised_over_real_steps(modality):
    inputs = samples(modality, [modality.shape[0], 9], modality.shape[0], float("nan"))
    loud = Padded(inputs.values * 50 + 7, inputs.lengths)
    plain, scaled = cnn1d(modality), cnn1d(modality)
    scaled.load_state_dict(plain.state_dict())
    plain.prepare(inputs)
    scaled.prepare(loud)
    torch.testing.assert_close(scaled(loud), plain(inputs), rtol=1e-4, atol=1e-5)
    again = cnn1d(modality)
    again.load_state_dict(scaled.state_dict())
    assert torch.equal(again(loud), scaled(loud))


def test_tones_of_unequal_length_are_learned():
    torch.manual_seed(0)
    modality = Modality("tone", "audio", (200,), range=(-1.0, 1.0))
    time, targets = torch.arange(200), torch.arange(256) % 4
    lengths, phases = torch.randint(60, 201, (256,)), torch.rand(256, 1) * 6.3
    waves = torch.sin((targets[:, None] + 1) * 0.3 * time + phases)
    batch = Padded(torch.where(time < lengths[:, None], waves, 0), lengths)
    encoder = cnn1d(modality, channels=(16, 16))
    encoder.prepare(batch)
    model = torch.nn.Sequential(encoder, torch.nn.Linear(16, 4))
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(40):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(model(batch)[:192], targets[:192]).backward()
        optimiser.step()
    assert (model(batch)[192:].argmax(1) == targets[192:]).float().mean() > 0.9


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: cnn1d(Modality("table", "vector", (3,))), "'cnn1d' of 'table': it is of kind vector"),
        (lambda: cnn1d(SENSOR, channels=()), r"'channels' is \(\), expected a list"),
        (lambda: cnn1d(SENSOR, channels=(8, 0)), r"'channels' is \(8, 0\)"),
        (lambda: cnn1d(SENSOR, kernel=0), "'kernel' is 0"),
        (lambda: cnn1d(SENSOR, stride=True), "'stride' is True"),
        (lambda: cnn1d(SENSOR)(samples(SENSOR, [21], 30)), "has 21 steps, expected at most 20"),
        (lambda: cnn1d(SENSOR).prepare(samples(SENSOR, [0], 20)), "'cnn1d' of 'sensor': training inputs are empty"),
    ],
)
def test_mistakes_are_named(run, message):
    with pytest.raises(UsageError, match=message):
        run()
