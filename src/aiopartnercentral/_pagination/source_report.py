"""The progress of one source, with the skipped parents of a nested listing, and where an incremental run continues."""

from __future__ import annotations

import pickle
from base64 import b64encode
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral._pagination.causes import type_of
from aiopartnercentral._pagination.explanations import message_of
from aiopartnercentral._utils.text import counted, json_time
from aiopartnercentral.errors import AioPartnerCentralError, error_text, error_type
from aiopartnercentral.types.mixins import Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from aiopartnercentral.types import MalformedItem, SkippedParent

__all__ = [
    "ENDED_WELL",
    "MOST_NAMED",
    "NONE_SKIPPED",
    "Cursor",
    "Outcome",
    "SkippedParents",
    "SourceReport",
    "note_parent",
    "omissions",
    "picklable",
    "with_noted_parent",
]


MOST_NAMED: Final = 100
"""How many of the parents a report names; all of them are counted."""
_NOTE: Final = "for the parent with "


def note_parent(error: Exception, parent: Mapping[str, str | None]) -> None:
    """Add a note to an error that says for which parent a request failed; sensitive members must be redacted."""
    error.add_note(f"{_NOTE}{', '.join(f'{name} {value}' for name, value in parent.items())}")


def with_noted_parent(error: Exception | None, text: str) -> str:
    """Return a text about an error with the parent for which a request failed, if there is one."""
    return "; ".join([text, *(note for note in getattr(error, "__notes__", ()) if note.startswith(_NOTE))])


@attrs.frozen(kw_only=True)
class SkippedParents:
    """The parents of a nested listing whose items are missing, and those that no longer existed.

    Attributes:
        skipped: how many parents exist and were skipped, so that their items are missing.
        vanished: how many no longer existed when their items were requested.
        first: the first of both, at most 100.
    """

    skipped: int = 0
    vanished: int = 0
    first: tuple[SkippedParent, ...] = ()

    @classmethod
    def total(cls, every: Iterable[SkippedParents]) -> SkippedParents:
        """Return how many there are of several sources, without their names."""
        parts = list(every)
        return cls(skipped=sum(one.skipped for one in parts), vanished=sum(one.vanished for one in parts))

    def with_one(self, parent: SkippedParent) -> SkippedParents:
        """Return them with one more."""
        return SkippedParents(
            skipped=self.skipped + (not parent.vanished),
            vanished=self.vanished + parent.vanished,
            first=self.first if len(self.first) >= MOST_NAMED else (*self.first, parent),
        )

    def as_json(self) -> dict[str, Any]:
        """Return them as plain JSON; sensitive members are redacted."""
        first = [
            {"parent": dict(one.parent), "reason": one.reason, "vanished": one.vanished, "request_id": one.request_id}
            for one in self.first
        ]
        return {"skipped": self.skipped, "vanished": self.vanished, "first": first}

    def __str__(self) -> str:
        """Return how many there are, in words; empty if there are none."""
        parts = {"skipped": self.skipped, "vanished": self.vanished}
        return "; ".join(f"{counted(number, 'parent')} {what}" for what, number in parts.items() if number)


NONE_SKIPPED: Final = SkippedParents()


class Outcome(StrEnum):
    """The state of one source."""

    PENDING = "pending"
    """Its first page has not been requested."""
    RUNNING = "running"
    """Its pages are being fetched or handed over."""
    COMPLETE = "complete"
    """All of it has been handed over."""
    LIMITED = "limited"
    """`max_items` of it have been handed over, and the service has more."""
    FAILED = "failed"
    """It ended with an error."""
    SKIPPED = "skipped"
    """It ended with an error that is ignored."""
    CANCELLED = "cancelled"
    """It was cancelled because the consumer left the stream or another source failed."""


ENDED_WELL: Final = frozenset({Outcome.COMPLETE, Outcome.LIMITED})
"""The outcomes of a source that needs no further request."""


@attrs.frozen(kw_only=True)
class Cursor:
    """Where the next incremental run of a source continues.

    Attributes:
        time: the service's time at the first request of the last run in which the source was complete, or an earlier
            one, in UTC; whatever was modified before, apart from the overlap, has been delivered.
        parameters: a digest of each parameter of the listing, to which the cursor belongs.
        seen: digests of the delivered items that were modified in the overlap before that time or later.
    """

    time: datetime
    parameters: Mapping[str, str]
    seen: frozenset[bytes] = attrs.field(default=frozenset(), repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "time": json_time(self.time),
            "parameters": dict(self.parameters),
            "seen": b64encode(b"".join(sorted(self.seen))).decode(),
        }


@attrs.frozen(kw_only=True, repr=False)
class SourceReport(Shown):
    """The progress of one source; it counts what was handed to the consumer, not what was fetched.

    Attributes:
        outcome: its state.
        pages: pages that the consumer has received, completely or in part.
        items: items that the consumer has received. After a restart, a stream counts from there, and `into` counts the
            items in the output, some of which the service may not have any more.
        malformed: malformed items of those pages, which were omitted.
        skipped_parents: parents of a nested listing whose items could not be collected.
        retries: how often the requests for those pages, or the request that failed, were retried.
        throttled: how often the service throttled a request.
        started_at: when its first page was requested, in UTC; by the earlier run if this one resumes it. None if no
            page has been requested.
        finished_at: when it ended, in UTC; None if it has not. So its items are from between these two times.
        resumed: whether an earlier run had collected some of it or all of it.
        resumed_items: how many of its items are of earlier runs.
        resumed_pages: how many of its pages are of earlier runs.
        restarted: whether it restarted from its first page, because the page token of an earlier run had expired or
            looped.
        elapsed: seconds from its first request to its end, or until now if it has not ended.
        error: the error that it failed with or that was ignored, or None.
        next_token: page token of the first page that was not handed over completely, to resume there. None means the
            first page, or the end if the outcome is complete. After page tokens have looped it is None, too, as only a
            restart can help.
        since: it has only what was modified at this time or later, in UTC; None if it is whole.
        earlier_cursor: where the last run in which it was complete ended; None if there is none.
        cursor: where this run ended; None if it is not complete, or was not told the service's time.
    """

    outcome: Outcome = Outcome.PENDING
    pages: int = 0
    items: int = 0
    malformed: tuple[MalformedItem, ...] = ()
    skipped_parents: SkippedParents = NONE_SKIPPED
    retries: int = 0
    throttled: int = 0
    restarted: bool = False
    elapsed: float = 0.0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    resumed: bool = False
    resumed_items: int = 0
    resumed_pages: int = 0
    error: Exception | None = attrs.field(default=None, repr=error_type)
    next_token: str | None = attrs.field(default=None, repr=False)
    since: datetime | None = None
    earlier_cursor: Cursor | None = None
    cursor: Cursor | None = None

    @property
    def complete(self) -> bool:
        """Whether every item of the source has been handed over."""
        return self.outcome is Outcome.COMPLETE and not self.malformed and not self.skipped_parents.skipped

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON, without the page token and malformed items' JSON.

        Errors are explained in the library's words, because the service's text may quote the request.
        """
        error = self.error
        return {
            "outcome": self.outcome.value,
            "complete": self.complete,
            "items": self.items,
            "pages": self.pages,
            "retries": self.retries,
            "throttled": self.throttled,
            "restarted": self.restarted,
            "elapsed": round(self.elapsed, 3),
            "started_at": json_time(self.started_at),
            "finished_at": json_time(self.finished_at),
            "since": json_time(self.since),
            "resumed": self.resumed,
            "resumed_items": self.resumed_items,
            "resumed_pages": self.resumed_pages,
            "error": None
            if error is None
            else {
                "type": type_of(error),
                "message": with_noted_parent(error, message_of(error)),
            },
            "skipped_parents": self.skipped_parents.as_json(),
            "malformed": [
                {"path": item.path, "reason": item.reason, "request_id": item.request_id} for item in self.malformed
            ],
        }

    def __reduce__(self) -> tuple[Any, ...]:
        values = {each.name: getattr(self, each.name) for each in attrs.fields(SourceReport)}
        return _source_report, ({**values, "error": None if self.error is None else picklable(self.error)},)


def omissions(state: SourceReport) -> str:
    """Return how many items were left out and how many parents have none, in words; empty if nothing is to be said."""
    malformed = f"{counted(len(state.malformed), 'malformed item')} left out" if state.malformed else ""
    return "; ".join(filter(None, [malformed, str(state.skipped_parents)]))


def _source_report(values: Mapping[str, Any]) -> SourceReport:
    return SourceReport(**values)


def picklable(error: Exception) -> Exception:
    """Return an error, or one with its name if it cannot be pickled, such as one that a credentials provider raised."""
    with suppress(Exception):
        if type(pickle.loads(pickle.dumps(error))) is type(error):  # noqa: S301 - pickled here
            return error
    return AioPartnerCentralError(error_text(error))
