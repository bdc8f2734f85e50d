"""The emulated operations: a valid request and a catalog in, the JSON of the answer out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiopartnercentral.emulator import paging
from aiopartnercentral.emulator.faults import FieldProblem, not_found, validation_failed
from aiopartnercentral.emulator.store import Catalog, Shelf, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    Request = Mapping[str, Any]
    Handler = Callable[[Catalog, Request], bytes]

# The service does not publish how many items it returns when MaxResults is absent: the maximum shows most in a page.
DEFAULT_PAGE_SIZE = 100
# ListPartners has no MaxResults; its answer holds at most this many.
PARTNERS_PAGE_SIZE = 50

_TYPE_FILTERS = frozenset(
    f"{name}{status}" for name in ("OPPORTUNITY_COLLABORATION", "SUBSIDIARY") for status in ("", ":ACTIVE", ":CANCELED")
)
_CONTACT = ("Catalog", "Arn", "Id", "AllianceLeadContact")
_VISIBILITY = ("Catalog", "Arn", "Id", "Visibility", "Profile")
_PARTNER = ("Catalog", "Arn", "Id", "LegalName", "CreatedAt", "Profile", "AwsTrainingCertificationEmailDomains")


def _page(
    shelf: Shelf,
    operation: str,
    request: Request,
    *,
    result_key: str,
    labels: Iterable[str] = (),
    default_size: int = DEFAULT_PAGE_SIZE,
) -> bytes:
    """Return one page of a list: already encoded items, joined.

    Arguments:
        shelf: where the items are.
        operation: the operation's name, which its page tokens are bound to.
        request: the request, without members that are null or that the model does not know.
        result_key: the answer's member that holds the items.
        labels: what every item of the list is labelled with.
        default_size: how many items there are in a page if the request does not say.
    """
    others = frozenset(request.get("OtherParticipantIdentifiers", ()))
    indices = shelf.matching(frozenset(labels), others)
    identity = paging.list_identity(operation, request)
    start = paging.read_token(identity, request["NextToken"]) if "NextToken" in request else 0
    end = start + request.get("MaxResults", default_size)
    items = b",".join(shelf.summaries(indices[start:end]))
    more = b',"NextToken":' + encode(paging.make_token(identity, end)) if end < len(indices) else b""
    return b"".join((b'{"', result_key.encode(), b'":[', items, b"]", more, b"}"))


def list_connections(catalog: Catalog, request: Request) -> bytes:
    """Return a page of connections.

    ConnectionType is a type, optionally narrowed by the status of that type: `SUBSIDIARY` or `SUBSIDIARY:ACTIVE`.
    OtherParticipantIdentifiers match the other account, or a profile that it shows in one of the connection's types.
    """
    labels = [request["ConnectionType"]] if "ConnectionType" in request else []
    if not _TYPE_FILTERS.issuperset(labels):
        message = f"must be one of {', '.join(sorted(_TYPE_FILTERS))}"
        raise validation_failed([FieldProblem("ConnectionType", message, "INVALID_ENUM_VALUE")])
    return _page(catalog.connections, "ListConnections", request, result_key="ConnectionSummaries", labels=labels)


def list_connection_invitations(catalog: Catalog, request: Request) -> bytes:
    """Return a page of invitations that pass all filters of the request."""
    return _page(
        catalog.invitations,
        "ListConnectionInvitations",
        request,
        result_key="ConnectionInvitationSummaries",
        labels=[request[name] for name in ("ConnectionType", "Status", "ParticipantType") if name in request],
    )


def list_partners(catalog: Catalog, request: Request) -> bytes:
    """Return a page of partners."""
    return _page(
        catalog.partners, "ListPartners", request, result_key="PartnerSummaryList", default_size=PARTNERS_PAGE_SIZE
    )


def get_connection(catalog: Catalog, request: Request) -> bytes:
    """Return one connection."""
    connection = catalog.connections.find(request["Identifier"])
    if connection is None:
        raise not_found("CONNECTION_NOT_FOUND")
    return encode(connection)


def get_connection_invitation(catalog: Catalog, request: Request) -> bytes:
    """Return one invitation."""
    invitation = catalog.invitations.find(request["Identifier"])
    if invitation is None:
        raise not_found("CONNECTION_INVITATION_NOT_FOUND")
    return encode(invitation)


def _partner(catalog: Catalog, request: Request, members: Collection[str]) -> dict[str, Any]:
    """Return the named members of the partner that an id or an ARN stands for."""
    identifier: str = request["Identifier"]
    partner = catalog.partners.find(identifier.rpartition("/")[2])
    if partner is None or identifier not in (partner["Id"], partner["Arn"]):
        raise not_found("PARTNER_NOT_FOUND")
    return {name: value for name, value in partner.items() if name in members}


def get_partner(catalog: Catalog, request: Request) -> bytes:
    """Return one partner."""
    return encode(_partner(catalog, request, _PARTNER))


def get_alliance_lead_contact(catalog: Catalog, request: Request) -> bytes:
    """Return whom to talk to at a partner."""
    return encode(_partner(catalog, request, _CONTACT))


def get_profile_visibility(catalog: Catalog, request: Request) -> bytes:
    """Return whether a partner's profile can be seen."""
    partner = _partner(catalog, request, _VISIBILITY)
    profile = partner.pop("Profile")
    return encode(partner | {"ProfileId": profile["ProfileId"]})


def get_connection_preferences(catalog: Catalog, _: Request) -> bytes:
    """Return who may invite this account in this catalog."""
    return encode(catalog.seed.preferences())


HANDLERS: Mapping[str, Handler] = {
    "GetAllianceLeadContact": get_alliance_lead_contact,
    "GetConnection": get_connection,
    "GetConnectionInvitation": get_connection_invitation,
    "GetConnectionPreferences": get_connection_preferences,
    "GetPartner": get_partner,
    "GetProfileVisibility": get_profile_visibility,
    "ListConnectionInvitations": list_connection_invitations,
    "ListConnections": list_connections,
    "ListPartners": list_partners,
}
