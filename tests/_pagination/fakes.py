"""A service in memory, and what the tests of the fan-out share."""

from __future__ import annotations

import gc
from collections import Counter
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import attrs

from aiopartnercentral._pagination.page_fetcher import FetchedPage
from aiopartnercentral._pagination.paginator import Paginator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


class ServiceDownError(Exception):
    """A failure that says how often the request was sent."""

    def __init__(self, attempts: int = 1) -> None:
        super().__init__("the service is down")
        self.attempts = attempts


@attrs.define
class Script:
    """What one catalog answers: the sizes of its pages, and how it ends."""

    sizes: list[int]
    retries: int = 0
    error: BaseException | None = None
    """Raised in place of the page after the last one."""
    back_to: int | None = None
    """The last page's token leads back to this page, which is not the first."""
    delay: int = 0
    """Checkpoints that each request takes."""

    def items(self, catalog: str) -> list[str]:
        return [item for number in range(len(self.sizes)) for item in self.page(catalog, number)]

    def page(self, catalog: str, number: int) -> list[str]:
        return [f"{catalog}.{number}.{index}" for index in range(self.sizes[number])]

    def next_token(self, catalog: str, number: int) -> str | None:
        if number + 1 < len(self.sizes) or self.error is not None:
            return f"{catalog}/{number + 1}"
        return None if self.back_to is None else f"{catalog}/{self.back_to}"


@attrs.define
class Service:
    """Answers as scripted; a gate holds the answer to one request until it is set."""

    scripts: dict[str, Script]
    gates: dict[tuple[str, int], anyio.Event] = attrs.Factory(dict)
    requests: list[tuple[str, str | None]] = attrs.Factory(list)
    cancelled: list[tuple[str, str | None]] = attrs.Factory(list)
    failed: list[str] = attrs.Factory(list)
    in_flight: Counter[str] = attrs.Factory(Counter)
    peak: int = 0

    async def typed(self, catalog: str, token: str | None) -> FetchedPage[str, str]:
        self.requests.append((catalog, token))
        assert not self.in_flight[catalog], "two requests of one catalog at a time"
        self.in_flight[catalog] += 1
        self.peak = max(self.peak, self.in_flight.total())
        number = int(token.split("/")[1]) if token else 0
        script = self.scripts[catalog]
        try:
            for _ in range(script.delay):
                await anyio.lowlevel.checkpoint()
            if (catalog, number) in self.gates:
                await self.gates[catalog, number].wait()
        except anyio.get_cancelled_exc_class():
            self.cancelled.append((catalog, token))
            raise
        finally:
            self.in_flight[catalog] -= 1
        if number >= len(script.sizes) and script.error is not None:
            self.failed.append(catalog)
            raise script.error
        return FetchedPage(
            page=f"page {catalog}/{number}",
            items=script.page(catalog, number),
            next_token=script.next_token(catalog, number),
            retries=script.retries,
        )

    async def raw(self, catalog: str, token: str | None) -> FetchedPage[bytes, bytes]:
        fetched = await self.typed(catalog, token)
        return FetchedPage(
            page=fetched.page.encode(),
            items=[item.encode() for item in fetched.items],
            next_token=fetched.next_token,
            retries=fetched.retries,
        )

    def paginator(self, **options) -> Paginator[str, str]:
        options.setdefault("catalogs", list(self.scripts))
        return Paginator(Fetcher(self.typed, self.raw, options.pop("max_items", None)), **options)

    def items(self, *catalogs: str) -> list[tuple[str, str]]:
        return [
            (catalog, item) for catalog in catalogs or self.scripts for item in self.scripts[catalog].items(catalog)
        ]


@attrs.frozen
class Fetcher:
    """Fetches pages by a function, in both forms by the same one unless another is given."""

    typed: Callable[[str, str | None], Any]
    raw: Any = None
    max_items: int | None = None


def service(**sizes: list[int]) -> Service:
    """A service of catalogs that all come to a good end."""
    return Service({catalog: Script(sizes[catalog]) for catalog in sizes})


async def gather(stream, into, pause=anyio.lowlevel.checkpoint):
    """Append the entries of a stream one by one, so that those before an error are kept, and pause after each."""
    async for entry in stream:
        into.append(entry)
        await pause()


@asynccontextmanager
async def no_task_left() -> AsyncIterator[None]:
    """The block starts no task that outlives it, and leaves no stream for the collector to find open."""
    before = {task.id for task in anyio.get_running_tasks()}
    gc.freeze()  # the collector looks through what the block makes, and not through all else each time
    try:
        yield
        left = [task.name for task in anyio.get_running_tasks() if task.id not in before]
        assert not left
        gc.collect()
    finally:
        gc.unfreeze()


@contextmanager
def bounded() -> Iterator[None]:
    """A deadlock fails the test instead of stopping the suite; no result depends on the time."""
    with anyio.fail_after(30):
        yield
