"""What differs between the format of a partial file and that of the sink that is to resume it, in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiopartnercentral._utils.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["describe_change"]

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
