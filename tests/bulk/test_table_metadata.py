"""The primary key and the cursor column of every listing."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING, Any

import attrs
import pyarrow as pa
import pytest
from anyio.from_thread import start_blocking_portal

from aiopartnercentral import account, channel, selling
from aiopartnercentral.bulk import Collection, TableMetadata, table_metadata
from aiopartnercentral.emulator import Emulator
from tests.support.bulk_sources import FAST, of
from tests.support.nested_service import DETAILS, MEMBERS
from tests.support.services import NAMES, package

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.anyio

PAGES = {each.operation.name: (name, each) for name in NAMES for each in package(name).Client.service.paginations}
INCREMENTAL = {
    "ListOpportunities": "last_modified_date",
    "SearchCustomerAccounts": "last_modified_date",
    "SearchEngagements": "modified_at",
    "SearchOpportunities": "last_modified_date",
}


def listing(operation: str) -> Any:
    name, pages = PAGES[operation]
    needed = {field.name for field in attrs.fields(pages.operation.input) if field.default is attrs.NOTHING}
    filters = dict.fromkeys(needed - {pages.catalog}, "x")
    return getattr(package(name).listings, pages.method)(**filters)


# The listings whose requests need a member of a parent's item: the listing of the parents, and the members.
PARENTS = {
    "ListCampaignAssets": ("ListCampaigns", {"campaign_identifier": "campaign_id"}),
    "ListCustomerAccountBulkJobResults": ("ListCustomerAccountBulkJobs", {"identifier": "id"}),
    "ListEngagementMembers": ("ListEngagements", {"identifier": "id"}),
    "ListMarketplaceRevenueShareAllocations": (
        "ListMarketplaceRevenueShares",
        {"marketplace_revenue_share_identifier": "id"},
    ),
    "ListOpportunityBulkJobResults": ("ListOpportunityBulkJobs", {"job_id": "job_id"}),
    "ListResourceSnapshots": ("ListEngagements", {"engagement_identifier": "id"}),
    "ListRevenueAttributionAllocations": ("ListRevenueAttributions", {"revenue_attribution_identifier": "id"}),
}
# The filters that other listings need: the enums of their values.
CHOICES: dict[str, dict[str, Any]] = {
    "ListChannelContracts": {"contract_type": channel.ChannelContractType},
    "ListChannelHandshakes": {"handshake_type": channel.HandshakeType, "participant_type": channel.ParticipantType},
    "ListEngagementInvitations": {"participant_type": selling.ParticipantType},
}


def complete(operation: str) -> list[Any]:
    """Return the listings that together have everything of an operation."""
    name, pages = PAGES[operation]
    function = getattr(package(name).listings, pages.method)
    if operation in PARENTS:
        parent, members = PARENTS[operation]
        return [listing(parent).each(function, members)]
    choices = CHOICES.get(operation, {})
    return [function(**dict(zip(choices, values, strict=True))) for values in product(*choices.values())]


def is_scalar(data_type: Any) -> bool:
    return pa.types.is_string(data_type) or pa.types.is_integer(data_type)


@pytest.mark.parametrize("operation", PAGES)
def test_the_columns_exist(operation) -> None:
    found = table_metadata(listing(operation))
    schema = Collection(listing(operation), "AWS").arrow_schema()
    assert found.primary_key[0] == "source_label"
    assert len(found.primary_key) > 1
    assert all(is_scalar(schema.field(name).type) for name in found.primary_key)
    assert found.cursor_column == INCREMENTAL.get(operation)
    assert found.is_incremental == (operation in INCREMENTAL)
    if found.cursor_column is not None:
        assert schema.field(found.cursor_column).type == pa.timestamp("us", tz="UTC")


@pytest.mark.parametrize("operation", INCREMENTAL)
def test_an_incremental_listing_is_one_that_since_takes(operation) -> None:
    Collection(listing(operation), "AWS", since=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("operation", sorted(PAGES.keys() - INCREMENTAL))
def test_a_snapshot_is_of_a_listing_that_since_refuses(operation) -> None:
    with pytest.raises(ValueError, match="since is not possible"):
        Collection(listing(operation), "AWS", since=datetime(2026, 1, 1, tzinfo=UTC))


def test_a_filter_that_excludes_since_makes_it_a_snapshot() -> None:
    time = datetime(2026, 1, 1, tzinfo=UTC)
    bound = selling.LastModifiedDate(after_last_modified_date=time)
    given = selling.listings.list_opportunities(last_modified_date=bound)
    assert table_metadata(given) == TableMetadata(primary_key=("source_label", "id"), cursor_column=None)


def test_rows_below_a_parent() -> None:
    assert table_metadata(MEMBERS).primary_key == ("source_label", "source_parent", "account_id")
    assert table_metadata(DETAILS) == TableMetadata(primary_key=("source_label", "source_parent"), cursor_column=None)


def test_only_listings_have_tables() -> None:
    with pytest.raises(TypeError, match="listing must be a listing, such as"):
        table_metadata(account.listings.list_connections)  # type: ignore[arg-type] # the function itself


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(Emulator(seed=3)) as emulator:
        yield emulator


@pytest.mark.parametrize("operation", PAGES)
async def test_the_primary_key_is_unique_among_the_rows_of_the_emulator(emulator, operation) -> None:
    sources = [of(emulator, "a"), of(emulator, "b", "Sandbox"), of(emulator, "c")]
    number = 0
    for each in complete(operation):
        whole: Collection[Any] = Collection(each, sources, limits=FAST)
        async with whole.arrow() as stream:
            rows = [row for batch in [batch async for batch in stream] for row in batch.to_pylist()]
        keys = [tuple(row[name] for name in table_metadata(each).primary_key) for row in rows]
        assert len(set(keys)) == len(keys), each
        assert all(None not in key for key in keys), each
        number += len(rows)
    assert number > 1


async def test_the_response_of_each_parent_is_a_row(emulator) -> None:
    whole: Collection[Any] = Collection(DETAILS, [of(emulator, "a"), of(emulator, "b", "Sandbox")], limits=FAST)
    async with whole.arrow() as stream:
        rows = [row for batch in [batch async for batch in stream] for row in batch.to_pylist()]
    keys = {tuple(row[name] for name in table_metadata(DETAILS).primary_key) for row in rows}
    assert len(keys) == len(rows) > 1
