"""Text that can be shown and stored."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

__all__ = ["REDACTED", "counted", "json_time", "listed", "replace_surrogates", "utc_text"]

REDACTED = "<redacted>"
_NAMED = 10  # how many names a text has
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number and its noun, such as `2 pages`; the plural adds an s unless it is given."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def listed(names: Iterable[str]) -> str:
    """Return the first names, and how many more there are."""
    every = list(names)
    more = len(every) - _NAMED
    return f"{', '.join(every[:_NAMED])} and {more} more" if more > 1 else ", ".join(every)


def utc_text(moment: datetime) -> str:
    """Return a moment in UTC as people read it, such as `2026-11-29 02:15:00 UTC`."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def json_time(moment: datetime | None) -> str | None:
    """Return a moment as JSON has it, such as `2026-11-29T02:15:00.123Z`; None for None."""
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def replace_surrogates(text: str) -> str:
    """Return the text with U+FFFD for each lone surrogate, which JSON can hold and UTF-8 cannot."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
