"""What an emulator can be told, checked where it is told."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from aiopartnercentral.emulator.faults.rules import Fault
from aiopartnercentral.emulator.seed.random import MAX_ITEMS

if TYPE_CHECKING:
    from aiopartnercentral.emulator.iam import Denial, Scope
    from aiopartnercentral.emulator.validation import Validator

ACCOUNT: Final = re.compile("[0-9]{12}")
"""What an AWS account is called."""
# Thirty years, so that no sum with a moment leaves the calendar.
_LONGEST = timedelta(days=10_957)


def account(account_id: str) -> str:
    """Return an account, or raise ValueError if it is none."""
    if not ACCOUNT.fullmatch(account_id):
        raise ValueError("account_id must be twelve digits")
    return account_id


def duration(name: str, seconds: float) -> timedelta:
    """Return a number of seconds as a duration, or raise ValueError if it is none."""
    try:
        given = timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        given = timedelta(-1)
    if not timedelta(0) <= given <= _LONGEST:
        raise ValueError(f"{name} must be a number of seconds from 0 to {_LONGEST.total_seconds():.0f}, not {seconds}")
    return given


def rate(name: str, a_second: float) -> float:
    """Return how many there are a second, or raise ValueError if it is no number above 0."""
    if not 0 < a_second < float("inf"):
        raise ValueError(f"{name} must be a number above 0, not {a_second}")
    return a_second


def sizes(catalogs: Mapping[str, int]) -> Mapping[str, int]:
    """Return the catalogs, or raise ValueError for one that cannot be."""
    if not isinstance(catalogs, Mapping):
        raise TypeError(f"catalogs must map names to numbers of connections, not be of type {type(catalogs).__name__}")
    for name, connections in catalogs.items():
        if type(connections) is not int:
            raise TypeError(f"catalogs must map names to whole numbers, not {name} to {connections!r}")
        if not re.fullmatch(r"[a-zA-Z]{1,64}", name):
            raise ValueError(f"catalog name {name!r} must be 1 to 64 letters, as the service's ARNs have it")
        if not 0 <= connections <= MAX_ITEMS:
            raise ValueError(f"catalog {name} must have from 0 to {MAX_ITEMS} connections, not {connections}")
    return catalogs


def denied_catalogs(denied: Collection[str], catalogs: Collection[str]) -> frozenset[str]:
    """Return the denied catalogs, which must be catalogs of the emulator: a slip would deny nothing."""
    if isinstance(denied, str):
        raise TypeError("denied_catalogs must be a collection of catalog names, not one string")
    for name in denied:
        if name not in catalogs:
            raise ValueError(f"denied_catalogs names {name!r}, which is none of the catalogs {', '.join(catalogs)}")
    return frozenset(denied)


def denials(denied: Collection[Denial], catalogs: Collection[str], operations: Collection[str]) -> tuple[Denial, ...]:
    """Return the denials, or raise ValueError for one that could never match a request."""
    for one in denied:
        _check_scope("a denial", one, catalogs, operations)
    return tuple(denied)


def faults(given: Collection[Fault], catalogs: Collection[str], validator: Validator) -> tuple[Fault, ...]:
    """Return the faults, or raise ValueError for one that could never strike; it is named by its number, from 1."""
    for number, one in enumerate(given, 1):
        if not isinstance(one, Fault):
            raise TypeError(f"faults must be of the class Fault, and number {number} is of {type(one).__name__}")
        _check_scope(f"fault {number}", one, catalogs, validator.operations)
        try:
            one.action.check(validator)
        except ValueError as error:
            raise ValueError(f"fault {number}: {error}") from None
    return tuple(given)


def _check_scope(what: str, scope: Scope, catalogs: Collection[str], operations: Collection[str]) -> None:
    for key, pattern, names in (("catalog", scope.catalog, catalogs), ("operation", scope.operation, operations)):
        if pattern != "*" and not any(fnmatchcase(name, pattern) for name in names):
            raise ValueError(f"{what} names the {key} {pattern!r}, which there is not")
