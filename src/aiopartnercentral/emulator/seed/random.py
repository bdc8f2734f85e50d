"""Repeatable chance: rolls from a key, and the identifiers and timestamps made of them."""

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
# How many identifiers of one kind there can be.
MAX_ITEMS: int = len(_ALPHABET) ** _SERIAL_LENGTH
# Coprime to MAX_ITEMS, so that neighbours look unrelated and the index can still be read back from an identifier.
_SPREAD = 40_503_583
_GATHER = pow(_SPREAD, -1, MAX_ITEMS)


@attrs.define
class Dice:
    """Repeatable rolls; an order of magnitude cheaper to set up for each item than `random.Random`.

    Arguments:
        key: equal keys roll equally.
    """

    _key: str
    _pool: int = attrs.field(default=0, init=False)
    _refills: int = attrs.field(default=0, init=False)

    def roll(self, sides: int) -> int:
        """Return a number from 0 up to `sides`, exclusive; `sides` is at most 2**96."""
        if self._pool >> 128 == 0:
            salt = self._refills.to_bytes(8, "big")
            self._pool = int.from_bytes(hashlib.blake2b(self._key.encode(), salt=salt).digest(), "big") | 1 << 511
            self._refills += 1
        self._pool, rolled = divmod(self._pool, sides)
        return rolled

    def choice(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[self.roll(len(options))]

    def text(self, length: int) -> str:
        """Return lower-case letters and digits."""
        return _base36(self.roll(len(_ALPHABET) ** length), length)


def _base36(number: int, length: int) -> str:
    """Return the last `length` digits of a number, two at a time, for this is half of what an item costs."""
    pairs = []
    for _ in range((length + 1) // 2):
        number, pair = divmod(number, len(_PAIRS))
        pairs.append(_PAIRS[pair])
    pairs.reverse()
    return "".join(pairs)[-length:]


def make_identifier(prefix: str, dice: Dice, index: int) -> str:
    """Return `prefix` and thirteen letters and digits, of which the last five hold the index."""
    return f"{prefix}-{dice.text(_SALT_LENGTH)}{_base36(index * _SPREAD % MAX_ITEMS, _SERIAL_LENGTH)}"


def index_of(identifier: str) -> int:
    """Return the index that `make_identifier` put in; any other text gives a meaningless index.

    Raises:
        ValueError: the text does not end in letters and digits.
    """
    return int(identifier[-_SERIAL_LENGTH:], len(_ALPHABET)) * _GATHER % MAX_ITEMS


def timestamp(moment: datetime, dice: Dice) -> str:
    """Return ISO 8601 as the service writes it: in UTC with Z, with a fraction of a second more often than not."""
    written = moment.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = ("", f".{dice.roll(1000):03d}", f".{dice.roll(1_000_000):06d}")[dice.roll(3)]
    return f"{written}{fraction}Z"
