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
    request = context.request
    name = context.service.page_token(context.operation) or "NextToken"
    key = page_tokens.list_key(context.service.name, context.account, context.operation, request)
    start = page_tokens.read_token(key, request[name], name) if name in request else 0
    first = bisect_left(indices, start) if ascending else start
    wanted = indices[first : first + size]
    more = b""
    if first + size < len(indices):
        following = indices[first + size] if ascending else first + size
        more = b',"%b":%b' % (name.encode(), encode(page_tokens.make_token(key, following)))
    return b"".join((b'{"', result_key.encode(), b'":[', b",".join(summaries(wanted)), b"]", more, b"}"))
