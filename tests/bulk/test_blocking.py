"""A collection is iterated over by code that is not async."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import anyio
import pytest
from anyio.from_thread import start_blocking_portal

from aiopartnercentral import SourcesFailedError, account
from aiopartnercentral.bulk import BlockingStream, Collection, Source
from aiopartnercentral.emulator import Emulator, Fault, Latency
from tests.support.bulk_sources import FAST, LISTING, of
from tests.support.emulators import serve_in_a_thread
from tests.support.tasks import GUARD

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


emulator = pytest.fixture(serve_in_a_thread, scope="module")


def collection(emulator: Emulator, *labels: str, **options) -> Collection[account.ConnectionSummary]:
    return Collection(LISTING, [of(emulator, label) for label in labels or ("a", "b")], limits=FAST, **options)


def test_it_gives_what_an_async_stream_gives(emulator) -> None:
    whole = collection(emulator)
    expected = anyio.run(whole.collect)
    with whole.blocking() as stream:
        given = list(stream)
        assert stream.report.complete
    assert sorted((str(origin), item.id) for origin, item in given) == sorted(
        (str(origin), item.id) for origin, item in expected
    )
    assert stream.report.items == 70


def test_raw_items_and_batches(emulator) -> None:
    with collection(emulator).raw().blocking() as stream:
        assert all(isinstance(item, bytes) for _, item in stream)
    with collection(emulator, "a").batches().blocking() as stream:
        assert [len(batch) for _, batch in stream] == [10, 10, 10, 5]


def test_the_report_counts_what_was_taken(emulator) -> None:
    with collection(emulator, "a").blocking() as stream:
        for _ in zip(range(13), stream, strict=False):
            pass
        assert stream.report.items == 13
    assert stream.report.items == 13
    assert not stream.report.complete


def test_a_checkpoint_resumes_after_an_early_exit(emulator, tmp_path) -> None:
    whole = collection(emulator, "a", checkpoint=tmp_path / "progress")
    with whole.blocking() as stream:
        first = [next(stream)[1].id for _ in range(10)]
    with whole.blocking() as stream:
        rest = [item.id for _, item in stream]
    assert len(first + rest) == len({*first, *rest}) == 35
    assert list(tmp_path.iterdir()) == []


def count(stream: BlockingStream[object]) -> int:
    return sum(1 for _ in stream)


def test_an_exception_of_the_block_propagates(emulator) -> None:
    stream = collection(emulator).blocking()

    def stop() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), stream:
        stop()
    assert not stream.report.complete


def test_the_failure_of_a_source_is_raised_at_the_end(emulator) -> None:
    sources = [of(emulator, "a"), Source("AWS", endpoint_url="http://127.0.0.1:9", label="down")]
    with (
        Collection(LISTING, sources, limits=FAST).blocking() as stream,
        pytest.raises(SourcesFailedError, match="1 source failed: down ListConnections"),
    ):
        count(stream)
    assert stream.report.items == 35


def test_it_is_open_only_inside_its_block_and_once(emulator) -> None:
    stream = collection(emulator).blocking()
    with pytest.raises(RuntimeError, match="once its `with` block is entered"):
        _ = stream.report
    with pytest.raises(RuntimeError, match="only inside its `with` block"):
        next(stream)
    with stream:
        next(stream)
    with pytest.raises(RuntimeError, match="only inside its `with` block"):
        next(stream)
    with pytest.raises(RuntimeError, match="only once"), stream:
        pass


async def _inside_a_loop(emulator: Emulator) -> int:
    with collection(emulator).blocking() as stream:
        return sum(1 for _ in stream)


def test_a_running_loop_does_not_matter(emulator) -> None:
    assert anyio.run(_inside_a_loop, emulator) == 70


def test_a_client_of_another_loop_is_refused(emulator) -> None:
    async def refused() -> None:
        async with account.connect(
            endpoint_url=emulator.endpoint_url, aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="not-a-secret"
        ) as client:
            with pytest.raises(ValueError, match="source mine has an open client"):
                Collection(LISTING, Source("AWS", client=client, label="mine")).raw().blocking()

    anyio.run(refused)


PROGRAM = """
import os, signal, sys, threading
from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, Source

whole = Collection(account.listings.list_connections(page_size=10), Source("AWS", endpoint_url=sys.argv[1]))

def fork(what):
    child = os.fork()
    if child == 0:
        try:
            what()
        except BaseException as error:
            print(type(error).__name__, error)
        finally:
            sys.stdout.flush()
            os._exit(0)
    os.waitpid(child, 0)

def collect():
    with whole.blocking() as stream:
        print(sum(1 for _ in stream))

with whole.blocking() as stream:
    for taken in range(1, 11):
        next(stream)
        if taken in (5, 10):  # in the middle of a page, and after it
            fork(lambda: next(stream))
    fork(collect)
    fork(lambda: stream.__exit__(None, None, None))
    print(10 + sum(1 for _ in stream))
print(threading.active_count())
"""


REFUSED = "RuntimeError the stream was opened before the process was forked: call `blocking()` in each process"


def run(program: str, emulator: Emulator, *arguments: str) -> subprocess.Popen[str]:
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}
    return subprocess.Popen(
        [sys.executable, "-c", program, emulator.endpoint_url, *arguments],
        env={**os.environ, **keys},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_forked_process_opens_a_stream_of_its_own(emulator) -> None:
    output, errors = run(PROGRAM, emulator).communicate(timeout=GUARD)
    assert (output.splitlines(), errors) == (
        [REFUSED, REFUSED, "35", "35", "1"],
        "",
    )


INTERRUPTED = """
import signal, sys, threading
from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, Source

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background process ignores it otherwise
whole = Collection(account.listings.list_connections(page_size=10), Source("AWS", endpoint_url=sys.argv[1]))
try:
    with whole.blocking() as stream:
        for _ in range(10):
            next(stream)
        print("waiting", flush=True)
        next(stream)
except KeyboardInterrupt:
    print(stream.report.items, threading.active_count())
"""


def test_an_interrupt_ends_everything() -> None:
    slow = Emulator({"AWS": 35}, faults=[Fault(Latency(seconds=60), calls="2-")])
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(slow) as emulator:
        process = run(INTERRUPTED, emulator)
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=GUARD)
    assert (output, errors) == ("10 1\n", "")


AT_EACH_LINE = """
import os, sys, threading, time
from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, Source

FILES = tuple(os.path.join(*names, "blocking.py") for names in (("aiopartnercentral", "_utils"), ("bulk",)))
whole = Collection(account.listings.list_connections(page_size=20), Source("AWS", endpoint_url=sys.argv[1]))
interrupted = []  # the lines, of which each run interrupts one

def collect():
    with whole.blocking() as stream:
        for _ in stream:
            pass

def trace(frame, event, argument):
    return at_line if frame.f_code.co_filename.endswith(FILES) else None

def at_line(frame, event, argument):
    line = (frame.f_code.co_qualname, frame.f_lineno)
    if event == "line" and runs > len(interrupted) and line not in interrupted:
        interrupted.append(line)
        raise KeyboardInterrupt
    return at_line

before = set(threading.enumerate())
runs = 0
while runs == len(interrupted):
    runs += 1
    sys.settrace(trace)
    try:
        collect()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(None)
    for thread in set(threading.enumerate()) - before:
        while thread.ident is None:  # another one is starting it, for the event loop
            time.sleep(0.001)
        thread.join(20)
        if thread.is_alive():
            sys.exit(f"{thread.name} was left by an interrupt in {interrupted[-1]}")
print(sorted({name.partition(".")[0] for name, _ in interrupted}))
"""


def test_an_interrupt_at_any_line_ends_the_thread(emulator) -> None:
    output, errors = run(AT_EACH_LINE, emulator).communicate(timeout=GUARD)
    assert (output, errors) == ("['Blocking', 'BlockingStream', 'Streams', '_EventLoopThread']\n", "")
