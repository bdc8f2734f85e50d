"""Counts that do not depend on the speed of the machine: function calls, bytecode instructions, memory."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

import aiopartnercentral

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import FrameType

OURS = str(Path(aiopartnercentral.__file__).parent)


@attrs.define
class Calls:
    """How many functions were called: in Python, in Python and of this library, and in C."""

    python: int = 0
    ours: int = 0
    c: int = 0

    def note(self, frame: FrameType, event: str, _: object) -> None:
        """Count one event of the profiler."""
        if event == "call":
            self.python += 1
            self.ours += frame.f_code.co_filename.startswith(OURS)
        elif event == "c_call":
            self.c += 1


def calls(function: Callable[[], object]) -> Calls:
    """Count the calls that a function makes."""
    counted = Calls()
    sys.setprofile(counted.note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return counted


async def calls_of(function: Callable[[], Awaitable[object]]) -> Calls:
    """Count the calls until a coroutine is done, those of the event loop included."""
    counted = Calls()
    sys.setprofile(counted.note)
    try:
        await function()
    finally:
        sys.setprofile(None)
    return counted


def instructions(function: Callable[[], object]) -> int:
    """Count the bytecode instructions that a function takes."""
    counted: Counter[str] = Counter()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        counted[event] += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return counted["opcode"]


@attrs.frozen
class Memory:
    """Bytes that a function's result holds, and that were held at most until it was there."""

    result: int
    peak: int


def memory(function: Callable[[], object]) -> Memory:
    """Measure what a function allocates."""
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        result = function()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    del result
    return Memory(after - before, peak - before)
