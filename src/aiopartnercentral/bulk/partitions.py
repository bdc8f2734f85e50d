"""Sources in groups, for work that several processes or machines share."""

from __future__ import annotations

from heapq import heapify, heapreplace
from typing import TYPE_CHECKING

from aiopartnercentral._utils import validators
from aiopartnercentral.bulk.source import check_sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aiopartnercentral.bulk.source import Source

__all__ = ["by_account"]


def by_account(sources: str | Source | Iterable[str | Source], groups: int) -> Sequence[tuple[Source, ...]]:
    """Divide sources into groups, all sources of an account in the same one.

    The service limits the request rate of an account, and a collection keeps to it for its own sources only. So two
    processes that read catalogs of one account together would be throttled.

    The groups have about the same number of sources: the largest one at most a third more than in the best division.
    They are the same for the same sources in the same order.

    Arguments:
        sources: the sources of all groups, as for a `Collection`.
        groups: maximum number of groups; there are fewer if there are fewer accounts.

    Returns:
        The groups, none of them empty; their sources are in the order in which they were given.

    Raises:
        TypeError: a source is neither a catalog nor a `Source`, or `groups` is not an integer.
        ValueError: there are no sources, two have the same label, or `groups` is less than 1.
    """
    accounts: dict[str, list[int]] = {}
    given = check_sources(sources)
    for position, source in enumerate(given):
        accounts.setdefault(source.account, []).append(position)
    smallest = [(0, number) for number in range(min(validators.count("groups", groups), len(accounts)))]
    heapify(smallest)
    members: list[list[int]] = [[] for _ in smallest]
    for positions in sorted(accounts.values(), key=len, reverse=True):  # the largest first, each to the smallest group
        size, number = smallest[0]
        members[number] += positions
        heapreplace(smallest, (size + len(positions), number))
    return [tuple(given[position] for position in sorted(group)) for group in members]
