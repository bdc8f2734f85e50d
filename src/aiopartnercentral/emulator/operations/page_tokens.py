"""Page tokens: opaque, stateless, and good only for the list that they were made for."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from aiopartnercentral.emulator.errors import FieldProblem, validation_failed

if TYPE_CHECKING:
    from collections.abc import Mapping

_OFFSET_BYTES = 8
_SEAL_BYTES = 16
# More than any offset: how often a page was put off stands above it.
_POSTPONED = 2**32
# They may differ from page to page: the one is the position itself, the other only how much is wanted.
_NOT_PART_OF_THE_LIST = frozenset({"NextToken", "MaxResults"})

_encoder = msgspec.json.Encoder(order="sorted")


def list_identity(operation: str, request: Mapping[str, Any]) -> bytes:
    """Return what makes two requests ask for the same list: operation, catalog and filters."""
    filters = {name: value for name, value in request.items() if name not in _NOT_PART_OF_THE_LIST}
    return _encoder.encode([operation, filters])


def _seal(identity: bytes, offset: bytes) -> bytes:
    return hashlib.blake2b(identity + offset, digest_size=_SEAL_BYTES).digest()


def make_token(identity: bytes, offset: int) -> str:
    """Return the token of the page that starts at `offset` of the list."""
    where = offset.to_bytes(_OFFSET_BYTES, "big")
    return base64.urlsafe_b64encode(where + _seal(identity, where)).decode()


def postponed(identity: bytes, token: str | None) -> str:
    """Return another token of the page that a token is for, or of the first page.

    Raises:
        ServiceFaultError: the token is not of this list.
    """
    return make_token(identity, (_read(identity, token) if token else 0) + _POSTPONED)


def read_token(identity: bytes, token: str) -> int:
    """Return the offset that a token of this list stands for.

    Raises:
        ServiceFaultError: the token is damaged, or was made for another operation, catalog or filter.
    """
    return _read(identity, token) % _POSTPONED


def _read(identity: bytes, token: str) -> int:
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    where, seal = raw[:_OFFSET_BYTES], raw[_OFFSET_BYTES:]
    if seal != _seal(identity, where):
        problem = "is not a token of this operation with this catalog and these filters"
        raise validation_failed([FieldProblem("NextToken", problem, "INVALID_VALUE")])
    return int.from_bytes(where, "big")
