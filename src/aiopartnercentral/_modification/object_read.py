"""An object as it was read, in the forms that changing it needs, and the operations that read and replace it."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self, TypeAlias, get_args, get_origin
from uuid import uuid4

import attrs
import msgspec

from aiopartnercentral._serialization import jsontext
from aiopartnercentral._serialization.members import generated_base, members
from aiopartnercentral._serialization.unknown_members import merged, unknown_paths, without_read_only
from aiopartnercentral._utils.validators import type_name
from aiopartnercentral.errors import DecodeError
from aiopartnercentral.types import Request, Structure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from aiopartnercentral._client import ServiceClient
    from aiopartnercentral._serialization.members import Member
    from aiopartnercentral._serialization.service_converter import ServiceConverter
    from aiopartnercentral._transport.api_call import ApiCaller
    from aiopartnercentral._transport.responses import RawResponse
    from aiopartnercentral.types import JsonValue, Operation, Service

__all__ = ["ObjectRead", "UpdatePair", "WireFormat", "pair_of", "pairs_of"]

_Operations: TypeAlias = "tuple[Operation[Any, Any], Operation[Any, Any]]"
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


_PREFIXES = ("Update", "Put")
_TOKEN = "client_token"  # noqa: S105 - an attribute of the request classes of every service


@attrs.frozen(kw_only=True)
class UpdatePair:
    """An operation that replaces an object, and the one that reads it; members by their names on the wire.

    Attributes:
        get: the operation that reads.
        update: the operation that replaces.
        container: the member of the response that has the object; None if the response is the object.
        copied: the members of the update that the object has, in a form that the update takes.
        identifying: the members of the update that only the request of `get` has.
        guard: the member by which the service notices that another writer was faster; None if there is none.
        targets: the members of the update that say which object, and which revision of it, is written.
        token: the idempotency token; None if there is none.
        unreadable: the members of the update that the object does not have. An update without them may clear them.
        read_only: the members of the object that the update does not take.
    """

    get: Operation[Any, Any]
    update: Operation[Any, Any]
    container: str | None
    copied: tuple[str, ...]
    identifying: tuple[str, ...]
    guard: str | None
    targets: tuple[str, ...]
    token: str | None
    unreadable: tuple[str, ...]
    read_only: tuple[str, ...]


def pair_of(service: Service, get: object, update: object) -> UpdatePair:
    """Return the pair of a request that reads and the class of the requests that replace; this may import modules.

    Raises:
        TypeError: they are not of the service, or do not belong together.
    """
    base = generated_base(update) if isinstance(update, type) and issubclass(update, Request) else None
    found = list(_operations(service))
    pair = next((each for each in found if base is not None and each[1].input is base), None)
    if pair is None:
        raise _wrong_update(service, found, get, update)
    if not isinstance(get, pair[0].input):
        raise TypeError(f"get must be a {pair[0].input.__name__}, not {type_name(get)}: use {_example(*pair)}")
    if pair[1].input not in _PAIRS:
        _PAIRS[pair[1].input] = _pair(*pair)
    return _PAIRS[pair[1].input]


def _wrong_update(service: Service, found: Sequence[_Operations], get: object, update: object) -> TypeError:
    """Return the error of a wrong `update`; the request that reads may tell which class is meant."""
    given = f"an object of the class {type(update).__name__}" if isinstance(update, Request) else type_name(update)
    meant = [pair for pair in found if isinstance(get, pair[0].input)] or found
    if not meant:
        return TypeError(f"{service.name} has no operation that replaces an object, so update cannot be {given}")
    if len(meant) == 1:
        reading, writing = meant[0]
        expected = f"the class {writing.input.__name__}, whose requests replace what {reading.name} returns"
    else:
        *names, last = (writing.input.__name__ for _, writing in meant)
        expected = f"a class of {service.name} whose requests replace an object ({', '.join(names)} or {last})"
    return TypeError(f"update must be {expected}, not {given}: use {_example(*meant[-1])}")


def _example(reading: Operation[Any, Any], writing: Operation[Any, Any]) -> str:
    needed = [field.name for field in attrs.fields(reading.input) if field.default is attrs.NOTHING]
    get = f"{reading.input.__name__}({', '.join(f'{name}=...' for name in needed)})"
    return f"`modify(client, {get}, {writing.input.__name__}, change)`"


_PAIRS: dict[type, UpdatePair] = {}


def pairs_of(service: Service) -> list[UpdatePair]:
    """Return all pairs of a service."""
    return [_pair(get, update) for get, update in _operations(service)]


def _operations(service: Service) -> Iterator[_Operations]:
    """Yield the operations that read, each with the one that replaces."""
    by_name = {operation.name: operation for operation in service.operations}
    for operation in service.operations:
        for prefix in _PREFIXES:
            get = by_name.get(f"Get{operation.name.removeprefix(prefix)}")
            if operation.name.startswith(prefix) and get is not None:
                yield get, operation


def _pair(get: Operation[Any, Any], update: Operation[Any, Any]) -> UpdatePair:
    taken, asked, given = _members(update.input), _members(get.input), _members(get.output)
    container = None
    if len(given) == 1 and not given.keys() & taken.keys():
        container = next(iter(given))
        given = _members(given[container].type)
    copied = tuple(key for key, member in taken.items() if key in given and _fits(given[key].type, member.type))
    identifying = tuple(key for key in taken if key not in copied and key in asked)
    guard = next((key for key in copied if key == "LastModifiedDate" or key.lower().endswith("revision")), None)
    token = next((key for key, member in taken.items() if member.field == _TOKEN), None)
    return UpdatePair(
        get=get,
        update=update,
        container=container,
        copied=copied,
        identifying=identifying,
        guard=guard,
        targets=tuple(key for key in taken if key in asked or key == guard),
        token=token,
        unreadable=tuple(key for key in taken if key not in {*copied, *identifying, token}),
        read_only=tuple(key for key in given if key not in copied),
    )


def _members(cls: type) -> dict[str, Member]:
    return {member.key: member for member in members(cls, is_botocore=False)}


def _fits(read: Any, written: Any) -> bool:  # noqa: ANN401 - any type form
    """Return whether a value that was read has everything that a value to be written may have."""
    if read == written:
        return True
    if get_origin(read) is not None and get_origin(read) is get_origin(written) and get_origin(read) in (list, dict):
        return all(map(_fits, get_args(read), get_args(written)))
    if not all(isinstance(each, type) and issubclass(each, Structure) for each in (read, written)):
        return False
    given = _members(read)
    return all(key in given and _fits(given[key].type, member.type) for key, member in _members(written).items())
