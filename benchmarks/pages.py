"""The server's pages of connections, from the emulator's seed, and its catalogs, whose names have their length."""

from __future__ import annotations

import re
from functools import cache
from typing import Self

import attrs

from aiopartnercentral.emulator.seed.items import SeededCatalog
from aiopartnercentral.emulator.state.catalog import AccountCatalog

ITEMS_PER_PAGE = 100
DISTINCT_PAGES = 64
"""Pages after these repeat them: a million distinct items would be 400 MB."""

_SEED = SeededCatalog(seed=1, catalog="AWS", account_id="111122223333", connections=DISTINCT_PAGES * ITEMS_PER_PAGE)
_PAGES_APART = 7
_NAME = re.compile(r"Bench-(?P<pages>\d+)-pages-(?P<delay_ms>\d+)-ms-(?P<number>\d+)")
# As long as the emulator's tokens are.
_TOKEN_LENGTH = 32


@attrs.frozen(kw_only=True)
class BenchCatalog:
    """A catalog that is defined by its name.

    Attributes:
        pages: number of pages.
        delay_ms: delay of each page at the server, in milliseconds.
        number: distinguishes catalogs of equal length.
    """

    pages: int
    delay_ms: int = 0
    number: int = 0

    @property
    def name(self) -> str:
        """Its name in requests."""
        return f"Bench-{self.pages}-pages-{self.delay_ms}-ms-{self.number}"

    @property
    def items(self) -> int:
        """How many items it has."""
        return self.pages * ITEMS_PER_PAGE

    @classmethod
    def of(cls, name: str) -> Self | None:
        """Return the catalog of this name, or None if the name is invalid."""
        found = _NAME.fullmatch(name)
        return cls(**{member: int(value) for member, value in found.groupdict().items()}) if found else None

    def body(self, index: int, size: int = ITEMS_PER_PAGE) -> bytes:
        """Return the page at an index, with a token unless it is the last one."""
        content = page_contents(size)[(self.number * _PAGES_APART + index) % DISTINCT_PAGES]
        if index + 1 >= self.pages:
            return content + b"]}"
        return b'%b],"NextToken":"%0*d"}' % (content, _TOKEN_LENGTH, index + 1)


def index_of(token: str | None) -> int:
    """Return the index of the page that a token stands for; the first page has no token."""
    return int(token) if token else 0


def catalogs(count: int, *, pages: int, delay_ms: int = 0) -> list[BenchCatalog]:
    """Return catalogs of equal length."""
    return [BenchCatalog(pages=pages, delay_ms=delay_ms, number=number) for number in range(count)]


@cache
def page_contents(size: int = ITEMS_PER_PAGE) -> tuple[bytes, ...]:
    """Return the distinct pages of a size as JSON, up to where their list of items ends."""
    connections = AccountCatalog.of(_SEED).connections
    starts = range(0, DISTINCT_PAGES * size, size)
    pages = (b",".join(connections.summaries(range(start, start + size))) for start in starts)
    return tuple(b'{"ConnectionSummaries":[' + page for page in pages)


def sample_bodies() -> list[bytes]:
    """Return each distinct page once, as one catalog would give them."""
    catalog = BenchCatalog(pages=DISTINCT_PAGES)
    return [catalog.body(index) for index in range(DISTINCT_PAGES)]


def mean_page_size() -> float:
    """Return how long a page is, in bytes."""
    return sum(map(len, sample_bodies())) / DISTINCT_PAGES
