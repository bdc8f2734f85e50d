from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from aiopartnercentral import account
from aiopartnercentral.cli.grid import render
from aiopartnercentral.cli.table import cells, columns_of, tag
from aiopartnercentral.cli.text import clean, counted, one_line

WHEN = datetime(2025, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


def summary(**participants):
    return account.ConnectionSummary(
        catalog="AWS", id="pac-1", arn="arn:long", other_participant_account_id="123456789012", updated_at=WHEN,
        connection_types={
            account.ConnectionType(kind): account.ConnectionTypeSummary(status="ACTIVE", other_participant=participant)
            for kind, participant in participants.items()
        },
    )  # fmt: skip


def test_a_connection_shows_each_participant_by_tag_and_name():
    item = summary(
        SUBSIDIARY=account.ParticipantAccount(account.AccountSummary(name="Ann & Söhne")),
        OPPORTUNITY_COLLABORATION=account.ParticipantPartnerProfile(
            account.PartnerProfileSummary(id="pprofile-1", name="Bob")
        ),
        NEWER=account.ParticipantUnknown("Hologram", {"Secret": 1}),
    )
    assert [column.head for column in columns_of(type(item))] == [
        "catalog", "id", "other participant account id", "connection type", "status", "other participant",
        "other participant kind", "updated at",
    ]  # fmt: skip
    whose, when = ["AWS", "pac-1", "123456789012"], "2025-01-02 03:04:05Z"
    assert cells(item) == [
        [*whose, "SUBSIDIARY", "ACTIVE", "Ann & Söhne", "Account", when],
        [*whose, "OPPORTUNITY_COLLABORATION", "ACTIVE", "Bob", "PartnerProfile", when],
        [*whose, "NEWER", "ACTIVE", "", "Hologram (unknown)", when],
    ]


def test_a_connection_without_types_has_its_row():
    assert cells(summary()) == [["AWS", "pac-1", "123456789012", "", "", "", "", "2025-01-02 03:04:05Z"]]


def test_sensitive_members_are_never_shown():
    partner = account.PartnerSummary(catalog="AWS", arn="arn", id="p", legal_name="Hidden Ltd", created_at=WHEN)
    assert [column.head for column in columns_of(type(partner))] == ["catalog", "id", "created at"]
    assert cells(partner) == [["AWS", "p", "2025-01-02 03:04:05Z"]]


def test_sensitive_members_are_not_shown_deeper_down_either():
    contact = account.AllianceLeadContact(
        first_name="Hidden", last_name="Hidden", email="a@example.com", business_title="Hidden"
    )
    response = account.PutAllianceLeadContactRequest(catalog="AWS", identifier="p", alliance_lead_contact=contact)
    shown = " ".join(cells(response)[0])
    assert "a@example.com" in shown
    assert "Hidden" not in shown


def test_what_could_steer_the_terminal_is_escaped():
    item = summary(
        SUBSIDIARY=account.ParticipantAccount(account.AccountSummary(name="\x1b[31mred\n\u009b\u202e[b]x[/b]"))
    )
    shown = render(columns_of(type(item)), [cells(item)], width=None)
    assert r"\x1b[31mred\n\x9b\u202e[b]x[/b]" in shown
    assert "\x1b" not in shown


def test_a_tag_is_that_of_the_wire():
    seller = account.SellerProfileSummary(id="s", name="n")
    assert tag(account.ParticipantSellerProfile(seller)) == "SellerProfile"
    assert tag(account.ParticipantUnknown("New\nTag")) == "New (unknown)"


def test_timestamps_are_shown_in_utc():
    partner = account.PartnerSummary(
        catalog="AWS", arn="arn", id="p", legal_name="x",
        created_at=datetime(2025, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))),
    )  # fmt: skip
    assert cells(partner)[0][-1] == "2024-12-31 23:00:00Z"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("\n  first \nsecond", "first"),
        ("see https://user:pass@host/x and http://b@c", "see https://host/x and http://c"),
        ("x" * 400, "x" * 300 + "..."),
        ("tab\there", r"tab\there"),
        ("lone \ud800", r"lone \ud800"),
    ],
)
def test_one_line(text, line):
    assert one_line(text) == line


def test_clean_leaves_ordinary_text_alone():
    assert clean("みなと & Söhne 😀") == "みなと & Söhne 😀"


def test_numbers_are_counted():
    assert [counted(number, "page") for number in (0, 1, 2)] == ["0 pages", "1 page", "2 pages"]
    assert [counted(number, "retry", "retries") for number in (1, 2)] == ["1 retry", "2 retries"]
