"""Idempotency: the same request with the same ClientToken is executed once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import msgspec

from aiopartnercentral.emulator.errors import conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# AWS does not publish how long the service remembers a token.
_REMEMBERED = timedelta(days=1)

_encoder = msgspec.json.Encoder(order="sorted")


@attrs.frozen
class _Completed:
    request: bytes
    response: bytes
    at: datetime


@attrs.define
class IdempotencyStore:
    """The executed requests that had a ClientToken; failed ones are not stored, so that they can be retried."""

    _completed: dict[tuple[str, str, str], _Completed] = attrs.field(factory=dict)

    def run_once(
        self,
        account: str,
        operation: str,
        request: Mapping[str, Any],
        *,
        now: datetime,
        execute: Callable[[], bytes],
    ) -> bytes:
        """Execute a request, or return the stored response if it was executed before.

        A token belongs to one account and operation. A request without a token is always executed.

        Raises:
            EmulatedServiceError: the token was used by another request, or the request failed.
        """
        token = request.get("ClientToken", request.get("clientToken"))
        if token is None:
            return execute()
        self._expire(now)
        key, encoded = (account, operation, token), _encoder.encode(request)
        before = self._completed.get(key)
        if before is None:
            before = self._completed[key] = _Completed(encoded, execute(), now)
        elif before.request != encoded:
            raise conflict("CONFLICT_CLIENT_TOKEN", {"ResourceId": token, "ResourceType": "ClientToken"})
        return before.response

    def _expire(self, now: datetime) -> None:
        """Drop requests that are too old; they are sorted by time."""
        expired = []
        for key, completed in self._completed.items():
            if now - completed.at < _REMEMBERED:
                break
            expired.append(key)
        for key in expired:
            del self._completed[key]
