"""What stands in the file of an emulator's state: a header, then an entry for each change and each move of the time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import attrs
import msgspec

from aiopartnercentral.emulator.state.clock import END

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiopartnercentral.emulator.state.state import World

FORMAT: Final = "aiopartnercentral-emulator"
VERSION: Final = 2

_encoder = msgspec.json.Encoder()


class StateError(Exception):
    """The file of an emulator's state cannot be used; the message names it, and the line where there is one."""


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The first line: what the world was made of, beside what the entries tell.

    Attributes:
        format: what kind of file this is.
        version: how its lines are spelled.
        seed: the emulator's seed.
        account_id: who owns the seeded data.
        task_seconds: how long tasks take.
        catalogs: number of connections by catalog.
        quotas: the quotas by their names.
    """

    format: str = FORMAT
    version: int = VERSION
    seed: int
    account_id: str
    task_seconds: float
    catalogs: dict[str, int]
    quotas: dict[str, int]

    @classmethod
    def of(cls, world: World) -> Header:
        """Return the header of a world."""
        return cls(
            seed=world.seed,
            account_id=world.owner,
            task_seconds=world.task_time.total_seconds(),
            catalogs=dict(world.sizes),
            quotas=attrs.asdict(world.quotas),
        )

    def said(self) -> bytes:
        """Return what its line says."""
        return _encoder.encode(self)

    def check(self, line: bytes) -> None:
        """Hold this header against that of a file.

        Raises:
            ValueError: the file is of another kind or version, or of another world.
        """
        try:
            kind = msgspec.json.decode(line, type=_Kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            kind = _Kind()
        if kind.format != FORMAT:
            raise ValueError("this is no state of an emulator")
        if kind.version != VERSION:
            raise ValueError(f"this state is of version {kind.version}, and only version {VERSION} can be read")
        found = _decoded(line, Header)
        if different := list(self._differences(found)):
            raise ValueError(f"this state is of an emulator with {', '.join(different)}")

    def _differences(self, found: Header) -> Iterator[str]:
        for name in ("seed", "account_id", "task_seconds", "catalogs"):
            there, here = getattr(found, name), getattr(self, name)
            if there != here:
                yield f"{name} {_spelled(there)}, not {_spelled(here)}"
        for name in sorted(found.quotas.keys() | self.quotas.keys()):
            if found.quotas.get(name) != self.quotas.get(name):
                yield f"a quota {name} of {found.quotas.get(name)}, not {self.quotas.get(name)}"


class _Kind(msgspec.Struct, frozen=True):
    format: object = None
    version: object = None


class Entry(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="what", omit_defaults=True
):
    """One line.

    Attributes:
        at: the emulator's time.
        wall: seconds since 1970 by the machine's clock; None if the emulator's time stood still.
    """

    at: Annotated[datetime, msgspec.Meta(tz=True)]
    wall: Annotated[float, msgspec.Meta(ge=0)] | None = None

    def __repr__(self) -> str:
        # What was sent may be sensitive.
        return f"{type(self).__name__}(at={self.at!r})"

    def said(self) -> bytes:
        """Return what its line says."""
        return _encoder.encode(self)

    def resumed(self, wall: float) -> datetime:
        """Return what time it is for the emulator at a time of the machine's clock."""
        return self.at if self.wall is None else self.at + timedelta(seconds=max(0.0, wall - self.wall))


class Asked(Entry, frozen=True, kw_only=True, tag="request"):
    """A request that was carried out.

    Attributes:
        account: the account that asked.
        operation: the operation's name.
        request: the request as its handler got it.
        origin: where it reached the emulator.
        answer: what its answer was, as a digest.
    """

    account: str
    operation: str
    request: dict[str, Any]
    origin: str
    answer: str


class Visited(Entry, frozen=True, kw_only=True, tag="visit"):
    """A registrant who opened their completion URL.

    Attributes:
        secret: what it ended in.
    """

    secret: str


class Moved(Entry, frozen=True, kw_only=True, tag="time"):
    """What time it was: when the emulator began, or after the time was moved, held or let go."""


def read(line: bytes, latest: Entry | None) -> Asked | Visited | Moved:
    """Return the entry of a line.

    Arguments:
        line: what the line says.
        latest: the entry before it.

    Raises:
        ValueError: it is none, or earlier than the one before.
    """
    entry: Asked | Visited | Moved = _decoded(line, Asked | Visited | Moved)
    if entry.at > END or (latest is not None and entry.at < latest.at):
        raise ValueError("its time is before that of the line before, or beyond the calendar")
    return entry


def _decoded(line: bytes, kind: Any) -> Any:  # noqa: ANN401 - a class or a union of them, and an object of it
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # Only where the fault is, for the message may quote the value.
        where = str(error).rpartition(" - at ")[2].strip("`") if " - at " in str(error) else ""
        raise ValueError(f"it is damaged{f' at {where}' if where else ''}") from None


def _spelled(value: object) -> str:
    return ",".join(f"{name}={count}" for name, count in value.items()) if isinstance(value, dict) else str(value)
