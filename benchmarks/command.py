"""What the command line asks for, and what is done about it."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import attrs
from rich.console import Console

from benchmarks import record, table
from benchmarks.errors import BenchmarkError
from benchmarks.figures import FIGURES, throughput
from benchmarks.run import Run, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROUNDS = 5
_ROUNDS_QUICK = 3
_WIDTH_OF_FILES = 110


@attrs.frozen(kw_only=True)
class Options:
    """What was asked for.

    Attributes:
        figures: keys of figures.
        rounds: how often each contender gets its turn.
        quick: whether to leave out what takes long.
        json: where to write the JSON file.
        plot: where to write the SVG file.
    """

    figures: tuple[str, ...]
    rounds: int
    quick: bool
    json: Path | None
    plot: Path | None


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        self.exit(2, f"{self.prog}: error: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m benchmarks", description="Measure the library beside what people use today.", allow_abbrev=False
    )
    parser.add_argument(
        "--quick", action="store_true", help="take less than two minutes: fewer pages, no million items"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=list(FIGURES),
        metavar="FIGURE",
        help=f"can be repeated: {', '.join(FIGURES)}",
    )
    parser.add_argument(
        "--rounds",
        type=_positive,
        metavar="N",
        help=f"turns of each contender; {_ROUNDS}, or {_ROUNDS_QUICK} with --quick",
    )
    parser.add_argument("--json", type=_writable, metavar="FILE", help="write everything, raw rounds too, as JSON")
    parser.add_argument("--plot", type=_writable, metavar="FILE", help="write items/s of each contender as SVG")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return int(text)


def _writable(text: str) -> Path:
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is no file that could be written")
    return path


def options_of(arguments: Sequence[str] | None) -> Options:
    """Return what the command line says, or end the process with 2 if it says nothing sensible."""
    parser = _parser()
    given = parser.parse_args(arguments)
    options = Options(
        figures=tuple(given.only or FIGURES),
        rounds=given.rounds or (_ROUNDS_QUICK if given.quick else _ROUNDS),
        quick=given.quick,
        json=given.json,
        plot=given.plot,
    )
    if options.plot and throughput.KEY not in options.figures:
        parser.error(f"--plot needs the figure {throughput.KEY}, which --only leaves out")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, show, write, and return the exit code."""
    options = options_of(arguments)
    errors = Console(stderr=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # which cleans up on the way
    try:
        with errors.status("starting") as status:
            run = measure(options.figures, rounds=options.rounds, quick=options.quick, announce=status.update)
        _write(options, run)
    except (BenchmarkError, OSError) as error:
        errors.print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        errors.print("interrupted")
        return 130
    return 0


def _write(options: Options, run: Run) -> None:
    if options.json:
        options.json.write_bytes(record.encode(run))
    figure = run.figure(throughput.KEY)
    if options.plot and figure is not None:
        from benchmarks import plot  # noqa: PLC0415 - loads matplotlib, which only this needs

        panel = throughput.plotted(figure)
        title = f"Connections a second from {throughput.TARGET_CATALOGS} catalogs, pages of 100, over loopback"
        options.plot.write_text(plot.draw(panel, title), encoding="utf-8", newline="\n")
    console = Console(highlight=False)
    table.show(run, console if console.is_terminal else Console(highlight=False, width=_WIDTH_OF_FILES))
