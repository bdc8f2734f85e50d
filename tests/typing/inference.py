"""Never run: mypy --strict and pyright must infer exactly these types, and find the match exhaustive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never, assert_type

from aiopartnercentral import (
    Collected,
    Listing,
    NestedListing,
    Outcome,
    Paginator,
    Report,
    ResponseMetadata,
    ServiceError,
    SourceReport,
    Stream,
    account,
    blocking,
    channel,
    marketing,
    selling,
)
from aiopartnercentral.account import structures
from aiopartnercentral.bulk import Collection, Origin, Source


def participant_name(participant: account.Participant) -> str:
    match participant:
        case account.ParticipantPartnerProfile(profile):
            assert_type(profile, structures.PartnerProfileSummary)
            return profile.name
        case account.ParticipantSellerProfile(seller):
            assert_type(seller, structures.SellerProfileSummary)
            return seller.name
        case account.ParticipantAccount(owner):
            assert_type(owner, structures.AccountSummary)
            return owner.name
        case account.ParticipantUnknown(tag, _):
            assert_type(tag, str)
            return tag
        case _:
            assert_never(participant)


def detail(error: account.ValidationError) -> str:
    if isinstance(error, account.ValidationErrorFieldValidationError):
        return error.value.name
    if isinstance(error, account.ValidationErrorBusinessValidationError):
        return error.value.code
    assert_type(error, structures.ValidationErrorUnknown)
    return error.tag


async def calls(client: account.Client) -> None:
    page = await client.list_connections(catalog="AWS", max_results=5)
    assert_type(page, structures.ListConnectionsResponse)
    assert_type(page.response_metadata, ResponseMetadata | None)
    assert_type(page.connection_summaries[0].updated_at, datetime)
    called = await client.call(account.GetPartnerRequest(catalog="AWS", identifier="partner-1"))
    assert_type(called, structures.GetPartnerResponse)
    await client.list_connection_invitations(catalog="AWS", status="PENDING", other_participant_identifiers=("a",))
    await client.list_connection_invitations(catalog="AWS", status=account.InvitationStatus.PENDING)


async def collections(client: account.Client) -> None:
    paginator = client.paginate.list_connections(catalogs=["AWS", "Sandbox"], on_error="report")
    assert_type(paginator, Paginator[structures.ListConnectionsResponse, structures.ConnectionSummary])
    async with paginator as stream:
        assert_type(stream, Stream[str, structures.ConnectionSummary])
        async for catalog, connection in stream:
            assert_type(catalog, str)
            assert_type(connection, structures.ConnectionSummary)
            for kind, summary in connection.connection_types.items():
                assert_type(kind, account.ConnectionType)
                assert_type(summary.other_participant, structures.Participant)
        assert_type(stream.report, Report[str])
        assert_type(stream.report.sources, Mapping[str, SourceReport])
        assert_type(stream.report.sources["AWS"].outcome, Outcome)
    async with paginator.pages() as pages:
        async for _, page in pages:
            assert_type(page, structures.ListConnectionsResponse)
    async with paginator.raw() as raw:
        async for _, text in raw:
            assert_type(text, bytes)
    collected = await paginator.collect()
    assert_type(collected, Collected[str, structures.ConnectionSummary])
    assert_type(collected[0], tuple[str, structures.ConnectionSummary])
    assert_type(collected.report, Report[str])
    partners = await client.paginate.list_partners(catalog="AWS", max_items=3).collect()
    assert_type(partners, Collected[str, structures.PartnerSummary])
    async for item in client.paginate.list_connections(catalog="AWS", page_size=50):
        assert_type(item, structures.ConnectionSummary)


async def bulk(sources: list[Source]) -> None:
    connections = account.listings.list_connections(page_size=100, other_participant_identifiers=("a",))
    assert_type(connections, Listing[structures.ListConnectionsResponse, structures.ConnectionSummary])
    one = Collection(connections, sources)
    assert_type(one, Collection[structures.ConnectionSummary])
    async with one as stream:
        async for origin, connection in stream:
            assert_type(origin, Origin)
            assert_type(connection, structures.ConnectionSummary)
        assert_type(stream.report, Report[Origin])
        assert_type(stream.report.merge(stream.report), Report[Origin])
    either: Collection[structures.ConnectionSummary | structures.PartnerSummary]
    either = Collection([connections, account.listings.list_partners()], sources)
    async with either as both:
        async for _, item in both:
            assert_type(item, structures.ConnectionSummary | structures.PartnerSummary)


async def errors(client: account.Client) -> None:
    try:
        await client.get_partner(catalog="AWS", identifier="partner-1")
    except account.ValidationException as error:
        assert_type(error.reason, account.ValidationExceptionReason | None)
        assert_type(error.error_details, list[structures.ValidationError] | None)
    except account.ThrottlingException as error:
        assert_type(error.quota_code, str | None)
    except ServiceError as error:
        assert_type(error.code, str)


def opened() -> None:
    account.connect(region_name="us-east-1", endpoint_url="http://127.0.0.1")
    assert_type(account.json_converter.loads(b"{}", account.PartnerSummary), structures.PartnerSummary)
    participant: account.Participant = account.json_converter.loads(b"{}", account.Participant)
    participant_name(participant)


async def other_services(campaigns: marketing.Client, opportunities: selling.Client) -> None:
    paginator = campaigns.paginate.list_campaigns(catalogs=["AWS", marketing.Catalog.SANDBOX, "Tomorrow"])
    assert_type(paginator, Paginator[marketing.ListCampaignsResponse, marketing.CampaignSummary])
    await campaigns.get_campaign(catalog="AWS", campaign_identifier="c")
    await campaigns.get_campaign(catalog=marketing.Catalog.AWS, campaign_identifier="c")
    found = await opportunities.paginate.list_opportunities(catalog="AWS", life_cycle_stage=["Qualified"]).collect()
    assert_type(found, Collected[str, selling.OpportunitySummary])
    members = selling.listings.list_engagements().each(
        selling.listings.list_engagement_members, {"identifier": "id"}, page_size=10
    )
    assert_type(members, NestedListing[selling.ListEngagementMembersResponse, selling.EngagementMember])
    assert_type(Collection(members, "AWS"), Collection[selling.EngagementMember])
    details = selling.listings.list_opportunities().each(selling.Client.get_opportunity, {"identifier": "id"})
    assert_type(details, NestedListing[selling.GetOpportunityResponse, selling.GetOpportunityResponse])
    every: Collection[selling.EngagementMember | selling.GetOpportunityResponse | selling.OpportunitySummary]
    every = Collection([members, details, selling.listings.list_opportunities()], "AWS")
    every.raw()
    both: Collection[selling.OpportunitySummary | channel.RelationshipSummary]
    both = Collection([selling.listings.list_opportunities(), channel.listings.list_relationships()], "AWS")
    async with both as stream:
        async for _, item in stream:
            assert_type(item, selling.OpportunitySummary | channel.RelationshipSummary)


def plan(support: channel.SupportPlan) -> str:
    match support:
        case channel.SupportPlanResoldEnterprise(enterprise):
            assert_type(enterprise, channel.ResoldEnterprise)
            return enterprise.tam_location
        case channel.SupportPlanPartnerLedSupport(led):
            assert_type(led, channel.PartnerLedSupport)
            return led.coverage
        case channel.SupportPlanResoldUnifiedOperations(_):
            return ""
        case channel.SupportPlanUnknown(tag, _):
            return tag
        case _:
            assert_never(support)


def script() -> None:
    with blocking(account.connect()) as call:
        assert_type(call(lambda client: client.list_partners(catalog="AWS")), structures.ListPartnersResponse)
        collected = call(lambda client: client.paginate.list_partners(catalogs=["AWS", "Sandbox"]).collect())
        assert_type(collected, Collected[str, account.PartnerSummary])
