"""Nested listings as values: what `each` accepts and refuses, and how they compare, print and pickle."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from aiopartnercentral import account, benefits, marketing, selling
from aiopartnercentral.types import Listing, NestedListing

ENGAGEMENTS = selling.listings.list_engagements(page_size=5)
MEMBERS = ENGAGEMENTS.each(selling.listings.list_engagement_members, {"identifier": "id"}, page_size=10, max_items=3)
DETAILS = selling.listings.list_opportunities().each(selling.Client.get_opportunity, {"identifier": "id"})


def test_it_prints_as_the_call_that_creates_it() -> None:
    assert repr(MEMBERS) == (
        "selling.listings.list_engagements(page_size=5).each(selling.listings.list_engagement_members, "
        "{'identifier': 'id'}, page_size=10, max_items=3)"
    )
    assert eval(repr(MEMBERS), {"selling": selling}) == MEMBERS  # noqa: S307 - of this module
    assert eval(repr(DETAILS), {"selling": selling}) == DETAILS  # noqa: S307 - of this module


def test_sensitive_filters_are_redacted() -> None:
    listing = selling.listings.list_engagements().each(
        selling.listings.list_engagement_resource_associations, {"engagement_identifier": "id"}, created_by="1234"
    )
    assert "1234" not in repr(listing)
    assert "created_by=<redacted>" in repr(listing)


def test_it_compares_hashes_and_pickles_by_value() -> None:
    same = selling.listings.list_engagements(page_size=5).each(
        selling.listings.list_engagement_members, {"identifier": "id"}, page_size=10, max_items=3
    )
    assert same == MEMBERS
    assert hash(same) == hash(MEMBERS)
    for listing in (MEMBERS, DETAILS):
        copy = pickle.loads(pickle.dumps(listing))
        assert copy == listing
        assert hash(copy) == hash(listing)
        assert isinstance(copy, NestedListing)
    others: list[Listing[Any, Any]] = [
        ENGAGEMENTS,
        selling.listings.list_engagements().each(
            selling.listings.list_engagement_members, {"identifier": "id"}, page_size=10, max_items=3
        ),
        ENGAGEMENTS.each(selling.listings.list_engagement_members, {"identifier": "arn"}, page_size=10, max_items=3),
        ENGAGEMENTS.each(selling.listings.list_engagement_members, {"identifier": "id"}, page_size=10),
        ENGAGEMENTS.each(selling.listings.list_engagement_members, {"identifier": "id"}, max_items=3),
        ENGAGEMENTS.each(selling.Client.get_engagement, {"identifier": "id"}),
    ]
    assert MEMBERS not in others
    with pytest.raises(AttributeError):
        MEMBERS.max_items = 7  # type: ignore[misc] # it is frozen
    with pytest.raises(TypeError):
        MEMBERS.members["identifier"] = "arn"  # type: ignore[index] # it is read-only


def test_members_may_be_in_nested_structures() -> None:
    listing = selling.listings.list_opportunities().each(
        selling.Client.get_opportunity, {"identifier": "customer.account.company_name"}
    )
    customer = selling.CustomerSummary(account=selling.AccountSummary(company_name="acme"))
    common: dict[str, Any] = {"catalog": "AWS"}
    assert listing.values_of(selling.OpportunitySummary(**common, customer=customer)) == {"identifier": "acme"}
    assert listing.values_of(selling.OpportunitySummary(**common)) == {"identifier": None}


def test_sensitive_members_of_a_parent_are_shown_redacted() -> None:
    listing = ENGAGEMENTS.each(
        selling.listings.list_engagement_resource_associations,
        {"engagement_identifier": "id", "created_by": "created_by"},
    )
    item = selling.EngagementSummary(id="eng-1", created_by="1234")
    values = listing.values_of(item)
    assert values == {"engagement_identifier": "eng-1", "created_by": "1234"}
    assert listing.shown(values) == {"engagement_identifier": "eng-1", "created_by": "<redacted>"}


def test_operations_whose_model_does_not_mark_them_as_reading_are_accepted() -> None:
    listing = benefits.listings.list_benefits().each(benefits.Client.get_benefit, {"identifier": "id"})
    assert listing.pagination.operation.name == "GetBenefit"
    assert marketing.listings.list_campaigns().each(
        marketing.listings.list_campaign_assets, {"campaign_identifier": "arn"}
    )


@pytest.mark.parametrize(
    ("child", "members", "filters", "error", "message"),
    [
        (selling.listings.list_engagement_members, {"identifier": "idd"}, {}, ValueError, "did you mean id"),
        (selling.listings.list_engagement_members, {"identifier": "zzz"}, {}, ValueError, "the attributes are arn, id"),
        (selling.listings.list_engagement_members, {"identifier": "id.x"}, {}, ValueError, "is not a structure"),
        (selling.listings.list_engagement_members, {"identifier": "member_count"}, {}, TypeError, "is not text"),
        (selling.listings.list_engagement_members, {"identifier": "created_at"}, {}, TypeError, "is not text"),
        (selling.listings.list_engagement_members, {"identifier": "context_types"}, {}, TypeError, "is not text"),
        (selling.listings.list_engagement_members, {"identifiers": "id"}, {}, ValueError, "did you mean identifier"),
        (selling.listings.list_engagement_members, {"page_size": "id"}, {}, TypeError, "page_size .* is not text"),
        (selling.listings.list_engagement_members, {"catalog": "id"}, {}, ValueError, "the collection gives it"),
        (selling.listings.list_engagement_members, {"next_token": "id"}, {}, ValueError, "the collection gives it"),
        (selling.listings.list_engagement_members, {}, {}, ValueError, "at least one"),
        (selling.listings.list_engagement_members, {"identifier": 7}, {}, TypeError, "members"),
        (selling.listings.list_engagement_members, ["identifier"], {}, TypeError, "members must be a mapping"),
        (
            selling.listings.list_engagement_members,
            {"identifier": "id"},
            {"identifier": "eng-1"},
            ValueError,
            "cannot be given as well",
        ),
        (
            selling.listings.list_engagement_members,
            {"identifier": "id"},
            {"max_results": 7},
            TypeError,
            "did you mean page_size",
        ),
        (selling.listings.list_engagement_members, {"identifier": "id"}, {"max_items": 0}, ValueError, "max_items"),
        (selling.listings.list_resource_snapshots, {"created_by": "id"}, {}, TypeError, "needs engagement_identifier"),
        (selling.Client.get_opportunity, {"identifier": "id"}, {"page_size": 7}, TypeError, "no argument page_size"),
        (selling.Client.get_resource_snapshot, {"engagement_identifier": "id"}, {}, TypeError, "needs resource_"),
        (selling.Client.list_engagement_members, {"identifier": "id"}, {}, TypeError, "pass selling.listings.list_eng"),
        (selling.Client.delete_customer_account, {"identifier": "id"}, {}, TypeError, "does not only read"),
        (selling.Client.with_options, {"identifier": "id"}, {}, TypeError, "not 'with_options'"),
        (account.listings.list_connections, {"connection_type": "id"}, {}, TypeError, "of one service"),
        (account.Client.get_partner, {"identifier": "id"}, {}, TypeError, "of one service"),
        (ENGAGEMENTS, {"identifier": "id"}, {}, TypeError, "without calling it"),
        (print, {"identifier": "id"}, {}, TypeError, "a listing function, such as"),
        (7, {"identifier": "id"}, {}, TypeError, "a listing function, such as"),
        (lambda **_: ENGAGEMENTS, {"identifier": "id"}, {}, TypeError, "a listing function, such as"),
    ],
)
def test_wrong_uses_are_refused(child: Any, members: Any, filters: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ENGAGEMENTS.each(child, members, **filters)


def test_a_third_level_is_refused() -> None:
    with pytest.raises(TypeError, match="two levels"):
        MEMBERS.each(selling.Client.get_engagement, {"identifier": "account_id"})
