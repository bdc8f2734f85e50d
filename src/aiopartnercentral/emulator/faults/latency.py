"""Kinds of faults that take time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from aiopartnercentral.emulator.faults import checks
from aiopartnercentral.emulator.faults.context import Action

if TYPE_CHECKING:
    from aiopartnercentral.emulator.faults.context import Exchange
    from aiopartnercentral.emulator.seed.random import Dice

_FINENESS = 2**53
WHEN = ("before", "after")


def _chance(dice: Dice) -> float:
    """Return a number between 0 and 1, neither of which it is."""
    return (dice.roll(_FINENESS) + 0.5) / _FINENESS


@attrs.frozen(kw_only=True)
class _Wait(Action):
    """Time that goes by.

    Arguments:
        when: `after` the request was carried out its answer is held back; `before` it, a client that does not wait so
            long has nothing done.
        at_most: seconds that are never exceeded.
    """

    when: str = attrs.field(default="after", validator=checks.one_of(WHEN))
    at_most: float = attrs.field(default=60.0, validator=checks.number(0, checks.LONGEST))

    def drawn(self, chance: float) -> float:
        """Return seconds by a chance between 0 and 1."""
        raise NotImplementedError

    def _seconds(self, dice: Dice) -> float:
        return max(0.0, min(self.at_most, self.drawn(_chance(dice))))

    def before(self, exchange: Exchange, dice: Dice) -> bool:
        """Let time go by before the request is carried out."""
        if self.when == "before":
            exchange.wait += self._seconds(dice)
        return self.when == "before"

    def after(self, exchange: Exchange, dice: Dice) -> bool:
        """Hold the answer back."""
        if self.when == "before" or exchange.reply is None:
            return False
        exchange.reply.held += self._seconds(dice)
        return True


@attrs.frozen(kw_only=True)
class Latency(_Wait):
    """The same time always.

    Arguments:
        seconds: how long.
    """

    kind = "latency"

    seconds: float = attrs.field(validator=checks.number(0, checks.LONGEST))
    at_most: float = attrs.field(default=checks.LONGEST, init=False, repr=False)

    def drawn(self, chance: float) -> float:  # noqa: ARG002 - there is none
        """Return the time."""
        return self.seconds


@attrs.frozen(kw_only=True)
class UniformLatency(_Wait):
    """Any time of a range, each as likely.

    Arguments:
        least: the least seconds.
        most: the most seconds.
    """

    kind = "uniform_latency"

    least: float = attrs.field(validator=checks.number(0, checks.LONGEST))
    most: float = attrs.field(validator=checks.number(0, checks.LONGEST))
    at_most: float = attrs.field(default=checks.LONGEST, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Check that it is a range."""
        if self.most < self.least:
            raise ValueError(f"most must not be less than least, {self.least:g}, as {self.most:g} is")

    def drawn(self, chance: float) -> float:
        """Return seconds of the range."""
        return self.least + (self.most - self.least) * chance


@attrs.frozen(kw_only=True)
class ExponentialLatency(_Wait):
    """Short times often and long ones seldom, as if one waited for an independent event.

    Arguments:
        mean: seconds on average.
    """

    kind = "exponential_latency"

    mean: float = attrs.field(validator=checks.number(0, checks.LONGEST))

    def drawn(self, chance: float) -> float:
        """Return seconds of the exponential distribution."""
        return -self.mean * math.log(chance)


@attrs.frozen(kw_only=True)
class LognormalLatency(_Wait):
    """Times about a median, and some that are many times as long, as services answer.

    Arguments:
        median: half of the answers take less seconds.
        sigma: how far they spread: the standard deviation of the logarithm.
    """

    kind = "lognormal_latency"

    median: float = attrs.field(validator=checks.number(0, checks.LONGEST))
    sigma: float = attrs.field(default=1.0, validator=checks.number(0, 10))

    def drawn(self, chance: float) -> float:
        """Return seconds of the lognormal distribution."""
        from statistics import NormalDist  # noqa: PLC0415 - it takes a while to import

        return self.median * math.exp(self.sigma * NormalDist().inv_cdf(chance))


@attrs.frozen(kw_only=True)
class Trickle(Action):
    """A body that comes slowly.

    Arguments:
        bytes_per_second: how slowly.
    """

    kind = "trickle"

    bytes_per_second: float = attrs.field(validator=checks.number(0, 1e9, above=True))

    def after(self, exchange: Exchange, dice: Dice) -> bool:  # noqa: ARG002 - there is no chance in it
        """Slow the answer down."""
        if exchange.reply is None:
            return False
        exchange.reply.pace = self.bytes_per_second
        return True
