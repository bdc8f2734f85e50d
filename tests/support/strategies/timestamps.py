"""Timestamps as the wire spells them: the one form a client sends, and every form a server may choose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from functools import cache
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.strategies.json_values import JsonValue

_FIRST = datetime(1971, 1, 1)  # noqa: DTZ001 - Hypothesis wants naive bounds; the zone is added to what it draws
_LAST = datetime(2100, 12, 31, 23, 59, 59, 999999)  # noqa: DTZ001 - as above
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def timestamps(wire_format: str) -> st.SearchStrategy[JsonValue]:
    """Draw timestamps in the form that a client of this format sends.

    Arguments:
        wire_format: `iso8601`, `unixTimestamp` or `rfc822`, as the model's `timestampFormat` has it.

    Raises:
        ValueError: the format is none of these.
    """
    writers: dict[str, Callable[[datetime], JsonValue]] = {
        "iso8601": _iso,
        "unixTimestamp": _epoch_seconds,
        "rfc822": _rfc822,
    }
    if wire_format not in writers:
        raise ValueError(f"timestamp format {wire_format!r} is none of {', '.join(writers)}")
    return _moments().map(writers[wire_format])


@cache
def timestamp_forms() -> st.SearchStrategy[JsonValue]:
    """Draw timestamps in any form that has to be understood, whatever the model says."""
    moments = _moments()
    forms = [
        moments.map(_iso),
        st.builds(_iso_with_offset, moments, st.integers(-14 * 4, 14 * 4)),
        moments.map(_epoch_seconds),
        moments.map(_epoch_milliseconds),
        moments.map(lambda moment: str(_epoch_seconds(moment))),
        moments.map(lambda moment: str(_epoch_milliseconds(moment))),
        moments.map(_rfc822),
        moments.map(lambda moment: f"{_rfc822(moment).removesuffix(' GMT')}.{moment.microsecond:06} GMT"),
        moments.map(lambda moment: _iso(moment).removesuffix("Z")),
        st.builds(_iso_with_fraction, moments, st.text("0123456789", min_size=1, max_size=9)),
    ]
    return st.one_of(forms)


@cache
def _moments() -> st.SearchStrategy[datetime]:
    """Draw UTC times, half of them of whole seconds."""
    return st.one_of(_whole_seconds(), st.datetimes(_FIRST, _LAST, timezones=st.just(UTC)))


@cache
def _whole_seconds() -> st.SearchStrategy[datetime]:
    exact = st.datetimes(_FIRST, _LAST, timezones=st.just(UTC))
    return exact.map(lambda moment: moment.replace(microsecond=0))


def _iso(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat() + "Z"


def _iso_with_fraction(moment: datetime, fraction: str) -> str:
    return f"{moment.replace(tzinfo=None, microsecond=0).isoformat()}.{fraction}Z"


def _iso_with_offset(moment: datetime, quarters: int) -> str:
    return moment.astimezone(timezone(timedelta(minutes=15 * quarters))).isoformat()


def _epoch_seconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(seconds=1)


def _epoch_milliseconds(moment: datetime) -> float:
    return (moment - _EPOCH) // timedelta(milliseconds=1) / 1000


def _rfc822(moment: datetime) -> str:
    return format_datetime(moment.replace(microsecond=0), usegmt=True)
