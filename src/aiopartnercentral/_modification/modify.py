"""`modify`: reads an object, lets a function change it, and writes it back with what the model does not know.

modify ─ Get ─ ObjectRead ─ the function ─ merged with unknown members ─ Update
  └───────────────── again, after a conflict with another writer ─────────┘
"""

from __future__ import annotations

from copy import deepcopy
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from aiopartnercentral._modification.difference import Change, changes
from aiopartnercentral._modification.object_read import ObjectRead, WireFormat, pair_of
from aiopartnercentral._serialization.members import members
from aiopartnercentral._transport.call_context import STANDARD_ATTEMPTS
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.validators import type_name
from aiopartnercentral.errors import AioPartnerCentralError, ServiceError, error_type
from aiopartnercentral.types import Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from aiopartnercentral._client import ServiceClient
    from aiopartnercentral._modification.object_read import UpdatePair
    from aiopartnercentral._transport.api_call import ApiCaller

__all__ = ["Modification", "NotModifiableError", "modify"]

RequestT = TypeVar("RequestT", bound=Request[Any])

_CONFLICT = "ConflictException"
_WAIT = 0.1  # maximum seconds before the object is read again after the first conflict; doubles with each
_NAMES = validators.collection_of(validators.text, "a collection of names of members")
_CHANGE = validators.function("a function of a request that returns the changed request")


class NotModifiableError(AioPartnerCentralError):
    """An object cannot be changed without the risk of losing something; nothing was written."""


@attrs.frozen(kw_only=True)
class Modification(Generic[RequestT]):
    """The result of `modify`, or of its dry run.

    Attributes:
        request: the request as the function has changed it; members that the model does not know are sent as well.
        response: the service's response; None if nothing was sent.
        changes: the differences between what was read and the request; empty if there are none, and nothing was sent.
        attempts: how often the object was read and the function called.
        unknown: paths of the members that the model does not know, and that are sent back.
        unmatched: names in `leave_out` that neither the object nor the model has: they may be misspelt.
    """

    request: RequestT = attrs.field(repr=False)
    response: Any = attrs.field(repr=False)
    changes: tuple[Change, ...]
    attempts: int
    unknown: tuple[str, ...]
    unmatched: tuple[str, ...] = ()

    @property
    def is_sent(self) -> bool:
        """Whether the object was written."""
        return self.response is not None

    def __str__(self) -> str:
        """Return a line for each change, with the old and the new value; sensitive values are replaced."""
        return "\n".join(map(str, self.changes)) or "no change"


async def modify(
    client: ServiceClient,
    get: Request[Any],
    update: type[RequestT],
    change: Callable[[RequestT], RequestT | Awaitable[RequestT | None] | None],
    *,
    attempts: int = 3,
    dry_run: bool = False,
    overwrite: bool = False,
    leave_out: Collection[str] = (),
) -> Modification[RequestT]:
    """Read an object, let a function change it, write it back, and return what was done.

        await modify(
            client,
            selling.GetOpportunityRequest(catalog="AWS", identifier="O123"),
            selling.UpdateOpportunityRequest,
            lambda opportunity: attrs.evolve(opportunity, national_security="No"),
        )

    An update can replace the whole object. So everything that was read is sent back. What the function has not changed
    is sent exactly as it was received, with members, union members and enum values that the model does not know. The
    request has the date or revision that was read. If another writer has changed the object in the meantime, the
    service refuses the request; then the object is read and the function called again.

    If this is cancelled, the object may have been written or not.

    Arguments:
        client: the client.
        get: the request that reads the object.
        update: the class of the requests that replace it, such as `selling.UpdateOpportunityRequest`.
        change: gets a request with everything that was read, and returns the changed one; None or an equal one to leave
            the object as it is. It may be async. It may be called several times. The members that name the object, and
            its date or revision, must stay.
        attempts: how often it may be called.
        dry_run: whether to return the changes without writing them.
        overwrite: whether to write although the service cannot notice other writers, whose changes are lost then; only
            for operations without a date or revision.
        leave_out: names on the wire of members that may be cleared: those that the service takes but does not return,
            and members of the object that the model does not know.

    Raises:
        NotModifiableError: the service cannot notice other writers, or does not return everything that it would
            replace, see `overwrite` and `leave_out`; the function changed which object is written, or a list in
            place although it returned None.
        DecodeError: the response cannot be decoded, or is of another catalog.
        EncodeError: items of a list have unknown members, and it is not certain which of the changed items is which.
        ServiceError: the service answered with an error; its `ConflictException` if all attempts met another writer.
        TypeError, ValueError: an argument is of a wrong type or has a value that is not allowed.
        Exception: any other error of a call, or of the function. The update is sent again only if the service has
            certainly not executed it, or has an idempotency token. An attempt that may have been executed is not
            forgotten: if the next ones fail, such as by the conflict that it has caused, its error is raised.
    """
    from anyio.to_thread import run_sync  # noqa: PLC0415 - slow to load

    validators.count("attempts", attempts)
    _CHANGE("change", change)
    left_out = frozenset(_NAMES("leave_out", leave_out))
    # In a thread, as the modules of the classes take long to import.
    pair = await run_sync(pair_of, client.service, get, update)
    _check_left_out(pair, left_out)
    if pair.guard is None and not (overwrite or dry_run):
        raise NotModifiableError(
            f"{pair.update.name} has no date or revision by which the service notices other writers, so their changes "
            "may be lost: overwrite=True accepts that"
        )
    wire = await WireFormat.of(client)
    for attempt in range(1, attempts + 1):
        read = await ObjectRead.by(wire, pair, get, update, left_out)
        _check_guard(pair, read.request, is_accepted=overwrite or dry_run)
        request = await _changed(read.request, change, update)
        _check_targets(pair, read.request, request)
        differences = tuple(changes(read.request, request))
        done = Modification(
            request=request if differences else read.request,
            response=None,
            changes=differences,
            attempts=attempt,
            unknown=read.unknown,
            unmatched=read.unmatched,
        )
        if not differences:
            return done
        _check_unreadable(pair, request, left_out | read.absent)
        content = read.content(request)
        if dry_run:
            return done
        try:
            response = await _send(client, pair, request, content)
        except ServiceError as error:
            if error.code != _CONFLICT or attempt == attempts or pair.guard is None:
                raise
            await _wait(attempt)
        else:
            return attrs.evolve(done, response=response)
    raise AssertionError  # pragma: no cover - the last attempt returns or raises


async def _changed(
    read: RequestT, change: Callable[[RequestT], RequestT | Awaitable[RequestT | None] | None], update: type[RequestT]
) -> RequestT:
    """Return what the function makes of a copy of the request, so that changes in its lists and mappings count, too."""
    given = deepcopy(read)
    changed: Any = change(given)
    request: Any = await changed if isawaitable(changed) else changed
    if request is None:
        if any(changes(read, given)):
            raise NotModifiableError(
                "change has changed a list or mapping of the request in place, and returned None, which leaves the "
                "object as it is: return the request"
            )
        return read
    if not isinstance(request, update):
        raise TypeError(
            f"change must return None or an object of the class {update.__name__}, not {type_name(request)}"
        )
    return request


def _check_left_out(pair: UpdatePair, left_out: frozenset[str]) -> None:
    """Refuse names of members that are read and sent back, or are never sent."""
    known = {*pair.copied, *pair.identifying, *pair.read_only, pair.token} - {*pair.unreadable}
    if wrong := sorted(left_out & known):
        raise ValueError(
            f"leave_out names {', '.join(wrong)}, but is for members that the model does not know, and for those that "
            f"{pair.get.name} does not return: set others to None in the function"
        )


def _check_targets(pair: UpdatePair, read: object, request: object) -> None:
    """Refuse to write another object than the one that was read, or without its date or revision."""
    fields = {key: _field(pair, key) for key in pair.targets}
    changed = [key for key, field in fields.items() if getattr(read, field) != getattr(request, field)]
    if changed:
        raise NotModifiableError(
            f"the function has changed {', '.join(changed)}, by which the service finds the object, or notices "
            "another writer: leave it as it was read"
        )


def _check_guard(pair: UpdatePair, request: object, *, is_accepted: bool) -> None:
    if pair.guard is None or is_accepted or getattr(request, _field(pair, pair.guard)) is not None:
        return
    raise NotModifiableError(
        f"the response of {pair.get.name} has no {pair.guard}, by which the service notices other writers, so their "
        "changes may be lost: overwrite=True accepts that"
    )


def _check_unreadable(pair: UpdatePair, request: object, left_out: Collection[str]) -> None:
    """Refuse to clear members that the service has and does not return, unless the caller has named them."""
    cleared = [key for key in pair.unreadable if key not in left_out and getattr(request, _field(pair, key)) is None]
    if cleared:
        names = ", ".join(cleared)
        raise NotModifiableError(
            f"{pair.update.name} may clear {names}, which {pair.get.name} does not return in the same form: set it in "
            "the function, or name it in leave_out"
        )


def _field(pair: UpdatePair, key: str) -> str:
    return next(each.field for each in members(pair.update.input, is_botocore=False) if each.key == key)


async def _send(client: ServiceClient, pair: UpdatePair, request: object, content: bytes) -> Any:  # noqa: ANN401 - of the operation
    """Send an update; again only if the service has certainly not executed it, or the request has a token.

    Raises:
        Exception: the error of the last attempt, or of the first that the service may have executed: a conflict that a
            later one meets may be its effect.
    """
    from aiopartnercentral._transport.retries import is_retryable, is_unexecuted  # noqa: PLC0415 - loads botocore

    api: ApiCaller = client.with_options(attempts=1)._api  # noqa: SLF001 - a client has no other access to bytes
    # An empty token is none. One that the function has removed is put back.
    has_token = pair.token is not None and getattr(request, _field(pair, pair.token)) != ""
    attempt, uncertain = 0, None
    while True:
        attempt += 1
        try:
            return await api.call(
                pair.update, request, lambda response: api.decode(pair.update, response), content=content
            )
        except Exception as error:
            is_certain = is_unexecuted(error)
            may_repeat = is_retryable(error) and (is_certain or has_token)
            if not may_repeat or attempt >= STANDARD_ATTEMPTS:
                if uncertain is None:
                    raise
                uncertain.add_note(f"sent again, which failed with {error_type(error)}: it may have been written")
                raise uncertain from error
            uncertain = uncertain if is_certain or uncertain is not None else error
        await _wait(attempt)


async def _wait(attempt: int) -> None:
    from anyio import sleep  # noqa: PLC0415 - slow to load

    from aiopartnercentral._transport.retries import backoff  # noqa: PLC0415 - loads botocore

    await sleep(backoff(_WAIT, attempt))
