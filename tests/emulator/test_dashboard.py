"""The HTML of the dashboard."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from aiopartnercentral.emulator import Emulator
from aiopartnercentral.emulator.seed import items
from tests.emulator.workflows import PROFILE, code, connected, invitation, partner, token

pytestmark = pytest.mark.anyio

HOSTILE = "<script>alert('\"&amp;')</script>{{ 7 * 7 }}<img src=x onerror=alert(1)>"
WELL_KNOWN = {"a", "bdi", "body", "br", "caption", "div", "footer", "h1", "h2", "head", "header", "html", "li", "link"}
WELL_KNOWN |= {
    "main",
    "meta",
    "nav",
    "p",
    "section",
    "span",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "ul",
}


class Read(HTMLParser):
    """The tags, and the texts between them, of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts = set(), []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags |= {tag, *(name for name, _ in attrs if name.startswith("on"))}

    def handle_data(self, data):
        self.texts.append(data.strip())


def rows(page):
    return [re.findall(r">([^<\n]+)<", row) for row in page.partition("<tbody>")[2].split("<tr>")[1:]]


async def test_pages_load_nothing_from_elsewhere_and_run_no_scripts(emulator, http):
    for path in ("/", "/accounts", "/requests", "/accounts/123456789012/AWS/connections", "/page.css"):
        response = await http.get(emulator.endpoint_url + path)
        assert response.status_code == 200
        policy = dict(part.split(" ", 1) for part in response.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["style-src"] == "'self'"
        assert "script-src" not in policy
        assert response.headers["x-content-type-options"] == "nosniff"
        links = re.findall(r'(?:href|src|action)="([^"]*)"', response.text)
        assert all(link.startswith(("/", "#", "data:,")) and not link.startswith("//") for link in links)
        head = await http.head(emulator.endpoint_url + path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == response.headers["content-type"]
    assert emulator.requests == ()


async def test_everything_but_pages_is_left_to_the_api(emulator, http):
    for method, path in (("POST", "/accounts"), ("DELETE", "/"), ("OPTIONS", "/requests"), ("GET", "/elsewhere")):
        response = await http.request(method, emulator.endpoint_url + path)
        assert response.json()["__type"] == "UnknownOperationException"
    assert len(emulator.requests) == 4


async def test_requests_are_shown_with_status_error_and_latency(frozen, owner, http):
    await owner("ListPartners", Catalog="AWS")
    frozen.latency = 0.05
    await owner.refused("GetConnection", Catalog="AWS", Identifier="pac-0000000000000")
    (latest, first) = rows((await http.get(frozen.endpoint_url)).text.partition('id="requests"')[2])
    assert latest[:6] == ["GetConnection", "account", "AWS", "123456789012", "400", "ResourceNotFoundException"]
    assert first[:5] == ["ListPartners", "account", "AWS", "123456789012", "200"]
    assert float(latest[6]) >= 50
    assert frozen.requests[1].seconds >= 0.05 > frozen.requests[0].seconds > 0
    assert latest[7] == "2025-10-01 00:00:00"


async def test_both_accounts_see_an_invitation_and_its_connection(frozen, ada, bob, http):
    sensitive = {"Email": "secret@example.com", "Name": "Secret Name", "Message": "Secret message"}
    sent = await ada("CreateConnectionInvitation", **invitation(bob.account, kind="SUBSIDIARY", **sensitive))

    async def shown(caller, kind):
        page = (await http.get(f"{frozen.endpoint_url}/accounts/{caller.account}/AWS/{kind}")).text
        assert "ecret" not in page
        return rows(page)

    (one,), (other,) = await shown(ada, "invitations"), await shown(bob, "invitations")
    assert one[:5] == [sent["Id"], "Sent", bob.account, "Subsidiary", "Pending"]
    assert other[:5] == [sent["Id"], "Received", ada.account, "Subsidiary", "Pending"]
    await bob("AcceptConnectionInvitation", Catalog="AWS", Identifier=sent["Id"], ClientToken=token())
    (one,) = await shown(ada, "connections")
    assert one[1:4] == [bob.account, "Subsidiary: ", "Active"]
    (one,) = await shown(ada, "invitations")
    assert one[4] == "Accepted"


async def test_expired_invitations_are_shown_as_expired(frozen, ada, http):
    await ada("CreateConnectionInvitation", **invitation("222222222222"))
    frozen.clock.advance(timedelta(days=15))
    (one,) = rows((await http.get(f"{frozen.endpoint_url}/accounts/222222222222/AWS/invitations")).text)
    assert one[4] == "Expired"


async def test_names_are_escaped(frozen, ada, http, post):
    made = await partner(ada, frozen, http, name="Secret Legal Ltd")
    details = PROFILE | {"DisplayName": HOSTILE}
    await ada("StartProfileUpdateTask", Catalog="AWS", Identifier=made["Id"], ClientToken=token(), TaskDetails=details)
    frozen.clock.advance(timedelta(minutes=1))
    number = await code(ada, frozen, email="another@byron.example")
    await post(frozen.endpoint_url, HOSTILE, {})
    await post(frozen.endpoint_url, "ListPartners", {"Catalog": HOSTILE})
    partners = (await http.get(f"{frozen.endpoint_url}/accounts/{ada.account}/AWS/partners")).text
    requests = (await http.get(f"{frozen.endpoint_url}/requests")).text
    assert HOSTILE in Read(partners).texts
    assert made["Id"] in Read(partners).texts
    assert Read(requests).texts.count(HOSTILE) == 1  # the operation; what can be no catalog's name is not shown
    for page in (partners, requests):
        assert Read(page).tags <= WELL_KNOWN
        assert "Secret" not in page
        assert "byron.example" not in page
        assert number not in page


async def test_a_right_to_left_name_does_not_affect_other_text(frozen, ada, bob, http):
    name = "\u202eBashe Ltd"
    await partner(ada, frozen, http, name=name)
    await connected(ada, bob)
    page = (await http.get(f"{frozen.endpoint_url}/accounts/{bob.account}/AWS/connections")).text
    assert f"<bdi>{name}</bdi> <span" in page


async def test_only_the_shown_page_of_a_million_items_is_made(http, monkeypatch):
    made = []
    monkeypatch.setattr(
        items.SeededCatalog,
        "connection",
        lambda self, index, make=items.SeededCatalog.connection: made.append(index) or make(self, index),
    )
    async with Emulator({"AWS": 1_000_000}) as emulator:
        place = f"{emulator.endpoint_url}/accounts/123456789012/AWS/connections"
        first = (await http.get(place)).text
        assert len(rows(first)) == len(made) == 50
        assert made[0] == 999_999
        assert "Rows 1 to 50 of 1,000,000" in first
        last = (await http.get(f"{place}?page=20000")).text
        assert made[-1] == 0
        assert "Page 20,000 of 20,000" in last
        assert ">Next<" not in last
        beyond = (await http.get(f"{place}?page=999999999")).text
        assert rows(beyond) == rows(last)
        for nonsense in ("", "-1", "x", "1e3", "9" * 5000):
            assert rows((await http.get(f"{place}?page={nonsense}")).text) == rows(first)


@pytest.mark.parametrize(
    "place", ["000000000001/AWS/partners", "123456789012/Nowhere/partners", "123456789012/AWS/preferences"]
)
async def test_an_unknown_account_is_not_found_and_not_created(place, frozen, http):
    response = await http.get(f"{frozen.endpoint_url}/accounts/{place}")
    assert (response.status_code, response.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "000000000001" not in (await http.get(f"{frozen.endpoint_url}/accounts")).text


async def test_pages_reload_automatically_only_by_choice(frozen, http):
    place = f"{frozen.endpoint_url}/accounts/123456789012/AWS/connections?page=2"
    page = (await http.get(place)).text
    assert "http-equiv" not in page
    (chosen,) = re.findall(r'href="([^"]*refresh=5[^"]*)"', page)
    page = (await http.get(frozen.endpoint_url + chosen.replace("&amp;", "&"))).text
    assert '<meta http-equiv="refresh" content="5">' in page
    assert "Page 2 of" in page
    assert 'href="/accounts/123456789012/AWS/connections?page=3&amp;refresh=5"' in page


def test_jinja2_is_imported_only_for_the_dashboard():
    code = "import sys; from aiopartnercentral.emulator.server import Emulator; print('jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


async def test_without_jinja2_the_dashboard_says_what_to_install(frozen, http, monkeypatch):
    from aiopartnercentral.emulator.dashboard import handlers  # noqa: PLC0415 - of this test alone

    monkeypatch.setitem(sys.modules, "jinja2", None)
    handlers._environment.cache_clear()
    response = await http.get(frozen.endpoint_url)
    assert response.status_code == 501
    assert "pip install jinja2" in response.text
