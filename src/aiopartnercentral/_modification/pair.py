"""What an operation that replaces an object and the one that reads it have in common, from their classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_origin

import attrs

from aiopartnercentral._serialization.members import generated_base, members
from aiopartnercentral._utils.validators import type_name
from aiopartnercentral.types import Request, Structure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiopartnercentral._serialization.members import Member
    from aiopartnercentral.types import Operation, Service

__all__ = ["UpdatePair", "pair_of", "pairs_of"]

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
        known = ", ".join(writing.name for _, writing in found) or "none"
        raise TypeError(
            "update must be the class of the requests of an operation that replaces what a Get operation of "
            f"{service.name} returns ({known}), not {type_name(update)}"
        )
    if not isinstance(get, pair[0].input):
        raise TypeError(f"get must be a {pair[0].input.__name__}, not {type_name(get)}")
    if pair[1].input not in _PAIRS:
        _PAIRS[pair[1].input] = _pair(*pair)
    return _PAIRS[pair[1].input]


_PAIRS: dict[type, UpdatePair] = {}


def pairs_of(service: Service) -> list[UpdatePair]:
    """Return all pairs of a service."""
    return [_pair(get, update) for get, update in _operations(service)]


def _operations(service: Service) -> Iterator[tuple[Operation[Any, Any], Operation[Any, Any]]]:
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
