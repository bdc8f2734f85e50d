"""The request that a handler executes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from aiopartnercentral.emulator.services import Service
    from aiopartnercentral.emulator.state.catalog import AccountCatalog
    from aiopartnercentral.emulator.state.records import RecordStore
    from aiopartnercentral.emulator.state.selling import SellingAccount, SellingCatalog
    from aiopartnercentral.emulator.state.state import State


@attrs.frozen
class RequestContext:
    """A valid request.

    Attributes:
        service: the service.
        operation: the operation's name.
        request: the request, without null values and unknown members.
        account: the account that sends the request.
        now: the emulator's time.
        origin: the address at which the request reached the emulator, such as `http://127.0.0.1:8080`.
        state: the state of the service.
    """

    service: Service
    operation: str
    request: Mapping[str, Any]
    account: str
    now: datetime
    origin: str
    state: State

    @cached_property
    def selling(self) -> SellingCatalog:
        """The catalog of the service `selling` that the request names, with the items of all accounts."""
        return self.state.selling(self.request["Catalog"], self.now)

    @cached_property
    def own(self) -> SellingAccount:
        """The account's items of the service `selling` in that catalog."""
        return self.selling.of(self.account)

    @property
    def catalog_name(self) -> str:
        """The name of the catalog that the request names."""
        name: str = self.request.get("Catalog") or self.request["catalog"]
        return name

    @cached_property
    def records(self) -> RecordStore:
        """The plain items of the request's service in its catalog, those of all accounts."""
        return self.state.records(self.service.name, self.catalog_name, self.now)

    @cached_property
    def catalog(self) -> AccountCatalog:
        """The account's catalog of the service `account` that the request names."""
        return self.state.catalog(self.request["Catalog"], self.account, self.now)
