"""Faults that respond with an error."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral.emulator import errors
from aiopartnercentral.emulator.faults.context import Action
from aiopartnercentral.emulator.faults.latency import before_or_after, seconds
from aiopartnercentral.emulator.state.quotas import TokenBucket

if TYPE_CHECKING:
    from aiopartnercentral.emulator.faults.context import FaultContext
    from aiopartnercentral.emulator.seed.random import DeterministicRandom

_tokens: Final = validators.number(least=0, most=10**9)


@attrs.frozen(kw_only=True)
class Throttle(Action):
    """A ThrottlingException for every request that finds a token bucket empty.

    Arguments:
        rate: tokens per second; with 0, the bucket is never refilled.
        capacity: the most tokens in the bucket, which is full at first; by default one second's worth, at least 1.
        retry_after: seconds in the Retry-After header; None for no header.
        service_code: the error's ServiceCode; by default the service of the request.
        quota_code: the error's QuotaCode.
    """

    kind = "throttle"

    rate: float = attrs.field(validator=_tokens)
    capacity: float | None = attrs.field(default=None, validator=validators.optional(_tokens))
    retry_after: float | None = attrs.field(default=None, validator=validators.optional(seconds))
    service_code: str | None = attrs.field(default=None, validator=validators.optional(validators.text))
    quota_code: str = attrs.field(default=errors.THROTTLED_QUOTA, validator=validators.text)
    _bucket: TokenBucket = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        """Fill the bucket."""
        object.__setattr__(self, "_bucket", TokenBucket(self.rate, self.capacity))

    def fresh(self) -> Throttle:
        """Return it with a full bucket."""
        return attrs.evolve(self)

    def before(self, context: FaultContext, random: DeterministicRandom) -> bool:  # noqa: ARG002 - nothing is random
        """Take a token, or respond with the error."""
        if context.response is not None or self._bucket.take():
            return False
        headers = {} if self.retry_after is None else {"Retry-After": f"{math.ceil(self.retry_after)}"}
        context.fail(errors.throttled(self.service_code or context.service.name, self.quota_code), headers)
        return True


@attrs.frozen(kw_only=True)
class ServerError(Action):
    """An error with a status from 500 to 599.

    Arguments:
        status: the HTTP status.
        error: the error's name.
        message: the error's message.
        when: `before` prevents the execution of the request, `after` replaces its response.
    """

    kind = "server_error"

    status: int = attrs.field(default=500, validator=validators.integer(least=500, most=599))
    error: str = attrs.field(default="InternalServerException", validator=validators.text)
    message: str = attrs.field(default="An injected fault", validator=validators.text)
    when: str = attrs.field(default="before", validator=before_or_after)

    def before(self, context: FaultContext, random: DeterministicRandom) -> bool:  # noqa: ARG002 - nothing is random
        """Respond instead of the service."""
        return self.when == "before" and context.response is None and self._respond(context)

    def after(self, context: FaultContext, random: DeterministicRandom) -> bool:  # noqa: ARG002 - nothing is random
        """Replace the response."""
        return self.when == "after" and context.has_response and self._respond(context)

    def _respond(self, context: FaultContext) -> bool:
        context.fail(errors.protocol_error(self.error, self.message, status=self.status))
        return True


@attrs.frozen
class ExpiredPageToken(Action):
    """A ValidationException for the page token of a request, as if the token had expired; first pages have none."""

    kind = "expired_page_token"

    def before(self, context: FaultContext, random: DeterministicRandom) -> bool:  # noqa: ARG002 - nothing is random
        """Refuse a request for a later page."""
        if context.response is not None or context.page_token is None:
            return False
        context.fail(errors.invalid_field(context.next_token, "has expired"))
        return True
