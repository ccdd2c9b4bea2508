"""Properties that hold for every perturbation of plain tensors."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brownout_features import plugin
from brownout_registry import Modality, Padded, bind_options, resolve

CARDS = {card.name: card for card in plugin.brownout_perturbations()}
MODALITIES = {
    "image": Modality("photo", "image", (3, 6, 5), range=(0.0, 1.0)),
    "map": Modality("map", "image", (4, 6, 6)),
    "decibels": Modality("sound", "spectrogram", (1, 6, 9), range=(-80.0, 0.0)),
    "vector": Modality("table", "vector", (7,)),
    "sequence": Modality("sensor", "sequence", (8, 3)),
    "audio": Modality("voice", "audio", (12,), range=(-1.0, 1.0)),
    "steps": Modality("steps", "sequence", (8, 3)),
}
CASES = [
    ("gaussian-noise", {}),
    ("gaussian-noise", {"mode": "multiplicative"}),
    ("gaussian-noise", {"unit": "absolute", "clip": False}),
    ("salt-and-pepper", {}),
    ("missing-entries", {}),
    ("missing-entries", {"axis": "time", "unit": "columns"}),
    ("missing-entries", {"axis": "entries", "fill": -1.0}),
    ("structured-drop", {}),
    ("structured-drop", {"steps": 3, "fill": -1.0}),
    ("block-missing", {}),
    ("block-missing", {"blocks": 1}),
    ("step-noise", {}),
    ("scaling", {}),
    ("scaling", {"per": "sample"}),
    ("drift", {}),
    ("drift", {"mode": "multiplicative", "knots": 1}),
    ("time-warp", {}),
    ("time-warp", {"knots": 2}),
    ("permutation", {}),
    ("permutation", {"segments": 3}),
    ("column-swap", {}),
    ("column-swap", {"order": "any"}),
    ("time-shift", {}),
    ("time-shift", {"edge": "circular"}),
]
MOVING = ("time-warp", "time-shift")
"""What reads a sample at other times: an entry may come back to a value near its own."""
COARSE = ("structured-drop", "permutation", "column-swap")
"""Where there are few steps or columns, two severities may come to the same."""
SEVERITIES = range(1, 6)
WAYS = [
    pytest.param(name, options, modality, id="-".join([name, *map(str, options.values()), key]))
    for name, options in CASES
    for key, modality in MODALITIES.items()
    if modality.kind in CARDS[name].takes
]
each_way = pytest.mark.parametrize(("name", "options", "modality"), WAYS)
growing = [way for way in WAYS if way.values[0] not in MOVING and way.values[:2] != ("column-swap", {})]
padded = [way for way in WAYS if way.values[2].name in ("sensor", "voice")]
many = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def perturbation(name: str, modality: Modality, options: dict[str, Any]) -> Any:
    card = CARDS[name]
    levels = card.levels.get(modality.kind, card.levels.get("*"))
    levels = (1, 2, 3, 4, 5) if options.get("unit") == "columns" else levels
    return resolve(card)(modality, levels, **bind_options(card, options))


def samples(modality: Modality, size: int, seed: int, padding: int = 0) -> Any:
    generator = torch.Generator().manual_seed(seed)
    low, high = modality.range or (-3.0, 5.0)
    values = low + (high - low) * torch.rand(size, *modality.shape, generator=generator)
    if modality.name not in ("sensor", "voice"):
        return values
    lengths = torch.randint(0, modality.shape[0] + 1, (size,), generator=generator)
    padded = torch.cat([values, torch.zeros(size, padding, *modality.shape[1:])], dim=1)
    kept = torch.arange(padded.shape[1]) < lengths[:, None]
    return Padded(padded * kept.reshape(*kept.shape, *[1] * (padded.dim() - 2)), lengths)


def rows(inputs: Any, chosen: list[int]) -> Any:
    if isinstance(inputs, Padded):
        return Padded(rows(inputs.values, chosen), inputs.lengths[chosen])
    return inputs[chosen]


def tensor(inputs: Any) -> torch.Tensor:
    return inputs.values if isinstance(inputs, Padded) else inputs


@each_way
@given(
    order=st.permutations(range(5)),
    split=st.integers(0, 5),
    seed=st.integers(0, 99),
    severity=st.sampled_from(SEVERITIES),
)
@many
def test_a_sample_does_not_see_its_batch(noise_for, name, options, modality, order, split, seed, severity):
    perturb, batch = perturbation(name, modality, options), samples(modality, 5, seed)
    whole = tensor(perturb(batch, severity, noise_for(range(5), seed)))
    for part in (order[:split], order[split:], order[:1]):
        again = tensor(perturb(rows(batch, part), severity, noise_for(part, seed)))
        assert torch.equal(again, whole[part])


@pytest.mark.parametrize(("name", "options", "modality"), padded)
@given(padding=st.integers(1, 9), seed=st.integers(0, 99))
@many
def test_padding_changes_nothing_and_stays_zero(noise_for, name, options, modality, padding, seed):
    perturb, steps = perturbation(name, modality, options), modality.shape[0]
    short = perturb(samples(modality, 4, seed), 5, noise_for(range(4), seed))
    longer = perturb(samples(modality, 4, seed, padding), 5, noise_for(range(4), seed))
    assert torch.equal(short.values, longer.values[:, :steps])
    assert torch.equal(short.lengths, longer.lengths)
    for row, length in zip(longer.values, longer.lengths.tolist(), strict=True):
        assert not row[length:].any()


@pytest.mark.parametrize(("name", "options", "modality"), growing)
@given(seed=st.integers(0, 99))
@many
def test_distortion_grows_entry_by_entry(noise_for, name, options, modality, seed):
    perturb, batch = perturbation(name, modality, options), samples(modality, 6, seed)
    results = [tensor(perturb(batch, severity, noise_for(range(6), seed))) for severity in SEVERITIES]
    distortions = [(result - tensor(batch)).abs() for result in results]
    for milder, stronger in pairwise(distortions):
        assert (milder <= stronger).all()
    assert distortions[0].sum() < distortions[-1].sum() or (name in COARSE and distortions[-1].any())


@each_way
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_type_shape_dtype_range_and_an_untouched_input(noise_for, name, options, modality, dtype):
    batch = samples(modality, 4, 1)
    batch = Padded(batch.values.to(dtype), batch.lengths) if isinstance(batch, Padded) else batch.to(dtype)
    before = tensor(batch).clone()
    result = perturbation(name, modality, options)(batch, 5, noise_for(range(4), 0))
    assert type(result) is type(batch)
    assert tensor(result).shape == before.shape
    assert tensor(result).dtype == dtype
    assert torch.equal(tensor(batch), before)
    assert torch.isfinite(tensor(result)).all()
    if modality.range and options.get("mode") != "multiplicative" and options.get("clip") is not False:
        assert tensor(result).min() >= modality.range[0]
        assert tensor(result).max() <= modality.range[1]


@each_way
def test_seeds_and_samples_differ(noise_for, name, options, modality):
    perturb = perturbation(name, modality, options)
    low, high = modality.range or (0.0, 1.0)
    batch: Any = (low + (high - low) * torch.rand(1, *modality.shape)).expand(8, *modality.shape)
    if modality.name in ("sensor", "voice"):
        batch = Padded(batch, torch.full((8,), modality.shape[0]))
    one, other = (tensor(perturb(batch, 3, noise_for(range(8), seed))) for seed in (0, 1))
    assert not torch.equal(one, other)
    assert not torch.equal(one[:1].expand_as(one), one)


@pytest.mark.parametrize("name", ["salt-and-pepper", "missing-entries"])
def test_a_share_of_one_takes_every_entry_at_any_precision(noise_for, name):
    perturb = resolve(CARDS[name])(Modality("table", "vector", (50_000,), range=(0.0, 1.0)), (1.0,))
    result = perturb(torch.full((2, 50_000), 0.5, dtype=torch.float16), 1, noise_for([0, 1]))
    assert not (result == 0.5).any()


def test_default_levels_grow():
    for card in CARDS.values():
        for levels in card.levels.values():
            assert all(mild < strong for mild, strong in pairwise(levels))


@each_way
def test_the_result_is_on_the_inputs_device(noise_for, name, options, modality):
    """The meta device refuses to mix with the CPU, so it finds what an accelerator would."""
    batch = samples(modality, 4, 1)
    moved = Padded(batch.values.to("meta"), batch.lengths) if isinstance(batch, Padded) else batch.to("meta")
    result = tensor(perturbation(name, modality, options)(moved, 3, noise_for(range(4))))
    assert result.device.type == "meta"
    assert result.shape == tensor(batch).shape
