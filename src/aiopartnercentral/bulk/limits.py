"""How much a bulk collection may do at once, how fast, and for how long."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import attrs

__all__ = ["Limits"]


def _positive(name: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"{name} must be above 0, not {value}")
    return value


def _count(_: object, field: attrs.Attribute[int], value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{field.name} must be a whole number, not {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{field.name} must be at least 1, not {value}")


def _number(_: object, field: attrs.Attribute[float], value: object) -> None:
    _positive(field.name, value)


def _seconds(_: object, field: attrs.Attribute[Any], value: object) -> None:
    if value is not None:
        _positive(field.name, value)


def _rates(_: object, field: attrs.Attribute[Mapping[str, float]], value: object) -> None:
    if not isinstance(value, Mapping):
        raise TypeError(f"{field.name} must map operations to requests a second, not be of type {type(value).__name__}")
    for operation, rate in value.items():
        _positive(f"{field.name}[{operation!r}]", rate)


@attrs.frozen(kw_only=True)
class Limits:
    """How much may be done at once, how fast, and for how long.

    Nothing of one account counts for another, but `concurrency`. The service publishes no rate; those of its siblings
    are from 5 to 10 requests a second for each account.

    Attributes:
        rate: requests a second of one account, all its sources together. A throttled account halves its own for a
            while, and wins it back bit by bit.
        rates: requests a second for single operations, by their names on the wire, such as `{"ListPartners": 1}`; they
            are counted apart from all others.
        concurrency: how many requests and fetched pages there may be at once.
        sources: how many sources may be under way at once; each has a client that is kept open for it. Those that wait
            because they were throttled, or because a request failed, do not count.
        account_concurrency: how many sources of one account are collected at the same time.
        attempts: how often a request is sent at most.
        backoff: seconds before the first repetition after a failure other than throttling, at most; it doubles with
            each further one, up to a minute, and what is really waited is a random part of it.
        source_seconds: how long fetching one source may take, waiting for its turn included and for the consumer not;
            None for any time.
        run_seconds: how long the whole may take, waiting for the consumer included; None for any time.

    Raises:
        TypeError: a limit is no number.
        ValueError: a limit is not above 0.
    """

    rate: float = attrs.field(default=5.0, validator=_number)
    rates: Mapping[str, float] = attrs.field(factory=dict, validator=_rates)
    concurrency: int = attrs.field(default=10, validator=_count)
    sources: int = attrs.field(default=50, validator=_count)
    account_concurrency: int = attrs.field(default=2, validator=_count)
    attempts: int = attrs.field(default=8, validator=_count)
    backoff: float = attrs.field(default=0.5, validator=_number)
    source_seconds: float | None = attrs.field(default=3600.0, validator=_seconds)
    run_seconds: float | None = attrs.field(default=6 * 3600.0, validator=_seconds)
