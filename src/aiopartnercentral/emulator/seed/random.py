"""Deterministic random numbers from a key, and the identifiers and timestamps made of them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeVar

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

T = TypeVar("T")

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_SALT_LENGTH = 8
_SERIAL_LENGTH = 5
# The number of different identifiers with one prefix.
MAX_ITEMS: int = len(_ALPHABET) ** _SERIAL_LENGTH
# Coprime to MAX_ITEMS, so that consecutive identifiers look unrelated but still contain their index.
_SPREAD = 40_503_583
_GATHER = pow(_SPREAD, -1, MAX_ITEMS)


@attrs.define
class DeterministicRandom:
    """Random numbers that depend on a key only; creating it is ten times cheaper than creating a `random.Random`.

    Arguments:
        key: equal keys give equal numbers.
    """

    _key: str
    _pool: int = attrs.field(default=0, init=False)
    _refills: int = attrs.field(default=0, init=False)

    def below(self, limit: int) -> int:
        """Return a number from 0 to `limit` - 1; `limit` is at most 2**96."""
        if self._pool >> 128 == 0:
            salt = self._refills.to_bytes(8, "big")
            self._pool = int.from_bytes(hashlib.blake2b(self._key.encode(), salt=salt).digest(), "big") | 1 << 511
            self._refills += 1
        self._pool, number = divmod(self._pool, limit)
        return number

    def choice(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[self.below(len(options))]

    def text(self, length: int) -> str:
        """Return so many lower-case letters and digits."""
        return _base36(self.below(len(_ALPHABET) ** length), length)


def _base36(number: int, length: int) -> str:
    """Return the last `length` digits of a number, two at a time: half of the time of an item is spent here."""
    pairs = []
    for _ in range((length + 1) // 2):
        number, pair = divmod(number, len(_PAIRS))
        pairs.append(_PAIRS[pair])
    pairs.reverse()
    return "".join(pairs)[-length:]


def make_identifier(prefix: str, random: DeterministicRandom, index: int) -> str:
    """Return `prefix` and thirteen letters and digits, of which the last five encode the index."""
    return f"{prefix}-{random.text(_SALT_LENGTH)}{_base36(index * _SPREAD % MAX_ITEMS, _SERIAL_LENGTH)}"


def index_of(identifier: str) -> int:
    """Return the index of an identifier from `make_identifier`; any other text gives a meaningless number.

    Raises:
        ValueError: the text does not end in letters and digits.
    """
    return int(identifier[-_SERIAL_LENGTH:], len(_ALPHABET)) * _GATHER % MAX_ITEMS


def timestamp(moment: datetime, random: DeterministicRandom) -> str:
    """Return a time in the service's format: ISO 8601 in UTC, mostly with a fraction of a second."""
    written = moment.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = ("", f".{random.below(1000):03d}", f".{random.below(1_000_000):06d}")[random.below(3)]
    return f"{written}{fraction}Z"
