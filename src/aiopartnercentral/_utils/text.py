"""Text that can be shown and stored."""

from __future__ import annotations

__all__ = ["REDACTED", "replace_surrogates"]

REDACTED = "<redacted>"


def replace_surrogates(text: str) -> str:
    """Return the text with U+FFFD for each lone surrogate, which JSON can hold and UTF-8 cannot."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
