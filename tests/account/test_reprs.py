"""What a repr and a notebook show of objects, which their base has for all classes."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import attrs
import pytest
from rich.pretty import pretty_repr

from aiopartnercentral import account, selling
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


@pytest.mark.parametrize("number", [1, 2, 5, 6, 50, 10_000])
@pytest.mark.parametrize("name", ["Acme", "x" * 100_000, HOSTILE * 1000])
def test_a_repr_is_short_however_large_the_object_is(number, name):
    page = account.ListConnectionsResponse(connection_summaries=[summary(each, name=name) for each in range(number)])
    shown = repr(page)
    assert len(shown) <= 1100
    assert shown.isprintable()
    assert "pac-0" in shown
    if number == 10_000:
        assert "... 9998 more]" in shown
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


def test_sensitive_members_are_hidden_in_tables():
    request = selling.CreateOpportunityRequest(
        catalog="AWS", client_token="t", customer=selling.Customer(account=selling.Account(company_name="s3cret"))
    )
    assert "s3cret" not in repr(request) + request._repr_html_()
    assert "customer|account (<redacted>)" in HtmlText(request._repr_html_()).text
