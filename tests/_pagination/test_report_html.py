"""Reports as HTML: a table in notebooks, and a page that Chromium shows."""

from __future__ import annotations

import json
import pickle
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import attrs
import pytest
from botocore.exceptions import ProfileNotFound

from aiopartnercentral import account
from aiopartnercentral._pagination.report import EarlierRun, Outcome, Report, SourceReport
from aiopartnercentral._pagination.report_html import report_page
from aiopartnercentral._pagination.source_report import SkippedParents
from aiopartnercentral.bulk import Origin, Role, Source, load_report
from aiopartnercentral.errors import AioPartnerCentralError, CredentialsError
from aiopartnercentral.sinks.base import EarlierFile
from aiopartnercentral.types import MalformedItem
from tests.support.browser import chromium, contrast
from tests.support.html_text import HOSTILE, HtmlText

BEGAN = datetime(2026, 11, 29, 2, 15, tzinfo=UTC)
SECRET = "S3CR3T"
LONG = "AioPartnerCentralError: the policy must allow it, in a sentence that needs more than one line of a table"


class VaultError(Exception):
    """An error whose text may quote a request."""


def source(start, end, **values):
    values = {"outcome": Outcome.COMPLETE, "pages": 3, "items": 250} | values
    times = {
        "started_at": BEGAN + timedelta(seconds=start),
        "finished_at": BEGAN + timedelta(seconds=end),
        "elapsed": end - start,
    }
    return SourceReport(**times | values)


def report(**sources):
    return Report(
        sources=sources,
        elapsed=10.0,
        run_id="ff99ab454a7b",
        started_at=BEGAN,
        versions={"aiopartnercentral": "0.1.0"},
        output_written=True,
        earlier_files=[EarlierFile(HOSTILE, BEGAN)],
    )


def everything():
    failed = {"outcome": Outcome.FAILED, "items": 0, "pages": 0}
    return report(
        whole=source(0, 5, retries=2),
        slow=source(2.5, 10, throttled=7),
        **{HOSTILE: source(1, 2, **failed, error=AioPartnerCentralError(f"{HOSTILE} 1"))},
        denied=source(1, 2, **failed, error=AioPartnerCentralError(f"{LONG} (request id 1)")),
        again=source(1, 2, **failed, error=AioPartnerCentralError(f"{LONG} (request id 2)")),
        vault=source(1, 3, **failed, error=VaultError(SECRET)),
        safe=source(1, 3, **failed, error=VaultError(SECRET)),
        parts=source(
            1,
            3,
            malformed=(MalformedItem(raw=SECRET.encode(), path="$", reason="r"),),
            skipped_parents=SkippedParents(skipped=1, vanished=2),
        ),
        running=SourceReport(outcome=Outcome.RUNNING, started_at=BEGAN, elapsed=9, next_token=SECRET),
        pending=SourceReport(),
        earlier=source(-90, -30, resumed=True, resumed_items=250),
    )


def test_a_notebook_shows_a_row_for_each_source_and_failures_first():
    shown = HtmlText(everything()._repr_html_())
    names = [row[0] for row in shown.rows[2:]]
    (summary,) = shown.rows[0]
    assert summary.startswith("Report of 11 sources: incomplete \u00b7 1000 items \u00b7 12 pages \u00b7 2 retries")
    assert {"vault", "safe", "denied", "again"} < set(names[:5])
    assert [row[1] for row in shown.rows[2:7]] == ["failed"] * 5
    assert shown.tags <= {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "wbr"}
    assert ["whole", "complete", "250", "3", "50.0", "2", "0", ""] in shown.rows
    assert SECRET not in shown.text


def test_long_reports_are_cut_and_counted():
    sources = {f"source {number}": source(0, 1) for number in range(1200)}
    many = report(**sources, bad=source(0, 1, outcome=Outcome.FAILED))
    fragment, page = HtmlText(many._repr_html_()), many.to_html()
    assert "\u2026 and 1181 more sources" in fragment.text
    assert ">bad</td>" in page
    assert "\u2026 and 201 more sources" in page
    assert len(page) < 1_000_000


def test_the_repr_of_a_report_is_a_line_and_that_of_a_source_has_what_is_not_usual():
    assert repr(report(a=source(0, 1), b=source(0, 1, outcome=Outcome.FAILED))) == (
        "<Report of 2 sources: 500 items, 6 pages, 0 retries in 10.00 s: 1 complete, 1 failed>"
    )
    assert repr(SourceReport()) == "SourceReport()"
    shown = repr(source(0, 1, error=VaultError(SECRET), retries=2))
    assert shown.startswith("SourceReport(outcome='complete', pages=3, items=250, retries=2, elapsed=1, ")
    assert shown.endswith("error=VaultError)")
    assert SECRET not in shown + source(0, 1, error=VaultError(SECRET))._repr_html_()


def test_a_page_has_totals_causes_and_the_place_of_each_source_in_time():
    page = everything().to_html()
    assert "<h3>other error <span>5 sources failed</span></h3><p class='step'>You can fix it: read the error" in page
    assert page.count(f"<p>{LONG}</p>") == page.count("<p>VaultError</p>") == 1
    assert all(f"<tr><td>{name}</td></tr>" in page for name in ("denied", "again", "vault", "safe"))
    assert f">{LONG} (request id 2)</td>" in page
    assert "the output was written" in page
    assert "left: 25.00%; width: 75.00%" in page  # slow
    assert "left: 0.00%; width: 0.50%" in page  # of an earlier run
    assert "1 malformed item left out; 1 parent skipped; 2 parents vanished" in page
    assert "250 items of earlier runs" in page
    assert SECRET not in page


DENIED = account.AccessDeniedException(message=SECRET, reason="ACCESS_DENIED")
OPERATIONS = [f"List{noun}" for noun in ("Connections", "Partners", "Opportunities", "Solutions", "Offers", "Tasks")]


def night(*, accounts=50, labels="{account}/AWS"):
    """Return the report of a night with six operations of many accounts: three are denied, one has no profile."""
    sources = {}
    for number in range(accounts):
        name = f"{number:012}"
        shared = Source("AWS", account=name, label=labels.format(account=name, number=number))
        for operation in OPERATIONS[: 5 if number == 7 else 6]:
            state, at = source(0, 5), {"service": "x", "listing": operation, "operation": operation}
            failed = {"outcome": Outcome.FAILED, "items": 0, "pages": 0}
            if number in (3, 7, 9) and not (number == 9 and operation == "ListTasks"):
                state = source(0, 1, **failed, error=DENIED)
            if number == 5:
                state = source(0, 1, **failed, error=ProfileNotFound(profile="missing"))
            if number == 8 and operation == "ListTasks":
                state = source(0, 1, **failed | {"outcome": Outcome.SKIPPED}, error=DENIED)
            sources[Origin(source=shared, **at)] = state
    return attrs.evolve(report(), sources=sources, earlier_files=())


def sections(page):
    """Return the text of each section about a cause: its title, its lines and the rows of its table."""
    found = re.findall("<section class='cause[^>]*>(.*?)</section>", page, re.DOTALL)
    return [[HtmlText(f"<p>{each}</p>").rows for each in re.split("(?=<table)", section)] for section in found]


def test_failures_are_grouped_by_cause_with_what_to_do_and_where():
    denied, unknown, skipped = sections(night().to_html())
    (title, step, error), rows = denied[0][0:3], denied[1][2:]
    assert title == ["access denied 16 sources failed"]
    assert step == ["The account's administrator can fix it: allow the operation on the catalog."]
    assert error == ["AccessDeniedException: the caller's policy must allow the operation on this catalog"]
    assert rows == [
        ["000000000003", "AWS", f"all 6: {', '.join(OPERATIONS)}"],
        ["000000000007", "AWS", f"all 5: {', '.join(OPERATIONS[:5])}"],
        ["000000000009", "AWS", ", ".join(OPERATIONS[:5])],
    ]
    assert unknown[0][0] == ["no valid credentials 6 sources failed"]
    assert skipped[0][0] == ["access denied 1 source skipped"]
    assert skipped[1][2:] == [["000000000008", "AWS", "ListTasks"]]


def test_operations_in_errors_and_ids_of_requests_do_not_multiply_them():
    given, errors = night().as_json(), [state.error for state in night().sources.values()]
    for each in given["sources"]:
        if each["error"] is not None:
            message = f"AccessDeniedException: the policy must allow {each['operation']} (request id {each['account']})"
            each["error"]["message"] = message
    (denied, *_) = sections(report_page(given, errors))
    assert denied[0][2:] == [["AccessDeniedException: the policy must allow the operation"]]


def test_errors_that_differ_only_in_the_role_or_the_account_are_one_with_all_their_sources():
    role, failed = "arn:aws:iam::{}:role/reader", {"outcome": Outcome.FAILED, "items": 0, "pages": 0}
    sources = {}
    for number in range(3):
        account_id = f"{number:012}"
        given = Source("AWS", role=Role(arn=role.format(account_id)), label=f"partner {number}")
        error = CredentialsError(
            f"role {role.format(account_id)} cannot be assumed: AccessDenied: no", code="AccessDenied"
        )
        origin = Origin(source=given, service="x", listing="list_x", operation="ListX")
        sources[origin] = source(0, 1, **failed, error=error)
    ((texts, places),) = sections(attrs.evolve(report(), sources=sources).to_html())
    merged = f"CredentialsError: role {role.format('*')} cannot be assumed: AccessDenied: no"
    assert texts[2:] == [[merged]]
    assert [row[0] for row in places[2:]] == ["partner 0", "partner 1", "partner 2"]


def test_labels_are_shown_if_they_are_not_the_account_and_the_catalog():
    (denied, *_) = sections(night(labels="partner {number}").to_html())
    assert [row[:3] for row in denied[1][1:3]] == [
        ["source", "account", "catalog"],
        ["partner 3", "000000000003", "AWS"],
    ]


def test_many_places_of_one_cause_are_cut_and_counted():
    sources = {
        Origin(source=Source("AWS", account=f"{n}", label=f"{n}"), service="x", listing="l", operation="ListX"): source(
            0, 1, outcome=Outcome.FAILED, error=DENIED
        )
        for n in range(60)
    }
    page = attrs.evolve(report(), sources=sources).to_html()
    (denied,) = sections(page)
    assert denied[0][0] == ["access denied 60 sources failed"]
    assert "\u2026 and 10 more" in page.partition("<h2>Sources")[0]


def test_a_report_from_a_file_has_the_same_causes(tmp_path):
    path = tmp_path / "run.json"
    path.write_text(json.dumps(night().as_json()), encoding="utf-8")
    titles = [section[0][0] for section in sections(night().to_html())]
    assert [section[0][0] for section in sections(load_report(path).to_html())] == titles
    again = tmp_path / "again.json"
    again.write_text(json.dumps(pickle.loads(pickle.dumps(load_report(path))).as_json()), encoding="utf-8")
    assert [section[0][0] for section in sections(load_report(again).to_html())] == titles


def test_a_page_is_complete_in_itself_and_escapes_every_text():
    page = everything().to_html()
    assert page.startswith("<!DOCTYPE html>")
    assert not re.search(r"<(script|link|img|iframe|object|base|form)\b|https?://x.example/'? *>", page)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert not re.search(r"url\(|@import|\bon\w+=(?!alert)", page.partition("<body>")[0])
    assert "default-src 'none'" in page
    page.encode()


def test_a_page_without_an_end_says_so_and_a_resumed_run_is_named():
    begun = attrs.evolve(report(), resumes=EarlierRun(run_id="abc", started_at=BEGAN))
    assert "resumes the run abc of 2026-11-29 02:15:00 UTC" in begun.to_html()
    assert "0 of 0" in begun.to_html()
    instant = attrs.evolve(report(a=source(0, 0)), elapsed=0.0)
    assert "width: 0.50%" in instant.to_html()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.mark.parametrize("width", [1280, 1190, 1180, 1000, 800, 630])
def test_nothing_is_cut_off_or_broken_inside_a_word_at_any_width(browser, tmp_path, width):
    path = tmp_path / "run.html"
    path.write_text(attrs.evolve(night(labels="{account}/Sandbox"), elapsed=12345.0).to_html(), encoding="utf-8")
    browser.open(path.as_uri(), width=width)
    assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth")
    # Each tile has as many others in its row.
    rows = browser.run("return [...document.querySelectorAll('.totals div')].map(e => e.getBoundingClientRect().top)")
    assert len({rows.count(top) for top in rows}) == 1
    broken = """return [...document.querySelectorAll('td.source')].filter(cell => [...cell.childNodes].some(node => {
      if (node.nodeType !== Node.TEXT_NODE) return false
      return [...node.data.matchAll(/[0-9A-Za-z]+/g)].some(word => { const range = document.createRange()
        range.setStart(node, word.index); range.setEnd(node, word.index + word[0].length)
        return range.getClientRects().length > 1 }) })).map(cell => cell.textContent)"""
    assert browser.run(broken) == []


def test_the_totals_add_up_and_a_listing_has_one_name():
    page = night().to_html()
    shown = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))
    assert [shown[name] for name in ("complete", "failed", "skipped", "other")] == ["276 of 299", "22", "1", "0"]
    origin = Origin(source=Source("AWS", account="1"), service="x", listing="list_tasks", operation="ListTasks")
    own = attrs.evolve(origin, listing="open")
    failed = source(0, 1, outcome=Outcome.FAILED, error=DENIED)
    page = HtmlText(attrs.evolve(report(), sources={origin: failed, own: failed})._repr_html_())
    assert {"AWS ListTasks", "AWS open"} < {row[0] for row in page.rows}
    assert "list_tasks" not in page.text


def open_readably(browser, report, path, width, scheme):
    """Open the page about a run, which nothing in it is wider than, and whose texts have enough contrast."""
    path.write_text(report.to_html(), encoding="utf-8")
    browser.open(path.as_uri(), width=width, scheme=scheme)
    assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth")
    texts = [found for found in browser.texts() if found[1] != "rgba(0, 0, 0, 0)"]
    assert min(contrast(text, "rgb(255, 255, 255)" if behind == "none" else behind) for _, text, behind in texts) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_shows_the_failures_of_a_night_readably(browser, tmp_path, width, scheme):
    open_readably(browser, night(), tmp_path / "run.html", width, scheme)
    # Whoever opens a long page sees every cause first, and each account in one line of its own.
    heights = browser.run("return [...document.querySelectorAll('.cause')].map(e => e.getBoundingClientRect().height)")
    assert sum(heights) < {1280: 900, 390: 1800}[width]
    first = """return [...document.querySelectorAll('.cause td:first-child')].map(each => {
      const range = document.createRange(); range.selectNodeContents(each); return range.getClientRects().length })"""
    assert browser.run(first) == [1] * 5
    assert browser.complaints() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_shows_the_page_readably(browser, tmp_path, width, scheme):
    open_readably(browser, everything(), tmp_path / "run.html", width, scheme)
    assert browser.complaints() == []
    assert browser.run("return document.scripts.length") == 0
    bars = browser.run("return [...document.querySelectorAll('.bar')].map(e => e.getBoundingClientRect().width)")
    assert len(bars) == 10
    assert min(bars) >= 3
    ranges = """return [...document.querySelectorAll('td.outcome')].map(each => {
      const range = document.createRange(); range.selectNodeContents(each); return range.getClientRects().length })"""
    assert set(browser.run(ranges)) == {1}  # each is in one line
    tops = browser.run("return [...document.querySelectorAll('tbody tr')].map(e => e.getBoundingClientRect().top)")
    assert all(one < other for one, other in pairwise(tops))


def test_a_browser_breaks_names_of_listings_between_words(browser, tmp_path):
    note = {"outcome": Outcome.FAILED, "error": AioPartnerCentralError(f"{LONG}: {LONG}")}
    names = ["list_prospecting_from_engagement_tasks", "ListProspectingFromEngagementTasks"]
    path = tmp_path / "run.html"
    path.write_text(report(**{name: source(0, 5, **note) for name in names}).to_html(), encoding="utf-8")
    browser.open(path.as_uri(), width=900, scheme="light")
    shown = browser.run("return [...document.querySelectorAll('td.source')].map(each => each.textContent)")
    assert shown == names
    lines = """return [...document.querySelectorAll('td.source')].map(each => [...each.childNodes].map(node => {
      const range = document.createRange(); range.selectNodeContents(node); return range.getClientRects().length }))"""
    for words in browser.run(lines):
        assert max(words) == 1, words
