"""Checks a parsed request, and executes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.emulator import errors
from aiopartnercentral.emulator.operations.context import RequestContext
from aiopartnercentral.emulator.operations.tags import catalog_of
from aiopartnercentral.emulator.persistence.records import StateError
from aiopartnercentral.emulator.state.clock import CLOCK_LOCK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiopartnercentral.emulator.iam import Denial
    from aiopartnercentral.emulator.persistence.store import StateStore
    from aiopartnercentral.emulator.state.quotas import TokenBucket
    from aiopartnercentral.emulator.state.state import State
    from aiopartnercentral.emulator.validation import ModelValidator


@attrs.define(eq=False)
class Dispatcher:
    """The service itself, without its protocol: permissions, rate limit, validation, and execution.

    Attributes:
        store: executes changes of the state.
        validator: the model.
        denied: the denied catalogs.
        denials: the other denials.
        bucket: the rate limit of all requests together; None for no limit.
    """

    store: StateStore
    validator: ModelValidator
    denied: frozenset[str] = frozenset()
    denials: Sequence[Denial] = ()
    bucket: TokenBucket | None = None

    def respond(self, operation: str, request: Mapping[str, Any], *, account: str, origin: str) -> bytes:
        """Return the body of the response to a request.

        Arguments:
            operation: the name of an operation of the model.
            request: the request as it was sent.
            account: the account that sends the request.
            origin: the address at which it reached the emulator.

        Raises:
            EmulatedServiceError: the response is an error.
        """
        if self.bucket and not self.bucket.take():
            raise errors.throttled()
        self._check_allowed(operation, request, account)
        if problems := self.validator.request_problems(operation, request):
            raise errors.validation_failed(problems)
        known = self.validator.known_request(operation, request)
        if "Catalog" in known and known["Catalog"] not in self.state.sizes:
            raise errors.invalid_field("Catalog", "is not a catalog of this account")
        with CLOCK_LOCK:
            context = RequestContext(operation, known, account, self.store.clock.now(), origin, self.state)
            try:
                return self.store.execute(context)
            except StateError:
                raise errors.internal_error(errors.STATE_NOT_WRITABLE) from None

    @property
    def state(self) -> State:
        """The state of the service."""
        return self.store.state

    def _check_allowed(self, operation: str, request: Mapping[str, Any], account: str) -> None:
        """Raise EmulatedServiceError if the request is denied; this comes before its validation."""
        catalog = catalog_named(request)
        if catalog in self.denied or any(denial.matches(catalog, operation, account) for denial in self.denials):
            raise errors.access_denied()


def catalog_named(request: Mapping[str, Any]) -> str | None:
    """Return the catalog that a request names, directly or in an ARN; None if it names none."""
    named = request.get("Catalog", request.get("ResourceArn"))
    catalog = catalog_of(named) if isinstance(named, str) and ":" in named else named
    return catalog if isinstance(catalog, str) else None
