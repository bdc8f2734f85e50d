"""The recent requests: which of them pass the filters of a page, and what is shown of each in a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.state.clock import format_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aiopartnercentral.emulator.protocol import RecordedRequest

ORDERS: Final = ("newest", "oldest", "slowest", "operation", "status")


def order(query: Mapping[str, str]) -> str:
    """Return the order that a query asks for."""
    return query["sort"] if query.get("sort") in ORDERS else ORDERS[0]


def selected(recorded: Iterable[RecordedRequest], query: Mapping[str, str]) -> list[RecordedRequest]:
    """Return the requests that pass the filters of a query, in its order.

    Arguments:
        recorded: all requests, oldest first.
        query: filters by name; one that is empty or absent selects all.
    """
    wanted = {name: query.get(name, "") for name in ("q", "service", "account", "status", "fault")}
    operation, chosen = query.get("operation", "").lower(), order(query)
    found = [
        each
        for each in recorded
        if operation in each.operation.lower()
        and wanted["service"] in ("", each.service)
        and wanted["account"] in ("", each.account)
        and _has_status(each, wanted["status"])
        and (not wanted["fault"] or wanted["fault"] in each.faults or (wanted["fault"] == "any" and each.faults))
        and (not wanted["q"] or mentions(each, wanted["q"]))
    ]
    if chosen != "oldest":
        found.reverse()
    if chosen in _KEYS:
        found.sort(key=_KEYS[chosen], reverse=chosen == "slowest")
    return found


def row(record: RecordedRequest) -> dict[str, Any]:
    """Return what a list shows of a request."""
    return {
        "id": record.request_id,
        "at": format_timestamp(record.at),
        "service": record.service,
        "operation": record.operation,
        "catalog": record.catalog,
        "account": record.account,
        "status": record.status,
        "error": record.error,
        "faults": list(record.faults),
        "milliseconds": None if record.seconds is None else round(record.seconds * 1000, 1),
    }


_KEYS: Final[Mapping[str, Callable[[RecordedRequest], Any]]] = {
    "slowest": lambda record: record.seconds or 0,
    "operation": lambda record: (record.operation, record.service),
    "status": lambda record: (record.status, record.error or ""),
}


def _has_status(record: RecordedRequest, wanted: str) -> bool:
    if wanted == "failed":
        return record.error is not None or record.status != 200  # noqa: PLR2004 - OK
    return not wanted or str(record.status) == wanted


def mentions(record: RecordedRequest, text: str) -> bool:
    """Return whether a request or its response contains a text."""
    fields = (record.request_id, record.operation, record.account, record.catalog or "", record.error or "")
    encoded = text.encode()
    return (
        any(text.lower() in field.lower() for field in fields)
        or encoded in record.text
        or (record.response is not None and encoded in record.response)
    )
