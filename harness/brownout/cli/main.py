"""The program ``brownout``: its verbs, and what its exit codes mean."""

from __future__ import annotations

import os
import sys

import typer
from rich.console import Console

from brownout.cli import check, cite, compare, listing, new_plugin, report, run, score
from brownout_registry import UsageError

OK, FAILED, INTERRUPTED, INTERNAL, USAGE, NOTHING = 0, 1, 2, 3, 4, 5

app = typer.Typer(
    name="brownout",
    help="How well do multimodal models keep working when modalities are corrupted, attacked or gone?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="Exit codes: 0 ok, 1 a cell, gate or check failed, 2 interrupted, 3 internal error, 4 usage, "
    "5 nothing selected.",
)
app.command("run")(run.run)
app.command("list")(listing.list_components)
app.command("show")(listing.show)
app.command("plugins")(listing.plugins)
app.command("report")(report.report)
app.command("score")(score.score)
app.command("compare")(compare.compare)
app.command("cite")(cite.cite)
app.command("new-plugin")(new_plugin.new_plugin)
app.command("check")(check.check)


def main() -> None:
    """Run the program and leave with its exit code."""
    _rest_soon()
    sys.exit(_run(sys.argv[1:]))


def _rest_soon() -> None:
    """Let torch's threads (GNU OpenMP reads this when torch is imported) sleep soon while they wait for each other.

    By default they spin for milliseconds, and where another program holds a core, that is time the thread they wait
    for does not get: beside one busy process the quickstart takes from 3 to 14 times as long. Sleeping at once
    (``OMP_WAIT_POLICY=PASSIVE``) costs a third where nobody disturbs; a thousand spins cost next to nothing.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def _run(arguments: list[str]) -> int:
    """One command; a user's mistake is a message and exit code 4, never a traceback."""
    command = typer.main.get_command(app)
    try:
        with command.make_context("brownout", arguments) as context:  # `main` has exit codes of its own
            code = command.invoke(context)
        return code if isinstance(code, int) else OK
    except UsageError as error:
        return _complain(str(error), USAGE)
    except KeyboardInterrupt:
        return _complain("interrupted; finished cells are kept, the same command continues", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as error:
        return _complain(f"{error.filename or 'system'}: {error.strerror or error}", USAGE)
    except Exception as error:  # noqa: BLE001  whatever it is, it becomes an exit code
        return _other(error)


def _other(error: Exception) -> int:
    """Errors of the option parser are usage; anything else is a fault of ours and shows its traceback."""
    show, code = getattr(error, "format_message", None), getattr(error, "exit_code", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(str(error), err=True)
        return USAGE
    if show is not None:
        return _complain(f"{show()}\nTry 'brownout --help'.", USAGE)
    if type(error).__name__ == "Exit" and code is not None:
        return int(code)
    Console(stderr=True).print_exception()
    return INTERNAL


def _complain(message: str, code: int) -> int:
    Console(stderr=True, highlight=False).print(f"brownout: {message}", markup=False, soft_wrap=True)
    return code
