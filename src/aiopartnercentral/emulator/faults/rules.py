"""A fault: which requests it is about, which of them it strikes, and what it does to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.emulator.faults import checks
from aiopartnercentral.emulator.faults.call_numbers import Calls, calls
from aiopartnercentral.emulator.faults.context import Action
from aiopartnercentral.emulator.iam import Scope
from aiopartnercentral.emulator.seed.random import Dice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiopartnercentral.emulator.faults.context import Exchange

_FINENESS = 2**53


def _action(_: object, __: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, Action):
        raise TypeError(f"a fault does one of its kinds of actions, such as Reset(), not {value!r}")


@attrs.frozen
class Fault(Scope):
    """Something that goes wrong on demand.

        Fault(ServerError(status=503), operation="List*", catalog="AWS", calls="3-5")
        Fault(Reset(when="after"), probability=0.05, seed=7)

    Arguments:
        action: what goes wrong.
        catalog: names of catalogs; the default is any, and requests that are about no catalog. `*` and `?` stand for
            any characters, here as in the next two.
        operation: names of operations, such as `ListConnections` or `List*`; the default is any.
        account_id: account that asks; the default is any.
        calls: which of these calls, counted from 1: `3`, `2-5`, `10-`, `*/4`, `1-20/3`, or several with commas between.
        probability: how likely each of those is struck.
        burst: how many of the calls in a row are struck at each time, whatever the two before say of the others.
        seed: another number is another chance; the same number strikes the same calls.

    Raises:
        ValueError: an argument is impossible; the message begins with its name.
    """

    action: Action = attrs.field(validator=_action)
    calls: Calls = attrs.field(default=Calls("*"), converter=calls, kw_only=True)
    probability: float = attrs.field(default=1.0, validator=checks.number(0, 1), kw_only=True)
    burst: int = attrs.field(default=1, validator=checks.whole(1), kw_only=True)
    seed: int = attrs.field(default=0, validator=checks.whole(-(2**63), 2**63), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check what the scope does not."""
        for name in ("catalog", "operation", "account_id"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} must be a text, not {getattr(self, name)!r}")  # noqa: TRY004 - one for all


@attrs.define(eq=False)
class _Armed:
    """A fault in an emulator, which counts.

    Attributes:
        fault: the fault.
        position: where it stands among the others, so that two of one seed do not strike alike.
        action: what it does, with a memory of its own.
        seen: how many calls it was about.
        left: how many calls of a burst are left.
    """

    fault: Fault
    position: int
    action: Action
    seen: int = 0
    left: int = 0

    def strike(self) -> Dice | None:
        """Count a call, and return the chance that decides the rest if it is struck."""
        self.seen += 1
        dice = Dice(f"{self.fault.seed}/fault/{self.position}/{self.seen}")
        struck = dice.roll(_FINENESS) < self.fault.probability * _FINENESS and self.seen in self.fault.calls
        if struck and not self.left:
            self.left = self.fault.burst
        if not self.left:
            return None
        self.left -= 1
        return dice


@attrs.define(eq=False)
class Disorder:
    """The faults of an emulator.

    Arguments:
        faults: the faults, in the order in which they take effect.
    """

    faults: Sequence[Fault]
    _armed: Sequence[_Armed] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Begin to count."""
        self._armed = [_Armed(fault, position, fault.action.fresh()) for position, fault in enumerate(self.faults)]

    def befall(self, exchange: Exchange) -> Blow:
        """Return what befalls a request."""
        about = [
            one for one in self._armed if one.fault.matches(exchange.catalog, exchange.operation, exchange.account)
        ]
        struck = [(one.action, dice) for one in about if (dice := one.strike()) is not None]
        return Blow([one.action for one in about], struck)


@attrs.frozen
class Blow:
    """What befalls one request.

    Attributes:
        about: what might befall it.
        struck: what does, each with its own chance.
    """

    about: Sequence[Action] = ()
    struck: Sequence[tuple[Action, Dice]] = ()

    def before(self, exchange: Exchange) -> None:
        """Do what is done before a request is carried out."""
        exchange.struck += [action.kind for action, dice in self.struck if action.before(exchange, dice)]

    def after(self, exchange: Exchange) -> None:
        """Do what is done to an answer."""
        for action in self.about:
            action.watch(exchange)
        exchange.struck += [action.kind for action, dice in self.struck if action.after(exchange, dice)]
