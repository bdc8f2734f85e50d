"""Kinds of faults that answer with an error."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from aiopartnercentral.emulator import errors
from aiopartnercentral.emulator.faults import checks
from aiopartnercentral.emulator.faults.context import NEXT_TOKEN, Action
from aiopartnercentral.emulator.faults.latency import WHEN
from aiopartnercentral.emulator.state.rate_limit import TokenBucket

if TYPE_CHECKING:
    from aiopartnercentral.emulator.faults.context import Exchange
    from aiopartnercentral.emulator.seed.random import Dice


@attrs.frozen(kw_only=True)
class Throttle(Action):
    """ThrottlingException for what a token bucket has no token for.

    Arguments:
        rate: tokens a second; 0 for none but those that it begins with.
        capacity: how many it holds, and begins with; one second's worth by default, and 1 at least.
        retry_after: seconds that a Retry-After header tells; None for no header.
        service_code: the error's ServiceCode.
        quota_code: the error's QuotaCode.
    """

    kind = "throttle"

    rate: float = attrs.field(validator=checks.number(0, 1e9))
    capacity: float | None = attrs.field(default=None, validator=attrs.validators.optional(checks.number(0, 1e9)))
    retry_after: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(checks.number(0, checks.LONGEST))
    )
    service_code: str = attrs.field(default=errors.THROTTLED_SERVICE, validator=checks.text)
    quota_code: str = attrs.field(default=errors.THROTTLED_QUOTA, validator=checks.text)
    _bucket: TokenBucket = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        """Fill the bucket."""
        object.__setattr__(self, "_bucket", TokenBucket(self.rate, self.capacity))

    def fresh(self) -> Throttle:
        """Return it with a full bucket."""
        return attrs.evolve(self)

    def before(self, exchange: Exchange, dice: Dice) -> bool:  # noqa: ARG002 - there is no chance in it
        """Take a token, or refuse."""
        if exchange.reply is not None or self._bucket.take():
            return False
        headers = {} if self.retry_after is None else {"Retry-After": f"{math.ceil(self.retry_after)}"}
        exchange.refuse(errors.throttled(self.service_code, self.quota_code), headers)
        return True


@attrs.frozen(kw_only=True)
class ServerError(Action):
    """An error of the server.

    Arguments:
        status: HTTP status, from 500 to 599.
        error: the error's name.
        message: what it says.
        when: `before` the request is carried out, which it then is not, or `after` that.
    """

    kind = "server_error"

    status: int = attrs.field(default=500, validator=checks.whole(500, 599))
    error: str = attrs.field(default="InternalServerException", validator=checks.text)
    message: str = attrs.field(default="A fault that was asked for", validator=checks.text)
    when: str = attrs.field(default="before", validator=checks.one_of(WHEN))

    def before(self, exchange: Exchange, dice: Dice) -> bool:  # noqa: ARG002 - there is no chance in it
        """Answer in the place of the service."""
        return self.when == "before" and exchange.reply is None and self._answer(exchange)

    def after(self, exchange: Exchange, dice: Dice) -> bool:  # noqa: ARG002 - there is no chance in it
        """Replace the answer."""
        return self.when == "after" and exchange.answered and self._answer(exchange)

    def _answer(self, exchange: Exchange) -> bool:
        exchange.refuse(errors.protocol_error(self.error, self.message, status=self.status))
        return True


@attrs.frozen
class ExpiredToken(Action):
    """ValidationException for a page token, as if it had been kept for too long; a first page has none."""

    kind = "expired_token"

    def before(self, exchange: Exchange, dice: Dice) -> bool:  # noqa: ARG002 - there is no chance in it
        """Refuse a request for a later page."""
        if exchange.reply is not None or exchange.asked is None:
            return False
        exchange.refuse(errors.invalid_field(NEXT_TOKEN, "has expired"))
        return True
