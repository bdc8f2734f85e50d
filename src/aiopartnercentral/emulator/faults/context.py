"""A request and its response, as faults see and change them, and the base class of what faults do."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from aiopartnercentral.emulator.response import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral.emulator.errors import EmulatedServiceError
    from aiopartnercentral.emulator.seed.random import DeterministicRandom
    from aiopartnercentral.emulator.services import Service
    from aiopartnercentral.emulator.validation import ModelValidator

_NEXT_TOKEN = "NextToken"  # noqa: S105 - of a page


@attrs.define(eq=False, slots=False)
class FaultContext:
    """A request on its way through the emulator.

    Attributes:
        operation: the operation's name, or the text that was sent instead of one.
        account: the account that sends the request.
        catalog: the catalog that the request names; None if it names none.
        request: the request as it was sent; empty if it cannot be parsed.
        service: the service.
        text: the request's body as it was sent, decompressed; empty if it cannot be parsed.
        delay: seconds to wait before the request is executed.
        error: name of the error that is the response.
        response: the response, once there is one; if it is set before the request is executed, it prevents the
            execution.
        injected: kinds of the faults that changed something.
    """

    operation: str
    account: str
    catalog: str | None
    request: Mapping[str, Any]
    service: Service
    text: bytes = b""
    delay: float = 0.0
    error: str | None = None
    response: Response | None = None
    injected: list[str] = attrs.field(factory=list)

    def fail(self, error: EmulatedServiceError, headers: Mapping[str, str] | None = None) -> None:
        """Respond with an error, whatever the response was."""
        self.error = error.shape
        body = self.service.encode(self.service.error_body(error))
        self.respond(body, status=self.service.error_status(error), headers=headers or {})

    def respond(self, body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Respond with a body in the protocol of the service."""
        more = {**self.service.headers, **(headers or {})}
        self.response = Response(status, body, content_type=self.service.content_type, headers=more)

    @property
    def validator(self) -> ModelValidator:
        """The validator of the service's model."""
        return self.service.validator

    @cached_property
    def next_token(self) -> str:
        """The name of the member of requests and responses that holds a page token."""
        return self.service.page_token(self.operation) or _NEXT_TOKEN

    @cached_property
    def page_token(self) -> str | None:
        """The page token of the request; None for a first page."""
        token = self.request.get(self.next_token)
        return token if isinstance(token, str) else None

    def output_shape(self) -> str | None:
        """Return the name of the response's shape; None if the model does not have it."""
        if self.error is not None:
            return self.error if self.error in self.validator.model["shapes"] else None
        return self.service.output_shape(self.operation)

    def page(self) -> dict[str, Any] | None:
        """Return the value of the response if it is a page of a listing; None otherwise."""
        if self.error is not None or self.service.member(self.output_shape(), _NEXT_TOKEN) is None:
            return None
        return self.read()

    def read(self) -> dict[str, Any] | None:
        """Return the value of the response; None if it is no longer an object."""
        if self.response is None:
            return None
        try:
            read = self.service.decode(self.response.body)
        except ValueError:
            return None
        return read if isinstance(read, dict) else None

    def write(self, body: dict[str, Any]) -> None:
        """Replace the value of the response."""
        if self.response is not None:
            self.response.body = self.service.encode(body)

    @property
    def has_response(self) -> bool:
        """Whether there is a response, rather than a connection that is reset."""
        return self.response is not None and self.response.status != 0


@attrs.frozen
class Action:
    """What a fault does: before the request is executed, to the response, or both."""

    kind: ClassVar[str] = ""
    """The name of the action in a faults file."""

    def check(self, validator: ModelValidator) -> None:
        """Raise ValueError if an argument names something that a model does not have; the text begins with it."""

    def fresh(self) -> Action:
        """Return the action without its memory of earlier requests."""
        return self

    def before(self, context: FaultContext, random: DeterministicRandom) -> bool:  # noqa: ARG002 - an interface
        """Act before the request is executed; returns whether it changed something."""
        return False

    def after(self, context: FaultContext, random: DeterministicRandom) -> bool:  # noqa: ARG002 - an interface
        """Act on the response; returns whether it changed something."""
        return False

    def observe(self, context: FaultContext) -> None:
        """See the response to every matching request, whether the fault is injected or not."""
