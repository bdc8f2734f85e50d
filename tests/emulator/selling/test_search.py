"""The searches: any tree of conditions finds what a plain evaluation of it finds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx2
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import given, strategies as st

from aiopartnercentral.emulator import Clock, Emulator
from aiopartnercentral.emulator.seed.selling_work import SeededWork
from aiopartnercentral.emulator.services import SELLING
from tests.emulator.raw_requests import Wire
from tests.emulator.selling.requests import lead, opportunity, token

OWNER = "123456789012"
SIZE = 60
DATA = SeededWork(0, "AWS", OWNER, SIZE)
OPPORTUNITIES = [DATA.opportunity(index) for index in range(SIZE)]
CUSTOMERS = [DATA.customer(index) for index in range(DATA.counts["customer"])]
KEYS = {
    "Stage": lambda item: [item["LifeCycle"]["Stage"]],
    "CustomerCompanyName": lambda item: [item["Customer"]["Account"]["CompanyName"]],
    "Industry": lambda item: [item["Customer"]["Account"]["Industry"]],
    "NextStep": lambda item: [item["LifeCycle"]["NextSteps"]],
    "AwsAccountId": lambda _: [],
    "EngagementScore": lambda _: [],
}
MRR = [float(item["Project"]["ExpectedCustomerSpend"][0]["Amount"]) for item in OPPORTUNITIES]
COMPARISONS = {
    "GreaterThan": lambda value, limit: value > limit,
    "GreaterThanOrEquals": lambda value, limit: value >= limit,
    "LessThan": lambda value, limit: value < limit,
    "LessThanOrEquals": lambda value, limit: value <= limit,
}


def date(text: str) -> datetime:
    return datetime.fromisoformat(text if "T" in text else f"{text}T00:00:00Z")


def texts() -> st.SearchStrategy[Any]:
    """Draw conditions on texts: pairs of a part of a filter and a function of an item."""
    values = st.sampled_from([value for key in KEYS for item in OPPORTUNITIES for value in KEYS[key](item)])
    some = st.lists(values | values.map(lambda text: text[1:4].swapcase()), min_size=1, max_size=3)

    def condition(key: str, name: str, wanted: list[str]) -> Any:
        kind = {"StringListValue": wanted} if name != "EqualsTo" else {"StringValue": wanted[0]}
        tests = {
            "EqualsTo": lambda found: wanted[0] in found,
            "ContainsAll": lambda found: all(each in found for each in wanted),
            "ContainsAny": lambda found: any(each.lower() in one.lower() for each in wanted for one in found),
        }
        return {name: {"Key": key, "Value": kind}}, lambda item: tests[name](KEYS[key](item))

    return st.builds(
        condition, st.sampled_from(list(KEYS)), st.sampled_from(["EqualsTo", "ContainsAny", "ContainsAll"]), some
    )


def orders() -> st.SearchStrategy[Any]:
    """Draw conditions on times and amounts."""
    members = {"LastModifiedDate": ("LastModifiedDate",), "TargetCloseDate": ("LifeCycle", "TargetCloseDate")}

    def value(item: Any, key: str) -> str:
        found = item
        for name in members[key]:
            found = found[name]
        return str(found)

    def timed(key: str, name: str, item: Any) -> Any:
        limit = date(value(item, key))
        written = limit.isoformat().replace("+00:00", "Z")
        condition = {name: {"Key": key, "Value": {"DateValue": written}}}
        return condition, lambda each: COMPARISONS[name](date(value(each, key)), limit)

    def counted(name: str, limit: float) -> Any:
        condition = {name: {"Key": "EstimatedMrr", "Value": {"DoubleValue": limit}}}
        amount = "ExpectedCustomerSpend"
        return condition, lambda each: COMPARISONS[name](float(each["Project"][amount][0]["Amount"]), limit)

    names = st.sampled_from(list(COMPARISONS))
    return st.builds(timed, st.sampled_from(list(members)), names, st.sampled_from(OPPORTUNITIES)) | st.builds(
        counted, names, st.sampled_from(MRR)
    )


def combined(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(children, min_size=1, max_size=3)
    return (
        several.map(
            lambda all_: ({"AndAllFilters": [tree for tree, _ in all_]}, lambda item: all(f(item) for _, f in all_))
        )
        | several.map(
            lambda all_: ({"OrAllFilters": [tree for tree, _ in all_]}, lambda item: any(f(item) for _, f in all_))
        )
        | children.map(lambda one: ({"NotFilter": one[0]}, lambda item: not one[1](item)))
    )


LEAVES = texts() | orders()
TREES = LEAVES | combined(LEAVES) | combined(combined(LEAVES))


@pytest.fixture(scope="module")
def send():
    emulator = Emulator({"AWS": SIZE}, clock=Clock(running=False))
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(emulator),
        httpx2.Client(trust_env=False, timeout=60) as http,
    ):
        wire = Wire(emulator.endpoint_url, http)

        def call(operation, account=OWNER, **request):
            response = wire.send(operation, {"Catalog": "AWS", **request}, account, SELLING)
            return response.status_code, response.json()

        yield call


@given(tree=TREES, order=st.sampled_from([None, "ASCENDING", "DESCENDING"]))
def test_any_tree_finds_what_its_evaluation_finds(send, tree, order):
    filters, matches = tree
    sort = {} if order is None else {"Sort": {"SortBy": "LastModifiedDate", "SortOrder": order}}
    status, page = send("SearchOpportunities", Filter=filters, MaxResults=100, **sort)
    assert status == 200, page
    expected = [item for item in OPPORTUNITIES if matches(item)]
    if order is not None:
        expected.sort(key=lambda item: (date(item["LastModifiedDate"]), item["Id"]), reverse=order == "DESCENDING")
    assert [item["Id"] for item in page["OpportunitySearchSummaries"]] == [item["Id"] for item in expected]


@given(tree=TREES, size=st.integers(1, 30))
def test_pages_of_any_size_have_every_item_once(send, tree, size):
    filters, matches = tree
    found, more = [], {}
    while more is not None:
        _, page = send("SearchOpportunities", Filter=filters, MaxResults=size, **more)
        found += [item["Id"] for item in page["OpportunitySearchSummaries"]]
        more = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    assert found == [item["Id"] for item in OPPORTUNITIES if matches(item)]


BAD = [
    {},
    {"EqualsTo": {"Key": "Stage", "Value": {"StringListValue": ["Prospect"]}}},
    {"GreaterThan": {"Key": "Stage", "Value": {"StringValue": "Prospect"}}},
    {"LessThan": {"Key": "Stage", "Value": {"DateValue": "2025-01-01T00:00:00Z"}}},
    {"LessThan": {"Key": "CreatedDate", "Value": {"LongValue": 1}}},
    {"EqualsTo": {"Key": "Stage", "Value": {"StringValue": "x"}}, "NotFilter": {}},
    {"NotFilter": {"NotFilter": {"NotFilter": {"EqualsTo": {"Key": "Stage", "Value": {"StringValue": "x"}}}}}},
    {"AndAllFilters": [{"OrAllFilters": [{"EqualsTo": {"Key": "Stage", "Value": {"StringValue": "x"}}}] * 7}] * 3},
]


@pytest.mark.parametrize("tree", BAD, ids=range(len(BAD)))
def test_a_tree_that_the_service_does_not_allow_is_refused(send, tree):
    status, body = send("SearchOpportunities", Filter=tree)
    assert (status, body["__type"]) == (400, "ValidationException")
    assert all(each["FieldName"].startswith("Filter") for each in body["ErrorList"])


@pytest.mark.parametrize("operation", ["SearchOpportunities", "SearchEngagements", "SearchCustomerAccounts"])
def test_each_key_can_be_filtered_and_sorted_by(send, operation):
    """A search knows all keys of its model, also those whose values the emulator does not have."""
    shapes = SELLING.shapes
    members = shapes[f"{operation}Request"]["members"]
    leaf = shapes[shapes[members["Filter"]["shape"]]["members"]["EqualsTo"]["shape"]]["members"]
    for key in shapes[leaf["Key"]["shape"]]["enum"]:
        status, page = send(operation, Filter={"ContainsAny": {"Key": key, "Value": {"StringListValue": ["zz9"]}}})
        assert status == 200, page
        assert [value for value in page.values() if isinstance(value, list)] == [[]]
    for key in shapes[shapes[members["Sort"]["shape"]]["members"]["SortBy"]["shape"]]["enum"]:
        found = []
        for order in ("ASCENDING", "DESCENDING"):
            status, page = send(operation, MaxResults=100, Sort={"SortBy": key, "SortOrder": order})
            assert status == 200, page
            (items,) = (value for value in page.values() if isinstance(value, list))
            found.append([item["Id"] for item in items])
        assert found[0] == found[1][::-1] != []


def test_a_keyword_finds_engagements_by_title_customer_and_member(send):
    account = "222222222222"
    _, made = send("CreateEngagement", account, ClientToken=token(), Title="Looms", Contexts=[lead()])
    for keyword in ("LOOM", "byron", f"account {account}"):
        _, page = send("SearchEngagements", account, Keyword=keyword)
        assert [each["Id"] for each in page["EngagementSearchSummaries"]] == [made["Id"]]
    assert send("SearchEngagements", account, Keyword="other")[1] == {"EngagementSearchSummaries": []}
    # Another account does not see it.
    assert send("SearchEngagements", "333333333333", Keyword="loom")[1] == {"EngagementSearchSummaries": []}


def test_groups_follow_from_the_engagements_of_an_account(send):
    account = "444444444444"
    assert send("ListEngagementGroups", account)[1] == {"EngagementGroupSummaries": []}
    context = lead()
    context["Payload"]["Lead"]["Customer"]["Industry"] = "Mining"
    _, made = send("CreateEngagement", account, ClientToken=token(), Contexts=[context])
    (group,) = send("ListEngagementGroups", account)[1]["EngagementGroupSummaries"]
    assert (group["Name"], group["Count"]) == ("Mining", 1)
    _, page = send("SearchEngagements", account, GroupId=group["Id"])
    assert [each["Id"] for each in page["EngagementSearchSummaries"]] == [made["Id"]]
    status, body = send("SearchEngagements", "555555555555", GroupId=group["Id"])
    assert (status, body["__type"]) == (400, "ValidationException")
    _, page = send("ListEngagementGroups", Sort={"SortBy": "Count", "SortOrder": "DESCENDING"})
    counts = [each["Count"] for each in page["EngagementGroupSummaries"]]
    assert counts == sorted(counts, reverse=True)
    for group in page["EngagementGroupSummaries"]:
        _, found = send("SearchEngagements", GroupId=group["Id"], MaxResults=100)
        assert len(found["EngagementSearchSummaries"]) == group["Count"]


def test_tags_are_searched_as_they_are_now(send):
    account = "666666666666"
    _, made = send("CreateOpportunity", account, ClientToken=token(), **opportunity())
    _, item = send("GetOpportunity", account, Identifier=made["Id"])
    tree = {"EqualsTo": {"Key": "Tags", "Value": {"StringValue": "team=one"}}}
    for operation, request, expected in (
        ("ListTagsForResource", {}, []),
        ("TagResource", {"Tags": [{"Key": "team", "Value": "one"}]}, [[{"Key": "team", "Value": "one"}]]),
        ("UntagResource", {"TagKeys": ["team"]}, []),
    ):
        send(operation, account, ResourceArn=item["Arn"], **request)
        found = send("SearchOpportunities", account, Filter=tree)[1]["OpportunitySearchSummaries"]
        assert [each["Tags"] for each in found] == expected


def test_statistics_count_the_seeded_customer_accounts(send):
    grouped = [{"GroupBy": [key]} for key in ("ENRICHMENT_STATUS", "AWS_INDUSTRY", "PROGRAM_ELIGIBILITY")]
    _, told = send("GetCustomerAccountStatistics", Aggregations=grouped, IncludeMissing=True)
    assert told["TotalCount"] == len(CUSTOMERS)
    statuses, industries, programs = (
        {bucket["Values"][0]: bucket["Count"] for bucket in result["Buckets"]} for result in told["Aggregations"]
    )
    known = [item["EnrichmentStatus"] for item in CUSTOMERS]
    assert statuses == {status: known.count(status) for status in set(known)}
    assert industries["MISSING"] == len(CUSTOMERS) - statuses["ENRICHED"]
    assert sum(industries.values()) == len(CUSTOMERS)
    eligible = [item["AwsEnrichment"]["Customer"]["EligiblePrograms"] for item in CUSTOMERS if "AwsEnrichment" in item]
    assert sum(programs.values()) - programs["MISSING"] == sum(map(len, eligible))
    enriched = {"EqualsTo": {"Key": "ENRICHMENT_STATUS", "Value": {"StringValue": "ENRICHED"}}}
    assert send("GetCustomerAccountStatistics", Filter=enriched)[1] == {"TotalCount": statuses["ENRICHED"]}
