"""Compares what clients are told of with what the dashboard shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx2

from aiopartnercentral.emulator.services import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiopartnercentral.emulator import Emulator

# Members that identify a thing of the service.
_NAME = re.compile(r"(?:.*[a-z])?(?:Id|ID|Identifier|Arn|id|arn)")
# Those that identify a thing of the partner or of a marketplace.
_OTHERS = ("PartnerOpportunityIdentifier", "EntityIdentifier")
# Contexts are parts of an engagement, and a profile is a part of a partner.
_PARTS = ("ctx-", "pprofile-")
_IDENTIFIER = re.compile(r"[A-Za-z]{1,32}-?[a-z0-9-]*[0-9][a-z0-9-]*", re.ASCII)


def _told(value: Any, name: str = "") -> Iterator[str]:
    """Yield the identifiers in a response."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _told(item, str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _told(item, name)
    elif isinstance(value, str) and _NAME.fullmatch(name) and name not in _OTHERS:
        identifier = value.rpartition("/")[2]
        if _IDENTIFIER.fullmatch(identifier) and not identifier.isdecimal() and not identifier.startswith(_PARTS):
            yield identifier


def without_a_page(emulator: Emulator) -> dict[str, str]:
    """Return what clients were told of and the dashboard does not have, by identifier: service and operation."""
    told: dict[str, str] = {}
    deleted: set[str] = set()
    for each in emulator.requests:
        if each.status == 200 and each.response:
            if each.operation.startswith("Delete"):
                deleted |= {str(value).rpartition("/")[2] for value in each.body.values()}
            for identifier in _told(SERVICES[each.service].decode(each.response)):
                told.setdefault(identifier, f"{each.service} {each.operation}")
    with httpx2.Client(base_url=emulator.endpoint_url, timeout=60, trust_env=False) as http:
        return {
            identifier: where
            for identifier, where in told.items()
            if identifier not in deleted and not http.get(f"/items/{identifier}?format=json").json().get("places")
        }


def show(http, emulator):
    """Return `await shown(path)`: the JSON of a page."""

    async def shown(path, status=200):
        response = await http.get(emulator.endpoint_url + path, headers={"Accept": "application/json"})
        assert (response.status_code, response.headers["content-type"]) == (status, "application/json; charset=utf-8")
        return response.json()

    return shown
