"""What a pipeline must know of the table of a listing: its primary key, and whether it can be loaded incrementally."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral._serialization.members import members
from aiopartnercentral._utils.validators import instance_of
from aiopartnercentral.bulk.incremental import why_not_incremental
from aiopartnercentral.sinks.base import origin_columns
from aiopartnercentral.sinks.schema import Struct, item_class, schema_of, unused_name
from aiopartnercentral.types import Listing, NestedListing

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TableMetadata", "table_metadata"]

# The models do not say what identifies an item. Items of all other listings have an `id`.
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "ListCampaigns": ("campaign_id",),
    "ListCustomerAccountBulkJobResults": ("request_id",),
    "ListEngagementByAcceptingInvitationTasks": ("task_id",),
    "ListEngagementFromOpportunityTasks": ("task_id",),
    "ListEngagementMembers": ("account_id",),
    "ListEngagementResourceAssociations": ("engagement_id", "resource_type", "resource_id"),
    "ListMarketplaceRevenueShareAllocations": ("marketplace_revenue_share_allocation_id",),
    "ListOpportunityBulkJobResults": ("request_id",),
    "ListOpportunityBulkJobs": ("job_id",),
    "ListOpportunityFromEngagementTasks": ("task_id",),
    "ListProspectingFromEngagementTasks": ("task_id",),
    "ListResourceSnapshots": ("resource_type", "resource_id", "resource_snapshot_template_name", "revision"),
    "ListRevenueAttributionAllocations": ("revenue_attribution_allocation_id",),
}
_LISTING = instance_of(Listing, "a listing, such as account.listings.list_connections()")


@attrs.frozen(kw_only=True)
class TableMetadata:
    """The facts about the table of a listing that a pipeline needs to merge it into an earlier one.

    Attributes:
        primary_key: the columns that identify a row, the source's first; empty if no attribute identifies an item.
        cursor_column: the column with the time of the last change, by which the listing can be collected incrementally;
            None if each run has a snapshot of all items.
    """

    primary_key: tuple[str, ...]
    cursor_column: str | None

    @property
    def is_incremental(self) -> bool:
        """Whether a run with `since` has only what has changed; otherwise each run has a snapshot of all items."""
        return self.cursor_column is not None


def table_metadata(listing: Listing[Any, Any]) -> TableMetadata:
    """Return the primary key of the table of a listing, and the column by which it can be loaded incrementally.

        metadata = table_metadata(selling.listings.list_opportunities())
        metadata.primary_key  # ("source_label", "id")
        metadata.cursor_column  # "last_modified_date"

    The columns are those of `Collection.arrow` and of Parquet files. A listing whose own filters exclude `since` is not
    incremental. An incremental run does not report deleted items.

    Raises:
        TypeError: `listing` is not a listing.
    """
    pagination = _LISTING("listing", listing).pagination
    cls, is_nested = item_class(pagination), isinstance(listing, NestedListing)
    schema = schema_of(cls)
    names = [field.name for field in schema.fields] if isinstance(schema, Struct) else []
    label, _, *parent = (unused_name(name, set(names)) for name in origin_columns(source=True, parent=is_nested))
    if is_nested and pagination.token is None:  # the response is the only row of its parent
        return TableMetadata(primary_key=(label, *parent), cursor_column=None)
    own = _KEYS.get(pagination.operation.name, ("id",))
    has_key = all(name in names for name in own)
    cursor = None
    if pagination.since is not None and why_not_incremental(listing) is None:
        wire_name = pagination.since.modified
        cursor = next(each.field for each in members(cls, is_botocore=False) if each.key == wire_name)
    return TableMetadata(primary_key=(label, *parent, *own) if has_key else (), cursor_column=cursor)
