"""Partial files of an earlier run: removed if it ends or is not resumed, and how their format differs from a sink's.

All functions here block, so they run in a thread. A file that another process is writing stays.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from aiopartnercentral._utils.atomic_files import LOGGER, PREFIX, remove_left_over
from aiopartnercentral._utils.paths import real_path
from aiopartnercentral._utils.text import listed
from aiopartnercentral.sinks.partial_file import CONVERTED, NAME, REBUILT, partial_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aiopartnercentral.types import JsonValue

__all__ = ["describe_change", "remove_left_over_of", "remove_named"]


def remove_left_over_of(outputs: Iterable[str], run_id: str) -> None:
    """Remove the partial files that killed processes of a run have left; what is in use or cannot be removed stays."""
    for output in outputs:
        target = Path(real_path(output))
        _remove(target.parent / partial_name(target, run_id))


def remove_named(position: JsonValue | None, run_id: str, outputs: Iterable[str]) -> None:
    """Remove the partial files that the position of a run's sink names, in the directories of outputs.

    The position has no directories. If it is of outputs in other directories, their partial files cannot be found, and
    a warning is logged.
    """
    directories = {Path(real_path(output)).parent for output in outputs}
    elsewhere = []
    for output, name in _named_in(position):
        found = [directory / name for directory in directories if os.path.lexists(directory / name)]
        for path in found:
            _remove(path)
        # The name depends on the directory: if it is this one, the output was completed.
        if not found and all(partial_name(directory / output, run_id) != name for directory in directories):
            elsewhere.append(output)
    if elsewhere:
        LOGGER.warning(
            "the partial files of %s are not in the directory of the output: delete %s*.part in the directory of the "
            "earlier output",
            listed(elsewhere),
            PREFIX,
        )


def _named_in(position: JsonValue) -> Iterator[tuple[str, str]]:
    """Yield the name of each output in a position, and the name of its partial file."""
    if isinstance(position, dict):
        output, name = position.get("output"), position.get("file")
        if isinstance(output, str) and isinstance(name, str) and NAME.fullmatch(name):
            yield output, name
    for part in position.values() if isinstance(position, dict) else position if isinstance(position, list) else ():
        yield from _named_in(part)


def _remove(path: Path) -> None:
    """Remove a partial file that a killed process has left, and what it has made of it."""
    for each in (path, path.with_suffix(REBUILT), path.with_suffix(CONVERTED)):
        with suppress(OSError):
            remove_left_over(each)


_HASH = re.compile(r" of [0-9a-f]{8}")
_FORMAT = re.compile(r"[a-z]+(?:\+[a-z]+)*")
_COLUMN = re.compile(r"[A-Za-z0-9_.]{1,200}")  # other text of a file may be a value


def describe_change(was: object, now: str, before: Mapping[str, object] | None, after: Mapping[str, object]) -> str:
    """Return why a partial file cannot be resumed: the columns that were added and removed, as far as they are known.

    Arguments:
        was: the `format_id` of the sink that wrote the file, as a position has it.
        now: the `format_id` of the sink.
        before: the columns of the file with their types; None if it cannot be read.
        after: the columns of the sink with their types.
    """
    was, now = _HASH.sub("", str(was)), _HASH.sub("", now)
    if was != now or not after:
        shown = was if _FORMAT.fullmatch(was) else "of another format"
        return f"the partial file is {shown}, not {now}: format, compression and options must stay the same"
    if before is None:
        return f"the columns or options of the {now} file have changed"
    changes = {
        "new": _names(name for name in after if name not in before),
        "missing": _names(name for name in before if name not in after),
        "of another type": _names(name for name in after if name in before and before[name] != after[name]),
    }
    if text := "; ".join(f"{what}: {names}" for what, names in changes.items() if names):
        return f"the columns of the {now} file have changed: {text}"
    if list(before) != list(after):
        return f"the order of the columns of the {now} file has changed"
    return f"the options of the {now} file have changed, not its columns"


def _names(columns: Iterable[str]) -> str:
    return listed(name if _COLUMN.fullmatch(name) else "a column whose name is not shown" for name in columns)
