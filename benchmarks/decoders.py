"""The decoders of a page; each is imported when a worker needs it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
import msgspec
import orjson

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

OURS = "ours"
OURS_BY_HOOKS = "ours, with own hooks"
STOCK = "botocore's parser"
TUNED = "botocore's parser, tuned"
CATTRS = "cattrs after orjson"
STRUCTS = "msgspec, its own Structs"
ORJSON = "orjson, untyped"
MSGSPEC = "msgspec, untyped"

Loads: TypeAlias = "Callable[[bytes], Any]"
"""Decodes a body; `Any` because each decoder gives something else."""


@attrs.frozen
class Decoder:
    """A way to decode a page.

    Attributes:
        loads: decodes a body.
        items: returns the items of a decoded page.
        identifier: returns the identifier of an item.
        dumps: encodes a decoded page; None if encoding is not measured.
    """

    loads: Loads
    items: Callable[[Any], list[Any]]
    identifier: Callable[[Any], str]
    dumps: Callable[[Any], bytes] | None = None


@asynccontextmanager
async def open_decoder(name: str) -> AsyncIterator[Decoder]:
    """Load the decoder of this name."""
    yield _decoder(name)


def _decoder(name: str) -> Decoder:
    loads, dumps = _LOADERS[name](), _ENCODERS.get(name, lambda: None)()
    if name in (OURS, OURS_BY_HOOKS):
        return Decoder(loads, _typed_items, attrgetter("id"), dumps)
    if name in (STRUCTS, CATTRS):
        return Decoder(loads, attrgetter("connection_summaries"), attrgetter("id"), dumps)
    return Decoder(loads, itemgetter("ConnectionSummaries"), itemgetter("Id"), dumps)


def _typed_items(page: Any) -> list[Any]:  # noqa: ANN401 - what it is, is the question
    """Return the items of this library's page, after checking their classes."""
    from aiopartnercentral import account  # noqa: PLC0415 - one client a process

    if type(page) is not account.ListConnectionsResponse:
        raise TypeError(f"a page is a {type(page).__name__}")
    items: list[Any] = page.connection_summaries
    for item in items:
        if type(item) is not account.ConnectionSummary:
            raise TypeError(f"an item is a {type(item).__name__}")
    return items


def _ours() -> Loads:
    from aiopartnercentral import account  # noqa: PLC0415 - one client a process

    return lambda body: account.json_converter.loads(body, account.ListConnectionsResponse)


def _ours_by_hooks() -> Loads:
    from aiopartnercentral import account  # noqa: PLC0415 - one client a process

    converter = account.make_json_converter()
    # The hook's class is not in these pages: any hook disables the fast functions.
    converter.register_structure_hook(account.PartnerSummary, lambda value, _: value)
    return lambda body: converter.loads(body, account.ListConnectionsResponse)


def _stock() -> Loads:
    return _botocore()


def _tuned() -> Loads:
    return _botocore(timestamp_parser=datetime.fromisoformat)


def _botocore(**defaults: Callable[[str], datetime]) -> Loads:
    from botocore.model import ServiceModel  # noqa: PLC0415 - one client a process
    from botocore.parsers import JSONParser  # noqa: PLC0415 - one client a process

    from aiopartnercentral._utils import model_data  # noqa: PLC0415 - one client a process

    model: Any = ServiceModel(model_data.load("partnercentral-account", "2025-04-04"))
    shape = model.operation_model("ListConnections").output_shape
    parser: Any = JSONParser(**defaults)
    return lambda body: parser.parse({"status_code": 200, "headers": {}, "body": body}, shape)


def _cattrs() -> Loads:
    from benchmarks.cattrs_classes import Page, make_converter  # noqa: PLC0415 - one client a process

    converter = make_converter()
    return lambda body: converter.structure(orjson.loads(body), Page)


def _structs() -> Loads:
    from benchmarks.msgspec_structs import Page  # noqa: PLC0415 - one client a process

    return msgspec.json.Decoder(Page).decode


def _orjson() -> Loads:
    return orjson.loads


def _msgspec() -> Loads:
    return msgspec.json.decode


_LOADERS: dict[str, Callable[[], Loads]] = {
    OURS: _ours,
    OURS_BY_HOOKS: _ours_by_hooks,
    STOCK: _stock,
    TUNED: _tuned,
    CATTRS: _cattrs,
    STRUCTS: _structs,
    ORJSON: _orjson,
    MSGSPEC: _msgspec,
}
DECODERS = tuple(_LOADERS)


def _ours_dumps() -> Callable[[Any], bytes]:
    from aiopartnercentral import account  # noqa: PLC0415 - one client a process

    return account.json_converter.dumps


_ENCODERS: dict[str, Callable[[], Callable[[Any], bytes] | None]] = {
    OURS: _ours_dumps,
    STRUCTS: lambda: msgspec.json.encode,
    ORJSON: lambda: orjson.dumps,
}
ENCODERS = tuple(_ENCODERS)
