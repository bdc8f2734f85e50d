"""What a repr and a notebook show of objects, which their base has for all classes."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import attrs
import pytest
from rich.pretty import pretty_repr

from aiopartnercentral import account, selling
from aiopartnercentral._pagination.collected import Collected
from aiopartnercentral.bulk import Collection, Origin, RowOutcome, RowResult, Source, WriteReport
from tests.support.html_text import HOSTILE, HtmlText

NOW = datetime(2026, 11, 29, 2, 15, tzinfo=UTC)


@attrs.frozen(kw_only=True, weakref_slot=False)
class Own(account.AccountSummary):
    """A user's class, with the repr that attrs writes."""


def summary(number=1, *, name="Acme", participant=None):
    participant = participant or account.ParticipantPartnerProfile(
        account.PartnerProfileSummary(id="pprofile-1", name=name)
    )
    kind = account.ConnectionTypeSummary(status=account.ConnectionTypeStatus("NEW"), other_participant=participant)
    return account.ConnectionSummary(
        catalog="AWS",
        id=f"pac-{number}",
        arn=f"arn:aws:partnercentral:us-east-1::catalog/AWS/connection/pac-{number:08}",
        other_participant_account_id="111122223333",
        updated_at=NOW,
        connection_types={account.ConnectionType.SUBSIDIARY: kind},
    )


def test_a_repr_is_the_call_that_makes_the_object():
    response = account.ListConnectionsResponse(connection_summaries=[], next_token="more")
    unknown = account.ParticipantUnknown("NewKind", {"Name": "x"})
    assert repr(account.AccountSummary(name="Acme")) == "AccountSummary(name='Acme')"
    assert repr(account.ParticipantAccount(account.AccountSummary(name="Acme"))) == (
        "ParticipantAccount(AccountSummary(name='Acme'))"
    )
    assert repr(response) == str(response) == "ListConnectionsResponse(connection_summaries=[], next_token='more')"
    assert repr(unknown) == "ParticipantUnknown(tag='NewKind', value=<redacted>)"
    assert repr(Own(name="Acme")) == "Own(name='Acme')"


def test_a_repr_shows_values_as_people_read_them():
    shown = repr(summary())
    assert "updated_at=2026-11-29T02:15:00Z" in shown
    assert "arn='arn:aws:partnercentral:us-east-1::cat...ction/pac-00000001'" in shown
    assert "{'SUBSIDIARY': ConnectionTypeSummary(status=<ConnectionTypeStatus unknown: 'NEW'>, " in shown
    invitation = account.ListConnectionInvitationsRequest(catalog="AWS")
    assert repr(invitation) == "ListConnectionInvitationsRequest(catalog='AWS')"  # without what is None


@pytest.mark.parametrize("number", [1, 2, 6, 1000])
@pytest.mark.parametrize("name", ["Acme", "x" * 100_000, HOSTILE * 1000])
def test_a_repr_is_short_however_large_the_object_is(number, name):
    page = account.ListConnectionsResponse(connection_summaries=[summary(each, name=name) for each in range(number)])
    shown = repr(page)
    assert len(shown) <= 1100
    assert shown.isprintable()
    assert "pac-0" in shown
    if number == 1000:
        assert "... 998 more]" in shown
    assert pickle.loads(pickle.dumps(page)) == page


def test_a_deep_or_long_document_has_a_short_repr_and_a_table():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    schema = {f"key {number}": ["x" * 500] * 500 for number in range(500)} | {"deep": deep}
    unknown = account.AccountSummary(name=schema)  # type: ignore[arg-type] # any JSON
    assert len(repr(unknown)) < 1100
    assert "more" in repr(unknown)
    assert len(unknown._repr_html_()) < 10_000
    while deep:  # releasing it at once would take as many calls as it is deep
        deep = deep.pop()


def test_members_that_do_not_fit_are_counted():
    members = {f"member_{number}": attrs.field() for number in range(99)}
    cls = attrs.make_class("Wide", members, bases=(Own,), repr=False)
    wide = cls(name="Acme", **{f"member_{number}": "x" * 60 for number in range(99)})
    cls.__repr__ = account.AccountSummary.__repr__
    assert repr(wide).startswith("Wide(name='Acme', member_0='xxx")
    assert repr(wide).endswith(" more)")
    assert len(repr(wide)) <= 1100


def test_rich_shows_everything_but_sensitive_members_and_asdict_shows_all():
    contact = account.AllianceLeadContact(first_name="Ada", last_name="L", email="a@b.example", business_title="Dr")
    assert "Ada" not in pretty_repr(contact) + repr(contact) + contact._repr_html_()
    assert "a@b.example" in pretty_repr(contact)
    assert attrs.asdict(contact)["first_name"] == "Ada"
    page = account.ListConnectionsResponse(connection_summaries=[summary(each) for each in range(50)])
    assert pretty_repr(page).count("ConnectionSummary(") == 50


def test_a_table_names_the_member_of_a_union_and_its_value():
    page = HtmlText(summary()._repr_html_())
    assert "id|pac-1" in page.text
    assert "updated_at|2026-11-29 02:15:00 UTC" in page.text
    assert "SUBSIDIARY: status NEW (unknown to this version); other_participant PartnerProfile id" in page.text
    unknown = HtmlText(summary(participant=account.ParticipantUnknown("NewKind", {"Secret": "x"}))._repr_html_())
    assert "other_participant NewKind (unknown to this version)" in unknown.text
    assert "Secret" not in unknown.text
    alone = account.ParticipantAccount(account.AccountSummary(name="Acme"))
    assert HtmlText(alone._repr_html_()).text == "ParticipantAccount|Account name Acme"


def test_the_table_of_a_page_has_a_row_for_each_of_the_first_items():
    page = account.ListConnectionsResponse(
        connection_summaries=[summary(number) for number in range(50)], next_token="more"
    )
    shown = HtmlText(page._repr_html_())
    assert "next_token|more" in shown.text
    assert "connection_summaries: 50" in shown.text
    assert "catalog|id|other_participant_account_id|updated_at|connection_types" in shown.text  # no arn: it has the id
    assert shown.text.count("AWS|pac-") == 20
    assert "\u2026 and 30 more items" in shown.text


def test_a_table_escapes_what_others_have_written():
    page = account.ListConnectionsResponse(
        connection_summaries=[summary(name=HOSTILE), summary(participant=account.ParticipantUnknown(HOSTILE))]
    )
    table = page._repr_html_()
    shown = HtmlText(table)
    assert shown.tags <= {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "p", "em", "strong", "br"}
    assert shown.attributes == {"style"}
    assert "</td><script>alert(1)</script>" in shown.text  # as text
    assert "\\u202egnp\\x1b[2J\\ud800&amp;" in shown.text
    table.encode()  # a kernel sends it as UTF-8
    assert "color" not in table  # which a notebook, light or dark, chooses


def test_a_table_says_which_sensitive_members_are_set():
    acme = selling.Customer(account=selling.Account(company_name="s3cret", website_url="s3cret", industry="Retail"))
    project = selling.Project(title="s3cret")
    request = selling.CreateOpportunityRequest(catalog="AWS", client_token="t", customer=acme, project=project)
    assert "s3cret" not in repr(request) + request._repr_html_()
    shown = HtmlText(request._repr_html_()).text
    assert "customer|account (company_name <redacted>; industry Retail; website_url <redacted>)" in shown
    assert "project|title <redacted>" in shown
    # So do the columns of a list, in the rows of the items that have it.
    lead = account.AllianceLeadContact(
        first_name="s3cret", last_name="s3cret", email="lead@example.com", business_title="s3cret"
    )
    accounts = [selling.Account(company_name="s3cret", website_url="s3cret"), selling.Account(company_name="s3cret")]
    rows = HtmlText(Collected(("AWS", each) for each in accounts)._repr_html_()).rows
    assert rows[1:] == [
        ["source", "company_name", "website_url"],
        ["AWS", "<redacted>", "<redacted>"],
        ["AWS", "<redacted>", ""],
    ]
    table = HtmlText(lead._repr_html_()).text
    assert "first_name|<redacted>\nlast_name|<redacted>\nemail|lead@example.com\nbusiness_title|<redacted>" in table


def test_listings_collections_and_lists_have_a_line_and_a_table():
    listing = account.listings.list_connections(connection_type="SUBSIDIARY", max_items=9)
    shown = HtmlText(listing._repr_html_()).text
    assert shown == (
        "service|partnercentral-account\noperation|ListConnections\nconnection_type|'SUBSIDIARY'\nmax_items|9"
    )
    nested = selling.listings.list_engagements().each(selling.listings.list_engagement_members, {"identifier": "id"})
    assert "for each|selling.listings.list_engagements()\nmembers|identifier from id" in (
        HtmlText(nested._repr_html_()).text
    )
    sources = [Source("AWS", profile=f"ada-{number}") for number in range(30)]
    collection = Collection([listing, account.listings.list_partners()], [*sources, Source("AWS", label="<script>")])
    assert repr(collection).startswith("<Collection of ListConnections, ListPartners from 31 sources: ada-0/AWS, ")
    assert repr(collection).endswith(" and 21 more>")
    table = HtmlText(collection._repr_html_())
    assert "ada-0/AWS|AWS|profile ada-0|partnercentral-account|ListConnections" in table.text
    assert "\u2026 and 42 more sources" in table.text
    assert "script" not in table.tags
    assert repr(sources[0]) == "Source(catalog='AWS', profile='ada-0', account='profile ada-0', label='ada-0/AWS')"


def test_a_list_of_items_has_a_line_and_a_table_by_source():
    collected = Collected((HOSTILE if number else "AWS", summary(number)) for number in range(50))
    assert repr(collected) == "<Collected of 50 entries>"
    table = HtmlText(collected._repr_html_())
    assert "Collected: 50" in table.text
    assert "source|catalog|id|other_participant_account_id" in table.text
    assert "AWS|AWS|pac-0" in table.text
    collected.item_classes = {"ListConnections": account.ConnectionSummary}
    assert collected._repr_html_().count("<caption") == 1  # its keys are catalogs, all of the same listing
    assert "script" not in table.tags
    assert "\u2026 and 30 more items" in table.text
    assert pickle.loads(pickle.dumps(collected)) == collected
    raw = HtmlText(Collected([("AWS", b"{}"), ("AWS", b"<b>")])._repr_html_())
    assert "source|value\nAWS|2 bytes" in raw.text


def test_a_list_of_several_listings_has_a_table_for_each():
    classes = {"ListConnections": account.ConnectionSummary, "ListPartners": account.PartnerSummary, "ListNone": object}
    origins = [Origin(source=Source("AWS"), service="account", listing=each, operation=each) for each in classes]
    collected = Collected((origins[number > 29], summary(number)) for number in range(50))
    collected.item_classes = classes
    table = HtmlText(collected._repr_html_())
    assert [line for line in table.text.splitlines() if line.startswith("Collected")] == [
        "Collected, ListConnections: 30",
        "Collected, ListPartners: 20",
        "Collected, ListNone: 0",
    ]
    assert "|pac-0|" in table.text
    assert "|pac-30|" in table.text
    assert table.text.count("\u2026 and 24 more items") == table.text.count("\u2026 and 14 more items") == 1


def test_the_report_of_a_run_that_writes_is_short_and_a_table():
    problems = tuple(
        RowResult(row=f"row {number}", outcome=RowOutcome.FAILED, error=ValueError("s3cret")) for number in range(100)
    )
    rows = dict.fromkeys(RowOutcome, 0) | {RowOutcome.FAILED: 100}
    report = WriteReport(run_id="r", started_at=NOW, elapsed=1.5, rows=rows, problems=problems)
    assert repr(problems[0]) == "RowResult(row='row 0', outcome='failed', error=ValueError)"
    assert repr(report).startswith(
        "WriteReport(run_id='r', started_at=2026-11-29T02:15:00Z, elapsed=1.5, rows={'written'"
    )
    assert len(repr(report)) <= 1100
    table = HtmlText(report._repr_html_()).text
    assert "failed: 100" in table
    assert "\u2026 and 95 more" in table
    assert "s3cret" not in repr(report) + table
