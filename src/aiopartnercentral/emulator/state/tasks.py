"""What takes its time: each task knows when it ends, and its state is a function of the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral.emulator.state.clock import stamp

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
        due_at: when it ends by itself.
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

    def told(self, now: datetime) -> dict[str, Any]:
        """Return what the operations tell about it."""
        status = self.status(now)
        told: dict[str, Any] = {
            "TaskId": self.task_id,
            "TaskDetails": self.details,
            "StartedAt": stamp(self.started_at),
            "Status": status,
        }
        if status != "IN_PROGRESS":
            told["EndedAt"] = stamp(self.canceled_at or self.due_at)
        if status == "FAILED":
            told["ErrorDetailList"] = self.problems
        return told


@attrs.frozen
class QualificationsTask:
    """An association of a partner's qualifications with a primary partner's, or the end of one.

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
        """Tell whether it goes on."""
        return now < self.due_at

    def told(self, now: datetime) -> dict[str, Any]:
        """Return what the operations tell about it, but for the other partner."""
        told = {
            "TaskId": self.task_id,
            "StartedAt": stamp(self.started_at),
            "Status": "IN_PROGRESS" if self.in_progress(now) else "SUCCEEDED",
        }
        return told if self.in_progress(now) else told | {"EndedAt": stamp(self.due_at)}


@attrs.define
class PartnerTasks:
    """The latest task of each kind of one partner.

    Attributes:
        profile: the update of its profile.
        association: the association with a primary partner.
        disassociation: the end of an association.
        left: identifier of the task whose association the disassociation ends.
    """

    profile: ProfileTask | None = None
    association: QualificationsTask | None = None
    disassociation: QualificationsTask | None = None
    left: str | None = None

    def begun(self, now: datetime) -> QualificationsTask | None:
        """Return the association that has not been ended, which may still be in progress."""
        begun, ended = self.association, self.disassociation
        if begun and ended and begun.task_id == self.left and not ended.in_progress(now):
            return None
        return begun

    def associated(self, now: datetime) -> QualificationsTask | None:
        """Return the association that holds."""
        begun = self.begun(now)
        return begun if begun and not begun.in_progress(now) else None

    def qualifications_in_progress(self, now: datetime) -> bool:
        """Tell whether an association is being made or ended."""
        return any(task is not None and task.in_progress(now) for task in (self.association, self.disassociation))


@attrs.define
class Verification:
    """A verification of an account's business, or of the person who registers it.

    A business's needs nobody. A registrant's waits for somebody to open its completion URL, until that expires.

    Attributes:
        kind: the model's VerificationType.
        details: what the operations tell about it, beside state and time.
        started_at: when it was started.
        takes: how long it is in progress.
        rejected: why it is turned down, or None.
        secret: what the completion URL ends in; None for a business's.
        waits_until: when the completion URL expires; None for a business's.
        opened_at: when the completion URL was opened.
    """

    kind: str
    details: dict[str, Any] = attrs.field(repr=False)
    started_at: datetime
    takes: timedelta
    rejected: str | None = None
    secret: str | None = attrs.field(default=None, repr=False)
    waits_until: datetime | None = None
    opened_at: datetime | None = None

    def status(self, now: datetime) -> str:
        """Return the model's VerificationStatus."""
        begins = self._begins()
        if begins is None:
            expired = self.waits_until is not None and now >= self.waits_until
            return "FAILED" if expired else "PENDING_CUSTOMER_ACTION"
        if now < begins + self.takes:
            return "IN_PROGRESS"
        return "REJECTED" if self.rejected else "SUCCEEDED"

    @property
    def legal_name(self) -> str | None:
        """The name that a business is verified by; None for a registrant."""
        business = self.details.get("BusinessVerificationResponse")
        return business and str(business["BusinessVerificationDetails"]["LegalName"])

    def _begins(self) -> datetime | None:
        return self.started_at if self.waits_until is None else self.opened_at

    def told(self, now: datetime) -> dict[str, Any]:
        """Return what the operations tell about it."""
        status, begins = self.status(now), self._begins()
        told: dict[str, Any] = {
            "VerificationType": self.kind,
            "VerificationStatus": status,
            "VerificationResponseDetails": self.details,
            "StartedAt": stamp(self.started_at),
        }
        reason = {"FAILED": "Nobody opened the completion URL in time", "REJECTED": self.rejected}.get(status)
        if reason:
            told["VerificationStatusReason"] = reason
        completed = self.waits_until if begins is None else begins + self.takes
        if completed is not None and status not in ("IN_PROGRESS", "PENDING_CUSTOMER_ACTION"):
            told["CompletedAt"] = stamp(completed)
        return told
