"""One request, as a handler gets it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from aiopartnercentral.emulator.state.catalog import Catalog
    from aiopartnercentral.emulator.state.state import World


@attrs.frozen
class Call:
    """A valid request of an account.

    Attributes:
        operation: the operation's name.
        request: the request, without nulls and without members that the model does not know.
        account: the account that asks.
        now: when it asks.
        origin: where it reached the emulator, such as `http://127.0.0.1:8080`.
        world: what there is.
    """

    operation: str
    request: Mapping[str, Any]
    account: str
    now: datetime
    origin: str
    world: World

    @cached_property
    def catalog(self) -> Catalog:
        """What the account has in the catalog that the request names."""
        return self.world.side(self.request["Catalog"], self.account, self.now)
