"""The pages of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ROWS: Final = 50
"""The number of rows of a page."""


def paged(total: int, number: int) -> dict[str, Any]:
    """Return the position of a page in a list; the nearest page if there is none with this number."""
    last = max(1, -(-total // ROWS))
    number = min(max(1, number), last)
    return {"page": number, "last": last, "start": (number - 1) * ROWS, "total": total}


def page_of(query: Mapping[str, str]) -> int:
    """Return the number of the page that a query asks for."""
    number = query.get("page", "")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 1  # noqa: PLR2004 - digits
