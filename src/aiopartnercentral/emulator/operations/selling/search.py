"""The searches for opportunities, engagements and customer accounts: keywords, trees of conditions, and orders."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import invalid_field
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.matching import (
    Fields,
    all_of,
    conditions_of,
    in_order,
    time_of,
    values_of,
)
from aiopartnercentral.emulator.operations.selling.engagements import company_name
from aiopartnercentral.emulator.operations.selling.filters import list_items, list_records
from aiopartnercentral.emulator.state.collection import encode
from aiopartnercentral.emulator.state.selling import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.collection import ItemCollection

Item = dict[str, Any]

_MOST_BUCKETS: Final = 100
_MISSING: Final = "MISSING"
"""The value of the bucket of customer accounts without a value."""


def _owner(opportunity: Item) -> str | None:
    first = next(iter(opportunity.get("OpportunityTeam", ())), None)
    return None if first is None else f"{first.get('FirstName', '')} {first.get('LastName', '')}".strip()


def _monthly_revenue(opportunity: Item) -> float | None:
    amounts = [each["Amount"] for each in opportunity.get("Project", {}).get("ExpectedCustomerSpend", ())]
    return sum(float(each or 0) for each in amounts) if amounts else None


_OPPORTUNITY_DATES: Final = ("LastModifiedDate", "CreatedDate")
_OPPORTUNITY_FIELDS: Final[Fields] = {
    "OpportunityId": "Id",
    "Stage": "LifeCycle.Stage",
    "ReviewStatus": "LifeCycle.ReviewStatus",
    "CustomerCompanyName": "Customer.Account.CompanyName",
    "LastModifiedDate": "LastModifiedDate",
    "CreatedDate": "CreatedDate",
    "TargetCloseDate": "LifeCycle.TargetCloseDate",
    "CountryCode": "Customer.Account.Address.CountryCode",
    "PartnerProjectTitle": "Project.Title",
    "OpportunityType": "OpportunityType",
    "PartnerOpportunityIdentifier": "PartnerOpportunityIdentifier",
    "Industry": "Customer.Account.Industry",
    "AwsAccountId": "Customer.Account.AwsAccountId",
    "ApnPrograms": "Project.ApnPrograms",
    "Origin": "Origin",
    "NextStep": "LifeCycle.NextSteps",
    "OfferId": "RelatedEntityIdentifiers.AwsMarketplaceOffers",
    "OfferSetId": "RelatedEntityIdentifiers.AwsMarketplaceOfferSets",
    "AwsMarketplaceSolution": "RelatedEntityIdentifiers.AwsMarketplaceSolutions",
    "OpportunityOwner": _owner,
    "EstimatedMrr": _monthly_revenue,
    # AWS alone knows these; the emulator has none.
    "CosellMotion": lambda _: None,
    "EngagementScore": lambda _: None,
}


def search_opportunities(context: RequestContext) -> bytes:
    """Return a page of the caller's opportunities that a keyword and a filter find."""
    tags = context.own.tags

    def labels(item: Item) -> list[str]:
        return [f"{key}={value}" for key, value in tags.get(item["Arn"], {}).items()]

    def texts(item: Item) -> list[str]:
        names = ("OpportunityId", "PartnerOpportunityIdentifier", "CustomerCompanyName", "PartnerProjectTitle")
        return [text for name in (*names, "NextStep") for text in values_of(item, _OPPORTUNITY_FIELDS[name])]

    def shown(item: Item) -> Item:
        listed = [{"Key": key, "Value": value} for key, value in tags.get(item["Arn"], {}).items()]
        is_approved = item["LifeCycle"]["ReviewStatus"] == "Approved"
        return {
            **item,
            **({"Tags": listed} if listed else {}),
            **({"AwsOpportunitySummary": {"Origin": item["Origin"]}} if is_approved else {}),
        }

    fields = {**_OPPORTUNITY_FIELDS, "Tags": labels}
    conditions = conditions_of(context, fields, (*_OPPORTUNITY_DATES, "TargetCloseDate"), texts)
    sort = context.request.get("Sort", {}).get("SortBy")
    return list_items(
        context,
        context.own.opportunities,
        result_key="OpportunitySearchSummaries",
        keep=all_of(conditions),
        order=None if sort is None else in_order(fields[sort], is_date=sort in _OPPORTUNITY_DATES),
        shape="OpportunitySearchSummary",
        shown=shown,
    )


_LEAD: Final = "Contexts.Payload.Lead"
_PROSPECT: Final = "Contexts.Payload.ProspectingResult.Aws"
_ENGAGEMENT_DATES: Final = ("CreatedAt", "LastModifiedAt")
_ENGAGEMENT_FIELDS: Final[Fields] = {
    "EngagementId": "Id",
    "Title": "Title",
    "PartnerId": "CreatedBy",
    "CreatedAt": "CreatedAt",
    "LastModifiedAt": "ModifiedAt",
    "MemberCount": lambda item: len(item["Members"]),
    "ContextType": "Contexts.Type",
    "LeadQualificationStatus": f"{_LEAD}.QualificationStatus",
    "LeadReadinessScore": f"{_LEAD}.Insights.LeadReadinessScore",
    "LeadCustomerCountryCode": f"{_LEAD}.Customer.Address.CountryCode",
    **{
        f"LeadCustomer{name}": f"{_LEAD}.Customer.{name}"
        for name in ("Industry", "AwsMaturity", "MarketSegment", "CompanyName")
    },
    **{f"LeadInteractions{name}": f"{_LEAD}.Interactions.{name}" for name in ("SourceType", "SourceName", "Usecase")},
    **{
        f"LeadInteractionsContact{name}": f"{_LEAD}.Interactions.Contact.{name}"
        for name in ("FirstName", "LastName", "BusinessTitle")
    },
    **{
        f"ProspectingCustomer{name}": f"{_PROSPECT}.Customer.{name}"
        for name in ("Geo", "Region", "Industry", "Segment", "Country", "CompanySize")
    },
    **{
        f"ProspectingInsights{name}": f"{_PROSPECT}.Insights.{name}"
        for name in ("MarketplaceEngagementScore", "SolutionCategory", "SolutionSubCategory")
    },
}
_CUSTOMERS: Final = (
    "Contexts.Payload.CustomerProject.Customer.{0} Contexts.Payload.Lead.Customer.{0} "
    "Contexts.Payload.CustomerAccount.Customer.{0}"
)


_INDUSTRIES: Final = _CUSTOMERS.format("Industry")


def search_engagements(context: RequestContext) -> bytes:
    """Return a page of the engagements of the caller that a keyword, a filter and a group find."""
    request, catalog = context.request, context.selling
    names: dict[str, str] = {}
    if "Keyword" in request:
        # An account without any request has no partner profile, and so no name of its own.
        names = {
            each.account: company_name(context, each.account) for each in context.state.catalogs_unsettled(catalog.name)
        }

    def texts(item: Item) -> list[str]:
        members = [names.get(each, f"Account {each}") for each in item["Members"]]
        return [*values_of(item, f"Title Description {_CUSTOMERS.format('CompanyName')}"), *members]

    conditions = conditions_of(context, _ENGAGEMENT_FIELDS, _ENGAGEMENT_DATES, texts)
    if "GroupId" in request:
        found = next((each for each in _groups(context) if each["Id"] == request["GroupId"]), None)
        if found is None:
            raise invalid_field("GroupId", "is not an engagement group that is available to the account")
        conditions.append(lambda item: _is_in_group(item, found))
    sort = request.get("Sort", {}).get("SortBy", "CreatedAt")
    return list_items(
        context,
        catalog.engagements,
        result_key="EngagementSearchSummaries",
        keep=all_of(conditions),
        order=in_order(_ENGAGEMENT_FIELDS[sort], is_date=sort in _ENGAGEMENT_DATES),
        descending=None if "Sort" in request else True,
        shape="EngagementSearchSummary",
        shown=counted,
        state=sorted(names.items()),
        may_keep=lambda index: catalog.is_member(context.account, index),
    )


_CUSTOMER: Final = "AwsEnrichment.Customer"
_CUSTOMER_DATES: Final = ("CREATED_DATE", "LAST_MODIFIED_DATE")
_CUSTOMER_FIELDS: Final[Fields] = {
    "ENRICHMENT_STATUS": "EnrichmentStatus",
    "COMPANY_NAME": "Account.CompanyName",
    "AWS_INDUSTRY": f"{_CUSTOMER}.Industry",
    "ACCOUNT_PLANNING_QUALIFICATION": f"{_CUSTOMER}.CustomerAccountPlanningQualification",
    "PROGRAM_ELIGIBILITY": f"{_CUSTOMER}.EligiblePrograms",
    "IMPORT_ID": "Import",
    "CREATED_DATE": "CreatedDate",
    "LAST_MODIFIED_DATE": "LastModifiedDate",
    "GEO": f"{_CUSTOMER}.Geo",
    "COUNTRY": f"{_CUSTOMER}.Country",
    "SEGMENT": f"{_CUSTOMER}.Segment",
    "REGION": f"{_CUSTOMER}.Region",
    "SOLUTION_CATEGORY": "AwsEnrichment.Insights.SolutionCategory",
    "MARKETPLACE_ENGAGEMENT_SCORE": "AwsEnrichment.Insights.MarketplaceEngagementScore",
    "SOLUTION_SCORE": "AwsEnrichment.Insights.SolutionScore",
}


def _customer_summary(item: Item) -> Item:
    enrichment = item.get("AwsEnrichment")
    if enrichment is None:
        return {**item, "CustomerAccount": item["Account"]}
    customer = enrichment["Customer"]
    qualified = customer.get("CustomerAccountPlanningQualification")
    shown = {**customer, **({"AccountPlanningQualification": qualified} if qualified else {})}
    return {**item, "CustomerAccount": item["Account"], "AwsEnrichment": {**enrichment, "Customer": shown}}


def search_customer_accounts(context: RequestContext) -> bytes:
    """Return a page of the caller's customer accounts that a filter finds."""
    conditions = conditions_of(context, _CUSTOMER_FIELDS, _CUSTOMER_DATES, is_exact=True)
    sort = context.request.get("Sort", {}).get("SortBy")
    return list_items(
        context,
        context.own.customers,
        result_key="CustomerAccountSummaries",
        keep=all_of(conditions),
        order=None if sort is None else in_order(_CUSTOMER_FIELDS[sort], is_date=sort in _CUSTOMER_DATES),
        shape="CustomerAccountSummary",
        shown=_customer_summary,
    )


def get_customer_account_statistics(context: RequestContext) -> bytes:
    """Return how many of the caller's customer accounts a filter finds, and how many have each value of some fields."""
    request, customers = context.request, context.own.customers
    conditions = conditions_of(context, _CUSTOMER_FIELDS, _CUSTOMER_DATES, is_exact=True)
    key = encode([context.account, context.operation, request.get("Filter")])
    found = customers.select_from(
        key, lambda index: all(condition(customers.item(index)) for condition in conditions), 0, len(customers)
    )
    results = []
    for aggregation in request.get("Aggregations", ()):
        values = _values_of_each(customers, found, aggregation["GroupBy"][0])
        counts = Counter(value for each in values for value in each)
        if request.get("IncludeMissing") and [] in values:
            counts[_MISSING] = values.count([])
        buckets = counts.most_common()
        results.append(
            {
                "GroupBy": aggregation["GroupBy"],
                "Buckets": [{"Values": [value], "Count": count} for value, count in buckets[:_MOST_BUCKETS]],
                "OtherCount": sum(count for _, count in buckets[_MOST_BUCKETS:]),
            }
        )
    return encode({"TotalCount": len(found), **({"Aggregations": results} if results else {})})


def _values_of_each(customers: ItemCollection, indices: Sequence[int], name: str) -> list[list[Any]]:
    """Return the values that each of some customer accounts has of a field."""
    field = _CUSTOMER_FIELDS[name]
    return [customers.fact(f"values of {name}", index, lambda item: values_of(item, field)) for index in indices]


def _is_in_group(engagement: Item, group: Item) -> bool:
    return group["Industry"] in _industries(engagement)


def _industries(engagement: Item) -> list[Any]:
    return values_of(engagement, _INDUSTRIES)


def _work(engagement: Item) -> tuple[set[str], str]:
    """Return the industries of an engagement, and when it was modified."""
    return set(_industries(engagement)), engagement["ModifiedAt"]


def _groups(context: RequestContext) -> list[Item]:
    """Return the engagement groups of which the caller has an engagement, with what follows from these."""
    catalog, account = context.selling, context.account
    changes, groups = catalog.groups.get(account, (-1, []))
    if changes != catalog.engagements.changes:
        times: dict[str, list[str]] = defaultdict(list)
        for index in catalog.engagements.indices:
            if catalog.is_member(account, index):
                industries, modified = catalog.engagements.fact("industries", index, _work)
                for industry in industries:
                    times[industry].append(modified)
        found = [(group, times[group["Industry"]]) for group in catalog.seed.groups() if group["Industry"] in times]
        groups = [{**group, "Count": len(moments), "UpdatedAt": max(moments, key=time_of)} for group, moments in found]
        catalog.groups[account] = (catalog.engagements.changes, groups)
    return groups


def list_engagement_groups(context: RequestContext) -> bytes:
    """Return a page of the engagement groups that are available to the caller."""
    request = context.request
    wanted = {identifier_of(each) for each in request.get("EngagementGroupIdentifiers", ())}
    found = [
        group
        for group in _groups(context)
        if group["ReadinessLevel"] == request.get("ReadinessLevel", group["ReadinessLevel"])
        and (not wanted or group["Id"] in wanted)
    ]
    if "Sort" in request:
        sort = request["Sort"]
        by = sort["SortBy"]
        order = in_order(by, is_date=by == "UpdatedAt")
        found.sort(key=order, reverse=sort["SortOrder"] == "DESCENDING")
    return list_records(context, found, result_key="EngagementGroupSummaries", shape="EngagementGroupSummary")
