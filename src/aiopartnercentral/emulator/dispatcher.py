"""Checks a parsed request, and executes it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import attrs

from aiopartnercentral.emulator import errors
from aiopartnercentral.emulator.operations.arns import catalog_named
from aiopartnercentral.emulator.operations.context import RequestContext
from aiopartnercentral.emulator.operations.registry import is_read
from aiopartnercentral.emulator.operations.selling.bulk_jobs import FILE_CONTENT
from aiopartnercentral.emulator.persistence.records import StateError
from aiopartnercentral.emulator.state.clock import CLOCK_LOCK
from aiopartnercentral.emulator.state.quotas import TokenBucket
from aiopartnercentral.emulator.state.steps import in_steps, unlimited

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aiopartnercentral.emulator.iam import Denial
    from aiopartnercentral.emulator.persistence.store import StateStore
    from aiopartnercentral.emulator.services import Service
    from aiopartnercentral.emulator.state.state import State


_LARGEST_FILE: Final = 10 * 2**20


def read_file(directory: Path, uri: str) -> str | None:
    """Return the text of the file of a bulk job; None if there is none, it is too large, or it is not UTF-8.

    Arguments:
        directory: the directory, in which `bucket/key` is `s3://bucket/key`, also for a presigned URL of it.
        uri: the URI of the file.
    """
    root = directory.resolve()
    try:
        parts = urlsplit(uri)
        path = (root / parts.netloc.partition(".s3")[0] / unquote(parts.path).lstrip("/")).resolve()
        if not path.is_relative_to(root) or not path.is_file() or path.stat().st_size > _LARGEST_FILE:
            return None
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return None


@attrs.define(eq=False)
class Dispatcher:
    """The services themselves, without their protocols: permissions, rate limit, validation, and execution.

    Attributes:
        store: executes changes of the state.
        denied: the denied catalogs.
        denials: the other denials.
        files: the directory with the files of bulk jobs; None if there is none.
        requests_per_second: the rate limit of each account in each service; None for no limit.
    """

    store: StateStore
    denied: frozenset[str] = frozenset()
    denials: Sequence[Denial] = ()
    files: Path | None = None
    _requests_per_second: float | None = None
    _buckets: dict[tuple[str, str], TokenBucket] = attrs.field(factory=dict, init=False, repr=False)

    @property
    def requests_per_second(self) -> float | None:
        """The rate limit of each account in each service; setting it fills all token buckets."""
        return self._requests_per_second

    @requests_per_second.setter
    def requests_per_second(self, rate: float | None) -> None:
        self._requests_per_second = rate
        self._buckets.clear()

    async def respond(
        self, service: Service, operation: str, request: Mapping[str, Any], *, account: str, origin: str
    ) -> bytes:
        """Return the JSON of the response to a request; if this is cancelled, it was executed completely or not at all.

        Arguments:
            service: the service.
            operation: the name of an operation of the model.
            request: the request as it was sent.
            account: the account that sends the request.
            origin: the address at which it reached the emulator.

        Raises:
            EmulatedServiceError: the response is an error.
        """
        self.admit(service, operation, request, account)
        if problems := service.validator.request_problems(operation, request):
            raise errors.validation_failed(problems)
        known = service.validator.known_request(operation, request)
        for name in ("Catalog", "catalog"):
            if name in known and known[name] not in self.state.sizes:
                raise errors.invalid_field(name, "is not a catalog of this account")
        uri = known.get("FileUri", known.get("FileURI"))
        if uri is not None and self.files is not None:
            # A part of the request, so that the state file has it: the file may change.
            known[FILE_CONTENT] = read_file(self.files, uri)
        catalogs = [known[name] for name in ("Catalog", "catalog") if name in known] or [*self.state.sizes]

        def execute() -> bytes:
            with CLOCK_LOCK:
                now = self.store.clock.now()
                for name in catalogs:
                    self.state.settle(name, now)
                context = RequestContext(service, operation, known, account, now, origin, self.state)
                with nullcontext() if is_read(operation) else unlimited():
                    return self.store.execute(context)

        try:
            return await in_steps(execute)
        except StateError:
            raise errors.internal_error(errors.STATE_NOT_WRITABLE) from None

    def admit(self, service: Service, operation: str, request: Mapping[str, Any], account: str) -> None:
        """Count a request.

        Raises:
            EmulatedServiceError: the rate limit or a denial does not allow it.
        """
        if not self._take_token(service, account):
            raise errors.throttled(service.name)
        self._check_allowed(service, operation, request, account)

    @property
    def state(self) -> State:
        """The state of the service."""
        return self.store.state

    def _take_token(self, service: Service, account: str) -> bool:
        """Count a request; returns whether the rate limit allows it."""
        if self._requests_per_second is None:
            return True
        key = (service.name, account)
        if key not in self._buckets:
            self._buckets[key] = TokenBucket(self._requests_per_second)
        return self._buckets[key].take()

    def _check_allowed(self, service: Service, operation: str, request: Mapping[str, Any], account: str) -> None:
        """Raise EmulatedServiceError if the request is denied; this comes before its validation."""
        catalog = catalog_named(request)
        if catalog in self.denied or any(
            denial.matches(service.name, catalog, operation, account) for denial in self.denials
        ):
            raise errors.access_denied()
