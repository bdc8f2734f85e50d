"""Positions in a nested listing, and the parents on a page of them."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aiopartnercentral.bulk.page_request import PageRequest
    from aiopartnercentral.types import MalformedItem

__all__ = ["Parent", "ParentPage", "Position", "StartOverError", "index_of", "with_keys"]


class StartOverError(Exception):
    """The position of an earlier run is not there any more."""


@attrs.frozen
class Position:
    """Where to continue.

    Attributes:
        page: token of the page of parents; None for the first.
        parents: number of parents on the pages before it.
        key: identifies a parent on it; None for the first.
        token: token of a page of that parent's items; None for the first.
        items: number of items on the pages before that one.
        limited: whether a limit has left out items before.
    """

    page: str | None = None
    parents: int = 0
    key: str | None = None
    token: str | None = None
    items: int = 0
    limited: bool = False

    def dump(self) -> str:
        """Return it as a page token."""
        return json.dumps(attrs.astuple(self), separators=(",", ":"))

    @classmethod
    def load(cls, token: str | None) -> Position:
        """Return the position that a page token names."""
        return cls() if token is None else cls(*json.loads(token))


@attrs.define(eq=False)
class Parent:
    """A parent on the current page.

    Attributes:
        key: identifies it on the page, without its values, which may be sensitive.
        values: the request members that it gives; None for one that it lacks.
        request: requests the pages of its items; None before the first.
    """

    key: str
    values: Mapping[str, str | None]
    request: PageRequest | None = None

    @property
    def given(self) -> dict[str, str]:
        """The request members that it gives, without those that it lacks."""
        return {name: value for name, value in self.values.items() if value is not None}


@attrs.define(eq=False)
class ParentPage:
    """A page of parents.

    Attributes:
        token: its token.
        parents: the parents on it.
        next_token: token of the next page; None after the last one, and at the limit.
        repeats: whether that token was there before.
        limited: whether the limit of parents leaves out some after these.
        malformed: malformed items of the page.
        retries: how often its request was retried.
    """

    token: str | None
    parents: Sequence[Parent]
    next_token: str | None
    repeats: bool
    limited: bool
    malformed: tuple[MalformedItem, ...]
    retries: int


def with_keys(values: Iterable[Mapping[str, str | None]]) -> Sequence[Parent]:
    """Return the parents of a page; of several with the same values, each has a key of its own."""
    parents: list[Parent] = []
    counts: dict[str, int] = {}
    for each in values:
        digest = blake2b(json.dumps(sorted(each.items())).encode(), digest_size=12).hexdigest()
        counts[digest] = counts.get(digest, 0) + 1
        parents.append(Parent(digest if counts[digest] == 1 else f"{digest}.{counts[digest]}", each))
    return parents


def index_of(parents: Sequence[Parent], key: str) -> int:
    """Return the position of a parent on its page.

    Raises:
        StartOverError: it is not there any more.
    """
    for index, parent in enumerate(parents):
        if parent.key == key:
            return index
    raise StartOverError
