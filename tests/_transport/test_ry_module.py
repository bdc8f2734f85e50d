"""ry is loaded so that it can be used in any thread, and refused in a process that it would not work in."""

from __future__ import annotations

import os
import subprocess
import sys
from textwrap import dedent

import pytest

from tests.support.hostile_server import hostile_server, sending
from tests.support.tasks import GUARD

PAGE = b'HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n{"ConnectionSummaries": []}'
NEEDS_FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
COMMON = dedent("""
    import asyncio, os, sys, threading
    from aiopartnercentral import account
    from aiopartnercentral._transport.http.ry_module import load_ry
    from aiopartnercentral.bulk import Collection

    OPTIONS = {"http_client": "ry", "aws_access_key_id": "a", "aws_secret_access_key": "b"}

    def connect():
        return account.connect(endpoint_url=sys.argv[1], **OPTIONS)

    async def call():
        async with connect() as client:
            await client.list_connections(catalog="AWS")

    def in_thread(function):
        thread = threading.Thread(target=function)
        thread.start()
        thread.join()

    def lasting():
        return sum(each.name == "aiopartnercentral-ry" for each in threading.enumerate())
""")
BLOCKING = """
from aiopartnercentral import blocking
for _ in range(3):
    with blocking(connect()) as client:
        client(lambda opened: opened.list_connections(catalog="AWS"))
"""
COLLECTIONS = """
os.environ.update(AWS_ENDPOINT_URL=sys.argv[1], AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b")
collection = Collection(account.listings.list_connections(), ["AWS"], http_client="ry")
for each in (collection, collection.arrow(), collection):
    with each.blocking() as stream:
        assert not [*stream]
    assert stream.report.complete, stream.report
"""
THREADS = """
for _ in range(5):
    in_thread(lambda: asyncio.run(call()))
"""
MAIN_AFTER_THREAD = """
in_thread(lambda: asyncio.run(call()))
asyncio.run(call())
"""
AT_ONCE = """
threads = [threading.Thread(target=lambda: asyncio.run(call())) for _ in range(4)]
for each in threads:
    each.start()
for each in threads:
    each.join()
in_thread(lambda: asyncio.run(call()))
assert lasting() == 1
"""
OWN_IMPORT = """
import ry
in_thread(lambda: asyncio.run(call()))
asyncio.run(call())
"""
MAIN_THREAD = """
asyncio.run(call())
in_thread(lambda: asyncio.run(call()))
assert lasting() == 0
"""
PROGRAMS = {
    "blocking clients": BLOCKING,
    "collections": COLLECTIONS,
    "threads one after another": THREADS,
    "the main thread after another": MAIN_AFTER_THREAD,
    "threads at once": AT_ONCE,
    "after the program's own import": OWN_IMPORT,
    "the main thread first": MAIN_THREAD,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_threads_that_end_use_it(name: str) -> None:
    assert run(f"{COMMON}{PROGRAMS[name]}\nprint('done')") == ("done\n", "", 0)


def test_a_process_ends_at_once_although_a_thread_stays() -> None:
    program = "import threading; from aiopartnercentral._transport.http.ry_module import load_ry\n{}"
    endings = (
        "thread = threading.Thread(target=load_ry); thread.start(); thread.join()",
        "threading.Thread(target=load_ry, daemon=True).start()",  # perhaps while it is loaded
        "threading.Thread(target=load_ry).start()",
    )
    for ending in endings * 3:
        assert run(program.format(ending)) == ("", "", 0)


def test_a_missing_package_is_named_in_any_thread_and_can_be_installed_later() -> None:
    program = """
def load():
    try:
        load_ry()
    except ImportError as error:
        print(error)

sys.modules["ry"] = None
in_thread(load)
assert lasting() == 0
del sys.modules["ry"]
in_thread(load)
assert lasting() == 1
"""
    out, err, code = run(COMMON + program)
    assert (out.partition(" (")[0], out.count("\n"), err, code) == ("this needs ry: pip install ry", 1, "", 0)


@NEEDS_FORK
def test_a_fork_while_it_is_loaded_waits() -> None:
    program = """
threading.Thread(target=load_ry).start()
while "ry" not in sys.modules:
    pass
child = os.fork()
if not child:
    import ry  # with its lock held by a thread that the child does not have, this would never end
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    out, err, code = run(COMMON + program, "-W", "ignore::DeprecationWarning")
    assert (out, err, code) == ("7\n", "", 0)


@NEEDS_FORK
@pytest.mark.parametrize("first", ["asyncio.run(call())", "load_ry()", "in_thread(load_ry)"])
def test_a_forked_process_is_refused_before_anything_else_is_made(first: str) -> None:
    program = f"""
{first}
child = os.fork()
if not child:
    before = set(sys.modules)
    os.environ.update(AWS_PROFILE="missing", AWS_CONFIG_FILE=os.devnull)
    del OPTIONS["aws_access_key_id"], OPTIONS["aws_secret_access_key"]
    try:
        asyncio.run(call())
    except RuntimeError as error:
        print(error, flush=True)
        os._exit(7 if "botocore.session" not in set(sys.modules) - before else 1)
    os._exit(2)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    out, err, code = run(COMMON + program, "-W", "ignore::DeprecationWarning")
    assert out.splitlines()[1:] == ["7"], err
    assert "after its parent had loaded the HTTP client ry" in out
    assert "start processes by spawn or forkserver" in out
    assert "asyncio" not in out
    assert (err, code) == ("", 0)


def run(program: str, *options: str) -> tuple[str, str, int]:
    """Return what a program has written, and its exit code; its argument is the URL of a server with an empty page."""
    with hostile_server(sending(PAGE)) as server:
        command = [sys.executable, *options, "-c", program, server.url]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=GUARD)
    return done.stdout, done.stderr, done.returncode
