"""Kinds of faults that break a connection or a body."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from aiopartnercentral.emulator.faults import checks
from aiopartnercentral.emulator.faults.context import Action
from aiopartnercentral.emulator.faults.latency import WHEN
from aiopartnercentral.emulator.response import Ending, Reply

if TYPE_CHECKING:
    from aiopartnercentral.emulator.faults.context import Exchange
    from aiopartnercentral.emulator.seed.random import Dice


@attrs.frozen(kw_only=True)
class Reset(Action):
    """The connection is reset in the place of an answer.

    Arguments:
        when: `before` the request is carried out, which it then is not, or `after` that.
    """

    kind = "reset"

    when: str = attrs.field(default="before", validator=checks.one_of(WHEN))

    def before(self, exchange: Exchange, dice: Dice) -> bool:  # noqa: ARG002 - there is no chance in it
        """Prevent the request."""
        if self.when == "after" or exchange.reply is not None:
            return False
        exchange.reply = Reply(status=0, ending=Ending.RESET)
        return True

    def after(self, exchange: Exchange, dice: Dice) -> bool:  # noqa: ARG002 - there is no chance in it
        """Prevent the answer."""
        if self.when == "before" or exchange.reply is None or not exchange.answered:
            return False
        exchange.reply.ending = Ending.RESET
        return True


@attrs.frozen(kw_only=True)
class HalfBody(Action):
    """A part of the body, of which the header tells the whole length, and then the end of the connection.

    Arguments:
        share: how much of it.
    """

    kind = "half_body"

    share: float = attrs.field(default=0.5, validator=checks.number(0, 0.999))

    def after(self, exchange: Exchange, dice: Dice) -> bool:  # noqa: ARG002 - there is no chance in it
        """Cut the body off."""
        if exchange.reply is None or not exchange.answered:
            return False
        exchange.reply.ending, exchange.reply.share = Ending.CUT, self.share
        return True


@attrs.frozen
class InvalidJson(Action):
    """A body that ends somewhere amidst its JSON, which HTTP takes for whole."""

    kind = "invalid_json"

    def after(self, exchange: Exchange, dice: Dice) -> bool:
        """Shorten the body."""
        if exchange.reply is None or not exchange.answered or not exchange.reply.body:
            return False
        # Without its last brace, no beginning of an object is one.
        exchange.reply.body = exchange.reply.body[: dice.roll(len(exchange.reply.body) - 1) + 1]
        return True


@attrs.frozen(kw_only=True)
class ContentType(Action):
    """An answer of another type, such as a proxy's page.

    Arguments:
        content_type: what the header says.
        body: what stands in the place of the body; None for the body itself.
    """

    kind = "content_type"

    content_type: str = attrs.field(default="text/html", validator=checks.text)
    body: str | None = attrs.field(default=None, validator=attrs.validators.optional(checks.any_text))

    def after(self, exchange: Exchange, dice: Dice) -> bool:  # noqa: ARG002 - there is no chance in it
        """Replace type and body."""
        if exchange.reply is None or not exchange.answered:
            return False
        exchange.reply.content_type = self.content_type
        if self.body is not None:
            exchange.reply.body = self.body.encode()
        return True
