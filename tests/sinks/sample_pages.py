"""Pages of connections with names that a careless writer would corrupt."""

from __future__ import annotations

import json
import random

from aiopartnercentral import account
from aiopartnercentral.sinks import Page
from tests.support.object_store import PART

CLS = account.ConnectionSummary
_NAMES = ("Ada", "", "=1+1", 'say "hi", twice', "two\nlines", "Ünï ☃ 🎈", "'quoted", "+49 30", "\ttab")


def wire(number):
    """Return the JSON of a connection."""
    name = _NAMES[number % len(_NAMES)]
    participants = [
        {"Account": {"Name": name}},
        {"PartnerProfile": {"Id": f"pprofile-{number}", "Name": name}},
        {"SellerProfile": {"Id": f"seller-{number}", "Name": name}},
        {"Robot": {"Serial": [number, 2**70], "Name": name}},
    ]
    types = {
        kind: {"Status": status, "OtherParticipant": participants[(number + index) % 4]}
        for index, (kind, status) in enumerate([("SUBSIDIARY", "ACTIVE"), ("OF_TOMORROW", "ODD")][: number % 3])
    }
    return {
        "Catalog": "AWS",
        "Id": f"pac-{number:013}",
        "Arn": f"arn:aws:partnercentral:us-east-1::catalog/AWS/connection/pac-{number:013}",
        "OtherParticipantAccountId": f"{number:012}",
        "UpdatedAt": f"2024-05-01T12:00:{number % 60:02}.{number % 1000:03}Z",
        "ConnectionTypes": types,
    }


def raw(number):
    """Return a connection as a JSON line, with white space that our encoder does not write."""
    return json.dumps(wire(number), ensure_ascii=number % 2 == 0).encode()


def item(number):
    """Return a typed connection."""
    return account.json_converter.loads(raw(number), CLS)


def page(start, count=5, *, label="acme/AWS", catalog="AWS", operation="list_connections"):
    """Return a page of connections, as items and as JSON lines."""
    numbers = range(start, start + count)
    return Page(label, catalog, operation, [item(n) for n in numbers], [raw(n) for n in numbers])


def large(parts, seed=7):
    """Return a page of a file that has so many parts in an object store, the last one of which is small."""
    dice = random.Random(seed)
    line = 1 << 16
    lines = (parts - 1) * PART // line + 1
    return Page("acme", "AWS", "list_connections", raw=[dice.randbytes(line // 2).hex().encode() for _ in range(lines)])


def text_of(given):
    """Return the NDJSON of a page."""
    return b"".join(each + b"\n" for each in given.raw)
