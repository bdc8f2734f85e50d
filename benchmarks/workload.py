"""One workload of `python -m benchmarks compare`, run as a file by the Python of either checkout; public names alone.

`python -P workload.py CASE BODIES URL` prints a number, in seconds: of the wall clock for converting, of CPU otherwise.
BODIES is a file of pages as JSON lines; URL is where a server answers ListConnections.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiopartnercentral import account

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiopartnercentral import bulk

_PASSES = 9
_CALLS = 200
_CATALOGS = [f"Bench-50-pages-0-ms-{number}" for number in range(4)]
_ITEMS = len(_CATALOGS) * 50 * 100
_IDENTITY: dict[str, Any] = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}


def _seconds_a_page(bodies: list[Any], convert: Callable[[Any], object]) -> float:
    """Return the least time of several passes, by page; the first one warms up."""
    passes = []
    for _ in range(_PASSES + 1):
        began = time.perf_counter()
        for body in bodies:
            convert(body)
        passes.append(time.perf_counter() - began)
    return min(passes[1:]) / len(bodies)


def decode(bodies: list[bytes], _: str) -> float:
    """Decode on the fast path."""
    loads = account.json_converter.loads
    return _seconds_a_page(bodies, lambda body: loads(body, account.ListConnectionsResponse))


def decode_generally(bodies: list[bytes], _: str) -> float:
    """Decode on the general path, the converter's hooks: a hook for an unused class disables the fast path."""
    converter = account.make_json_converter()
    converter.register_structure_hook(account.PartnerSummary, lambda value, _: value)
    return _seconds_a_page(bodies, lambda body: converter.loads(body, account.ListConnectionsResponse))


def encode(bodies: list[bytes], _: str) -> float:
    """Encode pages as JSON."""
    converter = account.json_converter
    pages = [converter.loads(body, account.ListConnectionsResponse) for body in bodies]
    return _seconds_a_page(pages, converter.dumps)


def encode_for_botocore(bodies: list[bytes], _: str) -> float:
    """Encode pages as botocore's dicts."""
    pages = [account.json_converter.loads(body, account.ListConnectionsResponse) for body in bodies]
    return _seconds_a_page(pages, account.botocore_converter.unstructure)


def decode_from_botocore(bodies: list[bytes], _: str) -> float:
    """Decode pages from botocore's dicts."""
    converter = account.botocore_converter
    pages = [account.json_converter.loads(body, account.ListConnectionsResponse) for body in bodies]
    dicts = [converter.unstructure(page) for page in pages]
    return _seconds_a_page(dicts, lambda page: converter.structure(page, account.ListConnectionsResponse))


def cold_start(_: list[bytes], url: str) -> float:
    """Make the first call of a process; the caller times the process."""

    async def first() -> None:
        async with account.connect(endpoint_url=url, **_IDENTITY) as client:
            await client.list_connections(catalog=_CATALOGS[0], max_results=100)

    asyncio.run(first())
    return 0.0


def call(_: list[bytes], url: str) -> float:
    """Call for a page, again and again."""

    async def calls() -> float:
        async with account.connect(endpoint_url=url, **_IDENTITY) as client:
            await client.list_connections(catalog=_CATALOGS[0], max_results=100)
            began = time.process_time()
            for _ in range(_CALLS):
                await client.list_connections(catalog=_CATALOGS[0], max_results=100)
            return (time.process_time() - began) / _CALLS

    return asyncio.run(calls())


def paginate(_: list[bytes], url: str) -> float:
    """Collect four catalogs together."""

    async def collect() -> float:
        async with account.connect(endpoint_url=url, **_IDENTITY) as client:
            began, items = time.process_time(), 0
            async with client.paginate.list_connections(catalogs=_CATALOGS, page_size=100) as stream:
                async for _ in stream:
                    items += 1
            _check(items)
            return time.process_time() - began

    return asyncio.run(collect())


def into(_: list[bytes], url: str, *, checkpoint: bool = False, is_cbor: bool = False) -> float:
    """Collect four sources into a file."""
    from aiopartnercentral import bulk  # noqa: PLC0415 - a cold start has no use for it
    from aiopartnercentral.sinks import open_sink  # noqa: PLC0415 - as above

    async def collect(folder: Path) -> float:
        sources = [bulk.Source(name, endpoint_url=url, credentials=identity) for name in _CATALOGS]
        options: dict[str, Any] = {"limits": bulk.Limits(rate=100_000, concurrency=4)}
        if checkpoint:
            options["checkpoint"] = folder / "checkpoint"
        began = time.process_time()
        if is_cbor:
            from aiopartnercentral import revenue  # noqa: PLC0415 - older checkouts do not have it

            listing = revenue.listings.list_revenue_attributions(page_size=100)
            collection: Any = bulk.Collection([listing], sources, **options)
        else:
            collection = collection_of(sources, page_size=100, **options)
        report = await collection.into(open_sink(folder / "out.ndjson"))
        spent = time.process_time() - began
        _check(report.items)
        return spent

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(collect(Path(folder)))


async def identity() -> bulk.Credentials:
    """Return dummy credentials for a server that does not verify them."""
    from aiopartnercentral.bulk import Credentials  # noqa: PLC0415 - a cold start has no use for it

    return Credentials(access_key_id="any", secret_access_key="any")  # noqa: S106 - it opens nothing


def collection_of(
    sources: Sequence[bulk.Source],
    *,
    page_size: int,
    max_items: int | None = None,
    **options: Any,  # noqa: ANN401 - of a collection
) -> Any:  # noqa: ANN401 - the class has other parameters in an older checkout
    """Return a collection of connections, as this checkout or an older one makes it."""
    from aiopartnercentral.bulk import Collection  # noqa: PLC0415 - as above

    given: Any = account
    kind: Any = Collection
    if hasattr(given, "listings"):
        listing = given.listings.list_connections(page_size=page_size, max_items=max_items)
        return kind([listing], sources=sources, **options)
    listing = partial(given.Paginate.list_connections, page_size=page_size, max_items=max_items)
    return kind(account.Client, sources, listing, **options)


def _check(items: int) -> None:
    if items != _ITEMS:
        sys.exit(f"expected {_ITEMS} items, got {items}")


WORKLOADS: dict[str, Callable[[list[bytes], str], float]] = {
    "decode": decode,
    "general-decode": decode_generally,
    "encode": encode,
    "botocore-decode": decode_from_botocore,
    "botocore-encode": encode_for_botocore,
    "cold-start": cold_start,
    "call": call,
    "paginate": paginate,
    "into": into,
    "into-checkpoint": partial(into, checkpoint=True),
    "into-cbor": partial(into, is_cbor=True),
    "into-checkpoint-cbor": partial(into, checkpoint=True, is_cbor=True),
}

if __name__ == "__main__":
    name, file, address = sys.argv[1:]
    pages = Path(file).read_bytes().splitlines() if name.endswith("code") else []
    sys.stdout.write(f"{WORKLOADS[name](pages, address)}\n")
