"""The gradient-masking warning: when it comes, when not, and where it is printed."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from brownout.report import render_markdown, render_terminal
from brownout.report.html import render_html
from brownout.report.masking import gradient_masking
from brownout_registry import ConditionFacts

LINF = "epsilon (L-inf)"


def attack(name, access, level=0.03, severity=1, parameter=LINF, kind="attack"):
    return ConditionFacts(f"{name} s{severity}", name, kind, severity, level, parameter, access)


PGD, FGSM = attack("pgd(image)", "white-box"), attack("fgsm(image)", "white-box")
SQUARE = attack("square(image)", "black-box")
CLEAN = ConditionFacts("clean", "clean", "clean")


def masked(make_run, conditions, *values, **more):
    return gradient_masking(make_run({"qmf": [(0.9,), *values]}, (CLEAN, *conditions), **more))


def test_a_black_box_attack_below_every_white_box_attack_is_told(make_run):
    (line,) = masked(make_run, (PGD, FGSM, SQUARE), (0.5,), (0.6,), (0.2,))
    assert line == (
        "gradient masking? qmf on pairs: black-box square(image) leaves accuracy 20.0 % at epsilon (L-inf) 0.03, "
        "below every white-box attack (pgd(image): 50.0 %)"
    )


@pytest.mark.parametrize("values", [((0.2,), (0.6,), (0.3,)), ((0.5,), (0.1,), (0.3,)), ((0.3,), (0.3,), (0.3,))])
def test_one_stronger_white_box_attack_is_enough(make_run, values):
    assert masked(make_run, (PGD, FGSM, SQUARE), *values) == ()


@pytest.mark.parametrize(
    "other",
    [
        attack("square(audio)", "black-box"),
        attack("square(image features)", "black-box"),
        attack("square(image)", "black-box", level=0.06),
        attack("square(image)", "black-box", parameter="epsilon (L2)"),
        attack("square(image), missing text", "black-box", kind="missing+attack"),
        attack("square(image)", ""),
    ],
    ids=["modality", "features", "budget", "norm", "pattern", "no attack"],
)
def test_only_attacks_of_the_same_strength_are_compared(make_run, other):
    assert masked(make_run, (PGD, other), (0.5,), (0.1,)) == ()


def test_a_black_box_attack_alone_says_nothing(make_run):
    assert masked(make_run, (SQUARE,), (0.1,)) == ()


def test_means_over_seeds_decide_and_a_failed_seed_says_nothing(make_run):
    def of(*square):
        return gradient_masking(make_run({"qmf": [(0.9, 0.9), (0.5, 0.5), square]}, (CLEAN, PGD, SQUARE)))

    assert len(of(0.6, 0.3)) == 1
    assert of(0.7, 0.4) == ()
    assert of(0.1, None) == ()


def test_several_budgets_of_one_attack_take_one_line_with_the_largest_gap(make_run):
    strong = attack("pgd(image)", "white-box", 0.1, 2), attack("square(image)", "black-box", 0.1, 2)
    (line,) = masked(make_run, (PGD, SQUARE, *strong), (0.5,), (0.4,), (0.4,), (0.1,))
    assert "10.0 % at epsilon (L-inf) 0.1," in line
    assert line.endswith("(pgd(image): 40.0 %), and so at 1 more of its budgets")


def test_a_run_without_a_metric_of_which_higher_is_better_says_nothing(make_run):
    assert masked(make_run, (PGD, SQUARE), (0.5,), (0.1,), metric="nll", higher_is_better=False) == ()


def test_every_report_prints_it(make_run):
    run = make_run({"qmf": [(0.9,), (0.5,), (0.2,)]}, (CLEAN, PGD, SQUARE))
    stream = io.StringIO()
    render_terminal(run, Console(file=stream, width=200))
    for text in (stream.getvalue(), render_markdown(run), render_html(run)):
        assert text.count("gradient masking? qmf on pairs") == 1
