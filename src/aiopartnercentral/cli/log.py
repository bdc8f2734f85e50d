"""The log of the command: what the library's loggers report, on stderr or in a file.

Only the library's own loggers are shown, which never log a secret. botocore's write requests and responses at DEBUG.
"""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs

from aiopartnercentral._utils.log_formats import JsonFormatter, TextFormatter
from aiopartnercentral._utils.paths import is_mistake
from aiopartnercentral._utils.text import clean
from aiopartnercentral.cli.runner import FAILED, USAGE, CommandError
from aiopartnercentral.cli.terminal import say

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LogOptions", "logged"]

_OURS = "aiopartnercentral"


@attrs.frozen
class LogOptions:
    """How much is logged, where, and in which format.

    Attributes:
        verbose: how often `--verbose` was given.
        file: the log file, or None for stderr.
        format: the format; None for text.
    """

    verbose: int
    file: str | None
    format: str | None

    @property
    def level(self) -> int | None:
        """The lowest level of what is logged; None for nothing."""
        if self.verbose > 1:
            return logging.DEBUG
        return logging.INFO if self.verbose or self.file is not None else None

    @property
    def to_file_or_off(self) -> bool:
        """Whether stderr gets no log."""
        return self.level is None or self.file is not None


class _CleanFormatter(TextFormatter):
    """Escapes control characters, which could change what a terminal shows."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(map(clean, super().format(record).splitlines()))


class _Handler(logging.StreamHandler):  # type: ignore[type-arg] # generic for type checkers only
    """Drops what cannot be written, such as on a full disk: the log must not end the run.

    Attributes:
        failure: the first error of writing; None if there was none.
    """

    failure: OSError | None = None

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's name
        """Keep the error."""
        error = sys.exception()
        if self.failure is None and isinstance(error, OSError):
            self.failure = error


@contextmanager
def logged(options: LogOptions) -> Iterator[None]:
    """Log while the block runs.

    Raises:
        CommandError: the log file cannot be written.
    """
    if options.level is None:
        yield
        return
    logger = logging.getLogger(_OURS)
    try:
        stream = sys.stderr if options.file is None else open(options.file, "a", encoding="utf-8")  # noqa: SIM115, PTH123
    except OSError as error:
        code = USAGE if is_mistake(error) else FAILED
        raise CommandError(f"cannot write {clean(str(options.file))}: {error.strerror}", exit_code=code) from error
    handler = _Handler(stream)
    is_json = options.format == "json"
    handler.setFormatter(JsonFormatter() if is_json else _CleanFormatter("%(levelname)s %(name)s: %(message)s"))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(options.level)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
        if options.file is not None and stream is not None:
            try:
                stream.close()
            except OSError as error:
                handler.failure = handler.failure or error
            if handler.failure is not None:
                say(f"the log is incomplete: cannot write {clean(options.file)}: {handler.failure.strerror}")
