"""Where an incremental run of the command begins."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from aiopartnercentral.bulk import load_report
from aiopartnercentral.bulk.instrumentation.events import CURSOR_AHEAD
from aiopartnercentral.cli.runner import USAGE, CommandError
from aiopartnercentral.cli.terminal import clean, one_line, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiopartnercentral._pagination.report import Report
    from aiopartnercentral.bulk import Origin
    from aiopartnercentral.cli.config import Config

__all__ = ["begin_of", "say_whole"]


def begin_of(config: Config) -> datetime | Report[Origin] | None:
    """Return the time or the report at which the run begins; None if it collects everything.

    In the first night there is no report yet. It may be missing if this run writes it: another name is a mistake.

    Raises:
        CommandError: the report is missing, cannot be read, or is something else.
    """
    path = config.since
    if path is None or isinstance(path, datetime):
        return path
    try:
        return load_report(path)
    except FileNotFoundError as error:
        if config.reports_to_since:
            return None
        reason = f"{error.strerror}; a run whose --report has the same name may begin without it"
        raise CommandError(f"cannot read {clean(str(path))}: {reason}", exit_code=USAGE) from None
    except OSError as error:
        raise CommandError(f"cannot read {clean(str(path))}: {error.strerror}", exit_code=USAGE) from error
    except ValueError as error:
        raise CommandError(one_line(str(error)), exit_code=USAGE) from None


def say_whole(names: Iterable[str]) -> None:
    """Print which sources were collected as a whole, as they had a cursor that lies in the future."""
    for name in names:
        say(f"{clean(name)}: {CURSOR_AHEAD}")
