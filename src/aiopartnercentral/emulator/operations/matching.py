"""Whether the values of items pass the filters of a request."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def moment(text: str) -> datetime:
    """Return a time; as texts, two times with and without a fraction are not in order."""
    return datetime.fromisoformat(text)


def is_within(value: datetime | str | None, limits: Mapping[str, str] | None, kind: Callable[[str], Any]) -> bool:
    """Return whether a time is on or after the `After` limit of a request, and before its `Before` limit."""
    for name, limit in (limits or {}).items():
        if value is None or (value < kind(limit) if name.startswith("After") else value >= kind(limit)):
            return False
    return True


def is_one_of(value: str | None, wanted: Iterable[str] | None) -> bool:
    """Return whether a value is one of those of a request; without any, every value is."""
    return not wanted or value in set(wanted)
