from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from aiopartnercentral import account
from aiopartnercentral.cli.tables import cells, head, render, tag
from aiopartnercentral.cli.text import clean, one_line

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
    assert head(type(item)) == ["catalog", "id", "other participant account id", "updated at", "connection types"]
    *_, when, kinds = cells(item)
    assert when == "2025-01-02 03:04:05Z"
    assert kinds.splitlines() == [
        "SUBSIDIARY: ACTIVE Account Ann & Söhne",
        "OPPORTUNITY_COLLABORATION: ACTIVE PartnerProfile Bob",
        "NEWER: ACTIVE Hologram (unknown)",
    ]


def test_sensitive_members_are_never_shown():
    partner = account.PartnerSummary(catalog="AWS", arn="arn", id="p", legal_name="Hidden Ltd", created_at=WHEN)
    assert cells(partner) == ["AWS", "p", "<redacted>", "2025-01-02 03:04:05Z"]


def test_sensitive_members_are_not_shown_deeper_down_either():
    contact = account.AllianceLeadContact(
        first_name="Hidden", last_name="Hidden", email="a@example.com", business_title="Hidden"
    )
    response = account.PutAllianceLeadContactRequest(catalog="AWS", identifier="p", alliance_lead_contact=contact)
    shown = " ".join(cells(response))
    assert "a@example.com" in shown
    assert "Hidden" not in shown


def test_what_could_steer_the_terminal_is_escaped():
    item = summary(
        SUBSIDIARY=account.ParticipantAccount(account.AccountSummary(name="\x1b[31mred\n\u009b\u202e[b]x[/b]"))
    )
    shown = render(head(type(item)), [cells(item)], terminal=False)
    assert r"\x1b[31mred\n\x9b\u202e[b]x[/b]" in shown
    assert "\x1b" not in shown


def test_a_tag_is_that_of_the_wire():
    seller = account.SellerProfileSummary(id="s", name="n")
    assert tag(account.ParticipantSellerProfile(seller)) == "SellerProfile"
    assert tag(account.ParticipantUnknown("New\nTag")) == "New (unknown)"


def test_a_plain_table_is_as_wide_as_its_longest_cell():
    shown = render(("a", "b"), [("x" * 500, "1\n2")], terminal=False)
    assert shown.splitlines() == [f"{'a':500}  b", f"{'x' * 500}  1", f"{'':502}2"]


def test_timestamps_are_shown_in_utc():
    partner = account.PartnerSummary(
        catalog="AWS", arn="arn", id="p", legal_name="x",
        created_at=datetime(2025, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))),
    )  # fmt: skip
    assert cells(partner)[-1] == "2024-12-31 23:00:00Z"


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
