"""What a traceback says about a request that the service rejected: the members, and why."""

from __future__ import annotations

import traceback
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any

import pytest

from aiopartnercentral import account, selling
from aiopartnercentral._transport.rejected_members import _LISTS as LISTS
from aiopartnercentral.cli.services import SERVICES
from aiopartnercentral.emulator import Emulator
from tests.support.servers import Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.servers import ScriptedServer

pytestmark = pytest.mark.anyio

SECRET = "Marguerite"  # what no text may have
CONTACT = account.AllianceLeadContact(
    first_name=SECRET, last_name="Doe", email="lead@example.com", business_title="Alliance lead"
)


def title_with(value: selling.OpportunitySearchFilterValue) -> Any:
    """Return a search whose filter has a value in a union, in a list."""
    predicate = selling.OpportunitySearchPredicate(key="ProjectTitle", value=value)
    nested = selling.OpportunitySearchFilter(equals_to=predicate)
    every = selling.OpportunitySearchFilter(and_all_filters=[nested])
    return lambda client: client.search_opportunities(catalog="AWS", filter=every)


async def test_a_traceback_says_why_a_request_is_invalid() -> None:
    async with Emulator({"AWS": 1}) as emulator, account.connect(endpoint_url=emulator.endpoint_url) as client:
        with pytest.raises(account.ValidationException) as caught:
            await client.list_connections(catalog="AWS", max_results=1000)
    shown = "".join(traceback.format_exception(caught.value))
    assert "\nrejected: MaxResults must be at most 100\n" in shown


@pytest.mark.parametrize(
    ("package", "key", "name", "call", "quotes"),
    [
        # The members of a request that the model marks as sensitive, also inside others.
        (selling, "ErrorList", "FieldName", lambda c: c.search_opportunities(catalog="AWS", keyword=SECRET), False),
        (selling, "ErrorList", "FieldName", title_with(selling.OpportunitySearchFilterValueStringValue(SECRET)), False),
        (selling, "ErrorList", "FieldName", title_with(selling.OpportunitySearchFilterValueLongValue(5)), True),
        (
            account,
            "ErrorDetails",
            "Name",
            lambda c: c.put_alliance_lead_contact(catalog="AWS", identifier="p", alliance_lead_contact=CONTACT),
            False,
        ),
        (account, "ErrorDetails", "Name", lambda c: c.get_partner(catalog="AWS", identifier="p"), True),
    ],
)
async def test_the_reasons_are_quoted_only_if_nothing_sensitive_was_sent(
    server: ScriptedServer,
    package: Any,
    key: str,
    name: str,
    call: Callable[[Any], Awaitable[object]],
    *,
    quotes: bool,
) -> None:
    detail = {name: "Some.Member", "Message": f"{SECRET} is too long\nand: {SECRET}", "Code": "INVALID_VALUE"}
    details = [{"FieldValidationError": detail} if package is account else detail]
    server.replies(Reply({"__type": "ValidationException", "Message": "bad", key: details}, status=400))
    async with package.connect(endpoint_url=server.url) as client:
        with pytest.raises(package.ValidationException) as caught:
            await call(client)
    note, _ = caught.value.__notes__
    listed = "error_details" if package is account else "error_list"
    assert getattr(caught.value, listed)
    assert note == (
        f"rejected: Some.Member {SECRET} is too long"
        if quotes
        else f"rejected: Some.Member INVALID_VALUE (`{listed}` of this error has the reasons in words)"
    )


def test_each_service_lists_the_reasons_where_they_are_looked_for() -> None:
    for service in SERVICES:
        errors = import_module(f"aiopartnercentral.{service}.errors")
        assert not signature(errors.ValidationException).parameters.keys().isdisjoint(LISTS), service
