"""A request and its answer, as faults see and change them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import msgspec

from aiopartnercentral.emulator.response import Reply
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral.emulator.errors import ServiceFaultError
    from aiopartnercentral.emulator.seed.random import Dice
    from aiopartnercentral.emulator.validation import Validator

NEXT_TOKEN = "NextToken"  # noqa: S105 - a page's


@attrs.define(eq=False, slots=False)
class Exchange:
    """A request on its way through the emulator.

    Attributes:
        operation: the operation's name, or what stood in its place.
        account: the account that asks.
        catalog: the catalog that it is about; None if it is about none.
        sent: the request as it came; empty if it cannot be read.
        validator: the model.
        size: how many bytes it was as JSON.
        wait: seconds that go by before it is carried out.
        error: name of the error that answers it.
        reply: the answer, once there is one: who gives it before the request is carried out prevents that.
        struck: the kinds of the faults that changed something.
    """

    operation: str
    account: str
    catalog: str | None
    sent: Mapping[str, Any]
    validator: Validator
    size: int = 0
    wait: float = 0.0
    error: str | None = None
    reply: Reply | None = None
    struck: list[str] = attrs.field(factory=list)

    def refuse(self, fault: ServiceFaultError, headers: Mapping[str, str] | None = None) -> None:
        """Answer with an error, whatever the answer was."""
        self.error = fault.shape
        self.reply = Reply(fault.status, encode(fault.payload()), headers=dict(headers or {}))

    @cached_property
    def asked(self) -> str | None:
        """The page token of the request; None on the way to a first page."""
        token = self.sent.get(NEXT_TOKEN)
        return token if isinstance(token, str) else None

    def output(self) -> str | None:
        """Return the shape of the answer; None if the model does not have it."""
        if self.error is not None:
            return self.error if self.error in self.validator.model["shapes"] else None
        operation = self.validator.operations.get(self.operation, {})
        shape: str | None = operation.get("output", {}).get("shape")
        return shape

    def page(self) -> dict[str, Any] | None:
        """Return the answer as JSON if it is a page of a list; None otherwise."""
        shape = self.output()
        if (
            self.error is not None
            or shape is None
            or NEXT_TOKEN not in self.validator.model["shapes"][shape]["members"]
        ):
            return None
        return self.read()

    def read(self) -> dict[str, Any] | None:
        """Return the answer as JSON; None if it is no longer a JSON object."""
        if self.reply is None:
            return None
        try:
            read = msgspec.json.decode(self.reply.body)
        except msgspec.DecodeError:
            return None
        return read if isinstance(read, dict) else None

    def write(self, answer: dict[str, Any]) -> None:
        """Put JSON in the place of the answer's body."""
        if self.reply is not None:
            self.reply.body = encode(answer)

    @property
    def answered(self) -> bool:
        """Whether there is an answer, and not a connection that is reset."""
        return self.reply is not None and self.reply.status != 0


@attrs.frozen
class Action:
    """What a fault does: its kind, with what that needs to know.

    A kind does something before the request is carried out, or to the answer, or both.
    """

    kind: ClassVar[str] = ""
    """What it is called in a file."""

    def check(self, validator: Validator) -> None:
        """Raise ValueError if something is named that the model does not have; the message begins with the key."""

    def fresh(self) -> Action:
        """Return the action with nothing in its memory."""
        return self

    def before(self, exchange: Exchange, dice: Dice) -> bool:  # noqa: ARG002 - an interface
        """Do what is to be done first, and tell whether there was something."""
        return False

    def after(self, exchange: Exchange, dice: Dice) -> bool:  # noqa: ARG002 - an interface
        """Change the answer, and tell whether there was something to change."""
        return False

    def watch(self, exchange: Exchange) -> None:
        """See the answer to a request that might have been struck, whether it was or not."""
