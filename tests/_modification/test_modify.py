"""An object is read, changed and written back over HTTP, and nothing that was not changed is lost."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs
import boto3
import pytest
from aiobotocore.config import AioConfig

from aiopartnercentral import EncodeError, NotModifiableError, account, modify, selling
from tests.support.clients import session_with_models
from tests.support.opportunity_server import failure
from tests.support.servers import Reply, scripted_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiopartnercentral import Modification
    from tests.support.opportunity_server import Opportunities
    from tests.support.servers import Received

pytestmark = pytest.mark.anyio

_LARGE = 12345678901234567890
NEWER: dict[str, Any] = {
    "NationalSecurity": "Perhaps",  # an enum value, members of structures, and a top-level member
    "PartnerOpportunityIdentifier": "old",
    "Rating": {"Stars": 5},
    "Project": {
        "Title": "a title",
        "Mood": {"Words": ["calm", {"Deep": True}]},
        "ExpectedCustomerSpend": [
            {"Amount": "10", "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "A", "Weight": 0.1},
            {
                "Amount": "20",
                "CurrencyCode": "EUR",
                "Frequency": "Monthly",
                "TargetCompany": "B",
                "Weight": _LARGE,
            },
        ],
    },
    "Customer": {"Account": {"CompanyName": "Ada", "Address": {"City": "x", "Planet": "Earth"}}},
}


@asynccontextmanager
async def connected(server: Opportunities, lane: str = "direct") -> AsyncIterator[selling.Client]:
    config = AioConfig(retries={"mode": "adaptive"}) if lane == "botocore" else None
    async with selling.connect(endpoint_url=server.url, config=config) as client:
        assert client.transport.kind == lane
        yield client


async def modified(client: selling.Client, change: Any, **options: Any) -> Modification[Any]:
    get = selling.GetOpportunityRequest(catalog="AWS", identifier="O1")
    return await modify(client, get, selling.UpdateOpportunityRequest, change, **options)


def renamed(request: selling.UpdateOpportunityRequest) -> selling.UpdateOpportunityRequest:
    return attrs.evolve(request, partner_opportunity_identifier="new")


def with_spend(change: Any) -> Any:
    """Return a function that changes the list of spends."""

    def changed(request: selling.UpdateOpportunityRequest) -> selling.UpdateOpportunityRequest:
        spends = change(list(request.project.expected_customer_spend))
        return attrs.evolve(request, project=attrs.evolve(request.project, expected_customer_spend=spends))

    return changed


@pytest.mark.parametrize("lane", ["direct", "botocore"])
async def test_everything_that_was_not_changed_is_sent_back_as_it_came(server: Opportunities, lane: str) -> None:
    server.add(**NEWER)
    date = server.kept["O1"]["LastModifiedDate"]
    async with connected(server, lane) as client:
        done = await modified(client, renamed)
    (body,) = server.sent("UpdateOpportunity")
    expected = {**NEWER, "PartnerOpportunityIdentifier": "new"}
    assert body == {**expected, "Catalog": "AWS", "Identifier": "O1", "LastModifiedDate": date}
    assert {key: server.kept["O1"][key] for key in NEWER} == expected
    assert (done.is_sent, done.attempts, done.response.id) == (True, 1, "O1")
    assert list(map(str, done.changes)) == ['$.PartnerOpportunityIdentifier: "old" -> "new"']
    assert {"$.Rating", "$.Project.Mood", "$.Project.ExpectedCustomerSpend[1].Weight"} <= set(done.unknown)


def test_boto3_erases_what_is_newer_than_its_model(server: Opportunities) -> None:
    server.add(**NEWER)
    client: Any = boto3.client("partnercentral-selling", "us-east-1", endpoint_url=server.url)
    read = client.get_opportunity(Catalog="AWS", Identifier="O1")
    writable = client.meta.service_model.operation_model("UpdateOpportunity").input_shape.members
    client.update_opportunity(Identifier="O1", **{key: read[key] for key in writable if key in read})
    assert "Mood" not in server.kept["O1"]["Project"]
    assert "Rating" not in server.kept["O1"]


async def test_a_wrapped_client_sends_unknown_members_and_its_other_calls_are_botocores(server: Opportunities) -> None:

    server.add(**NEWER)
    made = session_with_models().create_client("partnercentral-selling", "us-east-1", endpoint_url=server.url)
    async with made as own:
        await modified(selling.wrap(own), renamed)
        date = server.kept["O1"]["LastModifiedDate"]
        await own.update_opportunity(Catalog="AWS", Identifier="O1", LastModifiedDate=date, Project={"Title": "plain"})
    first, second = server.sent("UpdateOpportunity")
    assert first["Project"] == NEWER["Project"]
    assert second["Project"] == {"Title": "plain"}


async def test_a_conflict_reads_again_and_calls_the_function_again(server: Opportunities) -> None:
    server.add(**NEWER)
    others = ["first", "second"]

    def interfere(request: selling.UpdateOpportunityRequest) -> selling.UpdateOpportunityRequest:
        seen.append(request.opportunity_type)
        if others:
            server.write("O1", OpportunityType=others.pop())
        return renamed(request)

    seen: list[Any] = []
    async with connected(server) as client:
        done = await modified(client, interfere)
        assert (done.attempts, seen, server.kept["O1"]["OpportunityType"]) == (3, [None, "second", "first"], "first")
        others = ["a", "b", "c"]
        with pytest.raises(selling.ConflictException):
            await modified(client, lambda request: interfere(attrs.evolve(request, national_security="No")), attempts=2)
    assert others == ["a"]


async def test_two_writers_both_take_effect(server: Opportunities) -> None:
    server.add(Project={"Title": ""})

    def appending(letter: str) -> Any:
        def change(request: selling.UpdateOpportunityRequest) -> selling.UpdateOpportunityRequest:
            title = f"{request.project.title}{letter}"
            return attrs.evolve(request, project=attrs.evolve(request.project, title=title))

        return change

    async with connected(server) as client:
        await asyncio.gather(*(modified(client, appending(letter), attempts=50) for letter in "abcdefgh"))
    assert sorted(server.kept["O1"]["Project"]["Title"]) == list("abcdefgh")


async def test_an_update_whose_outcome_is_unknown_is_not_repeated(server: Opportunities) -> None:
    server.add(Project={"Title": "x"})
    server.after = lambda received: (
        failure("InternalServerException", 500) if received.operation.startswith("Update") else None
    )
    async with connected(server) as client:
        with pytest.raises(selling.InternalServerException):
            await modified(client, renamed)
    assert len(server.sent("UpdateOpportunity")) == 1


async def test_a_throttled_update_is_repeated(server: Opportunities) -> None:
    server.add(Project={"Title": "x"})
    throttled = [failure("ThrottlingException")]
    server.before = lambda received: (
        throttled.pop() if throttled and received.operation == "UpdateOpportunity" else None
    )
    async with connected(server) as client:
        assert (await modified(client, renamed)).attempts == 1
    assert len(server.sent("UpdateOpportunity")) == 2


async def test_a_dry_run_shows_the_difference_and_sends_nothing(server: Opportunities) -> None:
    contact = {"Email": "ada@example.com", "FirstName": "Ada"}
    server.add(**{**NEWER, "Customer": {"Contacts": [contact]}})

    def change(request: selling.UpdateOpportunityRequest) -> selling.UpdateOpportunityRequest:
        customer = attrs.evolve(
            request.customer,
            contacts=[
                attrs.evolve(request.customer.contacts[0], email="eve@example.com"),
                selling.Contact(email="new@x"),
            ],
            account=selling.Account(company_name="secret"),
        )
        project = attrs.evolve(request.project, title="other", delivery_models=["SaaS or PaaS"])
        return attrs.evolve(request, customer=customer, project=project, national_security="No")

    async with connected(server) as client:
        done = await modified(client, change, dry_run=True)
    assert not done.is_sent
    assert not server.sent("UpdateOpportunity")
    assert str(done).splitlines() == [
        '$.NationalSecurity: "Perhaps" -> "No"',
        '$.Customer.Account: null -> {"CompanyName":"<redacted>"}',
        '$.Customer.Contacts[0].Email: "<redacted>" -> "<redacted>"',
        '$.Customer.Contacts[1]: null -> {"Email":"<redacted>"}',
        '$.Project.DeliveryModels: null -> ["SaaS or PaaS"]',
        '$.Project.Title: "<redacted>" -> "<redacted>"',
    ]
    assert "secret" not in repr(done)
    assert "title" not in repr(done)


@pytest.mark.parametrize("change", [lambda _: None, lambda request: request, attrs.evolve])
async def test_without_a_change_nothing_is_sent(server: Opportunities, change: Any) -> None:
    server.add(**NEWER)
    async with connected(server) as client:
        done = await modified(client, change)
    assert (done.is_sent, done.changes, str(done)) == (False, (), "no change")
    assert not server.sent("UpdateOpportunity")


async def test_the_function_may_be_async_and_its_error_writes_nothing(server: Opportunities) -> None:
    server.add(**NEWER)

    async def change(request: selling.UpdateOpportunityRequest) -> selling.UpdateOpportunityRequest:
        await asyncio.sleep(0)
        return renamed(request)

    def fail(_: object) -> None:
        raise LookupError("no such lead")

    async with connected(server) as client:
        await modified(client, change)
        with pytest.raises(LookupError):
            await modified(client, fail)
    assert len(server.sent("UpdateOpportunity")) == 1


@pytest.mark.parametrize(
    ("change", "weights"),
    [
        (lambda spends: spends[1:], [_LARGE]),
        (lambda spends: spends[::-1], [_LARGE, 0.1]),
        (lambda spends: [*spends, selling.ExpectedCustomerSpend(**SPEND)], [0.1, _LARGE, None]),
        (lambda spends: [attrs.evolve(spends[0], amount="11"), spends[1]], [0.1, _LARGE]),
        (lambda _: [], []),
        (lambda _: None, None),
    ],
)
async def test_unknown_members_follow_the_items_of_a_list(server: Opportunities, change: Any, weights: Any) -> None:
    server.add(**NEWER)
    async with connected(server) as client:
        await modified(client, with_spend(change))
    found = server.kept["O1"]["Project"].get("ExpectedCustomerSpend")
    assert (None if found is None else [each.get("Weight") for each in found]) == weights


SPEND = {"amount": "1", "currency_code": "USD", "frequency": "Monthly", "target_company": "C"}


@pytest.mark.parametrize(
    "change",
    [
        lambda spends: [attrs.evolve(spends[1], amount="21"), spends[0]],
        lambda spends: [attrs.evolve(spends[1], amount="21")],
        lambda spends: [selling.ExpectedCustomerSpend(**SPEND), attrs.evolve(spends[0], amount="1"), spends[1]],
    ],
)
async def test_items_that_are_edited_and_moved_at_once_are_refused(server: Opportunities, change: Any) -> None:
    server.add(**NEWER)
    async with connected(server) as client:
        with pytest.raises(EncodeError, match=r"^\$\.Project\.ExpectedCustomerSpend: the items have members"):
            await modified(client, with_spend(change))
    assert not server.sent("UpdateOpportunity")


async def test_a_top_level_member_can_be_left_out(server: Opportunities) -> None:
    server.add(**NEWER)
    async with connected(server) as client:
        await modified(client, renamed, leave_out=["Rating"])
    assert "Rating" not in server.kept["O1"]


async def test_what_the_service_does_not_return_is_not_cleared_silently(aws_environment: None) -> None:  # noqa: ARG001
    preferences = {
        "Catalog": "AWS",
        "Arn": "a",
        "AccessType": "ALLOW_ALL",
        "Revision": 7,
        "UpdatedAt": "2026-01-01T00:00:00Z",
    }

    def answer(received: Received) -> Reply:
        return Reply({**preferences, **({"ExcludedParticipantIds": ["p"]} if received.operation[0] == "G" else {})})

    async def change(also: Any = None, **options: Any) -> Modification[Any]:
        async with account.connect(endpoint_url=own.url) as client:
            return await modify(
                client,
                account.GetConnectionPreferencesRequest(catalog="AWS"),
                account.UpdateConnectionPreferencesRequest,
                lambda request: attrs.evolve(request, access_type="DENY_ALL", **(also or {})),
                **options,
            )

    with scripted_server() as own:
        own.answer = answer
        with pytest.raises(NotModifiableError, match="UpdateConnectionPreferences may clear ExcludedPart"):
            await change()
        await change(leave_out=["ExcludedParticipantIdentifiers"])
        await change(also={"excluded_participant_identifiers": ["q"]})
        sent = [each.body for each in own.received if each.operation[0] == "U"]
    plain = {"Catalog": "AWS", "Revision": 7, "AccessType": "DENY_ALL"}
    assert sent == [plain, {**plain, "ExcludedParticipantIdentifiers": ["q"]}]


async def test_without_a_guard_other_writers_may_be_overwritten_only_on_demand(aws_environment: None) -> None:  # noqa: ARG001
    with scripted_server() as own:
        own.answer = lambda _: Reply(
            {"Catalog": "AWS", "Arn": "a", "Id": "partner-1", "Visibility": "PUBLIC", "ProfileId": "p"}
        )
        async with account.connect(endpoint_url=own.url) as client:
            asked = (
                client,
                account.GetProfileVisibilityRequest(catalog="AWS", identifier="partner-1"),
                account.PutProfileVisibilityRequest,
                lambda request: attrs.evolve(request, visibility="PRIVATE"),
            )
            with pytest.raises(NotModifiableError, match="PutProfileVisibility has no date or revision"):
                await modify(*asked)
            assert str(await modify(*asked, dry_run=True)) == '$.Visibility: "PUBLIC" -> "PRIVATE"'
            await modify(*asked, overwrite=True)
        assert own.received[-1].body == {"Catalog": "AWS", "Identifier": "partner-1", "Visibility": "PRIVATE"}


MEANT = "update must be the class UpdateOpportunityRequest, whose requests replace what GetOpportunity returns"
SHOWN = re.escape(
    "`modify(client, GetOpportunityRequest(catalog=..., identifier=...), UpdateOpportunityRequest, change)`"
)
UPDATE = selling.UpdateOpportunityRequest(catalog="AWS", identifier="O1", last_modified_date=datetime.now(UTC))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"update": selling.CreateOpportunityRequest}, f"{MEANT}, not the class CreateOpportunityRequest: use {SHOWN}"),
        ({"update": UPDATE}, f"{MEANT}, not an object of the class UpdateOpportunityRequest: use {SHOWN}"),
        ({"update": "UpdateOpportunity"}, f"{MEANT}, not a string: use {SHOWN}"),
        (
            {"get": selling.UpdateOpportunityRequest, "update": account.PutProfileVisibilityRequest},
            rf"of partnercentral-selling .*\(.* or UpdateOpportunityRequest\), not the class PutProf.*: use {SHOWN}",
        ),
        ({"get": selling.GetEngagementRequest(catalog="AWS", identifier="e")}, "get must be a GetOpportunityRequest"),
        ({"get": selling.GetOpportunityRequest}, f"get .*, not the class GetOpportunityRequest: use {SHOWN}"),
        ({"attempts": 0}, "attempts must be"),
        ({"change": 1}, "change must be a function"),
        ({"leave_out": "Rating"}, "leave_out must be a collection"),
        ({"change": lambda _: 1}, "change must return None or an object of the class UpdateOpportunityRequest"),
    ],
)
async def test_wrong_arguments_are_named(server: Opportunities, arguments: dict[str, Any], message: str) -> None:
    server.add(**NEWER)
    given: dict[str, Any] = {
        "get": selling.GetOpportunityRequest(catalog="AWS", identifier="O1"),
        "update": selling.UpdateOpportunityRequest,
        "change": renamed,
        **arguments,
    }
    async with connected(server) as client:
        with pytest.raises((TypeError, ValueError), match=message):
            await modify(client, **given)
