"""The records of a state file: a header, then one for each change and each move of the clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, TypeVar

import attrs
import msgspec

from aiopartnercentral.emulator.services import ACCOUNT
from aiopartnercentral.emulator.state.clock import LATEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiopartnercentral.emulator.state.state import State

FORMAT: Final = "aiopartnercentral-emulator"
VERSION: Final = 3
NOT_A_STATE_FILE: Final = "this is not the state of an emulator"

RecordT = TypeVar("RecordT")

_encoder = msgspec.json.Encoder()


class StateError(Exception):
    """The state file of an emulator cannot be used; the message names the file, and the line if there is one."""


class StateHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The first line: the options that the state depends on.

    Attributes:
        format: the file format.
        version: the version of the format.
        seed: the emulator's seed.
        account_id: the account that owns the seeded data.
        task_seconds: how long tasks take.
        catalogs: number of connections by catalog.
        quotas: the quotas by name.
        nightly_changes: the share of items that each night changes.
    """

    format: str = FORMAT
    version: int = VERSION
    seed: int
    account_id: str
    task_seconds: float
    catalogs: dict[str, int]
    quotas: dict[str, int]
    nightly_changes: float = 0.0

    @classmethod
    def of(cls, state: State) -> StateHeader:
        """Return the header of a state."""
        return cls(
            seed=state.seed,
            account_id=state.owner,
            task_seconds=state.task_time.total_seconds(),
            catalogs=dict(state.sizes),
            quotas=attrs.asdict(state.quotas),
            nightly_changes=state.nightly_changes,
        )

    def encode(self) -> bytes:
        """Return the header as JSON."""
        return _encoder.encode(self)

    def check(self, line: bytes) -> None:
        """Compare this header with that of a file.

        Raises:
            ValueError: the file has another format or version, or is of an emulator with other options.
        """
        try:
            found_format = _decode_format(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            found_format = _Format()
        if found_format.format != FORMAT:
            raise ValueError(NOT_A_STATE_FILE)
        if found_format.version != VERSION:
            raise ValueError(f"the state has version {found_format.version}, and only version {VERSION} can be read")
        found: StateHeader = _decode(line, _decode_header)
        if different := list(self._differences(found)):
            raise ValueError(f"the state is of an emulator with {', '.join(different)}")

    def _differences(self, found: StateHeader) -> Iterator[str]:
        for name in ("seed", "account_id", "task_seconds", "catalogs", "nightly_changes"):
            there, here = getattr(found, name), getattr(self, name)
            if there != here:
                yield f"{name} {_format(there)}, not {_format(here)}"
        for name in sorted(found.quotas.keys() | self.quotas.keys()):
            if found.quotas.get(name) != self.quotas.get(name):
                yield f"a quota {name} of {found.quotas.get(name)}, not {self.quotas.get(name)}"


class _Format(msgspec.Struct, frozen=True):
    format: object = None
    version: object = None


class Record(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", omit_defaults=True
):
    """One line after the header.

    Attributes:
        at: the emulator's time.
        wall_clock: the machine's time in seconds since 1970; None if the emulator's clock was stopped.
    """

    at: Annotated[datetime, msgspec.Meta(tz=True)]
    wall_clock: Annotated[float, msgspec.Meta(ge=0)] | None = None

    def __repr__(self) -> str:
        # A request may hold sensitive values.
        return f"{type(self).__name__}(at={self.at!r})"

    def encode(self) -> bytes:
        """Return the record as JSON."""
        return _encoder.encode(self)

    def resumed_at(self, wall_clock: float) -> datetime:
        """Return the emulator's time when it is started at a time of the machine's clock."""
        if self.wall_clock is None:
            return self.at
        return self.at + timedelta(seconds=max(0.0, wall_clock - self.wall_clock))


class RequestRecord(Record, frozen=True, kw_only=True, tag="request"):
    """An executed request.

    Attributes:
        account: the account that sent the request.
        operation: the operation's name.
        service: the service's name.
        request: the request as its handler got it.
        origin: the address at which it reached the emulator.
        response_digest: a digest of its response.
    """

    account: str
    operation: str
    request: dict[str, Any]
    origin: str
    response_digest: str
    service: str = ACCOUNT.name


class VerificationRecord(Record, frozen=True, kw_only=True, tag="verification"):
    """A completion URL that was opened.

    Attributes:
        secret: the end of the URL.
    """

    secret: str


class ClockRecord(Record, frozen=True, kw_only=True, tag="clock"):
    """The time when the emulator was started, or after its clock was moved, stopped or continued."""


class QuotasRecord(Record, frozen=True, kw_only=True, tag="quotas"):
    """Quotas that were set while the emulator ran.

    Attributes:
        quotas: the quotas by name.
    """

    quotas: dict[str, int]


class CodeRecord(Record, frozen=True, kw_only=True, tag="code"):
    """A verification code that was set.

    Attributes:
        account: the account that it is valid for.
        catalog: the catalog that it is valid in.
        email: the address.
        code: the code.
        expires_at: when it expires.
    """

    account: str
    catalog: str
    email: str
    code: str
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)]


class ResetRecord(Record, frozen=True, kw_only=True, tag="reset"):
    """All earlier changes were undone, apart from those of quotas and clock."""


AnyRecord: TypeAlias = ResetRecord | RequestRecord | VerificationRecord | ClockRecord | QuotasRecord | CodeRecord


def decode_record(line: bytes, latest: Record | None) -> AnyRecord:
    """Return the record of a line.

    Arguments:
        line: the record as JSON.
        latest: the record before it.

    Raises:
        ValueError: it is not a record, or is earlier than the one before.
    """
    record: AnyRecord = _decode(line, _decode_any)
    if record.at > LATEST or (latest is not None and record.at < latest.at):
        raise ValueError("its time is earlier than that of the line before, or beyond the calendar")
    return record


# Made here, as msgspec crashes if two threads make the first decoder of a struct class at once.
_decode_format = msgspec.json.Decoder(_Format).decode
_decode_header = msgspec.json.Decoder(StateHeader).decode
_decode_any = msgspec.json.Decoder(AnyRecord).decode


def _decode(line: bytes, decode: Callable[[bytes], RecordT]) -> RecordT:
    try:
        return decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # Only the path: the message itself may quote the value.
        where = str(error).rpartition(" - at ")[2].strip("`") if " - at " in str(error) else ""
        raise ValueError(f"the line is damaged{f' at {where}' if where else ''}") from None


def _format(value: object) -> str:
    return ",".join(f"{name}={count}" for name, count in value.items()) if isinstance(value, dict) else str(value)
