"""The three terms of the loss, when they count and for whom."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from brownout_dmrnet.formulas import distribution_regulariser
from brownout_dmrnet.hard import HardCombinations, named_combinations
from brownout_registry import Prediction

PAIR = {"a": "vector", "b": "vector"}
NAMES = ["rgb", "depth", "ir"]


@pytest.fixture
def terms(build, batch, step):
    """``terms(epoch, **options)``: the loss, its prediction, targets and the fusion."""

    def run(epoch=0, variant=None, **options):
        fusion = build(PAIR, variant, **options).train()
        sources, present, targets = batch(fusion)
        torch.manual_seed(2)
        prediction = fusion(sources, present)
        return fusion.loss(prediction, targets, step(epoch)), prediction, targets, fusion

    return run


def plain(prediction, targets):
    return functional.cross_entropy(prediction.logits, targets)


def test_the_total_is_eq_13(terms):
    loss, prediction, targets, _ = terms(hard=[["a"]], alpha=0.5, beta=0.25)
    losses = functional.cross_entropy(prediction.logits, targets, reduction="none")
    divergence = distribution_regulariser(prediction.terms["mu"], prediction.terms["log_variance"])
    hard = prediction.terms["present"].int() @ torch.tensor([1, 2], dtype=torch.int32) == 1
    expected = losses.mean() + 0.5 * divergence + 0.25 * losses[hard].sum() / len(losses)
    torch.testing.assert_close(loss, expected)


def test_nothing_is_added_before_its_epoch(terms):
    off = {"hard": "incomplete", "from_epoch": 3, "kl_from_epoch": 2}
    for epoch, more in ((0, False), (1, False), (2, True), (3, True)):
        loss, prediction, targets, _ = terms(epoch, **off)
        assert bool(loss > plain(prediction, targets) + 1e-6) == more
    divergence = distribution_regulariser(prediction.terms["mu"], prediction.terms["log_variance"])
    second, *_ = terms(2, **off)
    torch.testing.assert_close(second, plain(prediction, targets) + 1e-3 * divergence)
    assert loss > second


def test_a_detached_divergence_has_a_value_and_no_gradient(terms):
    gradients = {}
    for detached, alpha in ((True, 1.0), (False, 1.0), (True, 0.0)):
        loss, *_, fusion = terms(beta=0.0, alpha=alpha, kl_detached=detached)
        weight = fusion.head.f_sigma[0].weight
        gradients[detached, alpha] = (loss.item(), *torch.autograd.grad(loss, weight))
    assert gradients[True, 1.0][0] == gradients[False, 1.0][0] > gradients[True, 0.0][0]
    assert torch.equal(gradients[True, 1.0][1], gradients[True, 0.0][1])
    assert not torch.equal(gradients[True, 1.0][1], gradients[False, 1.0][1])


def test_as_released_no_sample_is_singled_out(terms):
    loss, prediction, targets, fusion = terms(hard="incomplete", hcr="as-released", alpha=0.0, beta=0.5)
    count = fusion.combinations.contains(torch.arange(16) % 4).sum()
    assert count == 8
    torch.testing.assert_close(loss, (1 + 0.5 * count) * plain(prediction, targets))


def test_a_separate_auxiliary_head_gets_the_hard_samples_alone(terms):
    loss, prediction, targets, fusion = terms(hard=[[0]], auxiliary="separate", alpha=0.0)
    auxiliary = prediction.terms["auxiliary"]
    torch.testing.assert_close(auxiliary, fusion.f_r(prediction.embedding))
    hard = torch.arange(16) % 4 == 1
    losses = functional.cross_entropy(auxiliary, targets, reduction="none")
    torch.testing.assert_close(loss, plain(prediction, targets) + 0.7 * losses[hard].sum() / 16)
    assert not torch.autograd.grad(loss, auxiliary)[0][~hard].any()


def test_hard_combinations_follow_the_epoch_before(build, step):
    fusion = build(dict.fromkeys(NAMES, "vector"), beta=1.0, alpha=0.0, hard_count=2)
    present = (torch.arange(1, 8)[:, None] // torch.tensor([1, 2, 4]) % 2).bool()
    logits, targets = torch.randn(7, 3), torch.zeros(7, dtype=torch.int64)
    losses = functional.cross_entropy(logits, targets, reduction="none")

    def loss(epoch, variances):
        log_variance = torch.tensor(variances).log()[:, None].expand(7, 15)
        terms = {"mu": torch.zeros(7, 15), "log_variance": log_variance, "present": present}
        return fusion.loss(Prediction(logits, terms=terms), targets, step(epoch, 7))

    torch.testing.assert_close(loss(0, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), losses.mean())
    torch.testing.assert_close(loss(1, [9.0, 8.0, 3.0, 4.0, 5.0, 6.0, 7.0]), losses.mean() + losses[[5, 6]].sum() / 7)
    assert fusion.combinations.hard.nonzero().squeeze(1).tolist() == [5, 6]
    torch.testing.assert_close(loss(2, [1.0] * 7), losses.mean() + losses[[0, 1]].sum() / 7)


def observed(rule, variances, count=2, from_epoch=2, kept=10):
    """H in each epoch, where combination j had the variance ``variances[epoch][j - 1]``; None: it did not occur."""
    found = HardCombinations(NAMES, rule, count=count, from_epoch=from_epoch, kept=kept)
    sets = []
    for epoch, given in enumerate(variances):
        occurring = [(j, value) for j, value in enumerate(given, 1) if value is not None]
        j, values = zip(*occurring, strict=True)
        found.observe(epoch, torch.tensor(values), torch.tensor(j))
        sets.append((found.hard.nonzero().squeeze(1) + 1).tolist())
    return sets, found


def test_combinations_that_do_not_occur_are_never_hard():
    sets, found = observed("mined", [[None, None, 1.0, None, None, None, None], [1.0] * 7], count=3)
    assert sets == [[], [3]]
    assert found.history()[1][0].isnan().tolist() == [True, True, False, True, True, True, True]


def test_the_weakest_is_the_single_modality_of_the_largest_variance_until_the_start():
    first = [1.0, 3.0, 99.0, 2.0, 99.0, 99.0, 99.0]
    then = [9.0, 1.0, 0.0, 2.0, 0.0, 0.0, 0.0]
    after = [0.0, 50.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert observed("weakest", [first, then, after, after])[0] == [[], [2], [1], [1]]
    assert observed("weakest", [first, then, after, after], kept=2)[0] == [[], [2], [1], [1]]
    absent = [None, 3.0, 1.0, None, 1.0, 1.0, 1.0]
    assert observed("weakest", [absent, absent, after])[0][-1] == [2]
    assert observed("weakest", [[None, None, 1.0, None, 1.0, 1.0, 1.0]] * 3)[0][-1] == []


def test_history_keeps_the_latest_epochs():
    _, found = observed("mined", [[float(epoch)] * 7 for epoch in range(5)], kept=3)
    epochs, d = found.history()
    assert epochs == [2, 3, 4]
    assert d[:, 0].tolist() == [2.0, 3.0, 4.0]
    assert found.mean(0, 3)[0] == 2.5


def test_batches_of_an_epoch_are_weighed_by_their_samples():
    found = HardCombinations(["a", "b"], "mined", count=1, from_epoch=0, kept=4)
    found.observe(0, torch.tensor([1.0, 1.0, 1.0, 7.0]), torch.tensor([1, 1, 1, 0]))
    found.observe(0, torch.tensor([5.0]), torch.tensor([1]))
    assert found.history()[1][0, 0] == 2.0
    assert found.counts[0].tolist() == [4.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("hard", "names", "expected"),
    [
        (((0,), (0, 2), (2,)), NAMES, [1, 4, 5]),
        (((0,), (0, 2), (2,)), ["a", "b"], [1]),
        ([["ir", "rgb"], [1, "ir"]], NAMES, [5, 6]),
        ("incomplete", NAMES, [1, 2, 3, 4, 5, 6]),
        ("incomplete", ["a"], []),
        ("mined", NAMES, []),
        ("weakest", NAMES, []),
    ],
)
def test_named_combinations(hard, names, expected):
    assert (named_combinations(hard, names).nonzero().squeeze(1) + 1).tolist() == expected
