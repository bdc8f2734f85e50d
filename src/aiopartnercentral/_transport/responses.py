"""What a call gets from the service before it is decoded: a response, or an error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral._transport.call_context import CBOR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.exceptions import ClientError

    from aiopartnercentral._transport.call_context import CallContext
    from aiopartnercentral.types import ResponseMetadata

__all__ = ["ErrorResponseError", "RawResponse"]

_ACCESS_KEY = re.compile("Credential=([^/]+)/")


@attrs.define(kw_only=True, eq=False, repr=False)
class RawResponse:
    """A successful response.

    Attributes:
        body: the body's bytes; None for a stubbed response, or if botocore parses the response.
        is_cbor: whether the body is CBOR; otherwise it is JSON.
        is_direct: whether it came without botocore's work, which takes a few tenths of a millisecond.
        parsed: botocore's parsed response: all members if `body` is None, otherwise none.
        received: the body as it arrived; None for a stubbed response or a stream.
        metadata: its metadata.
    """

    body: bytes | None
    is_cbor: bool = False
    is_direct: bool = False
    parsed: Mapping[str, Any]
    received: bytes | None = None
    metadata: ResponseMetadata


class ErrorResponseError(Exception):
    """The service answered with an error; internal to the library.

    Attributes:
        error: botocore's exception.
        body: the body's bytes; None for a stubbed response, or if botocore parses the response.
        is_cbor: whether the body is CBOR; otherwise it is JSON.
        access_key: the access key id that signed the request; empty if nothing did.
    """

    def __init__(self, error: ClientError, call: CallContext) -> None:
        super().__init__()
        self.error: ClientError = error
        if call.attempts:  # not of a stubbed response; botocore counts only the attempts of its own
            response: Any = error.response
            response.setdefault("ResponseMetadata", {})["RetryAttempts"] = call.attempts - 1
        self.body: bytes | None = call.body
        self.is_cbor: bool = call.protocol == CBOR
        found = _ACCESS_KEY.search(getattr(call.request, "headers", {}).get("Authorization", ""))
        self.access_key: str = found[1] if found else ""
