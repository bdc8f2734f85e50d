"""The command line."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console

from benchmarks import compare, report
from benchmarks.cases import CASES, throughput
from benchmarks.clients.settings import clean_environment
from benchmarks.errors import BenchmarkError
from benchmarks.run import measure

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_ROUNDS = 5
_ROUNDS_QUICK = 3
_WIDTH_OF_FILES = 110


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Print the error on one line, and exit."""
        self.exit(2, f"{self.prog}: error: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m benchmarks",
        description="Compare the library with other clients, or with another checkout of it.",
        allow_abbrev=False,
    )
    parser.set_defaults(run=_measure, parser=parser)
    parser.add_argument("--quick", action="store_true", help="take a few minutes: fewer pages, no million items")
    _add_common(parser, CASES, f"turns of each client; {_ROUNDS}, or {_ROUNDS_QUICK} with --quick")
    parser.add_argument("--json", type=_writable, metavar="FILE", help="write everything, raw rounds too, as JSON")
    parser.add_argument("--plot", type=_writable, metavar="FILE", help="write items/s of each client as SVG")
    other = parser.add_subparsers(metavar="compare").add_parser(
        "compare",
        help="measure this checkout against another one",
        description="Run the same work alternately in this checkout and in another one, and show the ratios.",
        allow_abbrev=False,
    )
    other.set_defaults(run=_compare, parser=other)
    other.add_argument("path", type=Path, metavar="PATH", help="the other checkout, with an environment in PATH/.venv")
    _add_common(other, compare.CASES, f"turns of each checkout; {_ROUNDS}")
    return parser


def _add_common(parser: argparse.ArgumentParser, cases: Collection[str], rounds: str) -> None:
    listed = ", ".join(cases)
    parser.add_argument("--only", action="append", choices=cases, metavar="CASE", help=f"can be repeated: {listed}")
    parser.add_argument("--rounds", type=_positive, metavar="N", help=rounds)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return int(text)


def _writable(text: str) -> Path:
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not a writable file")
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks, show and write the results, and return the exit code."""
    given = _parser().parse_args(arguments)
    environment = clean_environment()
    os.environ.clear()
    os.environ.update(environment)  # for every process that is started from here
    errors = Console(stderr=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # raised as an exception, which cleans up
    try:
        given.run(given, errors)
    except (BenchmarkError, OSError) as error:
        errors.print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        errors.print("interrupted")
        return 130
    return 0


def _compare(given: argparse.Namespace, errors: Console) -> None:
    with errors.status("starting") as status:
        table = compare.compare(
            given.path.resolve(), given.only or compare.CASES, given.rounds or _ROUNDS, status.update
        )
    _console().print(table)


def _measure(given: argparse.Namespace, errors: Console) -> None:
    keys = given.only or tuple(CASES)
    if given.plot and throughput.KEY not in keys:
        given.parser.error(f"--plot needs the case {throughput.KEY}, which --only leaves out")
    rounds = given.rounds or (_ROUNDS_QUICK if given.quick else _ROUNDS)
    with errors.status("starting") as status:
        run = measure(keys, rounds=rounds, quick=given.quick, announce=status.update)
    if given.json:
        given.json.write_bytes(report.encode(run))
    figure = run.figure(throughput.KEY)
    if given.plot and figure is not None:
        from benchmarks import plot  # noqa: PLC0415 - loads matplotlib, which only this needs

        title = f"Connections per second from {throughput.TARGET_CATALOGS} catalogs, pages of 100, over loopback"
        given.plot.write_text(plot.draw(throughput.plotted(figure), title), encoding="utf-8", newline="\n")
    report.show(run, _console())


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH_OF_FILES)
