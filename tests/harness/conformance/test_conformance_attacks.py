"""Each check of attacks catches one that violates it, and passes one that does not."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy

from brownout.conformance.attacks import CHECKS
from brownout_registry import AttackCard

LEVELS = {"*": (0.05, 0.1)}
TAKES = ("vector", "image", "audio")


def gradients(attacked):
    inputs = {name: values.clone().requires_grad_() for name, values in attacked.inputs.items()}
    loss = cross_entropy(attacked.logits(inputs), attacked.targets, reduction="sum")
    return dict(zip(inputs, torch.autograd.grad(loss, list(inputs.values())), strict=True))


def stepped(attacked, sign=1.0, budgets=None):
    """FGSM: a step of each modality's whole budget, cut to its bounds."""
    budgets = budgets or attacked.budgets
    moves = {name: budgets[name] * sign * gradient.sign() for name, gradient in gradients(attacked).items()}
    return {name: inside(attacked, name, attacked.inputs[name] + move) for name, move in moves.items()}


def inside(attacked, name, values):
    bounds = attacked.bounds[name]
    return values if bounds is None else values.clamp(*bounds)


def in_place(attacked):
    for name, moved in stepped(attacked).items():
        attacked.inputs[name].copy_(moved)
    return dict(attacked.inputs)


def other_keys(attacked):
    return {f"{name}'": values for name, values in stepped(attacked).items()}


def double(attacked):
    return {name: values.double() for name, values in stepped(attacked).items()}


def on_the_graph(attacked):
    return {name: values.requires_grad_() for name, values in stepped(attacked).items()}


def too_far(attacked):
    return stepped(attacked, budgets={name: 1.5 * budget for name, budget in attacked.budgets.items()})


def unbounded(attacked):
    return {n: attacked.inputs[n] + attacked.budgets[n] * g.sign() for n, g in gradients(attacked).items()}


def restless(attacked):
    return {name: values + 0.001 for name, values in stepped(attacked).items()}


def kind(attacked):
    return stepped(attacked, sign=-1.0)


def first_only(attacked):
    first = next(iter(attacked.inputs))
    return {**attacked.inputs, first: stepped(attacked)[first]}


def of_the_batch(attacked):
    away = {name: (values - values.mean(0)).sign() for name, values in attacked.inputs.items()}
    return {n: inside(attacked, n, attacked.inputs[n] + attacked.budgets[n] * move) for n, move in away.items()}


def drawn(attacked):
    return {n: inside(attacked, n, x + attacked.budgets[n] * torch.rand_like(x)) for n, x in attacked.inputs.items()}


def remembering():
    calls = []

    def attack(attacked):
        calls.append(attacked)
        return stepped(attacked, sign=1 / len(calls))

    return lambda: attack


def backward(attacked):
    cross_entropy(attacked.logits(attacked.inputs), attacked.targets).backward()
    return stepped(attacked)


def squeezing(attacked):
    return {name: values.squeeze(0) for name, values in stepped(attacked).items()}


def on_padding(attacked):
    """A step along noise, in padding as well."""
    moves = {n: attacked.noise[n].uniform("move", tuple(x.shape[1:])) - 0.5 for n, x in attacked.inputs.items()}
    return {n: inside(attacked, n, x + attacked.budgets[n] * moves[n].sign()) for n, x in attacked.inputs.items()}


def shared_with_padding(attacked):
    """A budget of which padding has its part, though nothing is written there."""
    budgets = {n: attacked.budgets[n] * 10 / x.shape[1] for n, x in attacked.inputs.items()}
    return stepped(attacked, budgets=budgets)


def words(attacked):
    return {name: list(texts) for name, texts in attacked.inputs.items()}


def more_words(attacked):
    return {name: [f"{text} and more words" for text in texts] for name, texts in attacked.inputs.items()}


VIOLATORS = [
    ("same-form", other_keys, "expected ['vector']"),
    ("same-form", double, "gave dtype torch.float64"),
    ("same-form", on_the_graph, "detach it"),
    ("input-untouched", in_place, "changed its inputs in place"),
    ("within-budget", too_far, "its budget is 0.1"),
    ("within-bounds", unbounded, "values leave 0 to 1"),
    ("zero-budget", restless, "with budget 0"),
    ("does-harm", kind, "down to"),
    ("joint-if-claimed", first_only, "left 'image' as it was"),
    ("batch-does-not-matter", of_the_batch, "otherwise than in a batch"),
    ("batch-of-one", squeezing, "samples [2]"),
    ("padding-does-not-matter", on_padding, "violator(audio): wrote where sample 1 is padding"),
    ("padding-does-not-matter", shared_with_padding, "otherwise with more padding"),
    ("repeatable", drawn, "global generator of torch"),
    ("no-parameter-gradients", backward, "left in the model's ['weights.vector']"),
]


@pytest.mark.parametrize(("check", "violator", "why"), VIOLATORS, ids=[each[2] for each in VIOLATORS])
def test_a_violator_is_caught(check, violator, why, caught):
    assert why in caught(check, AttackCard, lambda: violator, takes=TAKES, levels=LEVELS)


def test_what_a_violator_raises_is_told_with_its_kind(caught):
    facts = {"takes": ("vector", "text"), "levels": LEVELS}
    why = caught("does-harm", AttackCard, lambda: lambda attacked: 1 / 0, **facts)
    assert why == "violator(vector): ZeroDivisionError: division by zero"


def test_one_that_remembers_is_caught(caught):
    assert "second run differs" in caught("repeatable", AttackCard, remembering(), takes=("vector",), levels=LEVELS)


def test_one_that_adds_words_is_caught(caught):
    facts = {"takes": ("text",), "norm": "words", "levels": LEVELS}
    assert "moved 'text' by" in caught("within-budget", AttackCard, lambda: more_words, **facts)


@pytest.mark.parametrize("norm", ["L-inf", "words"])
def test_an_attack_that_holds_all_passes_all(norm, register, failed):
    attack, takes = {"L-inf": (stepped, TAKES), "words": (words, ("text",))}[norm]
    assert failed(register(AttackCard, lambda: attack, takes=takes, levels=LEVELS, norm=norm)) == {}


def test_every_check_has_a_violator():
    shared = {"card-complete", "import-without-torch"}
    assert {check.name for check in CHECKS} == {name for name, *_ in VIOLATORS} | shared
