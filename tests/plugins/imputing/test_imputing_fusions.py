"""The fusions as the engine sees them."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import brownout
from brownout.engine.settings import Settings
from brownout_imputing.features import impute, origin_loss, ring_distance
from brownout_imputing.hemis import Hemis
from brownout_imputing.moments import moments
from brownout_imputing.shaspec import ShaSpec
from brownout_registry import Representation, Task, UsageError, catalogue

CHOICES = [
    ("hemis", {}),
    ("hemis", {"variance": "all-slots"}),
    ("shaspec", {}),
    ("shaspec", {"missing": "first-available"}),
    ("shaspec", {"auxiliary": "present"}),
]
FACTORIES = {"hemis": Hemis, "shaspec": ShaSpec}


def spoil(sources, present, content):
    spoilt = {name: z.clone() for name, z in sources.items()}
    for column, z in enumerate(spoilt.values()):
        z[~present[:, column]] = content
    return spoilt


@pytest.mark.parametrize("content", [torch.nan, torch.inf, -1e4])
@pytest.mark.parametrize("count", [1, 2, 3, 6])
@pytest.mark.parametrize(("name", "options"), CHOICES)
def test_absent_content_goes_nowhere_in_any_pattern(name, options, count, content, build, batch, loss):
    sources, present, target = batch(count)
    fusion, found = build(name, count, **options), []
    for given_sources in (sources, spoil(sources, present, content)):
        fusion.zero_grad()
        prediction = fusion(given_sources, present)
        value = loss(fusion, prediction, target)
        value.backward()
        gradients = {key: parameter.grad for key, parameter in fusion.named_parameters()}
        found.append([value, prediction.logits, prediction.embedding, *gradients.values()])
    assert all(each.isfinite().all() for each in found[0])
    assert all(map(torch.equal, *found))
    if count > 1:  # of one modality there is nothing to tell apart
        assert all(gradient.any() for gradient in gradients.values()), gradients


@pytest.mark.parametrize(("name", "options"), CHOICES)
def test_absent_content_does_not_spoil_the_gradients_of_encoders(name, options, build, batch, loss):
    sources, present, target = batch(3)
    leaves = {name: z.requires_grad_() for name, z in spoil(sources, present, torch.nan).items()}
    fusion = build(name, 3, **options)
    loss(fusion, fusion(leaves, present), target).backward()
    for column, leaf in enumerate(leaves.values()):
        assert leaf.grad.isfinite().all()
        assert not leaf.grad[~present[:, column]].any()
        assert leaf.grad[present[:, column]].any()


@pytest.mark.parametrize(("name", "options"), CHOICES)
def test_a_batch_of_one(name, options, build, batch):
    sources, present, _ = batch(3, size=9)
    fusion = build(name, 3, **options).eval()
    whole = fusion(sources, present)
    assert whole.logits.shape == (9, 4)
    for row in range(9):
        one = fusion({name: z[[row]] for name, z in sources.items()}, present[[row]])
        torch.testing.assert_close(one.logits[0], whole.logits[row])


@pytest.mark.parametrize("name", FACTORIES)
def test_weights_are_saved_and_loaded(name, build, batch):
    sources, present, _ = batch(2)
    fusion, other = build(name, 2).eval(), build(name, 2).eval()
    torch.nn.init.normal_(next(other.parameters()))
    assert not torch.equal(other(sources, present).logits, fusion(sources, present).logits)
    other.load_state_dict(fusion.state_dict())
    assert torch.equal(other(sources, present).logits, fusion(sources, present).logits)


@st.composite
def masked(draw):
    """Values ``[B, V, 2, 3]`` and what of them is present."""
    size, count = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    random = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    values = torch.randn(size, count, 2, 3, generator=random, dtype=torch.float64) * draw(st.sampled_from([1, 1e3]))
    return values, torch.rand(size, count, generator=random) < draw(st.sampled_from([0.3, 0.7, 1.0]))


@given(masked())
@settings(deadline=None, max_examples=60)
def test_moments_are_those_of_what_is_present(case):
    values, present = case
    mean, variance = moments(values, present)
    _, slots = moments(values, present, "all-slots")
    for row in range(len(values)):
        chosen, n = values[row, present[row]], int(present[row].sum())
        if not n:
            assert not any(each[row].any() for each in (mean, variance, slots))
            continue
        torch.testing.assert_close(mean[row], chosen.mean(0))
        torch.testing.assert_close(variance[row], chosen.var(0, correction=0), atol=1e-9, rtol=1e-9)
        absent = present.shape[1] - n
        extra = absent * mean[row].square() / n if n > 1 else 0.0
        torch.testing.assert_close(slots[row], variance[row] + extra, atol=1e-9, rtol=1e-9)


@given(masked())
@settings(deadline=None, max_examples=60)
def test_not_even_nan_gets_out_of_what_is_absent(case):
    values, present = case
    spoilt = torch.where(present[:, :, None, None], values, torch.nan)
    for choice in ("available", "all-slots"):
        for found, expected in zip(moments(spoilt, present, choice), moments(values, present, choice), strict=True):
            assert torch.equal(found, expected)
    for choice in ("mean", "first-available"):
        assert torch.equal(impute(spoilt.flatten(2), present, choice), impute(values.flatten(2), present, choice))


@given(masked(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_moments_and_imputed_mean_do_not_depend_on_the_order(case, random):
    values, present = case
    order = random.sample(range(present.shape[1]), present.shape[1])
    for variance in ("available", "all-slots"):
        expected = moments(values, present, variance)
        torch.testing.assert_close(moments(values[:, order], present[:, order], variance), expected)
    shared = values.flatten(2)
    torch.testing.assert_close(impute(shared[:, order], present[:, order]), impute(shared, present))


@given(masked())
@settings(deadline=None, max_examples=60)
def test_the_first_available_is_a_shared_feature_as_it_is(case):
    values, present = case
    shared = values.flatten(2)
    for row, imputed in enumerate(impute(shared, present, "first-available")):
        first = present[row].nonzero().flatten()[:1]
        assert torch.equal(imputed, shared[row, first].sum(0))


def test_nothing_present_is_the_bias(build, batch):
    sources, present, _ = batch(3)
    empty = torch.zeros_like(present)
    fusion = build("shaspec", 3)
    assert torch.equal(fusion(sources, empty).logits[0], fusion.head.bias)
    hemis = build("hemis", 3, hidden=[])
    assert torch.equal(hemis(sources, empty).logits[0], hemis.head[-1].bias)


def test_hemis_treats_modalities_alike(build, batch):
    sources, present, _ = batch(3)
    fusion = build("hemis", 3)
    names = list(reversed(sources))
    other = Hemis(Task(tuple("abcd"), (0.25,) * 4), {name: fusion.representations[name] for name in names})
    other.head, other.projections = fusion.head, torch.nn.ModuleList(reversed(fusion.projections))
    torch.testing.assert_close(other(sources, present.flip(1)).logits, fusion(sources, present).logits)


def test_shaspec_adds_its_projection_only_where_present(build, batch):
    sources, present, _ = batch(3)
    fusion = build("shaspec", 3, width=6)
    with torch.no_grad():
        fusion.projection.weight.zero_()
        fusion.projection.bias.fill_(1.0)
    prediction = fusion(sources, present)
    shared, f = prediction.terms["shared"], prediction.embedding.unflatten(1, (3, 6))
    imputed = impute(shared, present)
    for column in range(3):
        there = present[:, column]
        torch.testing.assert_close(f[there, column], shared[there, column] + 1)
        torch.testing.assert_close(f[~there, column], imputed[~there])


def test_auxiliary_losses_count_absent_modalities_only_if_told(build, batch, loss):
    sources, present, target = batch(3)
    moved = {}
    for auxiliary in ("all", "present"):
        fusion = build("shaspec", 3, auxiliary=auxiliary, alpha=1.0, beta=1.0)
        before = loss(fusion, prediction := fusion(sources, present), target)
        for term in ("shared", "origin"):
            prediction.terms[term] = torch.where(present[:, :, None], prediction.terms[term], 100.0)
        moved[auxiliary] = loss(fusion, prediction, target) - before
    assert moved["present"].item() == 0
    assert moved["all"].item() > 1


def test_the_weights_of_the_auxiliary_losses(build, batch, loss):
    sources, present, target = batch(3)
    everything = torch.ones_like(present)
    fusion = build("shaspec", 3, alpha=0.3, beta=0.7)
    prediction = fusion(sources, present)
    expected = torch.nn.functional.cross_entropy(prediction.logits, target)
    expected = expected + 0.3 * ring_distance(prediction.terms["shared"], everything).mean()
    expected = expected + 0.7 * origin_loss(prediction.terms["origin"], everything)
    torch.testing.assert_close(loss(fusion, prediction, target), expected)


@pytest.mark.parametrize(("name", "options"), CHOICES)
def test_learns_a_label_that_needs_two_modalities(name, options, build, batch, loss):
    sources, _, _ = batch(2, size=64)
    target = (sources["m.0"][:, 0] + 3 * sources["m.1"].mean((2, 3))[:, 0] > 0).long()
    present = torch.ones(64, 2, dtype=torch.bool)
    fusion = build(name, 2, width=16, **options)
    optimiser = torch.optim.Adam(fusion.parameters(), lr=0.01)
    for _ in range(150):
        optimiser.zero_grad()
        loss(fusion, fusion(sources, present), target).backward()
        optimiser.step()
    assert (fusion(sources, present).logits.argmax(-1) == target).float().mean() > 0.9


BAD = [
    ("hemis", {"width": 0}, "option 'width' is 0, expected a positive integer"),
    ("hemis", {"hidden": [0]}, r"option 'hidden' is \[0\]"),
    ("hemis", {"hidden": 64}, "option 'hidden' is 64"),
    ("hemis", {"variance": "unbiased"}, "option 'variance' is 'unbiased'"),
    ("shaspec", {"width": 1.5}, "option 'width' is 1.5"),
    ("shaspec", {"missing": "last"}, "option 'missing' is 'last'"),
    ("shaspec", {"alpha": -0.1}, "option 'alpha' is -0.1, expected a number from 0"),
    ("shaspec", {"beta": float("nan")}, "option 'beta' is nan"),
    ("shaspec", {"beta": float("inf")}, "option 'beta' is inf"),
    ("shaspec", {"auxiliary": "none"}, "option 'auxiliary' is 'none'"),
]


@pytest.mark.parametrize(("name", "options", "message"), BAD)
def test_mistakes_are_answered(name, options, message):
    with pytest.raises(UsageError, match=f"fusion '{name}', {message}"):
        FACTORIES[name](Task(("a", "b"), (0.5, 0.5)), {"m": Representation("vector", (2,))}, **options)


@pytest.mark.parametrize("name", FACTORIES)
def test_dense_prediction_is_refused(name):
    task = Task(("a", "b"), (0.5, 0.5), kind="dense")
    with pytest.raises(UsageError, match=f"fusion '{name}' predicts one label per sample"):
        FACTORIES[name](task, {"m": Representation("map", (2, 3, 3))})


def test_both_are_registered_and_listing_them_imports_no_torch():
    for name in FACTORIES:
        assert catalogue().find("fusion", f"brownout-imputing/{name}").card.paper is not None
    code = (
        "import sys; from brownout_imputing import plugin; plugin.brownout_fusions(); "
        "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_suite_from_end_to_end(tmp_path):
    methods = [{"name": name, "fusion": name} for name in FACTORIES]
    methods.append({"name": "surf-mv", "fusion": "hemis", "variant": "surf-mv"})
    methods.append({"name": "released", "fusion": "shaspec", "variant": "released"})
    suite = {
        "suite": "imputing",
        "dataset": {"use": "htad"},
        "encoders": {name: {"use": "mlp", "hidden": [16]} for name in ("audio", "accelerometer")},
        "methods": methods,
        "training": {"epochs": 4, "learning_rate": 0.01, "seeds": [0]},
        "protocol": {"missing": {"patterns": "all", "rates": [0.5], "means": "absent"}},
        "metrics": ["accuracy", "nll"],
    }
    run = brownout.run(suite, Settings(out=tmp_path / "run", cache=tmp_path / "cache", device="cpu"))
    assert not run.failures
    clean = {s.method: s.value for s in run.scores if s.metric == "accuracy" and s.condition.name == "clean"}
    assert clean.keys() == {"hemis", "shaspec", "surf-mv", "released"}
    assert all(value > 0.4 for value in clean.values()), clean
