"""Faults that break the pages of a listing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral.emulator.faults.context import Action
from aiopartnercentral.emulator.faults.json_mutations import item_lists
from aiopartnercentral.emulator.operations import page_tokens

if TYPE_CHECKING:
    from aiopartnercentral.emulator.faults.context import FaultContext
    from aiopartnercentral.emulator.seed.random import DeterministicRandom

_REMEMBERED_TOKENS = 10_000


@attrs.frozen(kw_only=True)
class RepeatedPageToken(Action):
    """A loop: the NextToken of a later page is one that an earlier page had.

    Arguments:
        length: the number of pages in the loop; with 1, a page's NextToken is its own token.
    """

    kind = "repeated_page_token"

    length: int = attrs.field(default=1, validator=validators.integer(least=1, most=1000))
    _previous: dict[str, str | None] = attrs.field(factory=dict, init=False, repr=False, eq=False)

    def fresh(self) -> RepeatedPageToken:
        """Return it without the tokens of earlier pages."""
        return attrs.evolve(self)

    def observe(self, context: FaultContext) -> None:
        """Remember the token of the page before each token."""
        page = context.page()
        if page and page.get(context.next_token):
            self._previous[page[context.next_token]] = context.page_token
            if len(self._previous) > _REMEMBERED_TOKENS:
                del self._previous[next(iter(self._previous))]

    def after(self, context: FaultContext, random: DeterministicRandom) -> bool:  # noqa: ARG002 - nothing is random
        """Repeat a token, unless there are too few pages before this one."""
        page, token = context.page(), context.page_token
        for _ in range(self.length - 1):
            token = token and self._previous.get(token)
        if page is None or token is None:
            return False
        context.write(page | {context.next_token: token})
        return True


@attrs.frozen
class EmptyPage(Action):
    """A page without items, whose NextToken leads to the requested page: no item is lost."""

    kind = "empty_page"

    def after(self, context: FaultContext, random: DeterministicRandom) -> bool:  # noqa: ARG002 - nothing is random
        """Replace the page by an empty one."""
        shape, page = context.output_shape(), context.page()
        if shape is None or page is None:
            return False
        for items, _ in item_lists(context.validator.model["shapes"], shape, page):
            items.clear()
        request = context.validator.known_request(context.operation, context.request)
        key = page_tokens.list_key(context.service.name, context.account, context.operation, request)
        context.write(page | {context.next_token: page_tokens.postpone(key, context.page_token)})
        return True
