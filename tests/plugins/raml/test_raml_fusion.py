"""The fusion strategy as the engine sees it."""

from __future__ import annotations

import inspect
import subprocess
import sys
from itertools import product

import pytest
import torch

from brownout_raml.formulas import redundancy
from brownout_raml.fusion import Raml
from brownout_raml.plugin import brownout_fusions
from brownout_registry import REQUIRED, Representation, Step, Task, UsageError, bind_options, catalogue, resolve

TASK = Task(("a", "b", "c"), (0.2, 0.3, 0.5))
SHAPES = (Representation("vector", (4,)), Representation("map", (3, 2, 5)), Representation("sequence", (6, 2)))
TARGET = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
STEP = Step(0, 1, torch.arange(8), torch.arange(8), 8)
VARIED = [
    {},
    {"predictor": "separate", "hidden": [7]},
    {"weights": "identical", "mask_unimodal": True},
    {"weights": "fixed", "mask_redundancy": True, "sigma_is": "variance"},
    {"weights": "fixed-scalar", "sigma_activation": "exp", "l1_reduction": "mean"},
]


def representations(count=3):
    return {f"m.{i}": SHAPES[i % 3] for i in range(count)}


def build(count=3, **options):
    torch.manual_seed(0)
    return Raml(TASK, representations(count), **{"width": 6, **options})


def batch(count=3, size=8):
    random = torch.Generator().manual_seed(0)
    sources = {n: torch.randn(size, *each.shape, generator=random) for n, each in representations(count).items()}
    present = torch.rand(size, count, generator=random) < 0.5
    present[0], present[1] = False, True
    return sources, present


def spoil(sources, present, content=torch.nan):
    spoilt = {name: z.clone() for name, z in sources.items()}
    for column, z in enumerate(spoilt.values()):
        z[~present[:, column]] = content
    return spoilt


def loss_of(fusion, prediction, target=TARGET):
    torch.manual_seed(1)
    return fusion.loss(prediction, target, STEP)


def test_is_registered_and_its_card_says_what_the_factory_takes():
    card = catalogue().find("fusion", "brownout-raml/raml").card
    assert (card.level, card.trained, card.missing, card.oracle) == ("representation", True, "skip", "")
    _, _, *parameters = inspect.signature(resolve(card)).parameters.values()
    taken = {each.name: REQUIRED if each.default is each.empty else each.default for each in parameters}
    assert {option.name: option.default for option in card.options} == taken
    assert resolve(card)(TASK, representations(), **bind_options(card, {})).predictor.in_features == 128


def test_listing_it_imports_neither_torch_nor_matplotlib():
    code = (
        "import sys; from brownout_raml import plugin as p; p.brownout_fusions(); p.brownout_figures(); "
        "p.brownout_published(); sys.exit(bool({'torch', 'matplotlib', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("options", VARIED, ids=str)
@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_what_is_absent_reaches_neither_prediction_nor_loss(count, options):
    sources, present = batch(count)
    fusion = build(count, **options)
    clean = fusion(sources, present)
    loss = loss_of(fusion, clean)
    assert clean.logits.isfinite().all()
    for content in (torch.nan, torch.inf, -1e4):
        leaves = {name: z.requires_grad_() for name, z in spoil(sources, present, content).items()}
        spoilt = fusion(leaves, present)
        assert torch.equal(spoilt.logits, clean.logits)
        assert torch.equal(loss_of(fusion, spoilt), loss)
        for kind in ("unimodal", "weights", "terms"):
            assert all(torch.equal(each, getattr(clean, kind)[n]) for n, each in getattr(spoilt, kind).items())
        fusion.zero_grad()
        loss_of(fusion, spoilt).backward()
        assert all(leaf.grad.isfinite().all() for leaf in leaves.values())
        assert not any(leaf.grad[~present[:, i]].any() for i, leaf in enumerate(leaves.values()))
        assert all(parameter.grad.isfinite().all() for parameter in fusion.parameters())


@pytest.mark.parametrize("options", VARIED, ids=str)
@pytest.mark.parametrize("count", [2, 3, 6])
def test_gradients_reach_every_parameter(count, options):
    sources, _ = batch(count)
    fusion = build(count, **options)
    loss_of(fusion, fusion(sources, torch.ones(8, count, dtype=torch.bool))).backward()
    assert [name for name, each in fusion.named_parameters() if each.grad is None or not each.grad.any()] == []


def test_every_missing_pattern_averages_what_is_present():
    sources, _ = batch()
    fusion = build().eval()
    for pattern in product([False, True], repeat=3):
        present = torch.tensor([pattern]).expand(8, 3)
        prediction = fusion(sources, present)
        sigma, mu = prediction.terms["sigma"], prediction.terms["mu"]
        precision = sigma.pow(-2) * present[..., None]
        total = precision.sum(1)
        h = (precision * mu).sum(1) / total if any(pattern) else torch.zeros(8, 6)
        torch.testing.assert_close(prediction.embedding, h)
        torch.testing.assert_close(prediction.logits, fusion.predictor(h))
        torch.testing.assert_close(prediction.uncertainty, total.rsqrt().mean(1))
        for column, (name, weight) in enumerate(prediction.weights.items()):
            assert weight.shape == (8, 6)
            expected = fusion.predictor(mu[:, column]) if pattern[column] else torch.zeros(8, 3)
            torch.testing.assert_close(prediction.unimodal[name], expected)


def test_nothing_present_is_finite_and_infinitely_uncertain():
    nothing = torch.zeros(1, 3, dtype=torch.bool)
    sources = {name: z[:1] for name, z in batch()[0].items()}
    prediction = build().eval()(spoil(sources, nothing), nothing)
    assert prediction.logits.isfinite().all()
    assert prediction.uncertainty.isinf().all()


def test_fewer_modalities_are_less_certain():
    sources, _ = batch()
    fusion = build()
    patterns = torch.tensor([[True, False, False], [True, True, False], [True, True, True]])
    uncertainty = [fusion(sources, each.expand(8, 3)).uncertainty for each in patterns]
    assert (uncertainty[0] > uncertainty[1]).all()
    assert (uncertainty[1] > uncertainty[2]).all()


def test_predictions_draw_nothing_and_do_not_depend_on_the_batch():
    sources, present = batch()
    fusion = build()
    whole = fusion(sources, present).logits
    torch.testing.assert_close(fusion(sources, present).logits, whole, rtol=0, atol=0)
    one = fusion({name: z[3:4] for name, z in sources.items()}, present[3:4])
    torch.testing.assert_close(one.logits, whole[3:4])


def test_an_absent_modality_is_encoded_as_zeros_and_enters_the_losses_unless_masked():
    sources, present = batch()
    fusion = build()
    terms = fusion(sources, present).terms
    absent = (~present[:, 0]).nonzero()[0, 0]
    torch.testing.assert_close(terms["mu"][absent, 0], fusion.mu_heads[0][0].bias)
    for option in ("mask_unimodal", "mask_redundancy"):
        plain, masked = (build(**{option: each}) for each in (False, True))
        assert loss_of(plain, plain(sources, present)) != loss_of(masked, masked(sources, present))
        everything = torch.ones_like(present)
        assert loss_of(plain, plain(sources, everything)) == loss_of(masked, masked(sources, everything))


def test_loss_ablations_of_table_vi():
    sources, present = batch()
    fusion = build(lambda_1=0, lambda_2=0)
    prediction = fusion(sources, present)
    fused = torch.nn.functional.cross_entropy(prediction.logits, TARGET)
    torch.testing.assert_close(fusion.loss(prediction, TARGET, STEP), fused)
    without_unimodal = build(lambda_1=0, lambda_2=0.7)
    mean = redundancy(prediction.terms["mu"], prediction.terms["sigma"], torch.ones_like(present)).mean()
    torch.testing.assert_close(without_unimodal.loss(prediction, TARGET, STEP), fused + 0.7 * mean)
    without_redundancy = build(lambda_1=1, lambda_2=0)
    assert loss_of(without_redundancy, prediction) > fused


def test_separate_predictors_are_used_for_each_modality():
    sources, _ = batch()
    fusion = build(predictor="separate")
    prediction = fusion(sources, torch.ones(8, 3, dtype=torch.bool))
    for column, name in enumerate(sources):
        expected = fusion.unimodal_predictors[column](prediction.terms["mu"][:, column])
        torch.testing.assert_close(prediction.unimodal[name], expected)
    assert len(build().unimodal_predictors) == 0


def test_ignored_targets_do_not_count():
    sources, present = batch()
    fusion = build(lambda_1=0)
    target = TARGET.clone()
    target[2] = TASK.ignore_label
    kept = torch.arange(8) != 2
    expected = fusion.loss(fusion({n: z[kept] for n, z in sources.items()}, present[kept]), TARGET[kept], STEP)
    torch.testing.assert_close(fusion.loss(fusion(sources, present), target, STEP), expected)
    both = build()
    assert loss_of(both, both(sources, present), target).isfinite()


def test_learns_which_modality_to_trust():
    """Left says nothing where it is far from the origin; what L^M alone teaches is to weigh it less there."""
    torch.manual_seed(2)
    target = torch.randint(0, 2, (256,))
    tainted = torch.arange(256) % 2 == 0
    clean = 2.0 * target - 1
    left = torch.where(tainted, 4 + torch.randn(256), clean + 0.3 * torch.randn(256))
    right = clean + 0.8 * torch.randn(256)
    sources = {"left": left[:, None], "right": right[:, None]}
    task = Task(("0", "1"), (0.5, 0.5))
    shapes = {name: Representation("vector", (1,)) for name in sources}
    fusion = Raml(task, shapes, width=8, hidden=[16], lambda_1=0, lambda_2=0)
    optimiser = torch.optim.Adam(fusion.parameters(), lr=0.01)
    present = torch.ones(256, 2, dtype=torch.bool)
    step = Step(0, 1, torch.arange(256), torch.arange(256), 256)
    for _ in range(200):
        optimiser.zero_grad()
        fusion.loss(fusion(sources, present), target, step).backward()
        optimiser.step()
    prediction = fusion(sources, present)
    assert (prediction.logits.argmax(1) == target).float().mean() > 0.9
    weight = prediction.weights["left"].mean(1)
    assert weight[tainted].mean() < weight[~tainted].mean() - 0.1


@pytest.mark.parametrize("options", VARIED, ids=str)
def test_state_round_trip(options):
    sources, present = batch()
    one = build(**options)
    other = Raml(TASK, representations(), **{"width": 6, **options})
    with torch.no_grad():
        for parameter in one.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(sources, present).logits, other(sources, present).logits)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "option 'width' is 0, expected a positive integer"),
        ({"width": True}, "option 'width' is True"),
        ({"hidden": 64}, "option 'hidden' is 64, expected a list of positive integers"),
        ({"hidden": [0]}, r"option 'hidden' is \[0\]"),
        ({"lambda_1": -0.1}, "option 'lambda_1' is -0.1, expected a number from 0"),
        ({"lambda_2": float("nan")}, "option 'lambda_2' is nan"),
        ({"predictor": "shard"}, "option 'predictor' is 'shard', expected one of shared, separate"),
        ({"weights": "uniform"}, "expected one of adaptive, identical, fixed, fixed-scalar"),
        ({"sigma_activation": "relu"}, "expected one of softplus, exp"),
        ({"sigma_is": "var"}, "expected one of std, variance"),
        ({"l1_reduction": "max"}, "expected one of sum, mean"),
    ],
)
def test_mistakes_are_answered(options, message):
    with pytest.raises(UsageError, match=message):
        build(**options)
    assert set(options) <= {option.name for option in brownout_fusions()[0].options}


def test_dense_prediction_is_refused():
    with pytest.raises(UsageError, match="fusion 'raml' predicts one label per sample"):
        Raml(Task(("a", "b"), (0.5, 0.5), kind="dense"), representations())
