"""``brownout check``."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from brownout.cli.main import _run

pytestmark = pytest.mark.usefixtures("violators")


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """``said("check", "mean")``: exit code, output, errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = _run(list(arguments))
        out, err = capsys.readouterr()
        return code, out, err

    return run


Said = Callable[..., tuple[int, str, str]]


def test_one_line_per_check_and_the_counts(said: Said) -> None:
    code, out, _ = said("check", "healthy-decision")
    lines = out.splitlines()
    assert code == 0
    assert "passed  absent-content" in lines
    assert "skipped learns: it has no parameters to fit" in lines
    passed = sum(line.startswith("passed ") for line in lines)
    assert lines[-1] == f"fusion healthy-decision: {passed} passed, 0 failed, {len(lines) - 1 - passed} skipped"
    assert "\x1b" not in out


def test_a_failure_is_exit_code_1_with_the_reason_in_one_line(said: Said) -> None:
    code, out, _ = said("check", "recipe-thaws")
    assert code == 1
    (line,) = [line for line in out.splitlines() if line.startswith("failed")]
    assert line == "failed  parameters-move: encoders.a.bias is frozen and has changed; only what is fitted may"
    assert "1 failed" in out.splitlines()[-1]


def test_options_and_variants(said: Said) -> None:
    assert said("check", "unimodal", "--set", "modality=b")[0] == 0
    assert said("check", "ogm-ge", "--variant", "released")[0] in (0, 1)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("pgd", "--set", "steps=0"), "brownout-attacks/pgd: attack 'pgd', option 'steps' is 0, expected a positive"),
        (("pgd", "--set", "steps=many"), "attack 'pgd': option 'steps' is 'many': Input should be a valid integer"),
        (("unimodal", "--set", "modality=nothing"), "unknown modality 'nothing'"),
        (("mlp", "--set", "dropout=2.0"), "dropout is 2.0, expected a number from 0"),
        (("ece", "--set", "bins=-3"), "brownout-metrics/ece: bins is -3, expected 1 or more"),
        (("relative-drop", "--set", "kinds=[mising]"), "did you mean 'missing'"),
        (("files", "--set", "path=absent.npz", "--set", "modalities={a: {column: a, kind: vector}}"), "'absent.npz'"),
        (("regular", "--set", "clip=-1.0"), "'clip' is -1.0"),
        (("occlusion", "--set", "fill=nothing"), "fill"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_options_that_a_component_refuses_are_one_line(said: Said, arguments: tuple[str, ...], text: str) -> None:
    code, out, err = said("check", *arguments)
    assert (code, out) == (4, "")
    assert err.startswith("brownout: ")
    assert len(err.splitlines()) == 1
    assert text in err


def test_a_kind_without_checks_of_its_own_has_a_card(said: Said) -> None:
    code, out, _ = said("check", "serial", "--kind", "executor")
    assert code == 0
    assert out.splitlines()[0] == "passed  card-complete"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("helthy",), "unknown component 'helthy'; did you mean 'healthy'"),
        (("mean",), "'mean' is the name of several components: say --kind fusion or --kind summary"),
        (("mean", "--kind", "fussion"), "unknown kind 'fussion'; did you mean 'fusion'"),
        (("unimodal",), "option 'modality' is required"),
        (("qmf", "--set", "temprature=1"), "unknown option 'temprature'; did you mean 'temperature'"),
        (("qmf", "--set", "temperature"), "expected option=value"),
        (("qmf", "--set", "hidden=[1"), "not valid YAML"),
        (("qmf", "--variant", "released"), "unknown variant 'released'"),
    ],
)
def test_mistakes_are_exit_code_4(said: Said, arguments: tuple[str, ...], text: str) -> None:
    code, out, err = said("check", *arguments)
    assert (code, out) == (4, "")
    assert text in " ".join(err.split())
