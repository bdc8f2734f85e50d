"""Clients are used by code that is not async."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from anyio.from_thread import start_blocking_portal

from aiopartnercentral import account, blocking
from aiopartnercentral.emulator import Emulator, Fault, Latency
from tests.support.emulators import serve_in_a_thread
from tests.support.tasks import GUARD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


emulator = pytest.fixture(serve_in_a_thread, scope="module")


def connect(emulator: Emulator) -> AbstractAsyncContextManager[account.Client]:
    keys: dict[str, Any] = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret"}
    return account.connect(endpoint_url=emulator.endpoint_url, **keys)


def first_page(emulator: Emulator) -> int:
    with blocking(connect(emulator)) as call:
        return len(call(lambda client: client.list_connections(catalog="AWS", max_results=10)).connection_summaries)


def test_a_page_and_whole_catalogs(emulator) -> None:
    with blocking(connect(emulator)) as call:
        page = call(lambda client: client.list_connections(catalog="AWS", max_results=10))
        everything = call(lambda client: client.paginate.list_connections(catalogs=["AWS"]).collect())
    assert len(page.connection_summaries) == 10
    assert len(everything) == 35
    assert everything.report.complete


def test_a_running_loop_does_not_matter(emulator) -> None:
    async def inside() -> int:
        await anyio.lowlevel.checkpoint()
        return first_page(emulator)

    assert anyio.run(inside) == 10


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
@pytest.mark.parametrize("where", ["function", "observer"])
def test_a_function_that_ends_the_program_is_raised_as_it_is(emulator, error, where, monkeypatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def end(*_: object) -> Any:
        raise error

    keys: dict[str, Any] = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret"}
    observer = end if where == "observer" else None
    manager = account.connect(endpoint_url=emulator.endpoint_url, observer=observer, **keys)
    with pytest.raises(type(error)) as caught, blocking(manager) as call:
        call(end if where == "function" else lambda client: client.list_connections(catalog="AWS"))
    assert caught.value is error


def test_an_error_is_raised_as_it_is_and_further_calls_are_answered(emulator) -> None:
    with blocking(connect(emulator)) as call:
        with pytest.raises(account.ResourceNotFoundException):
            call(lambda client: client.get_connection(catalog="AWS", identifier="pac-aaaaaaaaaaaaa"))
        assert call(lambda client: client.list_partners(catalog="AWS")).partner_summary_list
        with pytest.raises(account.ResourceNotFoundException), blocking(connect(emulator)) as inner:
            inner(lambda client: client.get_connection(catalog="AWS", identifier="pac-aaaaaaaaaaaaa"))


def test_only_functions_that_return_awaitables_are_called(emulator) -> None:
    with blocking(connect(emulator)) as call:
        wrong: Any = lambda client: client.paginate.list_connections(catalog="AWS")  # noqa: E731 - as callers do
        with pytest.raises(TypeError, match=r"result of function must be awaitable, such as .*\.collect\(\), not a "):
            call(wrong)
        not_a_function: Any = "list_connections"
        with pytest.raises(TypeError, match=r"function must be a function, such as .*, not a string"):
            call(not_a_function)
        assert call(lambda client: client.list_partners(catalog="AWS")).partner_summary_list


def test_several_threads_call_at_once(emulator) -> None:
    met = threading.Barrier(3, timeout=GUARD)

    async def meet(client: account.Client) -> int:
        await anyio.to_thread.run_sync(met.wait)  # passes once all three calls run
        return len((await client.list_connections(catalog="AWS", max_results=10)).connection_summaries)

    with blocking(connect(emulator)) as call, ThreadPoolExecutor(3) as threads:
        assert [*threads.map(call, [meet] * 3)] == [10] * 3


def test_it_is_open_only_inside_its_block_and_once(emulator) -> None:
    call = blocking(connect(emulator))
    with pytest.raises(RuntimeError, match="the client is open only inside its `with` block"):
        call(lambda client: client.list_connections(catalog="AWS"))
    with call:
        pass
    with pytest.raises(RuntimeError, match="the client is open only inside its `with` block"):
        call(lambda client: client.list_connections(catalog="AWS"))
    with pytest.raises(RuntimeError, match="a client can be entered only once; call `blocking"), call:
        pass


def test_it_can_be_kept_open_without_a_block(emulator) -> None:
    call = blocking(connect(emulator)).open()
    for _ in range(2):
        assert call(lambda client: client.list_connections(catalog="AWS")).connection_summaries
    with pytest.raises(RuntimeError, match="a client can be entered only once; call `blocking"):
        call.open()
    assert repr(call) == "<blocking client, open>"
    call.close()
    call.close()
    assert repr(call) == "<blocking client, closed>"
    with pytest.raises(RuntimeError, match=r"^the client is open only from `open\(\)` until `close\(\)`$"):
        call(lambda client: client.list_connections(catalog="AWS"))
    assert not call.is_open


def test_a_client_to_which_nothing_refers_is_closed(emulator) -> None:
    before = set(threading.enumerate())
    call = blocking(connect(emulator)).open()
    (thread,) = (each for each in set(threading.enumerate()) - before if each.name == "aiopartnercentral")
    del call
    thread.join(GUARD)
    assert not thread.is_alive()


@pytest.mark.parametrize("fails", ["opening", "block"])
def test_a_client_whose_block_has_failed_is_released(fails) -> None:
    @asynccontextmanager
    async def manager() -> AsyncIterator[Any]:
        await anyio.lowlevel.checkpoint()
        if fails == "opening":
            raise ZeroDivisionError
        yield 1

    call = blocking(manager())
    seen = weakref.ref(call)
    with pytest.raises(ZeroDivisionError), call:
        raise ZeroDivisionError
    del call
    gc.collect()
    assert seen() is None


def test_a_client_that_cannot_be_opened() -> None:
    with pytest.raises(ValueError, match="endpoint_url must be a URL"), blocking(account.connect(endpoint_url="x")):
        pass
    given: Any = account.connect
    with pytest.raises(TypeError, match=r"manager must be .* account.connect\(\) returns, not a function"):
        blocking(given)


PROGRAM = """
import os, sys, threading
from aiopartnercentral import account, blocking

try:
    with blocking(account.connect(endpoint_url=sys.argv[1])) as call:
        child = os.fork()
        if child == 0:
            try:
                call(lambda client: client.list_partners(catalog="AWS"))
            except RuntimeError as error:
                print(error, flush=True)
            call.__exit__(None, None, None)
            os._exit(0)
        os.waitpid(child, 0)
        print("waiting", flush=True)
        call(lambda client: client.list_connections(catalog="AWS"))
except KeyboardInterrupt:
    print("interrupted", threading.active_count())
"""


def test_an_interrupt_ends_everything_and_a_fork_uses_nothing_of_it() -> None:
    slow = Emulator({"AWS": 35}, faults=[Fault(Latency(seconds=60))])
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(slow) as emulator:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROGRAM, emulator.endpoint_url],  # of the fork
            env={**os.environ, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        forked = process.stdout.readline()
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=GUARD)
    assert forked == "the client was opened before the process was forked: call `blocking()` in each process\n"
    assert (output, errors) == ("interrupted 1\n", "")


LATE = """
import sys
from concurrent.futures import Future
from aiopartnercentral import account, blocking

result = Future.result

def late(future, timeout=None):
    if str(future.exception(timeout) or result(future)) == "mine":  # it has ended
        raise KeyboardInterrupt
    return result(future)

async def end(client):
    if sys.argv[2] == "error":
        raise ValueError("mine")
    return "mine"

keys = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret"}
try:
    with blocking(account.connect(endpoint_url=sys.argv[1], **keys)) as call:
        Future.result = late
        call(end)
except KeyboardInterrupt:
    print("interrupted", call.is_open)
"""


@pytest.mark.parametrize("way", ["result", "error"])
def test_an_interrupt_just_after_a_call_has_ended_closes_the_client(emulator, way) -> None:
    command = [sys.executable, "-c", LATE, emulator.endpoint_url, way]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=GUARD, check=False)
    assert (ended.stdout, ended.stderr) == ("interrupted False\n", "")


NO_FORK: dict[str, Any] = {"condition": not hasattr(os, "fork"), "reason": "the system cannot fork"}
ENDING = """
import os, sys
from aiopartnercentral import account, blocking
from aiopartnercentral.bulk import Collection, Limits, Source

url, way = sys.argv[1:]
keys = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret"}
os.environ.update(AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY="not-a-secret")
call = blocking(account.connect(endpoint_url=url, **keys))
call.__enter__()
listing, source = account.listings.list_connections(page_size=1), Source("AWS", endpoint_url=url)
stream = Collection(listing, source, limits=Limits(rate=0.5)).blocking()
stream.__enter__()
next(stream)
if way == "forked" and os.fork():
    code = os.waitstatus_to_exitcode(os.wait()[1])
    print("the child ended with", code)
if way == "error":
    raise ValueError("mine")
"""


@pytest.mark.parametrize("way", ["end", "error", pytest.param("forked", marks=pytest.mark.skipif(**NO_FORK))])
def test_a_process_ends_although_the_block_was_never_left(emulator, way) -> None:
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", ENDING, emulator.endpoint_url, way]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=GUARD, check=False)
    assert ended.returncode == (way == "error"), ended.stderr
    last = ended.stderr.strip().splitlines()[-1:]
    assert last == (["ValueError: mine"] if way == "error" else [])
    assert ("the child ended with 0" in ended.stdout) == (way == "forked")
