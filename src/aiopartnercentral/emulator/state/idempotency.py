"""Idempotency: the same request with the same ClientToken is carried out once."""

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
class _Answered:
    request: bytes
    answer: bytes
    at: datetime


@attrs.define
class TokenBook:
    """The requests with a ClientToken that were answered, but for errors: what failed may be tried again."""

    _answered: dict[tuple[str, str, str], _Answered] = attrs.field(factory=dict)

    def once(
        self,
        account: str,
        operation: str,
        request: Mapping[str, Any],
        *,
        now: datetime,
        carry_out: Callable[[], bytes],
    ) -> bytes:
        """Carry a request out, or return what it was answered when it came before.

        A token belongs to one account and operation. Without a token, nothing is remembered.

        Raises:
            ServiceFaultError: the token came before with another request, or the request cannot be carried out.
        """
        token = request.get("ClientToken")
        if token is None:
            return carry_out()
        self._forget(now)
        key, spelled = (account, operation, token), _encoder.encode(request)
        before = self._answered.get(key)
        if before is None:
            before = self._answered[key] = _Answered(spelled, carry_out(), now)
        elif before.request != spelled:
            raise conflict("CONFLICT_CLIENT_TOKEN")
        return before.answer

    def _forget(self, now: datetime) -> None:
        """Drop what is too old: they stand in the order of their time."""
        old = []
        for key, answered in self._answered.items():
            if now - answered.at < _REMEMBERED:
                break
            old.append(key)
        for key in old:
            del self._answered[key]
