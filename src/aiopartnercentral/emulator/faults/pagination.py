"""Kinds of faults that lead from page to page as a list should not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from aiopartnercentral.emulator.faults import checks
from aiopartnercentral.emulator.faults.context import NEXT_TOKEN, Action
from aiopartnercentral.emulator.faults.mutations import item_lists
from aiopartnercentral.emulator.operations import page_tokens

if TYPE_CHECKING:
    from aiopartnercentral.emulator.faults.context import Exchange
    from aiopartnercentral.emulator.seed.random import Dice

_REMEMBERED = 10_000


@attrs.frozen(kw_only=True)
class RepeatedToken(Action):
    """A later page that leads back: its NextToken is one that an earlier page gave.

    Arguments:
        length: how many pages are in the cycle: of 1, each page leads to itself.
    """

    kind = "repeated_token"

    length: int = attrs.field(default=1, validator=checks.whole(1, 1000))
    _led_from: dict[str, str | None] = attrs.field(factory=dict, init=False, repr=False, eq=False)

    def fresh(self) -> RepeatedToken:
        """Return it without a memory."""
        return attrs.evolve(self)

    def watch(self, exchange: Exchange) -> None:
        """Remember which token came after which."""
        page = exchange.page()
        if page and page.get(NEXT_TOKEN):
            self._led_from[page[NEXT_TOKEN]] = exchange.asked
            if len(self._led_from) > _REMEMBERED:
                del self._led_from[next(iter(self._led_from))]

    def after(self, exchange: Exchange, dice: Dice) -> bool:  # noqa: ARG002 - there is no chance in it
        """Lead back, unless this is not so far from the first page."""
        page, token = exchange.page(), exchange.asked
        for _ in range(self.length - 1):
            token = token and self._led_from.get(token)
        if page is None or token is None:
            return False
        exchange.write(page | {NEXT_TOKEN: token})
        return True


@attrs.frozen
class EmptyPage(Action):
    """A page without items, whose NextToken leads to the page that was asked for: no item is lost."""

    kind = "empty_page"

    def after(self, exchange: Exchange, dice: Dice) -> bool:  # noqa: ARG002 - there is no chance in it
        """Put the page off."""
        shape, page = exchange.output(), exchange.page()
        if shape is None or page is None:
            return False
        for items, _ in item_lists(exchange.validator.model["shapes"], shape, page):
            items.clear()
        request = exchange.validator.known_request(exchange.operation, exchange.sent)
        identity = page_tokens.list_identity(f"{exchange.account}/{exchange.operation}", request)
        exchange.write(page | {NEXT_TOKEN: page_tokens.postponed(identity, exchange.asked)})
        return True
