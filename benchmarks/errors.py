"""The error that ends a run."""

from __future__ import annotations


class BenchmarkError(Exception):
    """Something went wrong while measuring; the message says what, in one line."""
