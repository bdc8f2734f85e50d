"""Fetches the pages of one listing through one client: typed, or as the service sent them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import attrs
from anyio.lowlevel import checkpoint

from aiopartnercentral._serialization import jsontext
from aiopartnercentral.errors import DecodeError
from aiopartnercentral.types import MalformedItem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiopartnercentral._transport.api_call import ApiCaller
    from aiopartnercentral._transport.responses import RawResponse
    from aiopartnercentral.types import Listing, SkippedParent

__all__ = ["FetchedPage", "NestedPage", "PageFetcher"]

PageT = TypeVar("PageT")
ItemT = TypeVar("ItemT")


@attrs.frozen(kw_only=True)
class NestedPage:
    """What is special about a page of a nested listing, whose page tokens also name the parent.

    Attributes:
        key: the key of the source with the page's parent, which is handed over with the items.
        ends_parent: whether this is the last page of its parent, so that the next token is not the service's.
        repeats: whether the service's own next token, of the items or of the parents, was there before.
        limited: whether the service has items, of any parent so far, that a limit leaves out.
        skipped: the parent, if it was skipped.
        is_page: whether the service gave a page of items, rather than no parent or an error about it.
    """

    key: Any
    ends_parent: bool = False
    repeats: bool = False
    limited: bool = False
    skipped: SkippedParent | None = None
    is_page: bool = True


@attrs.define(kw_only=True)
class FetchedPage(Generic[PageT, ItemT]):
    """A page, and how it was fetched.

    Attributes:
        page: the page.
        items: its items, in order.
        raw_items: the JSON of each of these items as the service sent it, in any bytes-like form; None unless it
            was requested.
        malformed: items that were omitted because they cannot be decoded.
        omitted: number of items that were omitted because the consumer has them.
        next_token: token of the next page; None or empty after the last one.
        retries: how often the request was retried.
        request_id: the service's id of the request, or None.
        date: the response's header `Date`, or None.
        nested: what is special about a page of a nested listing; None for any other page.
    """

    page: PageT = attrs.field(repr=False)
    items: Sequence[ItemT] = attrs.field(repr=False)
    raw_items: Sequence[bytes] | None = attrs.field(default=None, repr=False)
    malformed: tuple[MalformedItem, ...] = ()
    omitted: int = 0
    next_token: str | None = attrs.field(default=None, repr=False)
    retries: int = 0
    request_id: str | None = None
    date: str | None = None
    nested: NestedPage | None = None


@attrs.frozen(kw_only=True)
class PageFetcher(Generic[PageT, ItemT]):
    """Fetches the pages of one listing.

    Attributes:
        api: sends requests and decodes responses.
        listing: what to list.
        reports_malformed: whether an item that cannot be decoded is omitted from its page and reported.
        keeps_raw: whether typed pages have `raw_items`.
    """

    api: ApiCaller
    listing: Listing[PageT, ItemT]
    reports_malformed: bool = False
    keeps_raw: bool = False

    @property
    def max_items(self) -> int | None:
        """Maximum items of each catalog; None for all."""
        return self.listing.max_items

    async def typed(self, catalog: str, token: str | None) -> FetchedPage[PageT, ItemT]:
        """Fetch a page of typed items."""
        __tracebackhide__ = True  # as in `ServiceClient.call`
        request = self.listing.request(catalog, token)
        return await self.api.call(self.listing.pagination.operation, request, self._typed, checkpoint)

    async def raw(self, catalog: str, token: str | None) -> FetchedPage[bytes, bytes]:
        """Fetch a page whose items stay as the service sent them; they are not checked against the model."""
        __tracebackhide__ = True  # as in `ServiceClient.call`
        request = self.listing.request(catalog, token)
        return await self.api.call(self.listing.pagination.operation, request, self._raw, checkpoint)

    async def _typed(self, response: RawResponse) -> FetchedPage[PageT, ItemT]:
        if not response.is_direct:
            await checkpoint()  # lets other tasks run between botocore's work on a response and the decoding
        pagination = self.listing.pagination
        if self.keeps_raw:
            response = await self.api.as_json(pagination.operation, response)
        malformed: tuple[MalformedItem, ...] = ()
        raw_items: Sequence[bytes] | None = None
        try:
            page = await self.api.decode(pagination.operation, response)
        except DecodeError as error:
            if not self.reports_malformed or response.body is None:
                raise
            if pagination.token is None:
                if error.is_retryable:  # it is damaged, and not an item
                    raise
                return await self._malformed_response(response, error)
            page, raw_items, malformed = await self._item_by_item(response)
        items = pagination.items(page)
        if self.keeps_raw and raw_items is None:
            raw_items = await self._raw_items(response, items)
        return FetchedPage(
            page=page,
            items=items,
            raw_items=raw_items,
            malformed=malformed,
            next_token=pagination.next_token(page),
            retries=response.metadata.attempts - 1,
            request_id=response.metadata.request_id,
            date=response.metadata.http_headers.get("date"),
        )

    async def _raw(self, response: RawResponse) -> FetchedPage[bytes, bytes]:
        if not response.is_direct:
            await checkpoint()  # as above
        response = await self.api.as_json(self.listing.pagination.operation, response)
        body = response.body
        if body is None:
            page: object = await self.api.decode(self.listing.pagination.operation, response)
            body = await self.api.dumps(page)
        if self.listing.pagination.token is None:
            items, next_token = [jsontext.one_line(body)], None
        else:
            items, next_token = await self.api.split_page(self.listing.pagination, response, body)
        return FetchedPage(
            page=body,
            items=items,
            raw_items=items,
            next_token=next_token,
            retries=response.metadata.attempts - 1,
            request_id=response.metadata.request_id,
            date=response.metadata.http_headers.get("date"),
        )

    async def _raw_items(self, response: RawResponse, items: Sequence[ItemT]) -> Sequence[bytes]:
        if response.body is None:  # botocore parsed it
            return [await self.api.dumps(item) for item in items]
        if self.listing.pagination.token is None:
            return [jsontext.one_line(response.body)]
        raw_items = jsontext.raw_items(response.body, self.listing.pagination.result_key)
        if raw_items is None:
            raw_items, _ = await self.api.split_page(self.listing.pagination, response, response.body)
        return raw_items

    async def _malformed_response(self, response: RawResponse, error: DecodeError) -> FetchedPage[PageT, ItemT]:
        """Return a page without items for a response that is the only item and does not match the model."""
        response = await self.api.as_json(self.listing.pagination.operation, response)
        raw = jsontext.one_line(response.body or b"")
        item = MalformedItem(raw=raw, path=error.path, reason=error.reason, request_id=error.request_id)
        return FetchedPage(
            page=cast("PageT", None),
            items=(),
            raw_items=(),
            malformed=(item,),
            retries=response.metadata.attempts - 1,
            request_id=response.metadata.request_id,
        )

    async def _item_by_item(self, response: RawResponse) -> tuple[PageT, Sequence[bytes], tuple[MalformedItem, ...]]:
        """Return the page without the items that cannot be decoded, the JSON of those it has, and the malformed ones.

        Raises:
            DecodeError: something other than an item is wrong with the page.
        """
        key = self.listing.pagination.result_key
        response = await self.api.as_json(self.listing.pagination.operation, response)
        body = response.body or b""
        items, _ = await self.api.split_page(self.listing.pagination, response, body)

        async def page_of(some: Sequence[bytes]) -> PageT:
            reduced = attrs.evolve(response, body=jsontext.with_items(body, key, some))
            page: PageT = await self.api.decode(self.listing.pagination.operation, reduced)
            return page

        await page_of([])
        good: list[bytes] = []
        malformed: list[MalformedItem] = []
        for index, item in enumerate(items):
            await checkpoint()
            try:
                await page_of([item])
            except DecodeError as error:
                path = error.path.replace(f".{key}[0]", f".{key}[{index}]", 1)
                malformed.append(MalformedItem(raw=item, path=path, reason=error.reason, request_id=error.request_id))
            else:
                good.append(item)
        return await page_of(good), good, tuple(malformed)
