"""Converters may be used by several threads at once, the first time as well."""

from __future__ import annotations

import subprocess
import sys

from tests.support.tasks import GUARD

ATTEMPTS = 6  # each crashes more often than not if threads make decoders at once
PROGRAM = """
import sys, threading

sys.setswitchinterval(1e-6)
from aiopartnercentral import account

cls, converter, together = account.ListConnectionsResponse, account.json_converter, threading.Barrier(12)


def decode():
    together.wait()
    converter.loads(b'{"ConnectionSummaries":[]}', cls)


threads = [threading.Thread(target=decode) for _ in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_may_decode_the_first_object_of_a_class_at_once() -> None:
    for _ in range(ATTEMPTS):
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=GUARD
        )
        assert (ended.returncode, ended.stderr) == (0, "")
