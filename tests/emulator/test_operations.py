"""The responses of the operations, as boto3's stock client gets them."""

from __future__ import annotations

import pytest

from aiopartnercentral.emulator import Emulator

pytestmark = pytest.mark.anyio

RESULT_KEYS = {
    "list_connections": "ConnectionSummaries",
    "list_connection_invitations": "ConnectionInvitationSummaries",
    "list_partners": "PartnerSummaryList",
}


def collect(client, operation, **request):
    pages = client.get_paginator(operation).paginate(**request)
    return [item for page in pages for item in page[RESULT_KEYS[operation]]]


async def test_every_item_comes_exactly_once_whatever_the_page_size(in_thread):
    async with Emulator({"AWS": 503, "Sandbox": 1}) as emulator:

        def job(client):
            sizes = [
                collect(client, "list_connections", Catalog="AWS", PaginationConfig={"PageSize": n}) for n in (7, 100)
            ]
            return [
                *sizes,
                collect(client, "list_connections", Catalog="AWS"),
                collect(client, "list_partners", Catalog="AWS"),
            ]

        by_seven, by_hundred, by_default, partners = await in_thread(emulator.endpoint_url, job)
        pages = sum(request.operation == "ListPartners" for request in emulator.requests)
    assert by_seven == by_hundred == by_default
    assert len({item["Id"] for item in by_seven}) == len(by_seven) == 503
    assert len({item["Id"] for item in partners}) == len(partners) == 51
    assert pages == 2


@pytest.mark.parametrize(("connections", "pages"), [(0, 1), (1, 1), (100, 1), (101, 2), (200, 2)])
async def test_a_full_last_page_has_no_token(connections, pages, in_thread):
    async with Emulator({"AWS": connections}) as emulator:
        items = await in_thread(
            emulator.endpoint_url, lambda client: collect(client, "list_connections", Catalog="AWS")
        )
        assert (len(items), len(emulator.requests)) == (connections, pages)
        assert [request.has_page_token for request in emulator.requests] == [False, True][:pages]


async def test_the_data_has_every_case_that_a_client_must_handle(emulator, in_thread):
    def job(client):
        return collect(client, "list_connections", Catalog="AWS"), collect(
            client, "list_connection_invitations", Catalog="AWS"
        )

    connections, invitations = await in_thread(emulator.endpoint_url, job)
    kinds = [kind for connection in connections for kind in connection["ConnectionTypes"].values()]
    assert {tag for kind in kinds for tag in kind["OtherParticipant"]} == {"PartnerProfile", "SellerProfile", "Account"}
    assert {kind["Status"] for kind in kinds} == {"ACTIVE", "CANCELED"}
    assert {len(connection["ConnectionTypes"]) for connection in connections} == {1, 2}
    assert {"OPPORTUNITY_COLLABORATION", "SUBSIDIARY"} == {n for c in connections for n in c["ConnectionTypes"]}
    assert {bool(connection["UpdatedAt"].microsecond) for connection in connections} == {True, False}
    assert {invitation["ParticipantType"] for invitation in invitations} == {"SENDER", "RECEIVER"}
    assert {invitation["Status"] for invitation in invitations} == {
        "PENDING", "ACCEPTED", "REJECTED", "CANCELED", "EXPIRED",
    }  # fmt: skip
    assert {"ExpiresAt" in invitation for invitation in invitations} == {True, False}
    assert all(invitation["CreatedAt"] < invitation["UpdatedAt"] for invitation in invitations)


@pytest.mark.parametrize("status", [None, "ACTIVE", "CANCELED"])
@pytest.mark.parametrize("kind", ["OPPORTUNITY_COLLABORATION", "SUBSIDIARY"])
async def test_connections_are_filtered_by_type_and_its_status(kind, status, emulator, in_thread):
    def job(client):
        return collect(client, "list_connections", Catalog="AWS"), collect(
            client,
            "list_connections",
            Catalog="AWS",
            ConnectionType=f"{kind}:{status}" if status else kind,
            PaginationConfig={"PageSize": 3},
        )

    everything, filtered = await in_thread(emulator.endpoint_url, job)
    expected = [
        item
        for item in everything
        if kind in item["ConnectionTypes"] and status in (None, item["ConnectionTypes"][kind]["Status"])
    ]
    assert filtered == expected
    assert 0 < len(filtered) < len(everything)


async def test_connections_are_filtered_by_account_or_profile(emulator, in_thread):
    def profile_of(connection):
        for kind in connection["ConnectionTypes"].values():
            for tag in ("PartnerProfile", "SellerProfile"):
                if tag in kind["OtherParticipant"]:
                    return kind["OtherParticipant"][tag]["Id"]
        return None

    def job(client):
        everything = collect(client, "list_connections", Catalog="AWS")
        with_profile = [item for item in everything if profile_of(item)]
        wanted = [everything[5]["OtherParticipantAccountId"], profile_of(with_profile[-1]), "nobody"]
        both = collect(client, "list_connections", Catalog="AWS", OtherParticipantIdentifiers=wanted)
        none = collect(client, "list_connections", Catalog="AWS", OtherParticipantIdentifiers=["nobody"])
        unfiltered = collect(client, "list_connections", Catalog="AWS", OtherParticipantIdentifiers=[])
        assert both == [everything[5], with_profile[-1]]
        assert none == []
        assert unfiltered == everything

    await in_thread(emulator.endpoint_url, job)


async def test_invitations_are_filtered_by_everything_at_once(in_thread):
    async with Emulator({"AWS": 400}) as emulator:

        def job(client):
            everything = collect(client, "list_connection_invitations", Catalog="AWS")
            sample = everything[-1]
            alone = [{member: sample[member]} for member in ("ConnectionType", "ParticipantType", "Status")]
            together = {member: value for filters in alone for member, value in filters.items()}
            for filters in (*alone, together):
                found = collect(
                    client, "list_connection_invitations", Catalog="AWS", PaginationConfig={"PageSize": 2}, **filters
                )
                assert found == [item for item in everything if filters.items() <= item.items()]
                assert 0 < len(found) < len(everything)
            other = sample["OtherParticipantIdentifier"]
            assert [sample] == collect(
                client, "list_connection_invitations", Catalog="AWS", OtherParticipantIdentifiers=["nobody", other]
            )

        await in_thread(emulator.endpoint_url, job)


async def test_get_returns_more_than_list_and_never_contradicts_it(emulator, in_thread):
    def job(client):
        for catalog in ("AWS", "Sandbox"):
            for summary in collect(client, "list_connections", Catalog=catalog):
                found = client.get_connection(Catalog=catalog, Identifier=summary["Id"])
                assert {name: found[name] for name in summary if name != "ConnectionTypes"} == {
                    name: value for name, value in summary.items() if name != "ConnectionTypes"
                }
                for name, kind in summary["ConnectionTypes"].items():
                    assert kind.items() <= found["ConnectionTypes"][name].items()
            for summary in collect(client, "list_connection_invitations", Catalog=catalog):
                found = client.get_connection_invitation(Catalog=catalog, Identifier=summary["Id"])
                assert summary.items() <= found.items()
            for summary in collect(client, "list_partners", Catalog=catalog):
                for identifier in (summary["Id"], summary["Arn"]):
                    found = client.get_partner(Catalog=catalog, Identifier=identifier)
                    assert summary.items() <= found.items()
                    visible = client.get_profile_visibility(Catalog=catalog, Identifier=identifier)
                    assert visible["ProfileId"] == found["Profile"]["ProfileId"]
                    assert client.get_alliance_lead_contact(Catalog=catalog, Identifier=identifier)["Id"] == found["Id"]
            assert client.get_connection_preferences(Catalog=catalog)["Catalog"] == catalog

    await in_thread(emulator.endpoint_url, job)


async def test_an_accepted_invitation_has_its_connection(emulator, in_thread):
    def job(client):
        accepted = collect(client, "list_connection_invitations", Catalog="AWS", Status="ACCEPTED")
        assert accepted
        for invitation in accepted:
            connection = client.get_connection(Catalog="AWS", Identifier=invitation["ConnectionId"])
            kind = connection["ConnectionTypes"][invitation["ConnectionType"]]
            assert invitation["OtherParticipantIdentifier"] == connection["OtherParticipantAccountId"]
            assert invitation["CreatedAt"] < kind["CreatedAt"] == invitation["UpdatedAt"]

    await in_thread(emulator.endpoint_url, job)


@pytest.mark.parametrize(
    ("operation", "listing", "identifier", "reason"),
    [
        ("get_connection", "list_connections", "pac-0000000000000", "CONNECTION_NOT_FOUND"),
        ("get_connection", "list_connections", "pac-ZZZZZZZZZZZZZ", "CONNECTION_NOT_FOUND"),
        (
            "get_connection_invitation",
            "list_connection_invitations",
            "pacinv-0000000000000",
            "CONNECTION_INVITATION_NOT_FOUND",
        ),
        ("get_partner", "list_partners", "partner-0000000000000", "PARTNER_NOT_FOUND"),
        ("get_alliance_lead_contact", "list_partners", "partner-0000000000000", "PARTNER_NOT_FOUND"),
        ("get_profile_visibility", "list_partners", "partner-0000000000000", "PARTNER_NOT_FOUND"),
    ],
)  # fmt: skip
async def test_missing_items_are_not_found(operation, listing, identifier, reason, *, emulator, in_thread):
    def job(client):
        of_another_catalog = collect(client, listing, Catalog="Sandbox")[0]["Id"]
        for unknown in (identifier, of_another_catalog):
            with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
                getattr(client, operation)(Catalog="AWS", Identifier=unknown)
            assert caught.value.response["Reason"] == reason

    await in_thread(emulator.endpoint_url, job)


async def test_a_partner_is_not_found_by_an_arn_of_another_account(emulator, in_thread):
    def job(client):
        arn = collect(client, "list_partners", Catalog="AWS")[0]["Arn"]
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.get_partner(Catalog="AWS", Identifier=arn.replace("123456789012", "210987654321"))

    await in_thread(emulator.endpoint_url, job)


async def test_a_page_token_can_be_reused_but_only_for_its_own_listing(emulator, in_thread):
    def job(client):
        first = client.list_connections(Catalog="AWS", MaxResults=10)
        token = first["NextToken"]
        second = client.list_connections(Catalog="AWS", MaxResults=10, NextToken=token)
        assert (
            client.list_connections(Catalog="AWS", MaxResults=10, NextToken=token)["ConnectionSummaries"]
            == (second["ConnectionSummaries"])
        )
        larger = client.list_connections(Catalog="AWS", MaxResults=20, NextToken=token)["ConnectionSummaries"]
        assert larger[:10] == second["ConnectionSummaries"]
        for operation, request in (
            ("list_connections", {"Catalog": "Sandbox"}),
            ("list_connections", {"Catalog": "AWS", "ConnectionType": "SUBSIDIARY"}),
            ("list_connections", {"Catalog": "AWS", "OtherParticipantIdentifiers": ["1"]}),
            ("list_connection_invitations", {"Catalog": "AWS"}),
            ("list_partners", {"Catalog": "AWS"}),
        ):
            with pytest.raises(client.exceptions.ValidationException) as caught:
                getattr(client, operation)(NextToken=token, **request)
            assert caught.value.response["Reason"] == "REQUEST_VALIDATION_FAILED"
            (detail,) = caught.value.response["ErrorDetails"]
            assert detail["FieldValidationError"]["Name"] == "NextToken"
            assert detail["FieldValidationError"]["Code"] == "INVALID_VALUE"
        for damaged in ("x", "!", "é", token[:-4], token + "AAAA", token.swapcase(), "AAAA" * 500):
            with pytest.raises(client.exceptions.ValidationException):
                client.list_connections(Catalog="AWS", NextToken=damaged)

    await in_thread(emulator.endpoint_url, job)


async def test_a_catalog_that_is_denied_or_unknown(in_thread):
    async with Emulator(denied_catalogs=["AWS"]) as emulator:

        def job(client):
            with pytest.raises(client.exceptions.AccessDeniedException) as denied:
                client.list_connections(Catalog="AWS")
            with pytest.raises(client.exceptions.ValidationException) as unknown:
                client.list_connections(Catalog="Nowhere")
            assert client.list_connections(Catalog="Sandbox")["ConnectionSummaries"]
            return denied.value.response, unknown.value.response

        denied, unknown = await in_thread(emulator.endpoint_url, job)
        emulator.denied_catalogs = frozenset()
        await in_thread(emulator.endpoint_url, lambda client: client.list_connections(Catalog="AWS"))
        recorded = [(request.catalog, request.status, request.error) for request in emulator.requests]
    assert denied["Reason"] == "ACCESS_DENIED"
    assert unknown["ErrorDetails"][0]["FieldValidationError"]["Name"] == "Catalog"
    assert recorded == [
        ("AWS", 400, "AccessDeniedException"),
        ("Nowhere", 400, "ValidationException"),
        ("Sandbox", 200, None),
        ("AWS", 200, None),
    ]
