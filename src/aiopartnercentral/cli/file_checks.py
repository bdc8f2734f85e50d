"""The files of a command, checked before anything is requested: mistakes of usage, and files that cannot be written."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aiopartnercentral._utils.atomic_files import PREFIX
from aiopartnercentral._utils.paths import check_distinct, is_directory, is_mistake, real_path
from aiopartnercentral._utils.text import clean, one_line
from aiopartnercentral.cli.runner import UsageError
from aiopartnercentral.cli.terminal import STDOUT
from aiopartnercentral.cli.writer import is_replaceable
from aiopartnercentral.sinks.partial_file import os_errors_as_sink_errors, writable_target
from aiopartnercentral.sinks.path_template import PathTemplate, is_url, literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aiopartnercentral.cli.config import Config

__all__ = [
    "check_given_files",
    "check_run_files",
    "check_writable",
]


def check_run_files(config: Config, outputs: Sequence[str]) -> None:
    """Refuse paths of a run that lead to the same file, that no file can have, or whose directory does not exist.

    Arguments:
        config: the options.
        outputs: the paths that `output` stands for.

    Raises:
        ValueError: there is one.
    """
    _check_spool(config.spool)
    _check_files(config.files(outputs))
    others = [str(path) for path in (config.report, config.malformed) if path is not None]
    checkpoint = [] if config.checkpoint is None else [config.checkpoint]
    _check_directories([config.template or config.output, *others, *map(literal, checkpoint)])
    dated = [path for name in ("report", "malformed") if (path := config.dated(name)) is not None]
    _check_names([*outputs, *dated, *checkpoint])


def _check_names(files: Iterable[str]) -> None:
    """Refuse a path that no file to write can have: a directory, a name that is too long, or a link to itself.

    Raises:
        ValueError: there is one.
    """
    for file in files:
        if file != STDOUT and not is_url(file) and (reason := _mistake_in(file)) is not None:
            raise ValueError(f"cannot write {clean(file)}: {reason}")


def _mistake_in(path: str) -> str | None:
    target, name = real_path(path), os.path.basename(path)  # noqa: PTH119 - a path object would drop the slash
    if not name or is_directory(target):
        return os.strerror(errno.EISDIR)
    if os.path.basename(target).startswith(PREFIX):  # noqa: PTH119
        return f"names that begin with {PREFIX} are reserved for partial files and locks"
    try:
        os.stat(path)  # noqa: PTH116 - not a path object
    except OSError as error:
        return error.strerror if error.errno in (errno.ELOOP, errno.ENAMETOOLONG) else None
    except ValueError:  # a null character, or a lone surrogate
        return "not a valid file name"
    return None


def _check_spool(directory: Path | None) -> None:
    """Refuse a spool that cannot be a directory; one that does not exist will be created.

    Raises:
        ValueError: it cannot be one.
    """
    for path in () if directory is None else (directory, *directory.parents):
        try:
            reason = None if stat.S_ISDIR(path.stat().st_mode) else os.strerror(errno.ENOTDIR)
        except FileNotFoundError:
            continue
        except OSError as error:
            reason = error.strerror if is_mistake(error) else None
        if reason is not None:
            raise ValueError(f"--spool must be a directory: {clean(str(directory))}: {reason}")
        return


def _check_files(files: Sequence[tuple[str, str]]) -> None:
    """Refuse files that are the same one, or one that stderr was redirected to.

    Messages may go where a stream of data goes, as with `2>&1`. But a file that is replaced would lose them.

    Raises:
        ValueError: there is one.
    """
    check_distinct(files)
    if sys.stderr is not None:
        check_distinct([("standard error", "/dev/stderr"), *(each for each in files if is_replaceable(each[1]))])


def check_given_files(*files: tuple[str, str | Path | None]) -> None:
    """Refuse files that are the same one; a pipe or a socket may well be both standard input and output.

    Arguments:
        files: the options and their files; None if an option was not given.

    Raises:
        UsageError: there is one.
    """
    try:
        _check_files([(name, str(path)) for name, path in files if path is not None and _may_be_file(Path(path))])
    except ValueError as error:
        raise UsageError(one_line(str(error))) from None


def _may_be_file(path: Path) -> bool:
    try:
        return path.is_file() or not path.exists()
    except OSError:
        return True


def _check_directories(files: Iterable[str]) -> None:
    """Refuse a file whose directory does not exist; of a template, the one before its first placeholder.

    Raises:
        ValueError: there is one, or a template is not valid.
    """
    for file in files:
        if file == STDOUT or is_url(file) or not is_replaceable(file):
            continue
        template = PathTemplate.parse(file)
        directory = template.directory if template.fields else str(Path(real_path(file.format())).parent)
        if is_directory(directory):
            continue
        shown = f" {clean(directory)}" if template.fields else ""
        reason = "Not a directory" if Path(directory).is_file() else f"its directory{shown} does not exist"
        raise ValueError(f"cannot write {clean(file)}: {reason}")


def check_writable(outputs: Iterable[str]) -> None:
    """Refuse an existing file that cannot be written or replaced.

    Raises:
        SinkError: there is one.
    """
    for output in outputs:
        with os_errors_as_sink_errors(output):
            writable_target(output)
