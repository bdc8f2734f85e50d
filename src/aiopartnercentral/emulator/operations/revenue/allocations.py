"""What the allocations of attributions and of marketplace revenue shares, and the listings, have in common."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import FieldProblem
from aiopartnercentral.emulator.operations.matching import is_within, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

MOST_PERCENT: Final = 100


def is_created_within(item: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    """Return whether an item was created on or after CreatedAfter, and before CreatedBefore."""
    names = {"After": "CreatedAfter", "Before": "CreatedBefore"}
    limits = {key: request[name] for key, name in names.items() if name in request}
    return is_within(moment(item["CreatedDate"]), limits, moment)


def by_update(item: Mapping[str, Any]) -> tuple[datetime, str]:
    """Return what to sort an item by."""
    return moment(item["LastModifiedDate"]), item["Id"]


def is_effective_within(item: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    """Return whether an allocation has the status of a request, and begins and ends within its limits."""
    return item["Status"] == request.get("StatusFilter", item["Status"]) and all(
        is_within(
            item[name],
            {key: request[f"{key}{name}"] for key in ("After", "Before") if f"{key}{name}" in request},
            str,
        )
        for name in ("EffectiveFrom", "EffectiveUntil")
    )


def overlaps(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two allocations have a day in common."""
    return bool(one["EffectiveFrom"] <= other["EffectiveUntil"] and other["EffectiveFrom"] <= one["EffectiveUntil"])


def has_begun(item: Mapping[str, Any], now: datetime) -> bool:
    """Return whether an allocation has begun."""
    return bool(item["EffectiveFrom"] <= f"{now:%Y-%m-%d}")


def problems(given: Mapping[str, Any], path: str = "") -> Iterator[FieldProblem]:
    """Yield what is wrong with an allocation of a request.

    It lasts from the first day of a month to the last day of one.
    """
    if float(given.get("RevenueSharePercent", 0)) > MOST_PERCENT:
        yield FieldProblem(f"{path}RevenueSharePercent", f"must be at most {MOST_PERCENT}", "INVALID_VALUE")
    if "EffectiveFrom" not in given:
        return
    begins, ends = _day(given["EffectiveFrom"]), _day(given["EffectiveUntil"])
    if begins is None or begins.day != 1:
        yield FieldProblem(f"{path}EffectiveFrom", "must be the first day of a month", "INVALID_VALUE")
    if ends is None or ends == date.max or (ends + timedelta(days=1)).day != 1:
        yield FieldProblem(f"{path}EffectiveUntil", "must be the last day of a month", "INVALID_VALUE")
    elif begins is not None and ends < begins:
        yield FieldProblem(f"{path}EffectiveUntil", "must not be before EffectiveFrom", "INVALID_VALUE")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def totals(kind: str, allocations: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what allocations add to the resource above them.

    Arguments:
        kind: what the names of its members have, such as `RevenueAttribution`.
        allocations: its allocations.
    """
    listed: Sequence[Mapping[str, Any]] = list(allocations)
    active = [each for each in listed if each["Status"] == "ACTIVE"]
    members: dict[str, Any] = {
        f"Total{kind}AllocationCount": len(listed),
        f"TotalActive{kind}AllocationCount": len(active),
    }
    if active:
        members["EffectiveFrom"] = min(each["EffectiveFrom"] for each in active)
        members["EffectiveUntil"] = max(each["EffectiveUntil"] for each in active)
    return members
