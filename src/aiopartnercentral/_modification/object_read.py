"""An object as it was read, in the forms that changing it needs."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

import attrs
import msgspec

from aiopartnercentral._serialization import jsontext
from aiopartnercentral._serialization.unknown_members import merged, unknown_paths, without_read_only
from aiopartnercentral.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from aiopartnercentral._client import ServiceClient
    from aiopartnercentral._modification.pair import UpdatePair
    from aiopartnercentral._serialization.service_converter import ServiceConverter
    from aiopartnercentral._transport.api_call import ApiCaller
    from aiopartnercentral._transport.responses import RawResponse
    from aiopartnercentral.types import JsonValue, Request

__all__ = ["ObjectRead", "WireFormat"]

_EXACT = msgspec.json.Decoder(float_hook=Decimal)


@attrs.frozen
class WireFormat:
    """Converts between objects and the plain values of a client's protocol: JSON or CBOR.

    Attributes:
        api: makes the client's calls.
        converter: converts between objects and plain values.
        is_cbor: whether the protocol is CBOR.
    """

    api: ApiCaller
    converter: ServiceConverter
    is_cbor: bool

    @classmethod
    async def of(cls, client: ServiceClient) -> Self:
        """Return the format of a client."""
        api = client._api  # noqa: SLF001 - a client has no other access to bytes
        return cls(api, await api.converter(), api.is_cbor)

    def encode(self, obj: object) -> JsonValue:
        """Return the plain value of an object, with union members that the model does not know.

        Raises:
            EncodeError: a member does not match the service model.
        """
        value = self.converter.unstructure(obj)
        if not self.is_cbor:
            return value
        from aiopartnercentral._serialization.encode import without_markers  # noqa: PLC0415 - few services speak CBOR

        return without_markers(value)

    def loads(self, body: bytes) -> tuple[JsonValue, JsonValue]:
        """Return the plain value of a body twice: with every number exact, and as converters take it.

        Raises:
            DecodeError: the body is not JSON or CBOR.
        """
        if self.is_cbor:
            from aiopartnercentral._serialization import cbor  # noqa: PLC0415 - as above

            value = cbor.loads(body)
            return value, value
        value = jsontext.loads(body)
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _EXACT.decode(body), value
        return value, value

    def dumps(self, value: JsonValue) -> bytes:
        """Return the body of a plain value."""
        if self.is_cbor:
            from aiopartnercentral._serialization import cbor  # noqa: PLC0415 - as above

            return cbor.dumps(value)
        return jsontext.dumps(value)


@attrs.frozen(kw_only=True)
class ObjectRead:
    """An object as it was read.

    Attributes:
        request: the request that would write it back.
        unknown: the paths of the members that the model does not know.
        unmatched: members to leave out that neither the object nor the model has.
        absent: the members that the object could have, in any form, and does not have.
    """

    request: Any = attrs.field(repr=False)
    unknown: tuple[str, ...]
    unmatched: tuple[str, ...]
    absent: frozenset[str]
    _token: Mapping[str, str] = attrs.field(alias="token", repr=False)
    _wire: WireFormat = attrs.field(alias="wire", repr=False)
    _raw: JsonValue = attrs.field(alias="raw", repr=False)
    _plain: JsonValue = attrs.field(alias="plain", repr=False)

    @classmethod
    async def by(
        cls, wire: WireFormat, pair: UpdatePair, get: Request[Any], update: type, leave_out: Collection[str]
    ) -> Self:
        """Read an object.

        Arguments:
            wire: the format of the client.
            pair: the operations.
            get: the request that reads it.
            update: the class of the request that would write it back.
            leave_out: members that are not known to the model, and not sent back.

        Raises:
            DecodeError: the response is of another catalog.
            Exception: the errors of a call.
        """

        async def content_of(response: RawResponse) -> tuple[Any, bytes]:
            if response.body is None:
                raise DecodeError("the response has no body that could be sent back", operation=pair.get.name)
            return await wire.api.decode(pair.get, response), response.body

        decoded, body = await wire.api.call(pair.get, get, content_of)
        (exact, value), read = wire.loads(body), wire.encode(decoded)
        if pair.container is not None:
            exact, value, read = (each[pair.container] for each in (exact, value, read))
        asked = wire.encode(get)
        catalog = [key for key in pair.targets if key.lower() == "catalog"]
        if any(value.get(key) not in (None, asked.get(key)) for key in catalog):
            raise DecodeError("the response is of another catalog than the request", operation=pair.get.name)
        own = {key: asked[key] for key in (*pair.identifying, *catalog) if key in asked}
        if pair.token is not None:
            own[pair.token] = str(uuid4())
        copied = [key for key in pair.copied if value.get(key) is not None]
        request: Any = wire.converter.structure({**{key: value[key] for key in copied}, **own}, update)
        plain = wire.encode(request)
        kept = without_read_only({key: exact[key] for key in copied}, read, plain)
        known = {*pair.copied, *pair.read_only, *leave_out, "__type"}
        unknown = {key: each for key, each in exact.items() if key not in known and each is not None}
        raw = {**kept, **own, **unknown}
        return cls(
            request=request,
            unknown=tuple(unknown_paths(raw, plain)),
            unmatched=tuple(key for key in leave_out if key not in exact and key not in pair.unreadable),
            absent=frozenset(key for key in pair.read_only if value.get(key) is None),
            token={key: own[key] for key in own if key == pair.token},
            wire=wire,
            raw=raw,
            plain=plain,
        )

    def content(self, request: object) -> bytes:
        """Return the body of a changed request, with what the model does not know.

        Raises:
            EncodeError: the request does not match the service model, or items of a list cannot be told apart.
        """
        # A request that the function has made anew may lack the token.
        changed = {**self._token, **self._wire.encode(request)}
        return self._wire.dumps(merged(self._raw, self._plain, changed))
