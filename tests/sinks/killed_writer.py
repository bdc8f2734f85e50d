"""A program that writes pages while it is killed at random moments, and resumes until the output is complete.

Each attempt is a forked process. It learns of earlier ones only from the state file, which has the position and the
number of the next page, and is replaced by a rename.

    python killed_writer.py OUTPUT STATE PAGES FLUSH_EVERY SEED MIN_KILLS
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import anyio
import pyarrow.parquet  # noqa: F401 - here once, and not in every attempt

from aiopartnercentral.sinks import open_sink
from tests.sinks.sample_pages import CLS, page

PAGES = {}


async def attempt(output, state, pages, every):
    """Write the missing pages, and save the state."""
    known = json.loads(state.read_text()) if state.exists() else {"position": None, "next": 0}
    sink = open_sink(output, cls=CLS)
    await sink.open(known["position"], run_id="this run")
    if known["position"] is None:
        keep(state, await sink.flush(), 0)
    for number in range(known["next"], pages):
        await sink.write(PAGES[number])
        if number % every == every - 1 or number == pages - 1:
            keep(state, await sink.flush(), number + 1)
    await sink.commit()


def keep(state, position, following):
    new = state.with_suffix(".new")
    new.write_text(json.dumps({"position": position, "next": following}))
    new.replace(state)


def main(output, state, pages, every, *, seed, least):
    """Print how many attempts were killed."""
    open_sink(output, cls=CLS)  # loads what every attempt needs
    dice = random.Random(seed)
    PAGES.update({n: page(n * 5, label=f"label {n % 7}/AWS") for n in range(pages)})
    began = time.monotonic()
    assert end_of(fork(output.with_name(f"plain.{output.name}"), state.with_suffix(".plain"), pages, every)) == 0
    patience, killed = time.monotonic() - began, 0
    # A complete run is run again, since a process may be killed between the commit and the saving of the state.
    for _ in range(5 * least):
        began = time.monotonic()
        status = end_of(fork(output, state, pages, every), began + dice.uniform(0, patience))
        assert status in (0, signal.SIGKILL), status
        killed += status != 0
        if status == 0:  # the first attempt may have taken longer than the others
            patience = min(patience, time.monotonic() - began)
        if killed == least:
            break
    assert end_of(fork(output, state, pages, every)) == 0
    print(killed)  # noqa: T201 - a script


def fork(output, state, pages, every):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            anyio.run(attempt, output, state, pages, every)
            code = 0
        finally:
            os._exit(code)
    return child


def end_of(child, deadline=float("inf")):
    """Wait for a process, kill it at the deadline, and return its status."""
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        if time.monotonic() >= deadline:
            os.kill(child, signal.SIGKILL)
            deadline = float("inf")
        time.sleep(0.001)


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[3:]]
    main(Path(sys.argv[1]), Path(sys.argv[2]), *numbers[:2], seed=numbers[2], least=numbers[3])
