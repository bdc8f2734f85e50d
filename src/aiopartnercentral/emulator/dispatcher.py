"""From a well-framed request to the bytes of its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.emulator import errors
from aiopartnercentral.emulator.operations.context import Call
from aiopartnercentral.emulator.operations.tags import catalog_of
from aiopartnercentral.emulator.persistence.records import StateError
from aiopartnercentral.emulator.state.clock import STILL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiopartnercentral.emulator.iam import Denial
    from aiopartnercentral.emulator.persistence.replay import History
    from aiopartnercentral.emulator.state.rate_limit import TokenBucket
    from aiopartnercentral.emulator.state.state import World
    from aiopartnercentral.emulator.validation import Validator


@attrs.define(eq=False)
class Service:
    """The service without HTTP.

    Attributes:
        history: what changes the world and its time.
        validator: the model.
        denied: catalogs that nobody may use.
        denials: what else nobody may do, or somebody.
        bucket: how many requests a second are allowed; None for any number.
    """

    history: History
    validator: Validator
    denied: frozenset[str] = frozenset()
    denials: Sequence[Denial] = ()
    bucket: TokenBucket | None = None

    def answer(self, operation: str, sent: Mapping[str, Any], *, account: str, origin: str) -> bytes:
        """Return the body of the answer to a request of a modelled operation.

        Arguments:
            operation: the operation's name.
            sent: the request as it came.
            account: the account that asks.
            origin: where it reached the emulator.

        Raises:
            ServiceFaultError: the answer is an error.
        """
        if self.bucket and not self.bucket.take():
            raise errors.throttled()
        self._check_allowed(operation, sent, account)
        if problems := self.validator.request_problems(operation, sent):
            raise errors.validation_failed(problems)
        request = self.validator.known_request(operation, sent)
        if "Catalog" in request and request["Catalog"] not in self.world.sizes:
            raise errors.invalid_field("Catalog", "is not a catalog of this account")
        with STILL:
            call = Call(operation, request, account, self.history.clock.now(), origin, self.world)
            try:
                return self.history.carry_out(call)
            except StateError:
                raise errors.internal_error(errors.NOT_KEPT) from None

    @property
    def world(self) -> World:
        """What there is."""
        return self.history.world

    def _check_allowed(self, operation: str, sent: Mapping[str, Any], account: str) -> None:
        """Raise ServiceFaultError if the caller may not do this, which comes before whether it makes sense."""
        catalog = catalog_named(sent)
        if catalog in self.denied or any(denial.matches(catalog, operation, account) for denial in self.denials):
            raise errors.access_denied()


def catalog_named(sent: Mapping[str, Any]) -> str | None:
    """Return the catalog that a request is about, by its name or in an ARN; None if it is about none."""
    named = sent.get("Catalog", sent.get("ResourceArn"))
    catalog = catalog_of(named) if isinstance(named, str) and ":" in named else named
    return catalog if isinstance(catalog, str) else None
