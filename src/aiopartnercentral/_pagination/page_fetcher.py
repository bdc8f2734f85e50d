"""The pages of one paginated operation, fetched through one client: typed, or as the service spelled them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs
from anyio.lowlevel import checkpoint

from aiopartnercentral._pagination.page_iterator import FetchedPage
from aiopartnercentral._pagination.report import MalformedItem
from aiopartnercentral._serialization import jsontext
from aiopartnercentral.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiopartnercentral._transport import Answer
    from aiopartnercentral._transport.api_call import Exchange
    from aiopartnercentral.types import Pagination

__all__ = ["Fetcher"]

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")
ItemT = TypeVar("ItemT")


@attrs.frozen(kw_only=True)
class Fetcher(Generic[RequestT, ResponseT, ItemT]):
    """Fetches the pages of one operation.

    Attributes:
        exchange: sends and decodes.
        pagination: the operation, and how its answers go on.
        request: makes the request for a catalog and a page token; the other arguments are bound in it.
        reports_malformed: whether an item that cannot be decoded is left out of its page and reported.
    """

    exchange: Exchange
    pagination: Pagination[RequestT, ResponseT, ItemT]
    request: Callable[[str, str | None], RequestT] = attrs.field(repr=False)
    reports_malformed: bool

    async def typed(self, catalog: str, token: str | None) -> FetchedPage[ResponseT, ItemT]:
        """Fetch a page of typed items."""
        answer = await self._answer(catalog, token)
        malformed: tuple[MalformedItem, ...] = ()
        try:
            page = await self._decoded(answer)
        except DecodeError:
            if not self.reports_malformed or answer.body is None:
                raise
            page, malformed = await self._item_by_item(answer, answer.body)
        return FetchedPage(
            page=page,
            items=self.pagination.items(page),
            malformed=malformed,
            next_token=self.pagination.next_token(page),
            retries=answer.metadata.attempts - 1,
            request_id=answer.metadata.request_id,
        )

    async def raw(self, catalog: str, token: str | None) -> FetchedPage[bytes, bytes]:
        """Fetch a page whose items stay as the service spelled them; they are not held against the model."""
        answer = await self._answer(catalog, token)
        body = answer.body
        if body is None:
            body = await self.exchange.encoded(await self._decoded(answer))
        items, next_token = await self._split(answer, body)
        return FetchedPage(
            page=body,
            items=items,
            next_token=next_token,
            retries=answer.metadata.attempts - 1,
            request_id=answer.metadata.request_id,
        )

    async def _answer(self, catalog: str, token: str | None) -> Answer:
        answer = await self.exchange.answer(self.pagination.operation, self.request(catalog, token), checkpoint)
        await checkpoint()  # others may run between botocore's work on an answer and ours
        return answer

    async def _decoded(self, answer: Answer, body: bytes | None = None) -> ResponseT:
        if body is not None:
            answer = attrs.evolve(answer, body=body)
        page: ResponseT = await self.exchange.decoded(self.pagination.operation, answer)
        return page

    async def _split(self, answer: Answer, body: bytes) -> tuple[list[bytes], str | None]:
        pagination: Pagination[Any, Any, Any] = self.pagination
        return await self.exchange.split(pagination, answer, body)

    async def _item_by_item(self, answer: Answer, body: bytes) -> tuple[ResponseT, tuple[MalformedItem, ...]]:
        """Return the page without the items that cannot be decoded, and these.

        Raises:
            DecodeError: it is not an item that is wrong with the page.
        """
        key = self.pagination.result_key
        items, _ = await self._split(answer, body)
        await self._decoded(answer, jsontext.with_items(body, key, []))
        good: list[bytes] = []
        malformed: list[MalformedItem] = []
        for index, item in enumerate(items):
            await checkpoint()
            try:
                await self._decoded(answer, jsontext.with_items(body, key, [item]))
            except DecodeError as error:
                path = error.path.replace(f".{key}[0]", f".{key}[{index}]", 1)
                malformed.append(MalformedItem(raw=item, path=path, reason=error.reason, request_id=error.request_id))
            else:
                good.append(item)
        return await self._decoded(answer, jsontext.with_items(body, key, good)), tuple(malformed)
