"""Text as UTF-8 can hold it."""

from __future__ import annotations

__all__ = ["whole"]


def whole(text: str) -> str:
    """Return the text with replacement marks for halves of surrogate pairs, which JSON can hold and UTF-8 cannot."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
