"""A listing is a value: frozen, comparable, printable and picklable."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import attrs
import pytest

from aiopartnercentral import account
from aiopartnercentral.account import listings, operations

if TYPE_CHECKING:
    from aiopartnercentral.types import Listing


def listing(**filters: object) -> Listing[object, object]:
    return listings.list_connection_invitations(**filters)  # type: ignore[arg-type]


def test_listings_of_the_same_filters_are_equal() -> None:
    filters = {"connection_type": "SUBSIDIARY", "other_participant_identifiers": ["a"], "max_items": 3}
    assert listing(**filters) == listing(**filters)
    assert listing(**filters) == listing(**filters, status=None)  # None stands for not given
    assert listing(**filters) != listing(**filters, page_size=3)
    assert len({listing(**filters), listing(**filters), listing(**filters, page_size=3), listing()}) == 3
    assert listing() != listings.list_connections()


@pytest.mark.parametrize("name", ["page_size", "max_items"])
def test_sizes_are_positive_integers(name: str) -> None:
    for wrong, kind, shown in ((0, ValueError, "0"), (-1, ValueError, "-1"), ("100", TypeError, "a string")):
        for make in (listing, account.Client(None).paginate.list_connections):  # type: ignore[arg-type] # not asked
            with pytest.raises(kind, match=f"^{name} must be an integer of at least 1, not {shown}$"):
                make(**{name: wrong})
    assert listing(**{name: None}) == listing()


def test_a_listing_shows_how_it_is_made() -> None:
    made = listing(connection_type="SUBSIDIARY", page_size=7, max_items=3)
    assert repr(made) == (
        "account.listings.list_connection_invitations("
        "connection_type=<ConnectionType.SUBSIDIARY: 'SUBSIDIARY'>, page_size=7, max_items=3)"
    )


@pytest.mark.parametrize("name", [pagination.method for pagination in operations.SERVICE.paginations])
@pytest.mark.parametrize("filters", [{}, {"max_items": 3}])
def test_every_listing_pickles(name: str, filters: dict[str, object]) -> None:
    made = getattr(account.listings, name)(**filters)
    again = pickle.loads(pickle.dumps(made))
    assert again == made
    assert again.pagination is made.pagination


def test_pickling_keeps_filters_and_enums() -> None:
    made = listing(connection_type="FROM_TOMORROW", other_participant_identifiers=("a", "b"))
    again = pickle.loads(pickle.dumps(made))
    assert again == made
    assert again.filters["connection_type"].is_unknown
    assert again.request("AWS", None) == made.request("AWS", None)


def test_what_it_was_made_of_may_change() -> None:
    identifiers = ["a"]
    made = listing(other_participant_identifiers=identifiers)
    identifiers.clear()
    assert made.request("AWS", None).other_participant_identifiers == ["a"]


def test_it_is_frozen() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        listing().max_items = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        listing().filters["page_size"] = 3  # type: ignore[index]


def test_the_request_of_a_page() -> None:
    request = listing(page_size=7, status="PENDING").request("Sandbox", "token")
    assert request == account.ListConnectionInvitationsRequest(
        catalog="Sandbox", next_token="token", max_results=7, status=account.InvitationStatus.PENDING
    )


@pytest.mark.parametrize(
    ("filters", "error", "message"),
    [
        (
            {"page_sise": 3},
            TypeError,
            r"\(\) has no option page_sise; did you mean page_size",
        ),
        ({"max_results": 3}, TypeError, r"has no option max_results; did you mean page_size\?"),
        ({"max_items": 0}, ValueError, "max_items must be an integer of at least 1, not 0"),
        ({"max_items": True}, TypeError, "max_items must be an integer of at least 1, not a boolean"),
        ({"max_items": "3"}, TypeError, "max_items must be an integer of at least 1, not a string"),
        ({"on_error": "raise"}, TypeError, r"list_connection_invitations\(\) has no option on_error"),
        ({"catalog": "AWS"}, TypeError, r"list_connection_invitations\(\) has no option catalog"),
    ],
)
def test_a_wrong_filter_is_named(filters: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        listing(**filters)
