"""Which listings can be filtered by the time of modification, for every listing there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest

from codegen import build
from codegen.errors import ModelError
from codegen.project import pinned
from codegen.services import MODELS, SERVICES, ServiceConfig, TimeFilter
from tests.support.services import CONFIGS

if TYPE_CHECKING:
    from collections.abc import Mapping

MODIFIED = {
    "ListOpportunities": "LastModifiedDate.AfterLastModifiedDate",
    "SearchCustomerAccounts": "Filter.GreaterThanOrEquals: LAST_MODIFIED_DATE",
    "SearchEngagements": "Filter.GreaterThanOrEquals: LastModifiedAt",
    "SearchOpportunities": "Filter.GreaterThanOrEquals: LastModifiedDate",
}
CREATED = {
    "ListMarketplaceRevenueShares": "CreatedAfter",
    "ListProspectingFromEngagementTasks": "StartAfter",
    "ListRevenueAttributions": "CreatedAfter",
}


def shown(found: TimeFilter) -> str:
    return f"{found.member}.{found.bound}" + ("" if found.field is None else f": {found.field}")


def has_time(model: Mapping[str, Any], shape: str, seen: frozenset[str] = frozenset()) -> bool:
    """Return whether a timestamp can be anywhere in a shape."""
    found = model["shapes"][shape]
    if shape in seen or found["type"] == "timestamp":
        return shape not in seen
    below = [*found.get("members", {}).values(), *filter(None, [found.get("member"), found.get("value")])]
    return any(has_time(model, each["shape"], seen | {shape}) for each in below)


def test_every_listing_says_whether_it_can() -> None:
    modified, created = {}, {}
    for config in SERVICES:
        loaded = pinned.load(config, MODELS)
        for operation in build.build(loaded).operations:
            pagination = operation.pagination
            if pagination is None:
                continue
            # Whoever adds a listing, or a time to the request of one, decides what it means.
            known = pagination.since is not None or pagination.created_since is not None
            assert has_time(loaded.service, operation.input) == known, operation.name
            if pagination.since is not None:
                modified[operation.name] = shown(pagination.since)
            elif pagination.created_since is not None:
                created[operation.name] = pagination.created_since
    assert modified.items() >= MODIFIED.items()  # a service that is added may have more
    assert created.items() >= CREATED.items()


@pytest.mark.parametrize(
    ("operation", "change", "where"),
    [
        ("ListOpportunities", {"bound": "After"}, "LastModifiedDate.After"),
        ("ListOpportunities", {"item": "Id"}, "OpportunityIdentifier is not a timestamp"),
        ("ListOpportunities", {"member": "Identifier"}, "IdentifierList.AfterLastModifiedDate"),
        ("SearchEngagements", {"field": "LastModifiedDate"}, "EngagementSearchPredicate.Key: LastModifiedDate is not"),
        ("SearchEngagements", {"all_of": "NotFilter"}, "NotFilter: does not combine several filters"),
    ],
)
def test_a_filter_that_the_model_does_not_have_is_refused(operation: str, change: dict[str, str], where: str) -> None:
    config: ServiceConfig = CONFIGS["selling"]
    wrong = attrs.evolve(config.since[operation], **change)
    with pytest.raises(ModelError, match=where):
        build.build(pinned.load(attrs.evolve(config, since={operation: wrong}), MODELS))
