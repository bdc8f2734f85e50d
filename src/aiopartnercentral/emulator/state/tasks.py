"""Tasks and verifications: each knows when it ends, so its status is a function of the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral.emulator.state.clock import format_timestamp

if TYPE_CHECKING:
    from datetime import datetime, timedelta

BUSINESS: Final = "BUSINESS_VERIFICATION"
REGISTRANT: Final = "REGISTRANT_VERIFICATION"


@attrs.define
class ProfileTask:
    """An update of a partner's profile.

    Attributes:
        task_id: its identifier.
        details: the new profile.
        started_at: when it was started.
        due_at: when it ends unless it is canceled.
        problems: why it fails; empty if it succeeds.
        canceled_at: when it was canceled.
        applied: whether the profile has been replaced.
    """

    task_id: str
    details: dict[str, Any]
    started_at: datetime
    due_at: datetime
    problems: list[dict[str, str]]
    canceled_at: datetime | None = None
    applied: bool = False

    def status(self, now: datetime) -> str:
        """Return the model's ProfileTaskStatus."""
        if self.canceled_at is not None:
            return "CANCELED"
        if now < self.due_at:
            return "IN_PROGRESS"
        return "FAILED" if self.problems else "SUCCEEDED"

    def as_response(self, now: datetime) -> dict[str, Any]:
        """Return its members of the responses."""
        status = self.status(now)
        members: dict[str, Any] = {
            "TaskId": self.task_id,
            "TaskDetails": self.details,
            "StartedAt": format_timestamp(self.started_at),
            "Status": status,
        }
        if status != "IN_PROGRESS":
            members["EndedAt"] = format_timestamp(self.canceled_at or self.due_at)
        if status == "FAILED":
            members["ErrorDetailList"] = self.problems
        return members


@attrs.frozen
class QualificationsTask:
    """The association of a partner's qualifications with a primary partner, or the end of one.

    Attributes:
        task_id: its identifier.
        other: ProfileId and AccountId of the primary partner.
        started_at: when it was started.
        due_at: when it succeeds.
    """

    task_id: str
    other: dict[str, str]
    started_at: datetime
    due_at: datetime

    def in_progress(self, now: datetime) -> bool:
        """Return whether it is in progress."""
        return now < self.due_at

    def as_response(self, now: datetime) -> dict[str, Any]:
        """Return its members of the responses, without the other partner."""
        members = {
            "TaskId": self.task_id,
            "StartedAt": format_timestamp(self.started_at),
            "Status": "IN_PROGRESS" if self.in_progress(now) else "SUCCEEDED",
        }
        return members if self.in_progress(now) else members | {"EndedAt": format_timestamp(self.due_at)}


@attrs.define
class PartnerTasks:
    """The latest task of each kind of one partner.

    Attributes:
        profile: the update of its profile.
        association: the association with a primary partner.
        disassociation: the end of an association.
        disassociated: identifier of the association task that the disassociation ends.
    """

    profile: ProfileTask | None = None
    association: QualificationsTask | None = None
    disassociation: QualificationsTask | None = None
    disassociated: str | None = None

    def current(self, now: datetime) -> QualificationsTask | None:
        """Return the association that has not ended; it may still be in progress."""
        latest, ended = self.association, self.disassociation
        if latest and ended and latest.task_id == self.disassociated and not ended.in_progress(now):
            return None
        return latest

    def associated(self, now: datetime) -> QualificationsTask | None:
        """Return the association if it is complete and has not ended."""
        current = self.current(now)
        return current if current and not current.in_progress(now) else None

    def qualifications_in_progress(self, now: datetime) -> bool:
        """Return whether an association or a disassociation is in progress."""
        return any(task is not None and task.in_progress(now) for task in (self.association, self.disassociation))


@attrs.define
class Verification:
    """The verification of an account's business, or of the person who registers it.

    A business verification proceeds by itself. A registrant verification waits until its completion URL is opened or
    expires.

    Attributes:
        kind: the model's VerificationType.
        details: its VerificationResponseDetails.
        started_at: when it was started.
        duration: how long it is in progress.
        rejection: why it is rejected, or None.
        secret: the end of the completion URL; None for a business.
        url_expires_at: when the completion URL expires; None for a business.
        opened_at: when the completion URL was opened.
    """

    kind: str
    details: dict[str, Any] = attrs.field(repr=False)
    started_at: datetime
    duration: timedelta
    rejection: str | None = None
    secret: str | None = attrs.field(default=None, repr=False)
    url_expires_at: datetime | None = None
    opened_at: datetime | None = None

    def status(self, now: datetime) -> str:
        """Return the model's VerificationStatus."""
        since = self._in_progress_since()
        if since is None:
            expired = self.url_expires_at is not None and now >= self.url_expires_at
            return "FAILED" if expired else "PENDING_CUSTOMER_ACTION"
        if now < since + self.duration:
            return "IN_PROGRESS"
        return "REJECTED" if self.rejection else "SUCCEEDED"

    @property
    def legal_name(self) -> str | None:
        """The verified legal name of a business; None for a registrant."""
        business = self.details.get("BusinessVerificationResponse")
        return business and str(business["BusinessVerificationDetails"]["LegalName"])

    def _in_progress_since(self) -> datetime | None:
        return self.started_at if self.url_expires_at is None else self.opened_at

    def as_response(self, now: datetime) -> dict[str, Any]:
        """Return its members of the responses."""
        status, since = self.status(now), self._in_progress_since()
        members: dict[str, Any] = {
            "VerificationType": self.kind,
            "VerificationStatus": status,
            "VerificationResponseDetails": self.details,
            "StartedAt": format_timestamp(self.started_at),
        }
        reason = {"FAILED": "The completion URL expired before it was opened", "REJECTED": self.rejection}.get(status)
        if reason:
            members["VerificationStatusReason"] = reason
        completed = self.url_expires_at if since is None else since + self.duration
        if completed is not None and status not in ("IN_PROGRESS", "PENDING_CUSTOMER_ACTION"):
            members["CompletedAt"] = format_timestamp(completed)
        return members
