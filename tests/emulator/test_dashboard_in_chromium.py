"""The dashboard in a browser: looks, accessibility, keyboard."""

from __future__ import annotations

from itertools import pairwise

import httpx2
import pytest

from tests.emulator.browser import chromium, contrast
from tests.emulator.raw_requests import Wire
from tests.emulator.workflows import invitation

TAB, ENTER = "\ue004", "\ue007"
ADA, BOB = "111111111111", "222222222222"
CONNECTIONS = "/accounts/123456789012/AWS/connections"
PAGES = (
    "/",
    "/accounts",
    "/requests",
    f"{CONNECTIONS}?page=2",
    f"/accounts/{ADA}/AWS/invitations",
    f"/accounts/{ADA}/AWS/partners",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="module")
def url(partnercentral_emulator_factory):
    """Return where an emulator is in which something has happened."""
    with partnercentral_emulator_factory(catalogs={"AWS": 120, "Sandbox": 3}) as emulator, httpx2.Client() as http:
        wire = Wire(emulator.endpoint_url, http)
        assert wire.send("CreateConnectionInvitation", invitation(BOB), ADA).status_code == 200
        assert wire.send("GetConnection", {"Catalog": "AWS"}, ADA).status_code == 400
        assert wire.send("x" * 300, {"Catalog": "y" * 300}, ADA).status_code == 400
        yield emulator.endpoint_url


def test_recent_requests_show_up(browser, url):
    browser.open(f"{url}/requests")
    cells = [cell.text for cell in browser.driver.find_elements("css selector", "tbody tr:last-child > *")]
    assert cells[:6] == ["CreateConnectionInvitation", "account", "AWS", ADA, "200", ""]
    assert float(cells[6]) > 0
    with httpx2.Client() as http:
        Wire(url, http).send("GetProfileVisibility", {"Catalog": "Sandbox", "Identifier": "nobody"}, BOB)
    browser.driver.find_element("link text", "Reload").click()
    cells = [cell.text for cell in browser.driver.find_elements("css selector", "tbody tr:first-child > *")]
    assert cells[:5] == ["GetProfileVisibility", "account", "Sandbox", BOB, "400"]


def test_every_page_has_its_own_title_and_style_and_no_console_errors(browser, url):
    browser.complaints()
    titles = set()
    for page in PAGES:
        browser.open(url + page)
        titles.add(browser.driver.title)
        assert browser.run("return document.documentElement.lang") == "en"
        assert browser.run("return getComputedStyle(document.querySelector('h1')).fontWeight") == "600"
        assert browser.run("return performance.getEntriesByType('resource').every(e => e.name.startsWith(origin))")
    assert len(titles) == len(PAGES)
    assert f"Invitations of {ADA} in AWS - Partner Central emulator" in titles
    assert browser.complaints() == []


@pytest.mark.parametrize("page", PAGES)
def test_screen_readers_can_navigate(browser, url, page):
    browser.open(url + page)
    tree = browser.tree()
    roles = [role for role, *_ in tree]
    assert [roles.count(role) for role in ("banner", "main", "contentinfo")] == [1, 1, 1]
    assert {name for role, name, _ in tree if role == "navigation"} >= {"Pages"}
    levels = [properties["level"] for role, _, properties in tree if role == "heading"]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(name for role, name, _ in tree if role in ("link", "heading", "navigation", "region"))
    tables = [name for role, name, _ in tree if role == "table"]
    assert all(tables)
    assert roles.count("rowheader") + roles.count("columnheader") > 0 or not tables
    assert browser.run("return [...document.querySelectorAll('th')].every(cell => cell.scope)")
    assert browser.run("return document.querySelectorAll('[aria-current=page]').length") >= (page.count("/") == 1)


def test_the_keyboard_alone_reaches_everything(browser, url):
    browser.open(f"{url}{CONNECTIONS}?page=2")
    browser.press(TAB)
    first = browser.focused()
    assert first["name"] == "Skip to the content"
    assert first["top"] >= 0
    wanted = browser.run(
        "return [...document.querySelectorAll('a[href], [tabindex=\"0\"]')]"
        ".map(each => each.getAttribute('aria-label') || each.textContent.trim())"
    )
    stops = [first]
    for _ in wanted[1:]:
        browser.press(TAB)
        stops.append(browser.focused())
    assert [stop["name"] for stop in stops] == wanted
    assert {"Overview", "Connections", "Last", "Reload every 5 seconds"} <= set(wanted)
    assert all(stop["outline"] == "solid" and stop["width"] >= 2 for stop in stops)


def test_the_skip_link_goes_to_the_content(browser, url):
    browser.open(url)
    browser.press(TAB)
    browser.press(ENTER)
    assert browser.focused()["id"] == "main"
    browser.press(TAB)
    assert browser.focused()["name"] == "Accounts and catalogs"


def test_counts_link_to_their_items(browser, url):
    browser.open(url)
    browser.driver.find_element("css selector", f"a[aria-label='1 invitations of {ADA} in AWS']").send_keys(ENTER)
    assert browser.driver.current_url == f"{url}/accounts/{ADA}/AWS/invitations"
    assert BOB in browser.driver.find_element("css selector", "tbody").text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(browser, url, scheme):
    paper = set()
    for page in PAGES:
        browser.open(url + page, scheme=scheme)
        texts = browser.texts()
        assert len(texts) > 10
        for text, colour, behind in texts:
            assert contrast(colour, behind) >= 4.5, (page, text, colour, behind)
        paper.add(browser.run("return getComputedStyle(document.body).backgroundColor"))
    assert paper == {"rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 26)"}


@pytest.mark.parametrize(("width", "zoom"), [(320, 1), (1280, 2), (1280, 4)])
def test_no_page_is_wider_than_the_window(browser, url, width, zoom):
    for page in PAGES:
        browser.open(url + page, width=width, zoom=zoom)
        wide, window = browser.run(
            "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide <= window <= width // zoom, page
