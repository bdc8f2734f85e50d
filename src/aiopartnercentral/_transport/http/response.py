"""What every HTTP client returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiobotocore.awsrequest import AioAWSResponse

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

    def for_botocore(self, url: str) -> AioAWSResponse:
        """Return it as a response of aiobotocore's HTTP client to a request of this URL."""
        from aiobotocore.awsrequest import AioAWSResponse  # noqa: PLC0415 - loads botocore

        headers: Any = self.headers  # as aiobotocore passes them
        response = AioAWSResponse(url, self.status_code, headers, None)
        response._content = self.body  # noqa: SLF001 - it is read
        return response
