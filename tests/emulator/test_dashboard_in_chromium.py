"""The dashboard in a browser: looks, accessibility, keyboard."""

from __future__ import annotations

import time
from itertools import pairwise

import httpx2
import pytest

from aiopartnercentral.emulator import Fault, ServerError
from tests.emulator.raw_requests import Wire
from tests.emulator.workflows import invitation
from tests.support.browser import chromium, contrast

TAB, ENTER = "\ue004", "\ue007"
ADA, BOB = "111111111111", "222222222222"
LISTS = "/catalogs/AWS/partnercentral-"
CONNECTIONS = f"{LISTS}account/connections"
PAGES = (
    "/",
    "/accounts",
    f"/accounts/{ADA}",
    "/requests",
    "/inbox",
    "/settings",
    "/connect",
    "/search?q=ltd",
    f"{CONNECTIONS}?page=2",
    f"{LISTS}selling/opportunities?status=approved&sort=updated",
    "ITEM",
    "REQUEST",
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
        made = wire.send("CreateConnectionInvitation", invitation(BOB), ADA)
        assert wire.send("CancelConnectionInvitation", {"Catalog": "AWS", "Identifier": made.json()["Id"]}, ADA)
        assert wire.send("SendEmailVerificationCode", {"Catalog": "AWS", "Email": "a@byron.example"}, ADA)
        registrant = {"VerificationDetails": {"RegistrantVerificationDetails": {}}}
        assert wire.send("StartVerification", registrant, ADA).status_code == 200
        assert wire.send("GetConnection", {"Catalog": "AWS"}, ADA).status_code == 400
        assert wire.send("x" * 300, {"Catalog": "y" * 300}, ADA).status_code == 400
        emulator.faults = [Fault(ServerError(status=503), operation="ListPartners")]
        assert wire.send("ListPartners", {"Catalog": "AWS"}, ADA).status_code == 503
        PLACES["ITEM"] = f"/items/{made.json()['Id']}"
        PLACES["REQUEST"] = f"/requests/{made.headers['x-amzn-requestid']}"
        yield emulator.endpoint_url


PLACES: dict[str, str] = {}


def address(url, page):
    return url + PLACES.get(page, page)


def cells(browser, row):
    return [cell.text for cell in browser.driver.find_elements("css selector", f"tbody tr:{row}-child > *")]


def wait_for(browser, condition):
    """Wait until a script returns something true, and return that."""
    deadline = time.monotonic() + 30
    while not (found := browser.run(f"return {condition}")):
        assert time.monotonic() < deadline, condition
        time.sleep(0.05)
    return found


def call(url, operation, account=BOB):
    with httpx2.Client() as http:
        Wire(url, http).send(operation, {"Catalog": "Sandbox", "Identifier": "nobody"}, account)


def test_new_requests_show_up_by_themselves_and_are_announced(browser, url):
    browser.open(f"{url}/requests")
    assert cells(browser, "last")[:3] == ["CreateConnectionInvitation\naccount · AWS", "200", ADA]
    browser.run("document.querySelector('tbody a').focus(); window.mark = 1;")
    wait_for(browser, "performance.getEntriesByName(origin + '/requests').length > 0 || mark")
    call(url, "GetProfileVisibility")
    wait_for(browser, "document.querySelector('tbody th').textContent.includes('GetProfileVisibility')")
    assert cells(browser, "first")[:3] == ["GetProfileVisibility\naccount · Sandbox", "400\nValidationException", BOB]
    assert browser.run("return mark") == 1  # the page was not loaded again
    assert wait_for(browser, "document.getElementById('status').textContent").startswith("Updated")
    assert browser.run("return document.activeElement.localName") == "a"
    status = next(each for each in browser.tree() if each[0] == "status")
    assert status[2]["live"] == "polite"


def test_updates_can_be_paused(browser, url):
    browser.open(f"{url}/requests")
    button = browser.driver.find_element("id", "live")
    button.send_keys(ENTER)
    assert button.text == "Resume updates"
    before = browser.run("return document.querySelector('#content').innerHTML")
    call(url, "GetAllianceLeadContact")
    time.sleep(1.5)  # three times as long as an update takes
    assert browser.run("return document.querySelector('#content').innerHTML") == before
    button.send_keys(ENTER)
    wait_for(browser, "document.querySelector('tbody th').textContent.includes('GetAllianceLeadContact')")


def test_typing_into_a_filter_is_not_disturbed(browser, url):
    browser.open(f"{url}/requests")
    field = browser.driver.find_element("name", "operation")
    field.send_keys("profilevis")
    call(url, "GetProfileVisibility")
    wait_for(browser, "document.getElementById('status').textContent.startsWith('Updated')")
    assert field.get_attribute("value") == "profilevis"
    field.send_keys(ENTER)
    wait_for(browser, "location.search.includes('profilevis')")
    operations = browser.run("return [...document.querySelectorAll('tbody th a')].map(each => each.textContent)")
    assert set(operations) == {"GetProfileVisibility"}


def test_without_scripts_pages_can_be_reloaded(browser, url):
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.driver.get(f"{url}/requests")
        call(url, "GetVerification")
        browser.driver.find_element("link text", "Reload").click()
        assert cells(browser, "first")[0].startswith("GetVerification")
        browser.driver.find_element("link text", "Reload every 5 seconds").click()
        assert "refresh=5" in browser.driver.current_url
        assert not browser.driver.find_element("id", "live").is_displayed()
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_the_clock_is_advanced_with_the_form(browser, url):
    browser.open(f"{url}/settings")
    shown = "document.querySelector('#content time').getAttribute('datetime')"
    before = browser.run(f"return {shown}")
    browser.driver.find_element("css selector", "form[method=post] button").send_keys(ENTER)
    wait_for(browser, "location.search === '?done=clock'")
    assert before[:10] < browser.run(f"return {shown}")[:10]
    assert "has been advanced" in browser.run("return document.getElementById('main').textContent")


def test_a_refused_form_keeps_its_text_and_the_page_is_brought_up_to_date(browser, url):
    browser.open(f"{url}/settings")
    wrong = '{"fault": [{"kind": "nonsense"}]}'
    browser.run(f"document.getElementById('changes').value = {wrong!r}")
    browser.driver.find_element("css selector", "form[action='/settings/changes'] button").send_keys(ENTER)
    wait_for(browser, "document.getElementById('problem')")
    call(url, "GetVerification")
    wait_for(browser, "document.getElementById('status').textContent.startsWith('Updated')")
    assert "Quotas and limits" in browser.run("return document.getElementById('content').textContent")
    assert browser.run("return document.getElementById('changes').value") == wrong
    assert "nonsense" in browser.run("return document.getElementById('problem').textContent")


def test_a_snippet_can_be_copied(browser, url):
    grant = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "origin": url}
    browser.driver.execute_cdp_cmd("Browser.grantPermissions", grant)
    browser.open(f"{url}/connect")
    browser.driver.find_element("css selector", "[aria-label='Copy: Environment']").send_keys(ENTER)
    wait_for(browser, "document.getElementById('status').textContent === 'Copied.'")
    script = "const done = arguments[0]; navigator.clipboard.readText().then(done, (error) => done(String(error)))"
    assert f"AWS_ENDPOINT_URL={url}" in browser.driver.execute_async_script(script)


def test_every_page_has_its_own_title_and_style_and_no_console_errors(browser, url):
    browser.complaints()
    titles = set()
    for page in PAGES:
        browser.open(address(url, page))
        titles.add(browser.driver.title)
        assert browser.run("return document.documentElement.lang") == "en"
        assert browser.run("return getComputedStyle(document.querySelector('h1')).fontWeight") == "600"
        assert browser.run("return performance.getEntriesByType('resource').every(e => e.name.startsWith(origin))")
    assert len(titles) == len(PAGES)
    assert f"Account {ADA} - Partner Central emulator" in titles
    assert browser.complaints() == []


@pytest.mark.parametrize("page", PAGES)
def test_screen_readers_can_navigate(browser, url, page):
    browser.open(address(url, page))
    tree = browser.tree()
    roles = [role for role, *_ in tree]
    assert [roles.count(role) for role in ("banner", "main", "contentinfo")] == [1, 1, 1]
    assert {name for role, name, _ in tree if role == "navigation"} >= {"Pages"}
    assert all(name for role, name, _ in tree if role in ("textbox", "searchbox", "combobox", "spinbutton", "button"))
    assert roles.count("status") >= 1
    levels = [properties["level"] for role, _, properties in tree if role == "heading"]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(name for role, name, _ in tree if role in ("link", "heading", "navigation", "region"))
    tables = [name for role, name, _ in tree if role == "table"]
    assert all(tables)
    assert roles.count("rowheader") + roles.count("columnheader") > 0 or not tables
    assert browser.run("return [...document.querySelectorAll('th')].every(cell => cell.scope)")
    in_navigation = page.count("/") == 1 and "?" not in page
    assert browser.run("return document.querySelectorAll('[aria-current=page]').length") >= in_navigation


def test_the_keyboard_alone_reaches_everything(browser, url):
    browser.open(f"{url}{CONNECTIONS}?page=2")
    browser.press(TAB)
    first = browser.focused()
    assert first["name"] == "Skip to the content"
    assert first["top"] >= 0
    wanted = browser.run(
        "return [...document.querySelectorAll('a[href], [tabindex=\"0\"], input:not([type=hidden]), select, button')]"
        ".map(each => each.getAttribute('aria-label') || each.textContent.trim())"
    )
    stops = [first]
    for _ in wanted[1:]:
        browser.press(TAB)
        stops.append(browser.focused())
    assert [stop["name"] for stop in stops] == wanted
    assert {"Overview", "Search", "Filter", "Last", "Pause updates"} <= set(wanted)
    assert all(stop["outline"] == "solid" and stop["width"] >= 2 for stop in stops)


def test_the_skip_link_goes_to_the_content(browser, url):
    browser.open(url)
    browser.press(TAB)
    browser.press(ENTER)
    assert browser.focused()["id"] == "main"
    browser.press(TAB)
    assert browser.focused()["name"] == "recent requests"


def test_counts_lead_to_lists_and_these_to_items(browser, url):
    browser.open(url)
    browser.driver.find_element("css selector", "a[aria-label='32 connection invitations in AWS']").send_keys(ENTER)
    assert browser.driver.current_url == f"{url}{LISTS}account/connection-invitations"
    browser.driver.find_element("css selector", "tbody th a").send_keys(ENTER)
    assert browser.driver.current_url == url + PLACES["ITEM"]
    assert "CreateConnectionInvitation" in browser.driver.find_element("id", "main").text


def test_the_search_leads_to_an_item(browser, url):
    browser.open(url)
    identifier = PLACES["ITEM"].rpartition("/")[2]
    browser.driver.find_element("id", "search").send_keys(identifier, ENTER)
    wait_for(browser, "location.pathname === '/search'")
    browser.driver.find_element("link text", identifier).click()
    assert browser.driver.current_url == url + PLACES["ITEM"]


def test_a_page_that_examines_all_items_is_not_loaded_at_each_change(browser, url):
    browser.open(f"{url}/search?q=ltd")
    wait_for(browser, "document.querySelector('#content[data-live]') === null")
    loads = "performance.getEntriesByType('resource').filter(each => each.name.includes('/search')).length"
    before = browser.run(f"return {loads}")
    call(url, "GetVerification")
    time.sleep(1.5)  # three times as long as an update takes
    assert browser.run(f"return {loads}") == before
    assert not browser.driver.find_element("id", "live").is_displayed()


def test_cards_of_narrow_windows_are_still_tables(browser, url):
    browser.open(f"{url}/requests", width=390)
    roles = [role for role, *_ in browser.tree()]
    assert roles.count("columnheader") >= 4
    assert roles.count("rowheader") == len(browser.driver.find_elements("css selector", "tbody tr"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(browser, url, scheme):
    paper = set()
    for page in PAGES:
        browser.open(address(url, page), scheme=scheme)
        texts = browser.texts()
        assert len(texts) > 10
        for text, colour, behind in texts:
            assert contrast(colour, behind) >= 4.5, (page, text, colour, behind)
        paper.add(browser.run("return getComputedStyle(document.body).backgroundColor"))
    assert paper == {"rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 26)"}


@pytest.mark.parametrize(("width", "zoom"), [(320, 1), (390, 1), (1280, 1), (1280, 2), (1280, 4)])
def test_no_page_is_wider_than_the_window(browser, url, width, zoom):
    for page in PAGES:
        browser.open(address(url, page), width=width, zoom=zoom)
        wide, window = browser.run(
            "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide <= window <= width // zoom, page


def test_the_rows_of_tables_fit_into_a_narrow_window(browser, url):
    for page in PAGES:
        browser.open(address(url, page), width=390)
        for cell, right in browser.run(
            "return [...document.querySelectorAll('.wide :is(td, tbody th)')].map("
            "(each) => [each.textContent, each.getBoundingClientRect().right])"
        ):
            assert right <= 390, (page, cell)
        # A name that fills the screen hides the other rows.
        for height in browser.run(
            "return [...document.querySelectorAll('.cards tr')].map((each) => each.offsetHeight)"
        ):
            assert height <= 200, page
