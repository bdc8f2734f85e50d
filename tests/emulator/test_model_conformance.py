"""Every response conforms to the model, by an oracle that shares no code with the emulator's validator."""

from __future__ import annotations

import pytest

from aiopartnercentral.emulator import Emulator
from tests.emulator.conformance import SERVICE_MODEL, assert_conforms

pytestmark = pytest.mark.anyio


def test_the_oracle_finds_violations():
    shape = SERVICE_MODEL.shape_for("ConnectionSummary")
    good = {
        "Catalog": "AWS",
        "Id": "pac-0123456789abc",
        "Arn": "arn:aws:partnercentral:us-east-1::catalog/AWS/connection/pac-0123456789abc",
        "OtherParticipantAccountId": "123456789012",
        "UpdatedAt": "2025-01-01T00:00:00Z",
        "ConnectionTypes": {"SUBSIDIARY": {"Status": "ACTIVE", "OtherParticipant": {"Account": {"Name": "A"}}}},
    }
    assert_conforms(shape, good)
    for bad in (
        {"Id": "pac-1"},
        {"Surplus": 1},
        {"UpdatedAt": "2025-01-01"},
        {"ConnectionTypes": {"OTHER": {}}},
        {"ConnectionTypes": {"SUBSIDIARY": {"Status": "ACTIVE", "OtherParticipant": {}}}},
    ):
        with pytest.raises(AssertionError):
            assert_conforms(shape, good | bad)


LISTS = {
    "ListConnections": ("ConnectionSummaries", ["GetConnection"]),
    "ListConnectionInvitations": ("ConnectionInvitationSummaries", ["GetConnectionInvitation"]),
    "ListPartners": ("PartnerSummaryList", ["GetPartner", "GetProfileVisibility", "GetAllianceLeadContact"]),
}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("catalog", ["AWS", "Sandbox"])
async def test_every_response_about_the_seeded_data_conforms(catalog, seed, post):
    async with Emulator({"AWS": 730, "Sandbox": 9}, seed=seed) as emulator:

        async def ask(operation, **request):
            response = await post(emulator.endpoint_url, operation, {"Catalog": catalog, **request})
            assert response.status_code == 200
            assert_conforms(SERVICE_MODEL.operation_model(operation).output_shape, response.json(), operation)
            return response.json()

        await ask("GetConnectionPreferences")
        for listing, (result_key, details) in LISTS.items():
            items, token = [], None
            while token is not None or not items:
                page = await ask(listing, NextToken=token)
                items += page[result_key]
                token = page.get("NextToken")
            for item in items:
                for detail in details:
                    await ask(detail, Identifier=item["Id"])


@pytest.mark.parametrize(
    ("request_body", "shape"),
    [({"Catalog": "Nowhere", "MaxResults": 0}, "ValidationException"), ({"Catalog": "AWS"}, "AccessDeniedException")],
)
async def test_errors_conform(request_body, shape, post):
    async with Emulator(denied_catalogs=["AWS"]) as emulator:
        body = (await post(emulator.endpoint_url, "ListConnections", request_body)).json()
    assert body.pop("__type") == shape
    assert_conforms(SERVICE_MODEL.shape_for(shape), body)


async def test_not_found_and_throttling_conform(post):
    async with Emulator(requests_per_second=1) as emulator:
        request = {"Catalog": "AWS", "Identifier": "pac-0000000000000"}
        bodies = [(await post(emulator.endpoint_url, "GetConnection", request)).json() for _ in range(2)]
    assert [body["__type"] for body in bodies] == ["ResourceNotFoundException", "ThrottlingException"]
    for body in bodies:
        assert_conforms(SERVICE_MODEL.shape_for(body.pop("__type")), body)
