"""Deterministic random numbers from a key, and the identifiers and timestamps made of them."""

from __future__ import annotations

import hashlib
from functools import cached_property
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
_UNIT = 2**32
_NUMBERS = 10**9
_NUMBER_SPREAD = 618_033_989
_NUMBER_GATHER = pow(_NUMBER_SPREAD, -1, _NUMBERS)


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


def make_identifier(prefix: str, random: DeterministicRandom, index: int, salt: int = _SALT_LENGTH) -> str:
    """Return `prefix`, so many random letters and digits, and five that encode the index."""
    return f"{prefix}-{random.text(salt)}{_base36(index * _SPREAD % MAX_ITEMS, _SERIAL_LENGTH)}"


def index_of(identifier: str) -> int:
    """Return the index of an identifier from `make_identifier`; any other text gives a meaningless number."""
    try:
        serial = int(identifier[-_SERIAL_LENGTH:], len(_ALPHABET))
    except ValueError:
        return MAX_ITEMS
    return serial * _GATHER % MAX_ITEMS


@attrs.frozen
class NumberedIdentifiers:
    """Identifiers of a prefix and nine digits, such as `O012345678`, from which the index can be computed.

    Arguments:
        prefix: their beginning.
        key: equal keys give equal identifiers.
    """

    prefix: str
    key: str

    @cached_property
    def _offset(self) -> int:
        return DeterministicRandom(self.key).below(_NUMBERS)

    def make(self, index: int) -> str:
        """Return the identifier of an index."""
        return f"{self.prefix}{(index * _NUMBER_SPREAD + self._offset) % _NUMBERS:09d}"

    def index(self, identifier: str) -> int:
        """Return the index of an identifier; any other text gives a meaningless number."""
        digits = identifier.removeprefix(self.prefix)
        number = int(digits) if digits.isdecimal() else 0
        return (number - self._offset) * _NUMBER_GATHER % _NUMBERS


def nightly_changes(key: str, share: float, night: int) -> tuple[int, int]:
    """Return how many nights until a night have changed an item, and the latest of them; both are 0 if none has.

    Each night changes the given share of all items, and an item changes in regular intervals.

    Arguments:
        key: equal keys are changed by the same nights.
        share: from 0 to 1.
        night: the number of nights that have passed.
    """
    step, offset = round(share * _UNIT), DeterministicRandom(key).below(_UNIT)
    count = (night * step + offset) // _UNIT
    return (count, -((offset - count * _UNIT) // step)) if count else (0, 0)


def timestamp(moment: datetime, random: DeterministicRandom) -> str:
    """Return a time in the service's format: ISO 8601 in UTC, mostly with a fraction of a second."""
    written = moment.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = ("", f".{random.below(1000):03d}", f".{random.below(1_000_000):06d}")[random.below(3)]
    return f"{written}{fraction}Z"
