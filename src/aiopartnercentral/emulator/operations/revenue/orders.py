"""The filters and the order that the listings of `revenue-measurement` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiopartnercentral.emulator.operations.matching import is_within, moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


def is_created_within(item: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    """Return whether an item was created on or after CreatedAfter, and before CreatedBefore."""
    names = {"After": "CreatedAfter", "Before": "CreatedBefore"}
    limits = {key: request[name] for key, name in names.items() if name in request}
    return is_within(moment(item["CreatedDate"]), limits, moment)


def by_update(item: Mapping[str, Any]) -> tuple[datetime, str]:
    """Return what to sort an item by."""
    return moment(item["LastModifiedDate"]), item["Id"]
