"""What befalls time series and tables: formulas, worked examples, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from brownout_features import plugin
from brownout_features.drift import drift
from brownout_features.drops import block_missing, structured_drop
from brownout_features.exchange import column_swap, permutation
from brownout_features.scaling import scaling
from brownout_features.shift import time_shift
from brownout_features.step_noise import step_noise
from brownout_features.warp import time_warp
from brownout_registry import Modality, Padded, UsageError, bind_options, resolve

TABLE = Modality("table", "vector", (5,))
SENSOR = Modality("sensor", "sequence", (40, 2), sample_rate=50)
VOICE = Modality("voice", "audio", (30,), range=(-1.0, 1.0))
SOUND = Modality("sound", "spectrogram", (2, 3, 20), range=(0.0, 1.0))
CARDS = {card.name: card for card in plugin.brownout_perturbations()}
NEW = [name for name in CARDS if name not in ("gaussian-noise", "salt-and-pepper", "missing-entries")]
many = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass
class Given:
    """Noise whose draws are given."""

    draws: list[list[float]] | Any

    def normal(self, label, shape=()):
        return torch.tensor(self.draws).reshape(-1, *shape)

    uniform = normal


def ramp(*lengths: int, steps: int = 40, columns: int = 2) -> Padded:
    """Samples that count 1, 2, ... in all columns."""
    values = torch.arange(1.0, steps + 1)[None, :, None].expand(len(lengths), -1, columns)
    kept = torch.arange(steps)[None, :, None] < torch.tensor(lengths)[:, None, None]
    return Padded(torch.where(kept, values, 0.0), torch.tensor(lengths))


def curve(inputs: Padded, row: int = 0) -> list[float]:
    return inputs.values[row, : int(inputs.lengths[row]), 0].tolist()


@pytest.mark.parametrize("p", [0.0, 0.2, 1.0])
def test_whole_steps_are_dropped_each_with_its_probability(noise_for, p):
    lost = structured_drop(SENSOR, (p,))(ramp(*[40] * 300), 1, noise_for(range(300))).values == 0
    assert torch.equal(lost[..., 0], lost[..., 1])
    assert lost.float().mean().item() == pytest.approx(p, abs=0.02)


def test_steps_that_are_dropped_together_share_their_fate(noise_for):
    lost = structured_drop(SENSOR, (0.5,), steps=10)(ramp(40, 33), 1, noise_for([3, 4])).values[..., 0] == 0
    for start in range(0, 40, 10):
        assert lost[0, start : start + 10].unique().numel() == 1
    assert lost[1, 30:33].unique().numel() == 1


@given(length=st.integers(0, 40), blocks=st.integers(1, 9), seed=st.integers(0, 99), share=st.floats(0, 1))
@many
def test_a_slot_loses_its_share_in_one_block(noise_for, length, blocks, seed, share):
    perturb = block_missing(SENSOR, (share, 1.0), blocks=blocks)
    lost = perturb(ramp(length), 1, noise_for([0], seed)).values[0, :length, 0] == 0
    edges = [length * each // blocks for each in range(blocks + 1)]
    for start, end in pairwise(edges):
        block = lost[start:end].int()
        assert abs(int(block.sum()) - share * (end - start)) < 1 + 1e-6
        assert (torch.diff(block, prepend=torch.zeros(1), append=torch.zeros(1)) > 0).sum() <= 1
    assert not perturb(ramp(length), 2, noise_for([0], seed)).values.any()


def test_blocks_take_their_share_in_the_mean_and_any_place(noise_for):
    lost = block_missing(TABLE, (0.25,), blocks=2)(torch.ones(4000, 5), 1, noise_for(range(4000))) == 0
    assert lost.float().mean().item() == pytest.approx(0.25, abs=0.01)
    np.testing.assert_allclose(lost.float().mean(0), 0.25, atol=0.03)


def test_a_step_has_one_draw_for_all_its_columns(noise_for):
    sensor = Modality("sensor", "sequence", (40, 2), scale=(0.5, 20.0))
    clean, noise = ramp(*[40] * 200), noise_for(range(200))
    change = step_noise(sensor, (0.1,))(clean, 1, noise).values - clean.values
    torch.testing.assert_close(change[..., 1], 40 * change[..., 0], rtol=1e-3, atol=1e-4)
    assert change[..., 0].std().item() == pytest.approx(0.05, rel=0.03)
    assert np.corrcoef(change[:, 0, 0], change[:, 1, 0])[0, 1] == pytest.approx(0, abs=0.2)
    multibench = step_noise(sensor, (0.3,), unit="absolute")(clean, 1, noise).values - clean.values
    torch.testing.assert_close(multibench[..., 0], multibench[..., 1])
    assert multibench.std().item() == pytest.approx(0.3, rel=0.03)


def test_a_column_of_a_spectrogram_is_a_step(noise_for):
    change = step_noise(SOUND, (0.01,))(torch.full((4, *SOUND.shape), 0.5), 1, noise_for(range(4))) - 0.5
    assert torch.equal(change, change[:, :1, :1].expand_as(change))
    assert change[0, 0, 0].unique().numel() == 20


@pytest.mark.parametrize("per", ["column", "sample"])
def test_a_factor_is_that_of_its_column_or_sample(noise_for, per):
    clean = ramp(*[7] * 2000, steps=7)
    factors = scaling(SENSOR, (0.2,), per=per)(clean, 1, noise_for(range(2000))).values / clean.values
    torch.testing.assert_close(factors, factors[:, :1].expand_as(factors))
    assert factors[:, 0].mean().item() == pytest.approx(1, abs=0.02)
    assert factors[:, 0].std().item() == pytest.approx(0.2, rel=0.05)
    assert torch.equal(factors[..., 0], factors[..., 1]) == (per == "sample")


def test_a_curve_walks_from_knot_to_knot_and_starts_at_nothing():
    """Steps +1 and -3 reach 0, 1 and -2, or 0, 1/2 and -1 of the largest; halfway h = 1/2 gives the mean."""
    clean = Padded(torch.full((1, 5, 1), 10.0), torch.tensor([5]))
    sensor = Modality("sensor", "sequence", (5, 1), scale=(3.0,))
    wander = drift(sensor, (2.0,), knots=2)(clean, 1, Given([[1.0, -3.0]]))
    assert curve(wander) == [10.0, 11.5, 13.0, 8.5, 4.0]
    warped = drift(sensor, (0.5,), knots=2, mode="multiplicative")(clean, 1, Given([[1.0, -3.0]]))
    assert curve(warped) == [10.0, 11.25, 12.5, 8.75, 5.0]


@given(length=st.integers(2, 40), knots=st.integers(1, 6), seed=st.integers(0, 99))
@many
def test_the_largest_deviation_is_the_level_if_every_knot_is_a_step(noise_for, length, knots, seed):
    length = knots * max(1, length // knots) + 1  # knots fall on steps
    clean = Padded(torch.zeros(1, length, 2), torch.tensor([length]))
    change = drift(SENSOR, (4.0,), knots=knots, unit="absolute")(clean, 1, noise_for([0], seed)).values
    np.testing.assert_allclose(change.abs().amax((0, 1)), [4.0, 4.0], rtol=1e-6)
    assert not change[:, 0].any()
    assert change.diff(dim=1).abs().max() <= 8 * min(1.0, 1.5 * knots / (length - 1)) + 1e-4


@given(lengths=st.lists(st.integers(0, 40), min_size=1, max_size=5), knots=st.integers(1, 50), seed=st.integers(0, 99))
@many
def test_the_largest_deviation_is_the_level_wherever_the_knots_fall(noise_for, lengths, knots, seed):
    """And a sample's curve has the same bits alone, though its own peak divides it."""
    perturb = drift(SENSOR, (4.0,), knots=knots, unit="absolute")
    clean = Padded(torch.zeros(len(lengths), 40, 2), torch.tensor(lengths))
    change = perturb(clean, 1, noise_for(range(len(lengths)), seed)).values
    for row, length in enumerate(lengths):
        assert change[row].abs().amax(0).tolist() == [4.0 * (length > 1)] * 2
        alone = Padded(torch.zeros(1, length, 2), torch.tensor([length]))
        assert torch.equal(perturb(alone, 1, noise_for([row], seed)).values[0], change[row, :length])


@given(length=st.integers(2, 40), knots=st.integers(2, 6), level=st.floats(0, 3), seed=st.integers(0, 99))
@many
def test_times_are_the_integral_of_the_speed(noise_for, length, knots, level, seed):
    noise = noise_for([0], seed)
    found = np.array(curve(time_warp(SENSOR, (level,), knots=knots)(ramp(length), 1, noise))) - 1
    speed = np.maximum(1 + level * noise.normal("speed", (knots,))[0].numpy().astype(float), 0.1)
    fine = np.linspace(0, 1, 20_001)
    v = np.interp(fine, np.linspace(0, 1, knots), speed)
    passed = np.concatenate([[0], np.cumsum((v[1:] + v[:-1]) / 2)])
    expected = np.interp(np.linspace(0, 1, length), fine, passed / passed[-1]) * (length - 1)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert (np.diff(found) > 0).all()
    assert found[[0, -1]] == pytest.approx([0, length - 1], abs=1e-4)


@pytest.mark.parametrize("length", range(41))
def test_time_that_runs_evenly_changes_no_bit(noise_for, length):
    clean = ramp(length)
    clean.values.sin_()
    assert torch.equal(time_warp(SENSOR, (0.0,))(clean, 1, noise_for([0])).values, clean.values)


@given(length=st.integers(0, 40), segments=st.integers(2, 12), share=st.floats(0.01, 1), seed=st.integers(0, 99))
@many
def test_segments_exchange_their_places_in_pairs(noise_for, length, segments, share, seed):
    clean = ramp(length)
    result = permutation(SENSOR, (share,), segments=segments)(clean, 1, noise_for([0], seed))
    assert sorted(curve(result)) == curve(clean)
    width = max(1, length // segments)
    count = length // width
    whole = np.array(curve(result))[: count * width].reshape(count, width)
    assert (np.diff(whole, axis=1) == 1).all()
    partner = ((whole[:, 0] - 1) // width).astype(int)
    assert (partner[partner] == np.arange(count)).all()
    assert (partner != np.arange(count)).sum() == 2 * min(max(1, round(share * count / 2)), count // 2)
    assert curve(result)[count * width :] == curve(clean)[count * width :]


@given(draws=st.lists(st.floats(0, 0.999), min_size=1, max_size=9), p=st.floats(0, 1))
@many
def test_a_column_is_exchanged_with_the_one_before_it(draws, p):
    """MultiBench's loop, with the value kept that its released code loses."""
    expected = list(range(len(draws)))
    for place in range(1, len(draws)):
        if np.float32(draws[place]) < p:
            expected[place - 1], expected[place] = expected[place], expected[place - 1]
    table = Modality("table", "vector", (len(draws),))
    result = column_swap(table, (p,))(torch.arange(float(len(draws)))[None], 1, Given([draws]))
    assert result[0].tolist() == expected


def test_at_a_probability_of_one_the_first_column_travels_to_the_end():
    row = torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0]])
    assert column_swap(TABLE, (1.0,))(row, 1, Given([[0.5] * 5]))[0].tolist() == [2, 3, 4, 5, 1]


def test_any_columns_are_exchanged_in_pairs_and_alike_at_all_steps(noise_for):
    clean = ramp(9, 9, steps=9, columns=6)
    clean.values.mul_(10 ** torch.arange(6.0))
    wide = Modality("sensor", "sequence", (9, 6))
    first = column_swap(wide, (0.7,), order="any")(clean, 1, noise_for([0, 1])).values
    assert torch.equal(first[:, 4] / 5, first[:, 0])
    assert torch.equal(first.sort(dim=2).values, clean.values)
    assert (first != clean.values).any(1).sum(1).tolist() == [4, 4]


@given(
    length=st.integers(0, 40),
    level=st.floats(0, 1),
    direction=st.sampled_from(["late", "early"]),
    edge=st.sampled_from(["fill", "circular"]),
)
@many
def test_a_shift_is_that_of_a_list(length, level, direction, edge):
    level, most = (level / 2, length // 2) if edge == "circular" else (level, length)
    by = min(most, max(1, round(level * length)) if level > 0 else 0) * (1 if direction == "late" else -1)
    expected = np.roll(curve(ramp(length)), by)
    if edge == "fill":
        expected[:by] = expected[:by] if by < 0 else -7
        expected[length + by :] = expected[length + by :] if by >= 0 else -7
    perturb = time_shift(SENSOR, (level,), direction=direction, edge=edge, fill=-7.0)
    assert curve(perturb(ramp(length), 1, None)) == expected.tolist()  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [0, 1, 2, 7, 40])
@pytest.mark.parametrize(("unit", "level"), [("share", 0.5), ("milliseconds", 1e9), ("steps", 20), ("steps", 1e30)])
def test_a_circular_shift_goes_half_the_length_at_most(length, unit, level):
    perturb = time_shift(SENSOR, (level,), unit=unit, direction="late", edge="circular")
    expected = np.roll(curve(ramp(length)), length // 2)
    assert curve(perturb(ramp(length), 1, None)) == expected.tolist()  # type: ignore[arg-type]


@pytest.mark.parametrize(("unit", "level"), [("milliseconds", 100), ("milliseconds", 95.0), ("steps", 5)])
def test_milliseconds_are_steps_at_the_sample_rate(unit, level):
    shifted = time_shift(SENSOR, (level,), unit=unit, direction="late")(ramp(40), 1, None)  # type: ignore[arg-type]
    assert curve(shifted) == [*[0.0] * 5, *map(float, range(1, 36))]


def test_half_the_samples_are_late_at_every_severity(noise_for):
    batch, noise = ramp(*[40] * 400), noise_for(range(400))
    late = [time_shift(SENSOR, (0.1, 0.5))(batch, severity, noise).values[:, 0, 0] == 0 for severity in (1, 2)]
    assert torch.equal(*late)
    assert late[0].float().mean().item() == pytest.approx(0.5, abs=0.1)


def test_a_spectrogram_is_shifted_column_by_column():
    clean = torch.rand(2, *SOUND.shape, generator=torch.Generator().manual_seed(0))
    shifted = time_shift(SOUND, (0.1,), direction="early", edge="circular")(clean, 1, None)  # type: ignore[arg-type]
    assert torch.equal(shifted, clean.roll(-2, 3))


def build(name: str, modality: Modality, *levels: float, **options: Any) -> Any:
    return resolve(CARDS[name])(modality, levels, **bind_options(CARDS[name], options))


def batch(modality: Modality, length: int, value: float) -> Padded | Tensor:
    if modality.kind in ("vector", "spectrogram"):
        return torch.full((3, *modality.shape), value)
    kept = torch.arange(modality.shape[0]) < length
    values = torch.where(kept.reshape(-1, *[1] * (len(modality.shape) - 1)), value, 0.0).expand(modality.shape)
    return Padded(values.repeat(3, *[1] * len(modality.shape)), torch.full((3,), length))


WAYS = [(name, kind) for name in NEW for kind in (TABLE, SENSOR, VOICE, SOUND) if kind.kind in CARDS[name].takes]
UNBOUNDED = ("step-noise", "scaling", "drift", "time-warp")
"""Whose levels are neither shares nor counts."""
every_way = pytest.mark.parametrize(("name", "modality"), WAYS, ids=lambda value: getattr(value, "kind", value))


@every_way
@pytest.mark.parametrize("length", [0, 1, 2])
@pytest.mark.parametrize("value", [0.0, 0.25])
def test_short_and_constant_samples_have_a_result(noise_for, name, modality, length, value):
    levels = CARDS[name].levels.get(modality.kind, CARDS[name].levels["*"])
    clean = batch(modality, length, value)
    for severity in range(1, 6):
        result = build(name, modality, *levels)(clean, severity, noise_for(range(3)))
        values = result.values if isinstance(result, Padded) else result
        assert torch.isfinite(values).all()
        if isinstance(result, Padded):
            assert not values[:, length:].any()
        if name in ("time-warp", "permutation", "column-swap") or (name == "scaling" and value == 0):
            assert torch.equal(values, clean.values if isinstance(clean, Padded) else clean)
        if name == "drift" and isinstance(clean, Padded) and (length < 2 or value == 0):
            assert torch.equal(values, clean.values)


@pytest.mark.parametrize(("name", "modality"), [way for way in WAYS if way[0] in UNBOUNDED])
def test_the_largest_levels_have_a_result(noise_for, name, modality):
    result = build(name, modality, 1e6)(batch(modality, 20, 0.5), 1, noise_for(range(3)))
    assert torch.isfinite(result.values if isinstance(result, Padded) else result).all()


@every_way
def test_a_level_of_nothing_changes_nothing(noise_for, name, modality):
    clean = batch(modality, 20, 0.0)
    values = clean.values if isinstance(clean, Padded) else clean
    values.copy_(torch.rand(values.shape, generator=torch.Generator().manual_seed(0)))
    result = build(name, modality, 0.0)(clean, 1, noise_for(range(3)))
    assert torch.equal(result.values if isinstance(result, Padded) else result, values)


def test_random_drop_is_a_variant_of_missing_entries(noise_for):
    card = CARDS["missing-entries"]
    perturb = resolve(card)(SENSOR, (0.3,), **bind_options(card, {}, "random-drop"))
    lost = perturb(ramp(*[40] * 100), 1, noise_for(range(100))).values == 0
    assert lost.float().mean().item() == pytest.approx(0.3, abs=0.02)
    assert not torch.equal(lost[..., 0], lost[..., 1])


SHARES = ("structured-drop", "block-missing", "permutation", "column-swap", "time-shift")
MISTAKES = [
    *((name, {}, (0.1, -0.1), r"levels\[1\] is -0.1, expected a") for name in NEW),
    *((name, {}, (float("nan"),), r"levels\[0\] is nan") for name in NEW),
    *((name, {}, (1.1e6,), r"levels\[0\] is 1100000.0, expected a number from 0 to 1e\+06") for name in UNBOUNDED),
    *((name, {}, (1.1,), r"levels\[0\] is 1.1, expected a number from 0 to 1") for name in SHARES),
    ("structured-drop", {"steps": 0}, (0.1,), "'steps' is 0, expected a positive integer"),
    ("structured-drop", {"fill": float("inf")}, (0.1,), "'fill' is inf, expected a finite number"),
    ("block-missing", {"blocks": 1.5}, (0.1,), "'blocks' is 1.5, expected a positive integer"),
    ("block-missing", {"fill": "mean"}, (0.1,), "'fill' is 'mean'"),
    ("block-missing", {"fill": 1e39}, (0.1,), r"'fill' is 1e\+39, expected a finite number of 32 bits"),
    ("step-noise", {"unit": "range"}, (0.1,), "unit is 'range', but the modality declares no range"),
    ("drift", {"unit": "std"}, (0.1,), "unit is 'std', but the modality declares no scale"),
    ("drift", {"unit": "rms", "mode": "multiplicative"}, (0.1,), "a multiplicative level has none: leave it out"),
    ("drift", {"knots": 0}, (0.1,), "'knots' is 0, expected a positive integer"),
    ("time-warp", {"knots": 1}, (0.1,), "'knots' is 1, expected a whole number, 2 or more"),
    ("permutation", {"segments": 1}, (0.1,), "'segments' is 1, expected a whole number, 2 or more"),
    ("time-shift", {"unit": "milliseconds"}, (5,), "the modality declares no sample rate: use 'share'"),
    ("time-shift", {"unit": "steps"}, (1.5,), "expected whole numbers of steps"),
    ("time-shift", {"edge": "circular"}, (0.4, 0.6), r"levels are \(0.4, 0.6\), expected shares of at most 0.5"),
    ("time-shift", {"fill": "zero"}, (0.1,), "'fill' is 'zero', expected a finite number"),
]


@pytest.mark.parametrize(("name", "options", "levels", "message"), MISTAKES)
def test_mistakes_are_named_in_one_line(name, options, levels, message):
    with pytest.raises(UsageError, match=f"^perturbation '{name}' of 'sensor'.*{message}") as caught:
        build(name, Modality("sensor", "sequence", (9, 2)), *levels, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", NEW)
@pytest.mark.parametrize("kind", ["image", "depth", "text"])
def test_what_has_neither_steps_nor_columns_is_refused(name, kind):
    with pytest.raises(UsageError, match=f"'{name}' of 'other': it takes .*, not {kind}"):
        build(name, Modality("other", kind, (3, 8, 8)), 0.1)


@pytest.mark.parametrize(
    "wrong", [("scaling", "per"), ("drift", "mode"), ("column-swap", "order"), ("time-shift", "edge")]
)
def test_unknown_choices_are_refused(wrong):
    name, option = wrong
    with pytest.raises(UsageError, match=f"'{name}'.*'{option}'.*'sideways'"):
        build(name, SENSOR, 0.1, **{option: "sideways"})
