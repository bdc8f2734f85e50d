"""Items and reports as tables, at any width."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from rich.cells import cell_len

from aiopartnercentral import account, channel
from aiopartnercentral._pagination.report import Outcome, Report, SourceReport
from aiopartnercentral._pagination.source_report import SkippedParents
from aiopartnercentral._utils.text import clean, counted, one_line
from aiopartnercentral.cli.item_table import cells, columns_of, tag
from aiopartnercentral.cli.table import Column, Part, render, report_text

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
    plan = channel.PartnerLedSupport(coverage="ENTIRE_ORGANIZATION", tam_location="x")
    assert tag(channel.SupportPlanPartnerLedSupport(plan)) == "partnerLedSupport"


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


BOLD = re.compile(r"\x1b\[[0-9;]*m")
NAMES = ("みなとソリューション Holdings", "Ann & Söhne")
CONNECTIONS = [
    account.ConnectionSummary(
        catalog="Sandbox", id=f"pac-{number:013d}", arn="arn", other_participant_account_id="123456789012",
        updated_at=WHEN,
        connection_types={
            account.ConnectionType.OPPORTUNITY_COLLABORATION: account.ConnectionTypeSummary(
                status=account.ConnectionTypeStatus.ACTIVE,
                other_participant=account.ParticipantAccount(account.AccountSummary(name=name)),
            ),
            account.ConnectionType.SUBSIDIARY: account.ConnectionTypeSummary(
                status=account.ConnectionTypeStatus.CANCELED,
                other_participant=account.ParticipantAccount(account.AccountSummary(name=name)),
            ),
        },
    )
    for number, name in enumerate(NAMES)
]  # fmt: skip
INVITATIONS = [
    account.ConnectionInvitationSummary(
        catalog="Sandbox", id=f"pacinv-{number:013d}", arn="arn", connection_id=f"pac-{number:013d}",
        connection_type=account.ConnectionType.OPPORTUNITY_COLLABORATION, other_participant_identifier="123456789012",
        participant_type=account.ParticipantType.RECEIVER, status=account.InvitationStatus.ACCEPTED,
        created_at=WHEN, updated_at=WHEN, expires_at=WHEN,
    )
    for number in range(3)
]  # fmt: skip
PARTNERS = [
    account.PartnerSummary(catalog="AWS", arn="arn", id=f"partner-{number:013d}", legal_name="x", created_at=WHEN)
    for number in range(3)
]
WHOLE = re.compile(
    r"pac-\d{13}|pacinv-\d{13}|partner-\d{13}|\d{12}|2025-01-02 03:04:05Z|"
    "Sandbox|AWS|OPPORTUNITY_COLLABORATION|SUBSIDIARY|ACTIVE|CANCELED|ACCEPTED|RECEIVER|Account"
)


def shown_at(width, listing):
    text = render(columns_of(type(listing[0])), [cells(item) for item in listing], width=width)
    return BOLD.sub("", text).splitlines()


def starts(line):
    """Return how far from the left each cell begins."""
    return {cell_len(line[: found.start()]) for found in re.finditer(r"(?<!\S)\S+(?: \S+)*", line)}


@pytest.mark.parametrize(
    "listing", [CONNECTIONS, INVITATIONS, PARTNERS], ids=["connections", "invitations", "partners"]
)
@pytest.mark.parametrize("width", range(40, 260, 3))
def test_at_any_width_everything_is_in_its_column_and_whole(width, listing):
    lines = shown_at(width, listing)
    assert max(map(cell_len, lines)) <= width
    note = next((number for number, line in enumerate(lines) if line.startswith("(no room")), len(lines))
    rows = [line for line in lines[:note] if re.search(r"pac-|pacinv-|partner-", line)]
    heads = lines[: note - len(rows)]
    for row in rows:
        assert starts(row) <= starts(heads[-1])
        for cell in re.split(r" {2,}", row):
            prose = cell in NAMES or (cell.endswith("…") and any(name.startswith(cell[:-1].rstrip()) for name in NAMES))
            assert prose or WHOLE.fullmatch(cell), cell
    named = set(re.split(r"\W+", " ".join(lines[note:])))
    for column in columns_of(type(listing[0])):
        words = column.head.split()
        assert all(any(word in head.split() for head in heads) for word in words) or set(words) <= named


def test_a_row_says_which_type_has_which_status():
    for width in (70, 80, 120, None):
        rows = [line.split() for line in shown_at(width, CONNECTIONS) if "pac-" in line]
        assert len(rows) == 4
        for row in rows:
            assert ("SUBSIDIARY" in row) == ("CANCELED" in row)
            assert ("OPPORTUNITY_COLLABORATION" in row) == ("ACTIVE" in row)


def test_without_room_for_the_type_there_is_one_row_and_nothing_of_a_single_type():
    lines = shown_at(40, CONNECTIONS)
    assert lines[3:5] == [f"Sandbox  pac-{number:013d}  123456789012" for number in range(2)]
    assert " ".join(lines[5:]) == (
        "(no room at 40 columns for: connection type, status, other participant, other participant kind, updated at)"
    )


def test_what_is_no_terminal_gets_all_of_it():
    lines = shown_at(None, CONNECTIONS)
    assert re.split(" {2,}", lines[0]) == [column.head for column in columns_of(account.ConnectionSummary)]
    rows = [row for item in CONNECTIONS for row in cells(item)]
    assert [re.split(" {2,}", line) for line in lines[1:]] == rows


def test_heads_are_broken_between_words_and_stand_on_the_last_line():
    columns = [Column("id"), Column("one two three", 1), Column("rest", 2)]
    assert [
        BOLD.sub("", line).rstrip() for line in render(columns, [[["1", "wide", "x" * 9]]], width=12).splitlines()
    ] == [
        "    one",
        "    two",
        "id  three",
        "1   wide",
        "(no room at",
        "12 columns",
        "for: rest)",
    ]


def test_prose_takes_the_room_that_is_left_and_wide_characters_count_twice():
    columns = [Column("id"), Column("name", 1, prose=True), Column("n", 2, numeric=True)]
    rows = [[["1", "みなとみなとみなと", "10"]], [["2", "short", "9"]]]
    assert [BOLD.sub("", line) for line in render(columns, rows, width=22).splitlines()] == [
        "id  name             n",
        "1   みなとみなと …  10",
        "2   short            9",
    ]


def test_an_identifier_is_never_cut_however_narrow_the_terminal():
    shown = BOLD.sub("", render([Column("id"), Column("more", 1)], [[["x" * 50, "y"]]], width=20))
    assert "x" * 50 in shown.splitlines()


def test_no_row_is_no_fault():
    assert render([Column("id"), Column("type", part=Part.KEY)], [], width=None) == "id  type\n"


def test_only_a_terminal_gets_colours():
    assert "\x1b" not in render([Column("id")], [[["1"]]], width=None)


def test_what_could_be_markup_is_text():
    assert "[bold]x[/bold] :smile:" in render([Column("id")], [[["[bold]x[/bold] :smile:"]]], width=80)


def test_rows_beyond_a_block_are_aligned_with_those_before():
    columns = [Column("id"), Column("n", 1, numeric=True)]
    lines = render(columns, [[[f"pac-{number:04}", str(number)]] for number in range(1000)], width=None).splitlines()
    assert lines == [
        f"id{'n':>{11}}".replace("id", "id", 1),
        *(f"pac-{number:04}  {number:>3}" for number in range(1000)),
    ]


def test_thousands_of_rows_take_no_longer_than_a_person_waits():
    columns = columns_of(account.ConnectionSummary)
    began = time.process_time()
    render(columns, [cells(item) for item in CONNECTIONS * 500], width=200)
    assert time.process_time() - began < 10


def test_a_summary_says_what_is_missing_once_for_all_sources_that_miss_the_same():
    skipped = SkippedParents(skipped=1, vanished=2)
    ignored = SourceReport(outcome=Outcome.SKIPPED, error=ZeroDivisionError("secret"))
    sources = {
        "a": SourceReport(outcome=Outcome.COMPLETE, skipped_parents=skipped),
        "b": SourceReport(outcome=Outcome.COMPLETE, skipped_parents=skipped),
        "c": ignored,
        "d": SourceReport(outcome=Outcome.COMPLETE),
    }
    report = Report(sources=sources, elapsed=1.0, run_id="r", started_at=datetime(2026, 11, 28, tzinfo=UTC))
    *_, missing, error = report_text(report, width=None).splitlines()
    assert missing == "a, b: 1 parent skipped; 2 parents vanished"
    assert error == "skipped: c: ZeroDivisionError"


def test_a_summary_of_many_sources_lists_those_that_need_attention():
    moment = datetime(2026, 11, 28, 23, 59, tzinfo=UTC)
    done = SourceReport(outcome=Outcome.COMPLETE, items=3, started_at=moment, finished_at=moment)
    later = moment + timedelta(minutes=2)
    stopped = SourceReport(outcome=Outcome.CANCELLED, items=5, resumed_items=2, started_at=moment, finished_at=later)
    waiting = SourceReport(outcome=Outcome.CANCELLED)
    sources = {"stopped": stopped} | {f"{n}": done for n in range(40)} | {f"w{n}": waiting for n in range(60)}
    report = Report(sources=sources, elapsed=1.0, run_id="r", started_at=moment)
    head, row, hidden, totals = report_text(report, width=None).splitlines()
    assert head.split("  ")[0] == "source"
    assert re.fullmatch(r"stopped  cancelled +5 +2  2026-11-28 23:59 to 2026-11-29 00:01 +0 +0 +0\.00", row)
    assert hidden == "(not listed: 40 complete, 60 not requested)"
    assert totals.startswith("101 sources: 125 items (2 of earlier runs), 0 pages, ")
