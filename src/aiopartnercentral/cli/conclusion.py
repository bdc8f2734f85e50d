"""What the command says at the end of a run: the summary or lines instead of it, and what is not in the output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from aiopartnercentral._pagination.skipped_parents import SkippedParents
from aiopartnercentral._utils.text import counted
from aiopartnercentral.cli.messages import explain_all
from aiopartnercentral.cli.table import report_text
from aiopartnercentral.cli.terminal import clean, say, show, width_of

if TYPE_CHECKING:
    from aiopartnercentral._pagination.report import Report
    from aiopartnercentral.cli.config import Config

__all__ = ["say_how_far", "say_result", "say_unwritten"]


def say_result(config: Config, report: Report[str]) -> None:
    """Print the summary; if it is not shown, the parents without items, and the files that were left in place.

    Arguments:
        config: the options.
        report: the report of the run, with the displayed names of the sources.
    """
    if config.shows_summary and sys.stderr is not None:
        show(report_text(report, width=width_of(sys.stderr)))
        return
    if parents := str(SkippedParents.total(state.skipped_parents for state in report.sources.values())):
        say(f"{parents}: {'--report FILE names them' if config.report is None else 'see --report'}")
    if report.left_in_place is not None:
        say(clean(report.left_in_place))


def say_how_far(config: Config, report: Report[str]) -> None:
    """Print the result of a run that is stopped; without a summary, its failures and how much was collected."""
    say_result(config, report)
    if not config.shows_summary:
        for line in explain_all(report.failures):
            say(line)
        say(f"{sum(state.complete for state in report.sources.values())} complete of {report.totals}")
    if report.output_written is not True:
        say_unwritten(config, report, "the run was stopped")


def say_unwritten(config: Config, report: Report[str], reason: str | None = None) -> None:
    """Print that collected items are not in the file, if the output is one.

    Arguments:
        config: the options.
        report: the report of the run.
        reason: why it was not written; by default that sources failed.
    """
    if not (config.to_files and report.items):
        return
    if reason is None:
        is_every = len(report.failures) == len(report.sources)
        reason = "every source failed" if is_every else "a source failed"
    verb = "is" if report.items == 1 else "are"
    say(f"{clean(config.output)} was not written: {reason}, so {counted(report.items, 'item')} {verb} not in it")
