"""Pages of listings, and their tokens."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from aiopartnercentral.emulator.operations import page_tokens
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aiopartnercentral.emulator.operations.context import RequestContext


def page(
    context: RequestContext,
    indices: Sequence[int],
    summaries: Callable[[Sequence[int]], Iterable[bytes]],
    *,
    result_key: str,
    size: int,
    ascending: bool = True,
) -> bytes:
    """Return one page of a listing.

    Arguments:
        context: the request; its page tokens are bound to service, account, operation and filters.
        indices: the indices of all items of the listing.
        summaries: returns the JSON of the items at some indices.
        result_key: the member of the response that holds the items.
        size: the size of a page.
        ascending: whether the indices ascend: then added or dropped items never shift a page, as a token has the index
            of an item. Otherwise, it has a position in the order.
    """
    key, start = _position(context)
    first = bisect_left(indices, start) if ascending else start
    following = None
    if first + size < len(indices):
        following = indices[first + size] if ascending else first + size
    return _page(context, key, summaries(indices[first : first + size]), result_key, following)


def page_of_matches(
    context: RequestContext,
    matches: Callable[[int, int], Sequence[int]],
    summaries: Callable[[Sequence[int]], Iterable[bytes]],
    *,
    result_key: str,
    size: int,
) -> bytes:
    """Return one page of a listing of which only this page is looked for.

    Arguments:
        context: the request.
        matches: returns the indices of the next items; gets the least index and the maximum number of items.
        summaries: returns the JSON of the items at some indices.
        result_key: the member of the response that holds the items.
        size: the size of a page.
    """
    key, start = _position(context)
    found = matches(start, size + 1)
    return _page(context, key, summaries(found[:size]), result_key, found[size] if len(found) > size else None)


def _position(context: RequestContext) -> tuple[bytes, int]:
    """Return the key of the listing of a request, and where its page begins."""
    request, name = context.request, _token_member(context)
    key = page_tokens.list_key(context.service.name, context.account, context.operation, request)
    return key, page_tokens.read_token(key, request[name], name) if name in request else 0


def _token_member(context: RequestContext) -> str:
    return context.service.page_token(context.operation) or "NextToken"


def _page(context: RequestContext, key: bytes, items: Iterable[bytes], result_key: str, following: int | None) -> bytes:
    token = _token_member(context).encode()
    more = b"" if following is None else b',"%b":%b' % (token, encode(page_tokens.make_token(key, following)))
    return b"".join((b'{"', result_key.encode(), b'":[', b",".join(items), b"]", more, b"}"))
