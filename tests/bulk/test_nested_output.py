"""The parent beside each item of a nested listing: in tables, files and pickles."""

from __future__ import annotations

import csv
import json
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from aiopartnercentral import selling
from aiopartnercentral.bulk import Collection
from aiopartnercentral.sinks import open_sink
from tests.support.nested_service import DETAILS, FAST, MEMBERS, Partners, serving, source, world
from tests.support.servers import Reply

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


def collection(server: Any, *listings: Any) -> Collection[Any]:
    return Collection(list(listings), source(server), limits=FAST)


async def test_the_parent_is_a_column_of_tables() -> None:
    partners = world(2)
    with serving(AWS=partners) as server:
        whole = collection(server, MEMBERS, selling.listings.list_opportunities())
        collected = await whole.collect()
    assert whole.nested == ["ListEngagementMembers"]
    table = collected.to_arrow("ListEngagementMembers")
    assert table.column_names[:2] == ["source", "source_parent"]
    rows = zip(table["source_parent"].to_pylist(), table["company_name"].to_pylist(), strict=True)
    assert list(rows) == partners.children
    assert list(collected.to_pandas("ListEngagementMembers")["source_parent"]) == [
        name for name, _ in partners.children
    ]
    assert "source_parent" in collected.to_polars("ListEngagementMembers").columns
    assert "source_parent" not in collected.to_arrow("ListOpportunities").column_names


async def test_origins_are_pickled_with_their_parent() -> None:
    with serving(AWS=world(1)) as server:
        ((origin, _), *_) = await collection(server, DETAILS).collect()
    copy = pickle.loads(pickle.dumps(origin))
    assert copy.parent == origin.parent
    assert copy.without_parent.parent is None
    assert str(copy) == str(origin) == str(origin.without_parent)
    assert origin.parent["identifier"] not in repr(origin)


async def test_several_members_of_a_parent_are_json_in_a_column(tmp_path: Path) -> None:
    partners = Partners([[("eng-1", [["a"]])]])
    listing = selling.listings.list_engagements().each(
        selling.listings.list_engagement_resource_associations, {"engagement_identifier": "id", "created_by": "title"}
    )
    association = {"EngagementId": "eng-1", "ResourceType": "Opportunity", "ResourceId": "O1", "Catalog": "AWS"}
    partners.before = lambda received: (
        Reply({"EngagementResourceAssociationSummaries": [association]})
        if received.operation == "ListEngagementResourceAssociations"
        else None
    )
    with serving(AWS=partners) as server:
        whole = collection(server, listing)
        await whole.into(open_sink(tmp_path / "out.csv", cls=whole.item_classes, parent=whole.nested))
        asked = server.received[-1].body
    assert (asked["EngagementIdentifier"], asked["CreatedBy"]) == ("eng-1", "t")
    with (tmp_path / "out.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert json.loads(row["source_parent"]) == {"engagement_identifier": "eng-1", "created_by": "t"}
