"""Whether a page shows what a program or a command prints, apart from what differs from run to run."""

from __future__ import annotations

import re
from difflib import unified_diff

_VARYING = (
    # The seeded data is older, so its times are compared.
    (r"\b20(2[6-9]|[3-9]\d)-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?( to (20\d\d-\d\d-\d\d )?\d\d:\d\d)?", "2026-01-01 00:00"),
    (r"\b\d:\d\d:\d\d\b", "0:00:00"),
    (r"\b\d+\.\d+(?= s\b|  |$)", "0.00"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "00000000-0000-0000-0000-000000000000"),
    (r"\b127\.0\.0\.1:\d+", "127.0.0.1:8080"),
    (r" {2,}", "  "),
    (r" +$", ""),
)
"""Times of the run, durations, seconds, ids of requests, ports, and the widths of columns that contain such values."""


def normalised(text: str) -> str:
    """Return a text in which everything that differs from run to run has one value."""
    for pattern, value in _VARYING:
        text = re.sub(pattern, value, text, flags=re.MULTILINE)
    return text.strip("\n") + "\n"


def check_output(shown: str, printed: str) -> None:
    """Compare a page's output with the printed one.

    `...` stands for any text within a line; as a line, it stands for any lines.

    Raises:
        AssertionError: they differ.
    """
    shown, printed = normalised(shown), normalised(printed)
    lines = (
        r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + "\n"
        for line in shown.splitlines()
    )
    if not re.fullmatch("".join(lines), printed):
        difference = unified_diff(shown.splitlines(), printed.splitlines(), "shown", "printed", lineterm="")
        raise AssertionError("\n".join(["the page shows another output", *difference]))
