"""Page tokens: opaque, stateless, and valid only for the listing that they were made for."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from aiopartnercentral.emulator.errors import FieldProblem, validation_failed

if TYPE_CHECKING:
    from collections.abc import Mapping

_OFFSET_BYTES = 8
_DIGEST_BYTES = 16
# More than any offset: higher bits tell tokens of the same page apart.
_POSTPONED = 2**32
# These may differ from page to page of one listing.
_NOT_PART_OF_THE_KEY = frozenset({"nexttoken", "maxresults"})

_encoder = msgspec.json.Encoder(order="sorted")


def list_key(service: str, account: str, operation: str, request: Mapping[str, Any]) -> bytes:
    """Return the key of a listing: its service, account, operation, catalog and filters."""
    filters = {name: value for name, value in request.items() if name.lower() not in _NOT_PART_OF_THE_KEY}
    return _encoder.encode([service, account, operation, filters])


def _digest(key: bytes, offset: bytes) -> bytes:
    return hashlib.blake2b(key + offset, digest_size=_DIGEST_BYTES).digest()


def make_token(key: bytes, offset: int) -> str:
    """Return the token of the page that starts at an offset."""
    position = offset.to_bytes(_OFFSET_BYTES, "big")
    return base64.urlsafe_b64encode(position + _digest(key, position)).decode()


def postpone(key: bytes, token: str | None) -> str:
    """Return a different token for the page of a token, or for the first page.

    Raises:
        EmulatedServiceError: the token is of another listing.
    """
    return make_token(key, (_read(key, token) if token else 0) + _POSTPONED)


def read_token(key: bytes, token: str, name: str = "NextToken") -> int:
    """Return the offset of a token, which the member of the request of this name has.

    Raises:
        EmulatedServiceError: the token is damaged, or is of another operation, catalog or filter.
    """
    return _read(key, token, name) % _POSTPONED


def _read(key: bytes, token: str, name: str = "NextToken") -> int:
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    position, digest = raw[:_OFFSET_BYTES], raw[_OFFSET_BYTES:]
    if digest != _digest(key, position):
        problem = "is not a token of this operation with this catalog and these filters"
        raise validation_failed([FieldProblem(name, problem, "INVALID_VALUE")])
    return int.from_bytes(position, "big")
