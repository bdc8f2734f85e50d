"""The parents of a nested listing whose items could not be collected, counted for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral._utils.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aiopartnercentral.types import SkippedParent

__all__ = ["MOST_NAMED", "NONE_SKIPPED", "SkippedParents", "note_parent", "with_noted_parent"]

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
