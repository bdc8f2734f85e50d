"""What a worker is told to do and what it answers, each a line of JSON."""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class Decode(msgspec.Struct, frozen=True, tag=True):
    """Decode every distinct page, and that some times; the answer's `items` counts them all."""

    times: int


class Collect(msgspec.Struct, frozen=True, tag=True):
    """Collect catalogs at once, counting their items."""

    catalogs: list[str]


class WatchStalls(msgspec.Struct, frozen=True, tag=True):
    """Collect catalogs; `samples` are the longest gaps between two turns of the event loop, in seconds, one a page."""

    catalogs: list[str]


class WatchMemory(msgspec.Struct, frozen=True, tag=True):
    """Collect catalogs after a warm-up; `samples` are resident memory's growth in bytes: the peak, and the last."""

    warm_up: list[str]
    catalogs: list[str]


class Identify(msgspec.Struct, frozen=True, tag=True):
    """Collect one catalog, or decode one page, and name what came."""

    catalog: str


class Measured(msgspec.Struct, frozen=True, tag=True):
    """How long a task took in seconds, how many items it gave, and what was watched beside that."""

    seconds: float
    items: int
    samples: list[float] = []


class Identified(msgspec.Struct, frozen=True, tag=True):
    """The identifiers of the items, in their order."""

    ids: list[str]


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The worker has started."""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The task failed, or the worker could not start."""

    reason: str


Task: TypeAlias = Decode | Collect | WatchStalls | WatchMemory | Identify
Reply: TypeAlias = Measured | Identified | Ready | Failed
