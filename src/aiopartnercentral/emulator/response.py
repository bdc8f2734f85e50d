"""What goes back to a client."""

from __future__ import annotations

from enum import Enum
from http import HTTPStatus

import attrs

from aiopartnercentral.emulator.protocol import CONTENT_TYPE, RecordedRequest


class Ending(Enum):
    """How an answer ends."""

    WHOLE = "whole"
    CUT = "cut"
    RESET = "reset"


@attrs.define
class Reply:
    """An answer.

    Attributes:
        status: HTTP status; 0 if there is none, for the connection ends before the request is carried out.
        body: the body.
        content_type: what the body is said to be.
        headers: further headers.
        held: seconds that it is held back.
        ending: whether all of it is sent, and what happens to the connection.
        share: how much of the body is sent before the connection is closed, of one that is cut.
        pace: bytes a second; None for all at once.
        record: what is remembered of the request; None where nothing is.
    """

    status: int = HTTPStatus.OK.value
    body: bytes = b""
    content_type: str = CONTENT_TYPE
    headers: dict[str, str] = attrs.field(factory=dict)
    held: float = 0.0
    ending: Ending = Ending.WHOLE
    share: float = 1.0
    pace: float | None = None
    record: RecordedRequest | None = None
