"""Checks of the emulator's options, when they are given and when they are set later."""

from __future__ import annotations

import re
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.text import did_you_mean
from aiopartnercentral.emulator.faults.rules import Fault
from aiopartnercentral.emulator.iam import ACCOUNT_ID, Denial
from aiopartnercentral.emulator.seed.random import MAX_ITEMS
from aiopartnercentral.emulator.services import SERVICES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from aiopartnercentral.emulator.iam import RequestFilter
    from aiopartnercentral.emulator.services import Service

# Thirty years, so that adding it to a time never leaves the calendar.
_LONGEST: Final = timedelta(days=10_957)

MOST_RULES: Final = 1000
"""How many denials or faults there can be: each request is compared with all of them."""

seconds: Final = validators.number(least=0, most=int(_LONGEST.total_seconds()))
share: Final = validators.number(least=0, most=1)
port: Final = validators.integer(least=0, most=65_535)

_WILDCARDS: Final = frozenset("*?[")
_sizes = validators.mapping_of(
    # The name is part of every ARN.
    validators.pattern("[a-zA-Z]{1,64}", "1 to 64 ASCII letters"),
    validators.integer(least=0, most=MAX_ITEMS),
    "a mapping of catalog names to numbers of connections",
)
_catalog_names = validators.collection_of(validators.any_text, "a collection of catalog names")
_denials = validators.collection_of(validators.instance_of(Denial), "a collection of Denial objects")
_faults = validators.collection_of(
    validators.instance_of(Fault, "a Fault, such as Fault(Reset())"), "a collection of Fault objects"
)


def catalog_sizes(catalogs: Mapping[str, int]) -> Mapping[str, int]:
    """Return the number of connections of each catalog."""
    return dict(_sizes("catalogs", catalogs))


def denied_catalogs(denied: Collection[str], catalogs: Collection[str]) -> frozenset[str]:
    """Return the denied catalogs; a name that the emulator does not have is refused, as it would deny nothing."""
    for position, name in enumerate(names := _catalog_names("denied_catalogs", denied)):
        validators.one_of(catalogs)(f"denied_catalogs[{position}]", name)
    return frozenset(names)


def check_count(name: str, given: Collection[object]) -> None:
    """Raise ValueError if there are too many denials or faults."""
    if len(given) > MOST_RULES:
        raise ValueError(f"{name} must have at most {MOST_RULES} elements, not {len(given)}")


def denials(given: Collection[Denial], catalogs: Collection[str]) -> tuple[Denial, ...]:
    """Return the denials; one that can never match a request is refused."""
    checked = _denials("denials", given)
    check_count("denials", checked)
    for position, denial in enumerate(checked):
        _check_filter(f"denials[{position}]: ", denial, catalogs)
    return checked


def faults(given: Collection[Fault], catalogs: Collection[str]) -> tuple[Fault, ...]:
    """Return the faults; one that can never be injected is refused by its number, from 1, as in a faults file."""
    checked = _faults("faults", given)
    check_count("faults", checked)
    for number, fault in enumerate(checked, 1):
        _check_filter(f"fault {number}: ", fault, catalogs)
        try:
            _check_action(fault)
        except ValueError as error:
            raise ValueError(f"fault {number}: {error}") from None
    return checked


def _check_action(fault: Fault) -> None:
    """Raise ValueError if none of the services of a fault has what its action names."""
    problems = []
    for service in _services(fault):
        try:
            fault.action.check(service.validator)
        except ValueError as error:
            problems.append(error)
        else:
            return
    raise problems[0]


def _services(given: RequestFilter) -> list[Service]:
    return [service for service in SERVICES.values() if fnmatchcase(service.name, given.service)]


def _check_filter(where: str, given: RequestFilter, catalogs: Collection[str]) -> None:
    matched = {
        "service": (given.service, SERVICES),
        "catalog": (given.catalog, catalogs),
        "operation": (given.operation, (name for each in _services(given) for name in each.validator.operations)),
    }
    for key, (pattern, given_names) in matched.items():
        names = tuple(given_names)
        if pattern != "*" and not any(fnmatchcase(name, pattern) for name in names):
            known = "" if key == "operation" else f": there are {', '.join(names)}"
            raise ValueError(f"{where}{pattern!r} matches no {key}{did_you_mean(pattern, names)}{known}")
    if not (_WILDCARDS & {*given.account_id} or re.fullmatch(ACCOUNT_ID, given.account_id, re.ASCII)):
        raise ValueError(f"{where}account_id must be twelve digits, or have wildcards")
