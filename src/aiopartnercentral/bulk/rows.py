"""The rows of a run that writes: their keys, requests, digests and idempotency tokens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping
from hashlib import blake2b
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import attrs

from aiopartnercentral._serialization import jsontext
from aiopartnercentral._serialization.conversion_errors import key_segment
from aiopartnercentral._serialization.members import generated_base, members, package_of
from aiopartnercentral._serialization.unknown_members import unknown_paths
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.validators import type_name
from aiopartnercentral.errors import DecodeError, EncodeError
from aiopartnercentral.types import Request

if TYPE_CHECKING:
    from aiopartnercentral._client import ServiceClient
    from aiopartnercentral._serialization import JsonConverter
    from aiopartnercentral._serialization.members import Member
    from aiopartnercentral.types import JsonValue, Operation, Service

__all__ = ["Row", "RowEncoder", "RowSource", "Rows", "keyed"]

_TOKEN, _CATALOG = "client_token", "catalog"  # attributes of the request classes of every service

_UNKNOWN = "the model has no such member"

Rows: TypeAlias = Iterable[Any] | AsyncIterable[Any]
"""Pairs of a key and a request, or requests; a request is an object or a mapping of its members on the wire."""


@attrs.frozen(kw_only=True)
class Row:
    """A row that can be sent.

    Attributes:
        key: its key.
        request: its request, with the idempotency token if the operation has one.
        digest: a digest of the request without a token of ours. It is keyed with the id of the first run, so journals
            of different runs cannot be compared. The journal has that id, too: its readers can check a guess of
            a whole request.
        has_token: whether the request has an idempotency token.
    """

    key: str
    request: Request[Any] = attrs.field(repr=False)
    digest: str
    has_token: bool


class RowEncoder:
    """Makes the rows of one operation.

    Arguments:
        cls: the class of the requests.

    Attributes:
        service: the service.
        operation: the operation.
        client_class: the class of the service's clients.

    Raises:
        TypeError: `cls` is not the request class of exactly one operation.
    """

    def __init__(self, cls: type[Request[Any]]) -> None:
        given: object = cls
        base = generated_base(cls) if isinstance(given, type) and issubclass(given, Request) else None
        if base is None:
            raise TypeError(
                f"operation must be a class of requests, such as selling.CreateOpportunityRequest, not {type_name(cls)}"
            )
        package = package_of(base)
        self.client_class: type[ServiceClient] = import_module(f"{package}.client").Client
        self.service: Service = self.client_class.service
        operation = self.service.requests.get(base.__name__)
        if operation is None or operation.input is not base:
            raise TypeError(f"{base.__name__} is not the class of the requests of one operation")
        self.operation: Operation[Any, Any] = operation
        self._cls: Any = cls
        self._members: dict[str, Member] = {each.field: each for each in members(base, is_botocore=False)}
        self._converter: JsonConverter = import_module(f"{package}.converters").json_converter

    @property
    def token(self) -> str | None:
        """The wire name of the idempotency token; None if the operation has none."""
        return self._key(_TOKEN)

    def row(self, key: str, given: object, catalog: str, run_id: str) -> Row:
        """Return a row that can be sent.

        Arguments:
            key: its key.
            given: its request: an object, or a mapping of its members by their names on the wire.
            catalog: the catalog of the run, for a mapping that has none.
            run_id: the id of the first run, from which the token is derived.

        Raises:
            EncodeError: the request does not match the service model, or has another catalog.
            TypeError: it is of a wrong type.
        """
        if isinstance(given, Mapping):
            self._check_nulls(given)
            value = {name: each for name, each in given.items() if each is not None}
            if (name := self._key(_CATALOG)) is not None:
                value.setdefault(name, catalog)
        elif isinstance(given, self._cls):
            value = self._converter.unstructure(given)
        else:
            raise TypeError(f"expected a {self._cls.__name__} or a mapping of its members, got {type_name(given)}")
        token = self.token
        if token is not None and value.get(token) == "":
            del value[token]
        digest = blake2b(_sorted_text(value), key=run_id.encode()[:64], digest_size=16).hexdigest()
        is_ours = token is not None and token not in value
        if is_ours:
            value[token] = _token(run_id, key, digest)
        request: Any
        if isinstance(given, Mapping):
            request = self._request(value)
        else:
            request = attrs.evolve(given, **{_TOKEN: value[token]}) if is_ours else given
        self._check_catalog(request, catalog)
        return Row(key=key, request=request, digest=digest, has_token=token is not None)

    def ids(self, response: object) -> dict[str, str]:
        """Return the identifiers in a response by wire name; none that is sensitive."""
        base = generated_base(type(response))
        if base is None:
            return {}
        shown = {field.name for field in attrs.fields(base) if field.repr is True}
        return {
            each.key: str(value)
            for each in members(base, is_botocore=False)
            if each.field in shown and each.field.rpartition("_")[2] in {"id", "arn", "identifier"}
            if isinstance(value := getattr(response, each.field), str)
        }

    def _check_nulls(self, given: Mapping[Any, object]) -> None:
        """Refuse a null member that the model does not have: it would not be sent, so that nobody else notices.

        Raises:
            EncodeError: there is one.
        """
        known = {each.key for each in self._members.values()}
        unknown = next((name for name, each in given.items() if each is None and name not in known), None)
        if unknown is not None:
            raise EncodeError(_UNKNOWN, path=f"${key_segment(unknown)}", operation=self.operation.name)

    def _key(self, field: str) -> str | None:
        member = self._members.get(field)
        return None if member is None else member.key

    def _request(self, value: dict[str, JsonValue]) -> Request[Any]:
        try:
            request: Request[Any] = self._converter.structure(value, self._cls)
        except DecodeError as error:
            raise EncodeError(error.reason, path=error.path, operation=self.operation.name) from None
        unknown = next(unknown_paths(value, self._converter.unstructure(request)), None)
        if unknown is not None:
            raise EncodeError(_UNKNOWN, path=unknown, operation=self.operation.name)
        return request

    def _check_catalog(self, request: Request[Any], catalog: str) -> None:
        own = getattr(request, _CATALOG, None)
        if own is not None and str(own) != catalog:
            reason = "the request has another catalog than the source"
            raise EncodeError(reason, path=f"$.{self._key(_CATALOG)}", operation=self.operation.name)


class RowSource:
    """Gives the keys and requests of rows one by one.

    Arguments:
        rows: the rows.
        key: returns the key of a request; None if `rows` has pairs.
    """

    def __init__(self, rows: Rows, key: Callable[[Any], str] | None) -> None:
        self._key = key
        self._iterator: AsyncIterator[Any] | Iterator[Any] = (
            aiter(rows) if isinstance(rows, AsyncIterable) else iter(rows)
        )

    async def next(self) -> tuple[str, object] | None:
        """Return the key and the request of the next row; None after the last one.

        Raises:
            TypeError, ValueError: it is not a pair, or its key is not a string that can be shown.
            Exception: an error of the rows or of the function of keys.
        """
        nothing = object()
        if isinstance(self._iterator, AsyncIterator):
            item = await anext(self._iterator, nothing)
        else:
            item = next(self._iterator, nothing)
        return None if item is nothing else keyed(item, self._key)

    async def aclose(self) -> None:
        """Close the rows if they are an async generator, whose `finally` blocks would otherwise run at any time."""
        if isinstance(self._iterator, AsyncGenerator):
            await self._iterator.aclose()


def keyed(item: Any, key: Callable[[Any], str] | None) -> tuple[str, object]:  # noqa: ANN401 - a row of any type
    """Return the key and the request of a row.

    Raises:
        TypeError, ValueError: it is not a pair, or its key is not a string that can be shown.
    """
    if key is not None:
        return validators.text("the key of a row", key(item)), item
    if not isinstance(item, tuple | list) or len(item) != 2:  # noqa: PLR2004 - a pair
        raise TypeError(f"a row must be a pair of its key and its request unless `key` is given, not {type_name(item)}")
    return validators.text("the key of a row", item[0]), item[1]


def _token(run_id: str, key: str, digest: str) -> str:
    """Return the idempotency token of a row: a UUID, which every service takes, the same whenever the row is sent."""
    text = f"{run_id} {digest} {key}"
    return str(UUID(bytes=blake2b(text.encode(), digest_size=16).digest(), version=5))


def _sorted_text(value: JsonValue) -> bytes:
    return jsontext.dumps(_sorted(value))


def _sorted(value: JsonValue) -> JsonValue:
    if isinstance(value, Mapping):
        return {str(key): _sorted(value[key]) for key in sorted(value, key=str)}
    return [_sorted(each) for each in value] if isinstance(value, list | tuple) else value
