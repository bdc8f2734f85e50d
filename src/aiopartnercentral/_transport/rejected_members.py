"""Why the service rejected a request: the members that a ValidationException lists, each with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral._utils.text import listed, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiopartnercentral.errors import ServiceError

__all__ = ["note_rejected_members", "rejected_members"]

_LISTS: Final = ("error_details", "error_list", "field_list")
"""The attributes of the services' ValidationExceptions."""


def rejected_members(error: ServiceError, *, quotes: bool) -> Sequence[str]:
    """Return the members of the request that the service rejected, with its reasons or only their codes.

    Arguments:
        error: the error.
        quotes: whether the reasons are in the service's words, which may quote the request.
    """
    names = ("name", "field_name"), ("message",) if quotes else ("code",)
    problems = [getattr(detail, "value", detail) for detail in getattr(error, _list_of(error), None) or ()]
    texts = [" ".join(_first(problem, each) for each in names).strip() for problem in problems]
    return [one_line(text) for text in texts if text]


def note_rejected_members(error: ServiceError, request: object) -> None:
    """Add a note to an error that says what the service rejected, and why; no note if the error does not say it.

    A traceback has the note, and may be logged. So it has only the codes of the reasons if the request has a sensitive
    member.

    Arguments:
        error: the error.
        request: what was sent; None for a request whose members are not known.
    """
    quotes = request is not None and not _is_sensitive(request)
    if problems := rejected_members(error, quotes=quotes):
        hint = "" if quotes else f" (`{_list_of(error)}` of this error has the reasons in words)"
        error.add_note(f"rejected: {listed(problems)}{hint}")


def _list_of(error: ServiceError) -> str:
    """Return the name of the attribute that lists the problems; an error has at most one that is not empty."""
    return next((name for name in _LISTS if getattr(error, name, None)), _LISTS[0])


def _first(problem: object, names: Iterable[str]) -> str:
    """Return the first of some members that a problem has."""
    return str(next(filter(None, (getattr(problem, name, None) for name in names)), ""))


def _is_sensitive(value: Any) -> bool:  # noqa: ANN401 - any value of a request
    """Return whether a value has a sensitive member, which the repr of its owner hides."""
    if attrs.has(type(value)):
        members = [(field.repr is True, getattr(value, field.name)) for field in attrs.fields(type(value))]
        return any(each is not None and not (is_shown and not _is_sensitive(each)) for is_shown, each in members)
    if isinstance(value, Mapping):
        return any(map(_is_sensitive, value.values()))
    return isinstance(value, Sequence) and not isinstance(value, str | bytes) and any(map(_is_sensitive, value))
