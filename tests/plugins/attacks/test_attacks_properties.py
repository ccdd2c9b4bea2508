"""What every attack on tensors must hold, on any modality, alone and together."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from brownout_attacks.losses import margin
from brownout_attacks.plugin import brownout_attacks
from brownout_registry import ORDERS, UsageError

CARDS = {card.name: card for card in brownout_attacks()}
SHORT = {
    "fgsm": {},
    "pgd": {"steps": 5},
    "apgd": {"steps": 8},
    "square": {"queries": 20},
    "fgsm-l2": {},
    "fgsm-l1": {},
    "pgd-l2": {"steps": 5},
    "apgd-l2": {"steps": 8},
    "square-l2": {"queries": 20},
    "cw-l2": {"steps": 5, "search_steps": 2, "step_size": 0.1},
}
KINDS = ["image", "vector", "sequence", "audio"]
FIXED = ["fgsm", "fgsm-l2", "fgsm-l1", "pgd", "pgd-l2", "apgd", "apgd-l2"]
CHECKS = settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
names_of = st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique=True)


def sizes(name, delta):
    order = ORDERS[CARDS[name].norm]
    return torch.linalg.vector_norm(delta.flatten(1), ord=order, dim=1)


def losses(attacked, inputs):
    return cross_entropy(attacked.logits(inputs), attacked.targets, reduction="none")


def fools(attacked, inputs):
    return attacked.logits(inputs).argmax(1) != attacked.targets


@pytest.mark.parametrize("name", SHORT)
@given(st.integers(0, 10_000), names_of, st.floats(0, 2), st.sampled_from([None, (0.0, 1.0)]))
@CHECKS
def test_it_stays_in_budget_and_range_and_leaves_its_input_alone(build, scene, name, seed, names, budget, bounds):
    budgets = {each: budget / (i + 1) for i, each in enumerate(names)}
    attacked = scene(names, budgets, seed=seed, size=3, bounds=bounds)
    before = {each: x.clone() for each, x in attacked.inputs.items()}
    found = build(name, **SHORT[name])(attacked)
    assert list(found) == names
    for each, x in found.items():
        clean = attacked.inputs[each]
        assert torch.equal(clean, before[each])
        assert x is not clean
        assert (x.shape, x.dtype, x.requires_grad) == (clean.shape, clean.dtype, False)
        assert x.isfinite().all()
        assert (sizes(name, x - clean) <= budgets[each] * (1 + 1e-9) + 1e-12).all()
        assert bounds is None or (x.min() >= 0 and x.max() <= 1)
        assert budget > 0 or torch.equal(x, clean)


@pytest.mark.parametrize("name", SHORT)
@given(st.integers(0, 10_000), names_of)
@settings(CHECKS, max_examples=4)
def test_a_sample_does_not_depend_on_its_company(build, scene, name, seed, names):
    make = partial(scene, names, 0.15, seed=seed, size=5)
    attack = build(name, **SHORT[name])
    together = attack(make())
    for row in range(5):
        alone = attack(make(rows=[row]))
        for each in names:
            torch.testing.assert_close(together[each][row], alone[each][0], rtol=0, atol=1e-6)
    turned = attack(make(rows=[4, 2, 0]))
    for each in names:
        torch.testing.assert_close(together[each][[4, 2, 0]], turned[each], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", FIXED)
@given(st.integers(0, 10_000), st.sampled_from(KINDS), st.floats(0.01, 1))
@CHECKS
def test_on_a_linear_model_the_loss_does_not_fall(build, scene, name, seed, kind, budget):
    """The cross-entropy is convex there, so every step along its gradient goes up; APGD may prefer what fools."""
    attacked = scene([kind], budget, seed=seed, linear=True, bounds=None)
    options = {} if name.startswith("fgsm") else {"random_start": False, **SHORT[name]}
    found = build(name, **options)(attacked)
    up = losses(attacked, found) >= losses(attacked, attacked.inputs) - 1e-9
    assert (up | (name.startswith("apgd") & fools(attacked, found))).all()


@pytest.mark.parametrize("name", ["pgd", "pgd-l2", "apgd", "apgd-l2"])
@given(st.integers(0, 10_000), st.sampled_from(KINDS))
@CHECKS
def test_more_steps_are_at_least_as_strong(build, scene, name, seed, kind):
    attacked = scene([kind], 0.1, seed=seed, size=40, linear=True)
    options = {"random_start": False, **({"step_size": 0.1} if name.startswith("pgd") else {})}
    few, more = (build(name, steps=steps, **options)(attacked) for steps in (2, 30))
    if name.startswith("apgd"):  # its schedule stretches with the number of steps
        assert fools(attacked, more).sum() >= fools(attacked, few).sum()
    else:
        assert (losses(attacked, more) >= losses(attacked, few) - 1e-9).all()


@pytest.mark.parametrize("name", ["square", "square-l2"])
@given(st.integers(0, 10_000), st.sampled_from(KINDS))
@CHECKS
def test_square_is_never_worse_than_nothing_and_gains_with_queries(build, scene, name, seed, kind):
    attacked = scene([kind], 0.3, seed=seed, size=30)
    gaps = [margin(attacked.logits(attacked.inputs), attacked.targets)]
    for queries in (1, 2, 60):
        found = build(name, queries=queries, p=0.3)(attacked)
        gaps.append(margin(attacked.logits(found), attacked.targets))
        assert ((gaps[-1] >= gaps[0]) | fools(attacked, found)).all()
    clean, one, two, many = gaps
    assert torch.equal(one, clean)
    assert ((many > 0) >= (two > 0)).all()
    withstands = many <= 0
    assert (many[withstands] >= two[withstands]).all()


@pytest.mark.parametrize("name", SHORT)
def test_two_modalities_together_are_stronger_than_one(build, scene, name):
    both = scene(["image", "vector"], {"image": 0.02, "vector": 0.03}, size=60, seed=3)
    options = {
        **SHORT[name],
        **({"queries": 300} if "square" in name else {}),
        **({"steps": 60} if "cw" in name else {}),
    }
    counts = []
    for budgets in ({"image": 0.02, "vector": 0.0}, {"image": 0.02, "vector": 0.03}):
        attacked = replace(both, budgets=budgets)
        found = build(name, **options)(attacked)
        counts.append(int(fools(attacked, found).sum()))
        assert torch.equal(found["vector"], both.inputs["vector"]) == (budgets["vector"] == 0)
    assert counts[1] >= counts[0] >= int(fools(both, both.inputs).sum())


@pytest.mark.parametrize("name", SHORT)
@pytest.mark.parametrize("uses", ["nothing", "no input", "one of two"])
def test_without_a_gradient_the_result_is_finite_and_valid(build, scene, name, uses):
    attacked = scene(["vector", "sequence"], 0.1)
    constant = torch.zeros(5, 3, dtype=torch.float64)
    models = {
        "nothing": lambda inputs, rows=None: constant[: len(inputs["vector"])],
        "no input": lambda inputs, rows=None: constant[: len(inputs["vector"])] + 0 * inputs["vector"].sum(),
        "one of two": lambda inputs, rows=None: inputs["vector"][:, :3],
    }
    found = build(name, **SHORT[name])(replace(attacked, logits=models[uses]))
    for each, x in found.items():
        assert x.isfinite().all()
        assert (sizes(name, x - attacked.inputs[each]) <= 0.1 + 1e-9).all()


@pytest.mark.parametrize("name", [*FIXED, "cw-l2"])
def test_gradients_that_are_no_numbers_count_as_zero(build, scene, name):
    attacked = scene(["vector"], 0.1)

    def logits(inputs, rows=None):
        steep = (inputs["vector"][:, :1] - inputs["vector"][:, :1].detach()).sqrt()  # gradient inf, times 0: NaN
        return attacked.logits(inputs, rows) + 0 * steep

    options = {**SHORT[name], **({} if "gsm" in name or "cw" in name else {"random_start": False})}
    found = build(name, **options)(replace(attacked, logits=logits))["vector"]
    delta = found - attacked.inputs["vector"]
    assert found.isfinite().all()
    assert delta[:, 1:].abs().amax() > 0
    assert name == "cw-l2" or not delta[:, 0].any()


@pytest.mark.parametrize("name", SHORT)
def test_text_is_refused_in_one_line(build, scene, name):
    attacked = replace(scene(["vector"]), inputs={"caption": ["a bird"] * 5}, bounds={"caption": None})
    with pytest.raises(UsageError, match=rf"attack '{name}': 'caption' is text, .* 'greedy-masking'") as error:
        build(name, **SHORT[name])(attacked)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", SHORT)
def test_a_model_with_trained_parameters_gets_no_gradients(build, scene, name):
    attacked = scene(["vector"], 0.1)
    layer = torch.nn.Linear(7, 3).double()
    build(name, **SHORT[name])(replace(attacked, logits=lambda inputs, rows=None: layer(inputs["vector"])))
    assert layer.weight.grad is None
    assert layer.bias.grad is None


@pytest.mark.parametrize("name", ["pgd", "apgd-l2", "square"])
def test_float32_and_bounds_of_each_entry(build, scene, name):
    attacked = scene(["image", "vector"], 0.5, size=4)
    inputs = {each: x.float() for each, x in attacked.inputs.items()}
    low = {each: x - 0.01 * torch.rand_like(x) for each, x in inputs.items()}
    limits = {
        "image": (low["image"][:1] * 0 - 0.1, torch.full((2, 1, 1), 1.1)),
        "vector": (low["vector"], low["vector"] + 1),
    }
    logits = lambda changed, rows=None: attacked.logits({n: x.double() for n, x in changed.items()}, rows).float()  # noqa: E731
    found = build(name, **SHORT[name], **({"restarts": 2} if "square" not in name else {}))(
        replace(attacked, inputs=inputs, bounds=limits, logits=logits)
    )
    for each, x in found.items():
        assert x.dtype == torch.float32
        assert (x >= limits[each][0]).all()
        assert (x <= limits[each][1]).all()
