"""The base classes of generated structures, requests and union members, and what comes with a response."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, Literal, TypeVar

import attrs

from aiopartnercentral.types.mixins import HashedByValue, PydanticField, Shown

if TYPE_CHECKING:
    from collections.abc import Mapping

ResponseT_co = TypeVar("ResponseT_co", covariant=True)


class Generated(Shown, HashedByValue, PydanticField):
    """Base of the generated classes."""

    __slots__ = ()


class Structure(Generated):
    """Base of the generated structures."""

    __slots__ = ()


class Variant(Generated):
    """Base of the classes of a union's known members; each has a `value`."""

    __slots__ = ()

    tag: ClassVar[str]
    """The member's name on the wire."""


class Request(Structure, Generic[ResponseT_co]):
    """Base of the request classes; the parameter is the class of the response."""

    __slots__ = ()


@attrs.frozen(kw_only=True)
class ResponseMetadata(HashedByValue):
    """Metadata of a response.

    Attributes:
        request_id: the service's id of the request, or None.
        http_status: the HTTP status code.
        attempts: how often the request was sent, retries included.
        http_headers: the response's headers, names in lower case.
    """

    request_id: str | None
    http_status: int
    attempts: int
    http_headers: dict[str, str] = attrs.field(repr=False)


@attrs.frozen(kw_only=True, weakref_slot=False, repr=False)
class Response(Structure):
    """Base of the response classes."""

    response_metadata: ResponseMetadata | None = attrs.field(default=None, eq=False, repr=False)
    """Request id, HTTP status, headers and attempts; ignored by equality. None if no client received the response."""


@attrs.frozen(kw_only=True)
class TransportInfo:
    """How a client sends its requests.

    Attributes:
        kind: `direct` if the first attempt of a usual call is signed and sent by this library; `botocore` if botocore
            sends all.
        reason: why botocore sends all; None if `kind` is `direct`.
    """

    kind: Literal["direct", "botocore"]
    reason: str | None = None


@attrs.frozen(kw_only=True)
class MalformedItem:
    """An item that does not match the service model and was omitted.

    Attributes:
        raw: its JSON as the service sent it; None for an item of an earlier run, since checkpoints do not save it. Not
            shown in repr, since it may be sensitive.
        path: JSON path of the mismatch, such as `$.ConnectionSummaries[3].Id`.
        reason: what was expected and what was found, without the value itself.
        request_id: the service's id of the request, or None.
    """

    raw: bytes | None = attrs.field(repr=False)
    path: str
    reason: str
    request_id: str | None = None


@attrs.frozen(kw_only=True)
class SkippedParent:
    """A parent of a nested listing whose items could not be collected.

    Attributes:
        parent: the request members that the item gave, sensitive ones redacted; None for a member that it lacks.
        reason: the code of the service's error, or which attribute the item lacks.
        vanished: whether it no longer existed when its items were requested, so that nothing is missing.
        request_id: the service's id of the request, or None.
    """

    parent: Mapping[str, str | None]
    reason: str
    vanished: bool = False
    request_id: str | None = None
