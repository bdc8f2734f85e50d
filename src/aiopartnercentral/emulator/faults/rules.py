"""Faults: the requests that they match, the calls that they are injected into, and what they do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral.emulator.faults.context import Action
from aiopartnercentral.emulator.iam import RequestFilter
from aiopartnercentral.emulator.seed.random import DeterministicRandom

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aiopartnercentral.emulator.faults.context import FaultContext

_RESOLUTION = 2**53
_RANGE = re.compile(
    r"(?:(?P<any>\*)|(?P<first>[1-9][0-9]{0,8})(?:(?P<to>-)(?P<last>[1-9][0-9]{0,8})?)?)(?:/(?P<step>[1-9][0-9]{0,8}))?"
)
_SHOWN_LENGTH = 60
_seconds = validators.number(least=0, most=10**9)


@attrs.frozen
class _Range:
    first: int
    last: int | None
    step: int

    def __contains__(self, number: int) -> bool:
        return (
            number >= self.first
            and (self.last is None or number <= self.last)
            and (number - self.first) % self.step == 0
        )


def _range(text: str) -> _Range:
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        came = repr(text) if len(text) <= _SHOWN_LENGTH else "another string"
        raise ValueError(f"calls must be like 3, 2-5, 10-, */4 or 1-20/3, or several of these with commas, not {came}")
    step = int(found["step"] or 1)
    if found["any"]:
        return _Range(step, None, step)
    first = int(found["first"])
    last = int(found["last"]) if found["last"] else None if found["to"] or found["step"] else first
    if last is not None and last < first:
        raise ValueError(f"calls must not end before they begin, as {text.strip()} does")
    return _Range(first, last, step)


@attrs.frozen
class CallNumbers:
    """Numbers of calls, counted from 1.

        *        every call
        */4      every fourth: 4, 8, 12 ...
        3        the third
        2-5      the second to the fifth
        10-      the tenth and all later ones
        1-20/3   1, 4, 7 ... 19
        1,5-     several of these

    Arguments:
        text: the numbers in this notation.

    Raises:
        ValueError: the text is not in this notation.
    """

    text: str
    _ranges: tuple[_Range, ...] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        """Parse the text."""
        object.__setattr__(self, "_ranges", tuple(_range(part) for part in self.text.split(",")))

    def __contains__(self, number: int) -> bool:
        return any(number in each for each in self._ranges)


def _call_numbers(given: object) -> CallNumbers:
    if isinstance(given, CallNumbers):
        return given
    if isinstance(given, int) and not isinstance(given, bool):
        # Beyond the notation, which has at most nine digits; Python does not print much larger integers.
        return CallNumbers(str(validators.integer(least=1, most=999_999_999)("calls", given)))
    if not isinstance(given, str):
        raise TypeError(f"calls must be an integer or a string, not {validators.type_name(given)}")
    return CallNumbers(given)


@attrs.frozen
class Fault(RequestFilter):
    """A fault, and the requests that it is injected into.

        Fault(ServerError(status=503), operation="List*", catalog="AWS", calls="3-5")
        Fault(Reset(when="after"), probability=0.05, seed=7)

    Arguments:
        action: what the fault does.
        catalog: names of catalogs; by default any, including requests without a catalog. `*` and `?` are wildcards,
            here and in the next two.
        operation: names of operations, such as `ListConnections` or `List*`; by default any.
        account_id: the account that sends the request; by default any.
        service: names of services, such as `partnercentral-selling`; by default any.
        calls: which of the matching requests, counted from 1: `3`, `2-5`, `10-`, `*/4`, `1-20/3`, or several of these
            with commas.
        probability: how likely the fault is injected into each of those requests.
        burst: the number of consecutive requests that the fault is injected into each time; the requests after the
            first one need not be among `calls`.
        seed: seed of the random choices; with the same seed, the fault is injected into the same requests.
        start: seconds, by the emulator's clock, from the first matching request until the fault begins.
        duration: seconds from then on until it ends; None for no end.

    Raises:
        TypeError: an argument has a wrong type; the text begins with its name.
        ValueError: an argument has a wrong value; the text begins with its name.
    """

    action: Action = attrs.field(validator=validators.instance_of(Action, "an action, such as Reset()"))
    calls: CallNumbers = attrs.field(default=CallNumbers("*"), converter=_call_numbers, kw_only=True)
    probability: float = attrs.field(default=1.0, validator=validators.number(least=0, most=1), kw_only=True)
    burst: int = attrs.field(default=1, validator=validators.count, kw_only=True)
    seed: int = attrs.field(default=0, validator=validators.integer(least=-(2**63), most=2**63), kw_only=True)
    start: float = attrs.field(default=0, validator=_seconds, kw_only=True)
    duration: float | None = attrs.field(default=None, validator=validators.optional(_seconds), kw_only=True)

    def is_active(self, elapsed: float) -> bool:
        """Return whether the fault has begun and not ended, so many seconds after the first matching request."""
        return self.start <= elapsed and (self.duration is None or elapsed < self.start + self.duration)


@attrs.define(eq=False)
class _ActiveFault:
    """A fault of a running emulator, with its counters.

    Attributes:
        fault: the fault.
        position: its position in the list, so that two faults with one seed choose differently.
        action: its action, with a memory of its own.
        matched: the number of calls that it matched.
        burst_left: the number of calls that are left of a burst.
        first_at: when the first matching call was made.
    """

    fault: Fault
    position: int
    action: Action
    matched: int = 0
    burst_left: int = 0
    first_at: datetime | None = None

    def trigger(self, now: datetime) -> DeterministicRandom | None:
        """Count a matching call; returns random numbers for the action if the fault is injected, or None."""
        self.first_at = self.first_at or now
        if not self.fault.is_active((now - self.first_at).total_seconds()):
            return None
        self.matched += 1
        random = DeterministicRandom(f"{self.fault.seed}/fault/{self.position}/{self.matched}")
        is_chosen = random.below(_RESOLUTION) < self.fault.probability * _RESOLUTION
        if is_chosen and self.matched in self.fault.calls and not self.burst_left:
            self.burst_left = self.fault.burst
        if not self.burst_left:
            return None
        self.burst_left -= 1
        return random


@attrs.define(eq=False)
class FaultInjector:
    """The faults of a running emulator.

    Arguments:
        faults: the faults, in the order in which they take effect.
    """

    faults: Sequence[Fault]
    _active: Sequence[_ActiveFault] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Start counting."""
        self._active = [
            _ActiveFault(fault, position, fault.action.fresh()) for position, fault in enumerate(self.faults)
        ]

    def match(self, context: FaultContext, now: datetime) -> Injection:
        """Return the faults that a request matches, and those that are injected into it at a time."""
        matching = [
            each
            for each in self._active
            if each.fault.matches(context.service.name, context.catalog, context.operation, context.account)
        ]
        injected = [(each.action, random) for each in matching if (random := each.trigger(now)) is not None]
        return Injection([each.action for each in matching], injected)


@attrs.frozen
class Injection:
    """The faults of one request.

    Attributes:
        matching: the actions of all faults that it matches.
        injected: the actions of those that are injected, each with its random numbers.
    """

    matching: Sequence[Action] = ()
    injected: Sequence[tuple[Action, DeterministicRandom]] = ()

    def before(self, context: FaultContext) -> None:
        """Act before the request is executed."""
        context.injected += [action.kind for action, random in self.injected if action.before(context, random)]

    def after(self, context: FaultContext) -> None:
        """Act on the response."""
        for action in self.matching:
            action.observe(context)
        context.injected += [action.kind for action, random in self.injected if action.after(context, random)]
