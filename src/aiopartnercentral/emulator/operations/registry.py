"""The handlers of all services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiopartnercentral.emulator import services
from aiopartnercentral.emulator.errors import not_implemented
from aiopartnercentral.emulator.operations.account.handlers import HANDLERS as ACCOUNT_HANDLERS
from aiopartnercentral.emulator.operations.benefits.handlers import HANDLERS as BENEFITS_HANDLERS
from aiopartnercentral.emulator.operations.channel.handlers import HANDLERS as CHANNEL_HANDLERS
from aiopartnercentral.emulator.operations.marketing.handlers import HANDLERS as MARKETING_HANDLERS
from aiopartnercentral.emulator.operations.revenue.handlers import HANDLERS as REVENUE_HANDLERS
from aiopartnercentral.emulator.operations.selling.handlers import HANDLERS as SELLING_HANDLERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.services import Service

    Handler = Callable[[RequestContext], bytes]

HANDLERS: Final[Mapping[str, Mapping[str, Handler]]] = {
    services.ACCOUNT.name: ACCOUNT_HANDLERS,
    services.SELLING.name: SELLING_HANDLERS,
    services.BENEFITS.name: BENEFITS_HANDLERS,
    services.CHANNEL.name: CHANNEL_HANDLERS,
    services.MARKETING.name: MARKETING_HANDLERS,
    services.REVENUE.name: REVENUE_HANDLERS,
}
"""The handler of each operation that the emulator serves, by service and operation."""

_READS: Final = ("Get", "List", "Search")


def handler_of(service: Service, operation: str) -> Handler:
    """Return the handler of an operation of the model.

    Raises:
        EmulatedServiceError: the emulator does not serve the operation.
    """
    handler = HANDLERS.get(service.name, {}).get(operation)
    if handler is None:
        raise not_implemented(operation)
    return handler


def is_read(operation: str) -> bool:
    """Return whether an operation only reads; such an operation has no ClientToken."""
    return operation.startswith(_READS)
