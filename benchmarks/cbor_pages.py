"""Pages of revenue attributions in CBOR, generated from a seed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

import cbor2

from benchmarks.pages import DISTINCT_PAGES, ITEMS_PER_PAGE

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_MINUTES = 300_000


@cache
def cbor_contents() -> tuple[tuple[bytes, ...], ...]:
    """Return the distinct pages, each as its encoded items."""
    random = Random(1)  # noqa: S311 - no secret
    return tuple(tuple(_item(random) for _ in range(ITEMS_PER_PAGE)) for _ in range(DISTINCT_PAGES))


def cbor_page(number: int, token: str | None) -> bytes:
    """Return a page, with the token of the next one unless it is the last one."""
    items = cbor_contents()[number % DISTINCT_PAGES]
    following = cbor2.dumps("NextToken") + cbor2.dumps(token) if token else b""
    return (
        bytes([0xA0 | (2 if token else 1)])
        + cbor2.dumps("RevenueAttributionSummaries")
        + b"\x98"
        + bytes([len(items)])
        + b"".join(items)
        + following
    )


def sample_cbor() -> list[bytes]:
    """Return each distinct page once, with tokens, as one catalog would give them."""
    return [cbor_page(number, f"{number + 1:032}") for number in range(DISTINCT_PAGES)]


def _item(random: Random) -> bytes:
    identifier = f"ra-{''.join(random.choices(_LETTERS, k=13))}"
    created = _FIRST + timedelta(minutes=random.randrange(_MINUTES))
    modified = created + timedelta(minutes=random.randrange(_MINUTES), milliseconds=random.randrange(1000))
    return cbor2.dumps(
        {
            "Arn": f"arn:aws:partnercentral:us-east-1:111122223333:catalog/AWS/revenue-attribution/{identifier}",
            "Id": identifier,
            "Catalog": "AWS",
            "Name": f"Attribution {random.randrange(10_000)}",
            "TenancyModel": random.choice(("MULTI_TENANT", "SINGLE_TENANT")),
            "MarketplaceProduct": {
                "ProductId": f"prod-{''.join(random.choices(_LETTERS, k=13))}",
                "ProductName": f"Product {random.randrange(1000)}",
            },
            "CreatedDate": cbor2.CBORTag(1, created.timestamp()),
            "LastModifiedDate": cbor2.CBORTag(1, modified.timestamp()),
            "LatestRevision": f"{random.randrange(1, 1000)}",
            "EffectiveFrom": f"{created:%Y-%m-%d}",
            "TotalActiveRevenueAttributionAllocationCount": random.randrange(5),
            "TotalRevenueAttributionAllocationCount": random.randrange(5, 10),
        }
    )
