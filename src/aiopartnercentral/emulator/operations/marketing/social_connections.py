"""Social connections: authorizations to publish on a platform, which a visitor of a URL of the emulator gives."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.operations import paging
from aiopartnercentral.emulator.operations.account.verification import COMPLETION_PATH
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.matching import is_one_of, moment
from aiopartnercentral.emulator.operations.resources import PAGE_SIZE, Resource, response
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode
from aiopartnercentral.emulator.state.tasks import Verification

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import RequestContext

Item = dict[str, Any]

_CONNECTIONS: Final = Resource("social-connection", "sc")
_PLATFORMS: Final = ("FACEBOOK", "LINKEDIN", "X")
# AWS publishes neither how long a URL can be used, nor how long an authorization lasts.
_URL_VALID_FOR: Final = timedelta(hours=1)
_AUTHORIZED_FOR: Final = timedelta(days=60)
_SECRET_LENGTH: Final = 20
_ID_LENGTH: Final = 13


def create_social_connection_authorization_url(context: RequestContext) -> bytes:
    """Return a URL that authorizes publishing once it is opened; every call returns a new one."""
    platform, secret = context.request["Platform"], context.state.random("social").text(_SECRET_LENGTH)
    context.state.verifications[context.account, f"{_key(context, platform)}{secret}"] = Verification(
        "SOCIAL_CONNECTION",
        {},
        started_at=context.now,
        duration=timedelta(0),
        secret=secret,
        url_expires_at=context.now + _URL_VALID_FOR,
    )
    return response(context, {"Platform": platform, "AuthorizationUrl": f"{context.origin}{COMPLETION_PATH}{secret}"})


def _key(context: RequestContext, platform: str) -> str:
    """Return the beginning of the kinds of the verifications of a platform in the catalog of a request."""
    return f"{_CONNECTIONS.path}/{context.catalog_name}/{platform}/"


def connections(context: RequestContext) -> list[Item]:
    """Return the caller's connections as they are now; it has one account on each platform, or several seeded ones."""
    records = _CONNECTIONS.records(context)
    found = [records.at(index).item for index in records.of(context.account)]
    for platform in _PLATFORMS:
        opened = sorted(
            (each.opened_at, each.secret or "")
            for (account, kind), each in context.state.verifications.items()
            if account == context.account and kind.startswith(_key(context, platform)) and each.opened_at is not None
        )
        if opened:
            # The first authorization makes the connection, and later ones renew it.
            name, latest = f"Account {context.account}", opened[-1][0]
            members = {
                "Id": f"{_CONNECTIONS.prefix}-{opened[0][1][:_ID_LENGTH]}",
                "Platform": platform,
                "AccountName": name,
                "ConnectedAt": format_timestamp(latest),
                **({} if platform == "X" else {"ExpiresAt": format_timestamp(latest + _AUTHORIZED_FOR)}),
                **({"PageName": name} if platform == "FACEBOOK" else {}),
            }
            found.append(members)
    return [
        each
        | {"Status": "EXPIRED" if "ExpiresAt" in each and context.now >= moment(each["ExpiresAt"]) else "AUTHORIZED"}
        for each in found
    ]


def list_social_connections(context: RequestContext) -> bytes:
    """Return a page of the caller's connections."""
    platform, known = context.request.get("Platform"), context.service.validator.known
    found = [each for each in connections(context) if is_one_of(each["Platform"], [platform] if platform else None)]
    return paging.page(
        context,
        range(len(found)),
        lambda some: [encode(known("SocialConnectionSummary", found[each])) for each in some],
        result_key="Items",
        size=context.request.get("MaxResults", PAGE_SIZE),
    )


def delete_social_connection(context: RequestContext) -> bytes:
    """Delete a connection; deleting an unknown one has no effect."""
    identifier = identifier_of(context.request["Identifier"])
    for item in connections(context):
        if item["Id"] == identifier:
            record = _CONNECTIONS.records(context).get(identifier)
            if record is not None:
                _CONNECTIONS.remove(context, record)
                continue
            key = _key(context, item["Platform"])
            for account, kind in list(context.state.verifications):
                if account == context.account and kind.startswith(key):
                    del context.state.verifications[account, kind]
    return encode({})
