"""Objects that a block opens, used without it: each error shows the block."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pickle import PicklingError
from typing import Any

import pytest

import aiopartnercentral
from aiopartnercentral import Blocking, Stream, account, blocking, bulk, emulator, selling, sinks
from aiopartnercentral._utils.needs_block import NeedsBlock, Opening
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


async def test_iterating_and_a_plain_with_block_show_the_right_block(misused: tuple[Any, str]) -> None:
    given, usage = misused
    with pytest.raises(TypeError, match=r"cannot be iterated over by `async for`: use ") as by_async_for:
        async for _ in given:
            pass
    with pytest.raises(TypeError, match=r"is neither iterable nor subscriptable: use ") as by_for:
        list(given)
    with pytest.raises(TypeError, match=r"cannot be entered by `with`: use ") as by_with, given:
        pass
    assert all(usage in str(caught.value) for caught in (by_async_for, by_for, by_with))


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


def test_the_object_of_a_blocking_block_shows_how_to_call() -> None:
    call: Any = blocking(account.connect())
    with pytest.raises(AttributeError, match=r"no attribute 'list_connections': use .*`call\(lambda client: client\.l"):
        call.list_connections(catalog="AWS")


async def test_libraries_do_not_take_them_for_something_else(misused: tuple[Any, str]) -> None:
    given, _ = misused
    assert not isinstance(given, Iterable)
    # Some libraries call a function and await its result if they can: this is risked for the usual mistake alone.
    assert isinstance(given, Awaitable) == isinstance(given, Opening)
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


def test_every_public_class_that_a_block_opens_says_so() -> None:
    # Streams are got by entering something else, or say themselves that they are not open; the command has a recorder.
    others = {Stream, WriteStream, bulk.ArrowStream, bulk.BlockingStream, bulk.BlockingArrowStream, emulator.Recorder}
    found = {
        each
        for module in (aiopartnercentral, account, bulk, emulator, sinks)
        for each in (getattr(module, name) for name in dir(module) if not name.startswith("_"))
        if inspect.isclass(each) and (hasattr(each, "__aenter__") or hasattr(each, "__enter__"))
    } - others
    assert {Emulator, ClientPool, Collection, Writes, Blocking, aiopartnercentral.Paginator} <= found
    assert [each for each in found if not issubclass(each, NeedsBlock)] == []
