"""Objects that a block opens, used without it, and others used in a wrong way: each error shows the right way."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from pickle import PicklingError
from typing import Any

import pytest

import aiopartnercentral
from aiopartnercentral import Blocking, Items, Stream, account, blocking, bulk, emulator, selling, sinks
from aiopartnercentral._utils.needs_block import NeedsBlock, Opening, RefusesAwait, ShowsUsage
from aiopartnercentral.bulk import ClientPool, Collection, Source, Writes, WriteStream
from aiopartnercentral.emulator import Emulator

pytestmark = pytest.mark.anyio

COLLECTION = Collection(account.listings.list_connections(), ["AWS"])

Make = Callable[[account.Client], Any]
# What a user may have at hand without a block, and what the error shows.
OBJECTS: dict[str, tuple[Make, str]] = {
    "connect": (lambda _: account.connect(), "`async with account.connect(...) as client:`"),
    "connect of a service": (lambda _: selling.connect(), "`async with selling.connect(...) as client:`"),
    "lease": (lambda _: ClientPool().lease(Source("AWS"), account.Client), "`async with pool.lease(...) as client:`"),
    "pages": (lambda client: client.paginate.list_connections(catalog="AWS").pages(), "`async with pages as stream:`"),
    "raw": (lambda client: client.paginate.list_connections(catalog="AWS").raw(), "`async with pages as stream:`"),
    "collection": (lambda _: COLLECTION, "`async with collection as stream:`"),
    "batches": (lambda _: COLLECTION.batches(), "`with collection.blocking() as stream:` in code that is not async"),
    "arrow": (lambda _: COLLECTION.arrow(), "`async with collection.arrow() as stream:`"),
    "writes": (lambda _: Writes(selling.CreateOpportunityRequest, [], "AWS"), "`async with writes as stream:`"),
    "pool": (lambda _: ClientPool(), "`async with ClientPool(...) as pool:`"),
    "emulator": (lambda _: Emulator(), "`async with Emulator(...) as emulator:`"),
}


@pytest.fixture(params=OBJECTS)
def misused(request: pytest.FixtureRequest, client: account.Client) -> tuple[Any, str]:
    if request.param == "arrow":
        pytest.importorskip("pyarrow")
    make, usage = OBJECTS[request.param]
    return make(client), usage


async def test_other_uses_than_the_block_show_the_block(misused: tuple[Any, str]) -> None:
    given, usage = misused
    with pytest.raises(TypeError, match=r"cannot be iterated over by `async for`: use ") as by_async_for:
        async for _ in given:
            pass
    with pytest.raises(TypeError, match=r"is neither iterable nor subscriptable: use ") as by_for:
        list(given)
    with pytest.raises(TypeError, match=r"cannot be entered by `with`: use ") as by_with, given:
        pass
    assert all(usage in str(caught.value) for caught in (by_async_for, by_for, by_with))
    if isinstance(given, RefusesAwait):
        with pytest.raises(TypeError, match=r"cannot be awaited: use ") as by_await:
            await given
        assert usage in str(by_await.value)


async def test_an_attribute_of_what_it_opens_shows_the_block(misused: tuple[Any, str]) -> None:
    given, usage = misused
    name = "start" if isinstance(given, Emulator | ClientPool) else "list_connections"
    with pytest.raises(AttributeError, match=f"has no attribute '{name}': use ") as caught:
        getattr(given, name)
    assert usage in str(caught.value)
    assert (caught.value.name, caught.value.obj) == (name, given)


async def test_awaiting_the_result_of_connect_shows_the_block() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nothing was left that is never awaited
        with pytest.raises(TypeError, match=r"^account\.connect\(\.\.\.\) cannot be awaited: use `async .*blocking"):
            await account.connect()


async def test_a_paginator_shows_how_to_iterate(client: account.Client) -> None:
    paginator: Any = client.paginate.list_connections(catalog="AWS")
    with pytest.raises(TypeError, match=r"neither iterable .* use `async for item in paginator:`, `await paginator\.c"):
        list(paginator)
    with pytest.raises(AttributeError, match=r"no attribute 'report': use .*, or `async with paginator as stream:`"):
        _ = paginator.report
    with pytest.raises(TypeError, match=r"^'Paginator' object cannot be awaited: use .*`await paginator\.collect\(\)`"):
        await paginator


@pytest.mark.parametrize("name", ["to_arrow", "to_pandas", "to_polars"])
async def test_a_conversion_of_what_can_be_collected_shows_how_to_collect_it(client: account.Client, name: str) -> None:
    for given, collected in (
        (client.paginate.list_connections(catalog="AWS"), f"`(await paginator.collect()).{name}()`"),
        (COLLECTION, f"`(await collection.collect()).{name}()`, or `with collection.arrow().blocking() as stream:`"),
    ):
        with pytest.raises(AttributeError) as caught:
            getattr(given, name)
        assert f"has no attribute {name!r}: use {collected}" in str(caught.value)
    for rows in (COLLECTION.batches(), COLLECTION.raw()):  # which do not become a table
        with pytest.raises(AttributeError, match=f"has no attribute '{name}': use `async with collection as stream:`"):
            getattr(rows, name)


async def test_awaiting_something_with_a_list_shows_how_to_collect_it(client: account.Client) -> None:
    paginator: Any = client.paginate.list_connections(catalog="AWS")
    for given in (paginator, paginator.pages(), paginator.raw(), COLLECTION, COLLECTION.batches(), COLLECTION.raw()):
        with pytest.raises(TypeError, match=r"cannot be awaited: use .*`await \w+\.collect\(\)`"):
            await given


async def test_the_iterator_of_a_paginator_is_for_libraries_that_await_what_they_can(client: account.Client) -> None:
    paginator = client.paginate.list_connections(catalog="AWS")
    assert isinstance(paginator, AsyncIterable)
    assert isinstance(aiter(paginator), AsyncIterable)
    assert not isinstance(aiter(paginator), Awaitable)


async def test_open_async_streams_show_the_loop(client: account.Client) -> None:
    source = Source("AWS", client=client)
    collection = Collection(account.listings.list_connections(), [source])
    openings: list[tuple[Any, str]] = [
        (client.paginate.list_connections(catalog="AWS"), "`async for catalog, entry in stream:`"),
        (collection, "`async for origin, entry in stream:`"),
        (Writes(selling.CreateOpportunityRequest, [], "AWS"), "`async for key, result in stream:`"),
    ]
    if find_spec("pyarrow"):
        openings.append((collection.arrow(), "`async for batch in stream:`"))
    for opening, usage in openings:
        async with opening as stream:
            with pytest.raises(TypeError, match=r"is neither iterable nor subscriptable: use ") as by_for:
                list(stream)
            with pytest.raises(TypeError, match=r"cannot be awaited: use ") as by_await:
                await stream
        assert str(by_for.value).endswith(usage)
        assert str(by_await.value).endswith(usage)


async def test_streams_for_other_code_show_their_plain_block() -> None:
    streams: list[tuple[Any, str]] = [
        (COLLECTION.blocking(), "`with collection.blocking() as stream:`"),
        (blocking(account.connect()), "`with blocking(...) as call:`"),
    ]
    if find_spec("pyarrow"):
        streams.append((COLLECTION.arrow().blocking(), "`with collection.arrow().blocking() as stream:`"))
    for stream, usage in streams:
        with pytest.raises(TypeError, match=r"cannot be awaited: use ") as by_await:
            await stream
        with pytest.raises(TypeError, match=r"cannot be iterated over by `async for`: use ") as by_async_for:
            async for _ in stream:
                pass
        with pytest.raises(TypeError, match=r"cannot be entered by `async with`: use ") as by_async_with:
            async with stream:
                pass
        assert all(usage in str(caught.value) for caught in (by_await, by_async_for, by_async_with))


async def test_a_listing_shows_what_collects_it() -> None:
    engagements = selling.listings.list_engagements()
    members = engagements.each(selling.listings.list_engagement_members, {"identifier": "id"})
    usage = r"use `client\.paginate\(listing, catalogs=\.\.\.\)`, or `Collection\(listing, sources=\.\.\.\)`$"
    listings: list[tuple[Any, str]] = [(engagements, usage), (members, r"use `Collection\(listing, sources=\.\.\.\)`$")]
    for listing, shown in listings:
        with pytest.raises(TypeError, match=f"cannot be awaited: {shown}"):
            await listing
        with pytest.raises(TypeError, match=f"cannot be iterated over by `async for`: {shown}"):
            async for _ in listing:
                pass
        with pytest.raises(TypeError, match=f"is neither iterable nor subscriptable: {shown}"):
            list(listing)
        with pytest.raises(TypeError, match=f"cannot be entered by `async with`: {shown}"):
            async with listing:
                pass
        assert not isinstance(listing, Iterable)


def test_the_object_of_a_blocking_block_shows_how_to_call() -> None:
    call: Any = blocking(account.connect())
    with pytest.raises(AttributeError, match=r"no attribute 'list_connections': use .*`call\(lambda client: client\.l"):
        call.list_connections(catalog="AWS")


async def test_libraries_do_not_take_them_for_something_else(misused: tuple[Any, str]) -> None:
    given, _ = misused
    assert not isinstance(given, Iterable)
    # Some libraries call a function and await its result if they can: this is risked for usual mistakes alone.
    assert isinstance(given, Awaitable) != isinstance(given, Emulator | ClientPool)
    with suppress(PicklingError):
        assert type(copy.copy(given)) is type(given)


def test_a_misspelt_attribute_of_a_running_object_is_pythons_own_error() -> None:
    for given in (Emulator(), ClientPool()):
        with pytest.raises(AttributeError, match=f"^'{type(given).__name__}' object has no attribute 'latencyy'$"):
            getattr(given, "latencyy")  # noqa: B009 - type checkers refuse it


async def test_wrong_options_of_connect_are_refused_by_the_call_itself() -> None:
    with pytest.raises(TypeError, match="did you mean endpoint_url"):
        account.connect(endpoint="http://127.0.0.1")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="source must be"):
        ClientPool().lease("AWS", account.Client)  # type: ignore[arg-type]


async def test_the_result_of_connect_opens_one_client() -> None:
    opening = account.connect()
    assert repr(opening).startswith("<account.connect(...): use `async with account.connect(...) as client:`")
    async with opening as client:
        assert isinstance(client, account.Client)
    with pytest.raises(RuntimeError, match=r"the result of account\.connect\(\.\.\.\) can be entered only once: call"):
        await opening.__aenter__()


async def test_the_block_may_suppress_an_error() -> None:
    @asynccontextmanager
    async def suppressing() -> AsyncIterator[int]:
        with suppress(ZeroDivisionError):
            yield 1

    async with Opening(suppressing(), "f()", "`async with f():`") as value:
        raise ZeroDivisionError
    assert value == 1


def test_every_public_class_with_a_block_or_a_loop_says_how_to_use_it() -> None:
    protocols = ("__enter__", "__aenter__", "__aiter__", "__next__")
    found = {
        each
        for module in (aiopartnercentral, account, bulk, emulator, sinks)
        for each in (getattr(module, name) for name in dir(module) if not name.startswith("_"))
        if inspect.isclass(each) and any(hasattr(each, name) for name in protocols)
    } - {emulator.Recorder, Items}  # the command has the former, and libraries that await what they can need the latter
    assert {Emulator, ClientPool, Collection, Writes, Blocking, aiopartnercentral.Paginator} <= found
    assert {Stream, WriteStream, bulk.ArrowStream, bulk.BlockingStream, bulk.BlockingArrowStream} <= found
    assert [each for each in found if not issubclass(each, ShowsUsage)] == []
    # Streams are got by entering something else, or say themselves that they are not open.
    is_opened = {each for each in found if not each.__name__.endswith(("Stream", "Listing"))}
    assert [each for each in is_opened if not issubclass(each, NeedsBlock)] == []
