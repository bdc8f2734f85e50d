"""The access log: one record for each request, without its body, query, credentials and other secrets.

The logger `aiopartnercentral.emulator.access` gets them at the level INFO. Their attribute `access` has the facts.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from aiopartnercentral.emulator.operations.account.verification import COMPLETION_PATH
from aiopartnercentral.emulator.services import SERVICES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from aiopartnercentral.emulator.protocol import RecordedRequest

logger: logging.Logger = logging.getLogger("aiopartnercentral.emulator.access")

_LONGEST_PATH: Final = 200


def log(
    request: web.BaseRequest,
    *,
    status: int | None,
    seconds: float,
    ids: Mapping[str, str],
    record: RecordedRequest | None = None,
) -> None:
    """Log a request.

    Arguments:
        request: the request.
        status: the status of its response; None if its client disconnected before, 0 if the connection was reset.
        seconds: how long the response took.
        ids: the header with the id of the request.
        record: the entry in the list of recent requests; None if the request was not for an operation.
    """
    if not logger.isEnabledFor(logging.INFO):
        return
    # Not `raw_path`: a target such as `http://user:password@host/` is more than a path.
    path = request.rel_url.raw_path[:_LONGEST_PATH]
    facts: dict[str, object] = {
        "method": request.method,
        "path": f"{COMPLETION_PATH}..." if request.path.startswith(COMPLETION_PATH) else path,
        "status": status,
        "milliseconds": round(seconds * 1e3, 1),
        "request_id": next(iter(ids.values())),
    }
    if record is not None:
        # Any other text is what a client has sent, and may be anything.
        is_known = record.operation in SERVICES[record.service].validator.operations
        facts |= {
            "account": record.account,
            "service": record.service,
            "operation": record.operation if is_known else None,
            "catalog": record.catalog,
            "error": record.error,
            "faults": list(record.faults),
        }
    shown = {name: ",".join(value) if isinstance(value, list) else value for name, value in facts.items()}
    text = " ".join(f"{name}={value}" for name, value in shown.items() if value not in (None, ""))
    logger.info("%s", text, extra={"access": facts})
