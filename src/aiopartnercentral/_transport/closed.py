"""The error of a client that is used after it was closed."""

from __future__ import annotations

__all__ = ["client_closed"]


def client_closed() -> RuntimeError:
    """Return the error, whatever part of the client notices first that it is closed."""
    return RuntimeError("a client is open only inside its `async with` block")
