"""What every HTTP client returns."""

from __future__ import annotations

__all__ = ["HttpResponse"]


class HttpResponse:
    """A complete response.

    Attributes:
        status_code: its HTTP status.
        headers: its headers, names in lower case; of several with one name, the last one.
        body: its body.
    """

    __slots__ = ("body", "headers", "status_code")

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status_code: int = status
        self.headers: dict[str, str] = headers
        self.body: bytes = body
