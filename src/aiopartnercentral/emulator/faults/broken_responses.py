"""Faults that break responses: reset connections, truncated bodies, invalid JSON, wrong content types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral.emulator.faults.context import Action
from aiopartnercentral.emulator.faults.latency import before_or_after
from aiopartnercentral.emulator.response import Delivery, Response

if TYPE_CHECKING:
    from aiopartnercentral.emulator.faults.context import FaultContext
    from aiopartnercentral.emulator.seed.random import DeterministicRandom


@attrs.frozen(kw_only=True)
class Reset(Action):
    """A connection reset instead of a response.

    Arguments:
        when: `before` prevents the execution of the request, `after` does not.
    """

    kind = "reset"

    when: str = attrs.field(default="before", validator=before_or_after)

    def before(self, context: FaultContext, random: DeterministicRandom) -> bool:  # noqa: ARG002 - nothing is random
        """Prevent the execution."""
        if self.when == "after" or context.response is not None:
            return False
        context.response = Response(status=0, delivery=Delivery.RESET)
        return True

    def after(self, context: FaultContext, random: DeterministicRandom) -> bool:  # noqa: ARG002 - nothing is random
        """Prevent the response."""
        if self.when == "before" or context.response is None or not context.has_response:
            return False
        context.response.delivery = Delivery.RESET
        return True


@attrs.frozen(kw_only=True)
class TruncatedBody(Action):
    """A connection that is closed after a part of the body; Content-Length is that of the complete body.

    An empty body cannot be truncated: the response is complete, and the connection stays open.

    Arguments:
        fraction: how much of the body is sent.
    """

    kind = "truncated_body"

    fraction: float = attrs.field(default=0.5, validator=validators.number(least=0, most=0.999))

    def after(self, context: FaultContext, random: DeterministicRandom) -> bool:  # noqa: ARG002 - nothing is random
        """Truncate the body."""
        if context.response is None or not context.has_response:
            return False
        context.response.delivery, context.response.fraction = Delivery.TRUNCATED, self.fraction
        return True


@attrs.frozen
class InvalidJson(Action):
    """Truncated JSON in a complete HTTP body."""

    kind = "invalid_json"

    def after(self, context: FaultContext, random: DeterministicRandom) -> bool:
        """Shorten the JSON."""
        if context.response is None or not context.has_response or not context.response.body:
            return False
        # Without its last brace, no prefix of an object is valid JSON.
        length = random.below(len(context.response.body) - 1) + 1
        context.response.body = context.response.body[:length]
        return True


@attrs.frozen(kw_only=True)
class WrongContentType(Action):
    """A response of another content type, such as a proxy's error page.

    Arguments:
        content_type: the Content-Type header.
        body: the body; None for that of the real response.
    """

    kind = "wrong_content_type"

    content_type: str = attrs.field(default="text/html", validator=validators.text)
    body: str | None = attrs.field(default=None, validator=validators.optional(validators.any_text))

    def after(self, context: FaultContext, random: DeterministicRandom) -> bool:  # noqa: ARG002 - nothing is random
        """Replace content type and body."""
        if context.response is None or not context.has_response:
            return False
        context.response.content_type = self.content_type
        if self.body is not None:
            context.response.body = self.body.encode()
        return True
