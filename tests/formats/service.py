"""What the runs share: a server with listings that can fail, and collections of them."""

from __future__ import annotations

from contextlib import chdir, contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, Limits, Source
from tests.support.connections import connection
from tests.support.servers import Reply, scripted_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aiopartnercentral.sinks import Sink
    from tests.support.servers import Received, ScriptedServer

LIMITS = Limits(rate=10_000, concurrency=1, backoff=0.001, attempts=1)
FOREVER = timedelta(days=100_000)  # stored files are older each day
PAGES = 3
DENIED = Reply({"__type": "AccessDeniedException", "Message": "no"}, status=400)
CATALOGS = ("AWS", "Sandbox")


class Step(Protocol):
    """Writes or reads the files in a directory."""

    async def __call__(self, directory: Path) -> None: ...


@attrs.frozen
class Kind:
    """A file format.

    Attributes:
        version: the version that this release writes.
        begin: leaves files of this version in an empty directory.
        resume: raises an error unless the files can be read, and continue what they were written for.
    """

    version: int
    begin: Step
    resume: Step


@contextmanager
def listings(second: Reply | None = None) -> Iterator[ScriptedServer]:
    """Run a server of two catalogs with three pages of two connections; `second` replaces the second of Sandbox."""

    def answer(received: Received) -> Reply:
        catalog, number = received.body["Catalog"], int(received.body.get("NextToken", "0"))
        if second is not None and (catalog, number) == ("Sandbox", 1):
            return second
        following = {"NextToken": str(number + 1)} if number + 1 < PAGES else {}
        return Reply({"ConnectionSummaries": [connection(catalog, 2 * number + each) for each in (0, 1)], **following})

    with scripted_server() as server:
        server.answer = answer
        yield server


def collection(server: ScriptedServer, **options: Any) -> Collection[account.ConnectionSummary]:
    sources = [Source(catalog, endpoint_url=server.url, label=catalog, account=catalog) for catalog in CATALOGS]
    return Collection(account.listings.list_connections(page_size=2), sources, limits=LIMITS, **options)


def items(catalog: str) -> list[str]:
    """Return the ids of a catalog's items."""
    return [connection(catalog, number)["Id"] for number in range(2 * PAGES)]


async def interrupt(directory: Path, sink: Sink, checkpoint: str) -> None:
    """Stop a run that writes into a sink after all pages of one catalog and the first page of the other."""
    with listings(DENIED) as server, chdir(directory), suppress(account.AccessDeniedException):
        await collection(server, checkpoint=checkpoint, on_error="raise").into(sink)


async def complete(directory: Path, sink: Sink, checkpoint: str) -> None:
    """Resume that run, which requests the two other pages and no more."""
    options: dict[str, Any] = {"checkpoint": checkpoint, "checkpoint_max_age": FOREVER}
    with listings() as server, chdir(directory):
        report = await collection(server, **options).into(sink)
    assert report.resumes is not None
    requested = [(each.body["Catalog"], each.body["NextToken"]) for each in server.received]
    assert requested == [("Sandbox", "1"), ("Sandbox", "2")]
