"""Compares how clients handle unusual responses; the command `python -m benchmarks.unusual_responses` prints a table.

Each client asks the emulator, which injects one fault into each case. A cell says what the program gets, and how many
requests the emulator received. docs/comparison.md contains the table.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

import anyio.to_thread
import attrs

from aiopartnercentral.emulator import (
    CorruptItem,
    Emulator,
    Fault,
    RepeatedPageToken,
    Reset,
    ServerError,
    TruncatedBody,
    UnknownEnumValue,
    UnknownUnionMember,
)
from benchmarks.clients.settings import REGION, SERVICE, clean_environment, connection

LOOPS = 20  # pages of a listing of three pages, after which it is called endless
_KEYS = ("access_key", "secret_key")

Client = Callable[[str], Awaitable[list[Any]]]
"""Given the endpoint's URL, it returns the items of all pages, a dict or an object each."""


@attrs.frozen
class Case:
    """An unusual response.

    Attributes:
        title: what is unusual.
        fault: what the emulator does.
        show: what a program sees in the items.
    """

    title: str
    fault: Fault
    show: Callable[[list[Any]], str]


class EndlessError(Exception):
    """A listing does not end."""


async def ours(url: str) -> list[Any]:
    """Collect with a paginator of this library."""
    from aiopartnercentral import account  # noqa: PLC0415 - after the environment is set, like the others

    async with account.connect(**connection(url)) as client:
        return [item async for item in client.paginate.list_connections(catalog="AWS", page_size=1)]


async def aiobotocore(url: str) -> list[Any]:
    """Collect with aiobotocore's paginator."""
    from aiobotocore.session import get_session  # noqa: PLC0415

    items: list[Any] = []
    async with get_session().create_client(SERVICE, **connection(url)) as client:
        pages = client.get_paginator("list_connections").paginate(Catalog="AWS", PaginationConfig={"PageSize": 1})
        async for page in pages:
            _add(items, page["ConnectionSummaries"])
    return items


async def boto3(url: str) -> list[Any]:
    """Collect with boto3's paginator."""

    def collect() -> list[Any]:
        from boto3.session import Session  # noqa: PLC0415

        items: list[Any] = []
        client = Session().client(SERVICE, **connection(url))
        for page in client.get_paginator("list_connections").paginate(Catalog="AWS", PaginationConfig={"PageSize": 1}):
            _add(items, page["ConnectionSummaries"])
        return items

    return await anyio.to_thread.run_sync(collect)


async def capo(url: str) -> list[Any]:
    """Collect with capo's iterator."""
    from capo_partnercentral_account import AsyncPartnerCentralAccountClient  # noqa: PLC0415

    items: list[Any] = []
    credentials: Any = dict.fromkeys(_KEYS, "any")
    async with AsyncPartnerCentralAccountClient(endpoint=url, region=REGION, credentials=credentials) as client:
        async for item in client.iter_list_connections("AWS", max_results=1):
            _add(items, [item])
    return items


def _add(items: list[Any], more: list[Any]) -> None:
    items += more
    if len(items) > LOOPS:
        raise EndlessError


def _member(item: Any, name: str) -> Any:  # noqa: ANN401 - an object, or a dict in one of two spellings
    if not isinstance(item, dict):
        return getattr(item, name)
    return item.get(name, item.get(name.title().replace("_", "")))


def _identifiers(items: list[Any]) -> str:
    identifier = _member(items[0], "id")
    return f"all {len(items)} items; the first has {'no id' if identifier is None else f'the id `{identifier!r}`'}"


def _number(items: list[Any]) -> str:
    return f"all {len(items)} items"


def _participant(items: list[Any]) -> str:
    (first, *_) = _member(items[0], "connection_types").values()
    return f"`{_member(first, 'other_participant')!r}`"


def _status(items: list[Any]) -> str:
    (first, *_) = _member(items[0], "connection_types").values()
    return f"`{_member(first, 'status')!r}`"


CASES = [
    Case("an unknown union member", Fault(UnknownUnionMember(shape="Participant", everywhere=True)), _participant),
    Case("an unknown enum value", Fault(UnknownEnumValue(shape="ConnectionTypeStatus", everywhere=True)), _status),
    Case("a required member is missing", Fault(CorruptItem(member="Id"), calls="1"), _identifiers),
    Case("a member of the wrong type", Fault(CorruptItem(how="wrong_type", member="Id"), calls="1"), _identifiers),
    Case("the connection is reset once", Fault(Reset(), calls="1"), _number),
    Case("a body is cut once", Fault(TruncatedBody(), calls="1"), _number),
    Case("status 503 once", Fault(ServerError(status=503), calls="1"), _number),
    Case("a page repeats its own token", Fault(RepeatedPageToken()), _number),
    Case("tokens repeat in a loop of two pages", Fault(RepeatedPageToken(length=2)), _number),
]
CLIENTS: dict[str, Client] = {"aiopartnercentral": ours, "aiobotocore": aiobotocore, "boto3": boto3}
OPTIONAL: dict[str, Client] = {"capo-partnercentral-account": capo}


async def main() -> None:
    """Print the table."""
    clients = CLIENTS | {name: client for name, client in OPTIONAL.items() if _installed(name)}
    _print_row("", *(f"{name} {version(name)}" for name in clients))
    _print_row(*("---" for _ in ["", *clients]))
    for case in CASES:
        _print_row(case.title, *[await outcome(case, client) for client in clients.values()])


def _print_row(*cells: str) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


async def outcome(case: Case, client: Client) -> str:
    """Return what a program gets from a client in this case, and how many requests this took."""
    async with Emulator({"AWS": 3}, faults=[case.fault]) as emulator:
        try:
            result = case.show(await asyncio.wait_for(client(emulator.endpoint_url), timeout=60))
        except EndlessError:
            return "never ends"
        except Exception as error:  # noqa: BLE001 - whatever a client raises is an outcome
            result = f"`{type(error).__name__}`"
        requests = len(emulator.requests)
        return f"{result}; {requests} request{'s' * (requests != 1)}"


def _installed(name: str) -> bool:
    try:
        return bool(version(name))
    except ModuleNotFoundError:
        return False


if __name__ == "__main__":
    environment = clean_environment()
    os.environ.clear()
    os.environ.update(environment)
    asyncio.run(main())
