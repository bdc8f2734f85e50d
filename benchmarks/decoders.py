"""The decoders of a page; each is imported when a worker needs it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import datetime
from importlib.util import find_spec
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
CBOR_OURS = "ours, CBOR"
CBOR_STOCK = "botocore's parser, CBOR"
CBOR_CAPO = "capo, CBOR"
CBOR_UNTYPED = "cbor2, untyped"

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
    if name == CBOR_OURS:
        return Decoder(loads, _typed_attributions, attrgetter("id"))
    if name == CBOR_CAPO:
        return Decoder(loads, itemgetter("revenue_attribution_summaries"), itemgetter("id"))
    if name in (CBOR_STOCK, CBOR_UNTYPED):
        return Decoder(loads, itemgetter("RevenueAttributionSummaries"), itemgetter("Id"))
    if name in (STRUCTS, CATTRS):
        return Decoder(loads, attrgetter("connection_summaries"), attrgetter("id"), dumps)
    return Decoder(loads, itemgetter("ConnectionSummaries"), itemgetter("Id"), dumps)


def _typed_items(page: Any) -> list[Any]:  # noqa: ANN401 - what it is, is the question
    """Return the items of this library's page, after checking their classes."""
    from aiopartnercentral import account  # noqa: PLC0415 - one client a process

    if type(page) is not account.ListConnectionsResponse:
        raise TypeError(f"a page is a {type(page).__name__}")
    return _checked(page.connection_summaries, account.ConnectionSummary)


def _typed_attributions(page: Any) -> list[Any]:  # noqa: ANN401 - as above
    """Return the items of this library's page of CBOR, after checking their classes."""
    from aiopartnercentral import revenue  # noqa: PLC0415 - one client a process

    if type(page) is not revenue.ListRevenueAttributionsOutput:
        raise TypeError(f"a page is a {type(page).__name__}")
    return _checked(page.revenue_attribution_summaries or [], revenue.AttributionSummary)


def _checked(items: list[Any], cls: type) -> list[Any]:
    for item in items:
        if type(item) is not cls:
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


def _cbor_ours() -> Loads:
    from aiopartnercentral import revenue  # noqa: PLC0415 - one client a process
    from aiopartnercentral._serialization.codec import Codec  # noqa: PLC0415 - as above
    from aiopartnercentral.revenue.fast import FAST  # noqa: PLC0415 - as above

    codec = Codec(FAST)

    def loads(body: bytes) -> Any:  # noqa: ANN401 - see `Loads`
        try:
            codec.decode_cbor(body, revenue.ListRevenueAttributionsOutput).send(None)
        except StopIteration as done:  # as nothing is waited for
            return done.value
        raise TypeError("the page is decoded in a thread")

    return loads


def _cbor_stock() -> Loads:
    from botocore.model import ServiceModel  # noqa: PLC0415 - one client a process
    from botocore.parsers import create_parser  # noqa: PLC0415 - as above

    from aiopartnercentral._utils import model_data  # noqa: PLC0415 - as above

    model: Any = ServiceModel(model_data.load("partnercentral-revenue-measurement", "2022-07-26"))
    shape = model.operation_model("ListRevenueAttributions").output_shape
    parser: Any = create_parser("smithy-rpc-v2-cbor")
    return lambda body: parser.parse({"status_code": 200, "headers": {}, "body": body}, shape)


def _cbor_capo() -> Loads:
    from capo_partnercentral_revenue_measurement._protocol import cbor  # noqa: PLC0415 - as above
    from capo_partnercentral_revenue_measurement.types import (  # noqa: PLC0415 - as above
        list_revenue_attributions_output as output,
    )

    return lambda body: output.deserialize_cbor(cbor.loads(body))


def _cbor_untyped() -> Loads:
    import cbor2  # noqa: PLC0415 - one client a process

    return cbor2.loads


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
_CBOR_LOADERS = {CBOR_OURS: _cbor_ours, CBOR_STOCK: _cbor_stock, CBOR_CAPO: _cbor_capo, CBOR_UNTYPED: _cbor_untyped}
_LOADERS |= _CBOR_LOADERS
HAS_CAPO = find_spec("capo_partnercentral_revenue_measurement") is not None
CBOR_DECODERS = tuple(name for name in _CBOR_LOADERS if HAS_CAPO or name != CBOR_CAPO)


def _ours_dumps() -> Callable[[Any], bytes]:
    from aiopartnercentral import account  # noqa: PLC0415 - one client a process

    return account.json_converter.dumps


_ENCODERS: dict[str, Callable[[], Callable[[Any], bytes] | None]] = {
    OURS: _ours_dumps,
    STRUCTS: lambda: msgspec.json.encode,
    ORJSON: lambda: orjson.dumps,
}
ENCODERS = tuple(_ENCODERS)
