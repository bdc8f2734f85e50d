"""A process can be forked as soon as a blocking client is closed."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from aiopartnercentral._utils import ended_threads
from tests.support.tasks import GUARD

PROGRAM = """if True:
    import asyncio, os, ssl, threading
    from contextlib import asynccontextmanager
    from aiopartnercentral import blocking

    @asynccontextmanager
    async def opening():
        yield object()

    def thread():
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # OpenSSL has to free something when the thread ends
        return threading.get_native_id()

    async def threads(_):
        return {thread(), await asyncio.to_thread(thread)}

    for _ in range(200):
        with blocking(opening()) as call:
            ids = call(threads)
        left = ids & {int(each) for each in os.listdir("/proc/self/task")}
        assert not left, left
    print("done")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads are listed in /proc")
def test_no_thread_of_a_closed_block_is_left_in_the_operating_system() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=GUARD)
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_a_thread_that_does_not_end_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The id of an ended thread may be that of a new one, of which Python knows nothing."""
    monkeypatch.setattr(ended_threads, "_MOST_SECONDS", 0.01)
    monkeypatch.setattr(ended_threads, "running_threads", set)
    ended_threads.wait_for_ended({threading.get_native_id()})
