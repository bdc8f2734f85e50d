"""Faults that take time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral.emulator.faults.context import Action

if TYPE_CHECKING:
    from aiopartnercentral.emulator.faults.context import FaultContext
    from aiopartnercentral.emulator.seed.random import DeterministicRandom

# A day: longer than any client waits, and short enough for every clock.
LONGEST: Final = 86_400
_RESOLUTION = 2**53

before_or_after: Final = validators.one_of(("before", "after"))
seconds: Final = validators.number(least=0, most=LONGEST)


def _uniform(random: DeterministicRandom) -> float:
    """Return a number between 0 and 1, both excluded."""
    return (random.below(_RESOLUTION) + 0.5) / _RESOLUTION


@attrs.frozen(kw_only=True)
class _Delay(Action):
    """A delay of a request or its response.

    Arguments:
        when: `after` delays the response to an executed request; `before` delays the execution, so that nothing has
            happened if the client does not wait that long.
        maximum: the longest delay in seconds.
    """

    when: str = attrs.field(default="after", validator=before_or_after)
    maximum: float = attrs.field(default=60.0, validator=seconds)

    def sample(self, uniform: float) -> float:
        """Return seconds for a uniformly distributed number between 0 and 1."""
        raise NotImplementedError

    def _seconds(self, random: DeterministicRandom) -> float:
        return max(0.0, min(self.maximum, self.sample(_uniform(random))))

    def before(self, context: FaultContext, random: DeterministicRandom) -> bool:
        """Delay the execution."""
        if self.when == "before":
            context.delay += self._seconds(random)
        return self.when == "before"

    def after(self, context: FaultContext, random: DeterministicRandom) -> bool:
        """Delay the response."""
        if self.when == "before" or context.response is None:
            return False
        context.response.delay += self._seconds(random)
        return True


@attrs.frozen(kw_only=True)
class Latency(_Delay):
    """The same delay every time.

    Arguments:
        seconds: the delay.
    """

    kind = "latency"

    seconds: float = attrs.field(validator=seconds)
    maximum: float = attrs.field(default=float(LONGEST), init=False, repr=False)

    def sample(self, uniform: float) -> float:  # noqa: ARG002 - it is constant
        """Return the delay."""
        return self.seconds


@attrs.frozen(kw_only=True)
class UniformLatency(_Delay):
    """A delay that is uniformly distributed over a range.

    Arguments:
        minimum: the shortest delay in seconds.
        maximum: the longest delay in seconds.
    """

    kind = "uniform_latency"

    minimum: float = attrs.field(validator=seconds)
    maximum: float = attrs.field(validator=seconds)

    def __attrs_post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        if self.maximum < self.minimum:
            raise ValueError(f"maximum must be at least the minimum, {self.minimum}, not {self.maximum}")

    def sample(self, uniform: float) -> float:
        """Return seconds of the range."""
        return self.minimum + (self.maximum - self.minimum) * uniform


@attrs.frozen(kw_only=True)
class ExponentialLatency(_Delay):
    """An exponentially distributed delay: often short and rarely long.

    Arguments:
        mean: seconds on average.
    """

    kind = "exponential_latency"

    mean: float = attrs.field(validator=seconds)

    def sample(self, uniform: float) -> float:
        """Return seconds of the exponential distribution."""
        return -self.mean * math.log(uniform)


@attrs.frozen(kw_only=True)
class LognormalLatency(_Delay):
    """A lognormally distributed delay, typical of services: near the median, with a long tail.

    Arguments:
        median: half of the delays are shorter, in seconds.
        sigma: the standard deviation of the delay's logarithm.
    """

    kind = "lognormal_latency"

    median: float = attrs.field(validator=seconds)
    sigma: float = attrs.field(default=1.0, validator=validators.number(least=0, most=10))

    def sample(self, uniform: float) -> float:
        """Return seconds of the lognormal distribution."""
        from statistics import NormalDist  # noqa: PLC0415 - slow to import

        return self.median * math.exp(self.sigma * NormalDist().inv_cdf(uniform))


@attrs.frozen(kw_only=True)
class SlowBody(Action):
    """A body that is sent slowly.

    Arguments:
        bytes_per_second: how fast.
    """

    kind = "slow_body"

    bytes_per_second: float = attrs.field(validator=validators.number(above=0, most=10**9))

    def after(self, context: FaultContext, random: DeterministicRandom) -> bool:  # noqa: ARG002 - nothing is random
        """Slow the response down."""
        if context.response is None:
            return False
        context.response.bytes_per_second = self.bytes_per_second
        return True
