"""The dashboard over HTTP: its pages as HTML and as JSON, its form, and its stream of events."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from importlib.util import find_spec

import anyio
import attrs
import httpx2
import pytest

from aiopartnercentral.emulator import Clock, Emulator, Fault, Reset, ServerError, pipeline
from aiopartnercentral.emulator.dashboard import redaction, resources, views
from aiopartnercentral.emulator.seed import items
from aiopartnercentral.emulator.seed.selling import SeededSelling
from aiopartnercentral.emulator.services import BENEFITS, CHANNEL, MARKETING, REVENUE, SELLING, SERVICES
from tests.emulator.caller import Caller
from tests.emulator.dashboard_pages import show
from tests.emulator.raw_requests import request_of
from tests.emulator.selling.requests import opportunity
from tests.emulator.workflows import PROFILE, code, connected, invitation, partner, token, verified

pytestmark = pytest.mark.anyio

HOSTILE = "<script>alert('\"&amp;')</script>{{ 7 * 7 }}<img src=x onerror=alert(1)>"
OWNER, ADA = "123456789012", "111111111111"
PAGES = (
    *("/", "/accounts", f"/accounts/{OWNER}", "/requests", "/inbox", "/settings", "/connect", "/search?q=ltd"),
    *(f"/catalogs/AWS/partnercentral-{kind}" for kind in ("account/connections", "selling/opportunities")),
    "/items/none-1",
)
TAGS = {"a", "bdi", "body", "br", "button", "caption", "code", "dd", "del", "div", "dl", "dt", "footer", "form", "h1"}
TAGS |= {"h2", "h3", "head", "header", "html", "input", "ins", "label", "li", "link", "main", "meta", "nav", "noscript"}
TAGS |= {"b", "ol", "option", "p", "pre", "script", "section", "select", "span", "table", "tbody", "td", "th", "thead"}
TAGS |= {"textarea", "time", "title", "tr", "ul", "wbr"}


class Read(HTMLParser):
    """The tags, the attributes and the texts of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.texts = set(), [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.texts.append(data.strip())


async def test_pages_load_nothing_from_elsewhere_and_run_only_their_own_script(emulator, http):
    for path in (*PAGES, "/page.css", "/page.js"):
        response = await http.get(emulator.endpoint_url + path)
        assert response.status_code == (404 if "none" in path else 200)
        policy = dict(part.split(" ", 1) for part in response.headers["content-security-policy"].split("; "))
        assert policy.pop("default-src") == "'none'"
        assert {value for name, value in policy.items() if name != "img-src"} <= {"'self'", "'none'"}
        assert response.headers["x-content-type-options"] == "nosniff"
        if response.headers["content-type"].startswith("text/html"):
            page = Read(response.text)
            assert page.tags <= TAGS
            for name, value in page.attributes:
                assert not name.startswith("on")
                assert name != "style"
                if name in ("href", "src", "action"):
                    assert value.startswith(("/", "#", "data:,"))
                    assert not value.startswith("//")
            assert re.findall("<script[^>]*>(.*?)</script>", response.text) == [""]
        head = await http.head(emulator.endpoint_url + path)
        assert (head.status_code, head.content) == (response.status_code, b"")
        assert head.headers["content-type"] == response.headers["content-type"]
    assert emulator.requests == ()


async def test_everything_but_pages_is_left_to_the_api(emulator, http):
    for method, path in (("POST", "/accounts"), ("DELETE", "/"), ("OPTIONS", "/requests"), ("GET", "/elsewhere")):
        response = await http.request(method, emulator.endpoint_url + path)
        assert response.json()["__type"] == "UnknownOperationException"
    assert len(emulator.requests) == 4


async def test_a_browser_gets_a_page_for_a_wrong_address_which_is_not_a_request(emulator, http):
    for path in ("/elsewhere", "/inbox/", "/catalogs/AWS/x", "/%3Cscript%3E"):
        page = await http.get(emulator.endpoint_url + path, headers={"Accept": "text/html,*/*;q=0.8"})
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "<h1>Not found</h1>" in page.text
        assert "<script>" not in page.text
    assert emulator.requests == ()


async def test_every_page_is_also_json(emulator, http):
    for path in PAGES:
        with anyio.fail_after(60):
            while not (await show(http, emulator)(path, 404 if "none" in path else 200)).get("is_complete", True):
                pass
        by_query = await http.get(f"{emulator.endpoint_url}{path}{'&' if '?' in path else '?'}format=json")
        by_header = await show(http, emulator)(path, by_query.status_code)
        drop = {"now"} | ({"clock"} if path == "/settings" else set())
        assert {k: v for k, v in by_query.json().items() if k not in drop} == {
            k: v for k, v in by_header.items() if k not in drop
        }
        browsers = {"Accept": "text/html,application/xhtml+xml,application/json;q=0.9"}
        page = await http.get(emulator.endpoint_url + path, headers=browsers)
        assert page.headers["content-type"].startswith("text/html")


async def test_the_items_of_all_services_have_lists_and_pages(frozen, ada, bob, of_service, shown):
    await partner(ada, frozen, ada.http)
    await connected(ada, bob)
    selling, channel = of_service(SELLING), of_service(CHANNEL)
    made = {"opportunities": (await selling("CreateOpportunity", **opportunity(), ClientToken=token()))["Id"]}
    owned = {"catalog": "AWS", "clientToken": token(), "program": "DISTRIBUTION", "displayName": "Looms"}
    managed = await channel("CreateProgramManagementAccount", **owned, accountId=bob.account)
    made["program-management-account"] = managed["programManagementAccountDetail"]["id"]
    benefit = (await shown("/catalogs/AWS/partnercentral-benefits/benefit?status=active"))["rows"][0]["id"]
    applied = {"Catalog": "AWS", "ClientToken": token(), "BenefitIdentifier": benefit}
    made["benefit-application"] = (await of_service(BENEFITS)("CreateBenefitApplication", **applied))["Id"]
    template = (await shown("/catalogs/AWS/partnercentral-marketing/campaign-template"))["rows"][-1]["id"]
    campaign = {"Catalog": "AWS", "Name": "Engine", "CampaignTemplateId": template}
    made["campaign"] = (await of_service(MARKETING)("CreateCampaign", **campaign))["Id"]
    attribution = {"Catalog": "AWS", "Name": "Engine", "TenancyModel": "MULTI_TENANT"}
    made["revenue-attribution"] = (await of_service(REVENUE)("CreateRevenueAttribution", **attribution))["Id"]
    overview = await shown("/")
    assert list(overview["services"]) == list(SERVICES)
    counted = 0
    for service, kinds in overview["services"].items():
        for kind in kinds:
            for catalog, count in kind["counts"].items():
                listed = await shown(f"/catalogs/{catalog}/{service}/{kind['kind']}")
                assert (listed["total"], len(listed["rows"])) == (count, min(count, 50))
                counted += bool(count)
                for row in listed["rows"][:2]:
                    found = await shown(f"/items/{row['id']}")
                    assert (service, kind["kind"], row["account"]) in {
                        (place["service"], place["kind"], place["account"]) for place in found["places"]
                    }
    assert counted > 20
    for kind, identifier in made.items():
        (place,) = (await shown(f"/items/{identifier}"))["places"]
        assert (place["kind"], place["account"], len(place["history"])) == (kind, ADA, 1)
        assert (await shown(f"/search?q={identifier}"))["places"][0]["kind"] == kind
    for page in ("", f"/accounts/{ADA}", *(f"/items/{identifier}" for identifier in made.values())):
        assert (await ada.http.get(frozen.endpoint_url + page)).status_code == 200


async def test_a_request_is_shown_with_its_answer_and_its_fault(frozen, owner, http, shown):
    frozen.faults = [Fault(ServerError(status=503, when="after"), operation="GetPartner")]
    frozen.latency = 0.05
    sent = await http.post(
        frozen.endpoint_url,
        headers=request_of(owner.service, "GetPartner", ADA, {})["headers"],
        json={"Catalog": "AWS", "Identifier": "partner-0123456789abc"},
    )
    (row,) = (await shown("/requests"))["rows"]
    assert row["id"] == sent.headers["x-amzn-requestid"]
    assert row["milliseconds"] >= 50
    del row["milliseconds"]
    assert row == {
        "id": row["id"],
        "at": "2025-10-01T00:00:00.000Z",
        "service": "partnercentral-account",
        "operation": "GetPartner",
        "catalog": "AWS",
        "account": ADA,
        "status": 503,
        "error": "InternalServerException",
        "faults": ["server_error"],
    }
    request = (await shown(f"/requests/{row['id']}"))["request"]
    assert request["request"] == {"Catalog": "AWS", "Identifier": "partner-0123456789abc"}
    assert request["response"] == sent.json()
    assert request["response_bytes"] == len(sent.content)
    await shown("/requests/00000000-0000-0000-0000-000000000000", 404)


async def test_the_text_of_an_error_of_the_emulator_is_shown_completely(frozen, owner, http, shown):
    request = {"Catalog": "AWS", "Identifier": "not an identifier"}
    sent = await http.post(
        frozen.endpoint_url, headers=request_of(owner.service, "GetPartner", ADA, {})["headers"], json=request
    )
    (row,) = (await shown("/requests"))["rows"]
    response = (await shown(f"/requests/{row['id']}"))["request"]["response"]
    assert response == sent.json()
    assert "must match the pattern" in json.dumps(response)


async def test_requests_are_filtered_and_sorted(frozen, ada, bob, shown, of_service):
    await ada("ListPartners", Catalog="AWS")
    await bob.refused("GetConnection", Catalog="AWS", Identifier="pac-0123456789abc")
    await of_service(SELLING)("ListSolutions", Catalog="Sandbox")
    frozen.faults = [Fault(Reset(), operation="ListConnections")]
    with pytest.raises(httpx2.TransportError):
        await ada("ListConnections", Catalog="AWS")

    async def operations(query):
        return [row["operation"] for row in (await shown(f"/requests?{query}"))["rows"]]

    everything = ["ListConnections", "ListSolutions", "GetConnection", "ListPartners"]
    assert await operations("") == everything
    assert await operations("sort=oldest") == everything[::-1]
    assert await operations("sort=operation") == sorted(everything)
    assert await operations("sort=nonsense") == everything
    assert sorted(await operations("sort=slowest")) == sorted(everything)
    assert await operations("operation=list") == ["ListConnections", "ListSolutions", "ListPartners"]
    assert await operations(f"account={bob.account}") == ["GetConnection"]
    assert await operations("service=partnercentral-selling") == ["ListSolutions"]
    assert await operations("status=failed") == ["ListConnections", "GetConnection"]
    assert await operations("status=400") == ["GetConnection"]
    assert await operations("fault=any") == await operations("fault=reset") == ["ListConnections"]
    assert await operations("q=pac-0123456789abc") == ["GetConnection"]
    assert await operations("q=resourcenotfound") == ["GetConnection"]
    assert await operations("status=400&operation=list") == []


async def test_responses_are_kept_in_bounded_memory_and_do_not_shorten_the_list(frozen, ada, monkeypatch, shown):
    monkeypatch.setattr(pipeline, "RECORDED_RESPONSE_BYTES", 20_000)
    monkeypatch.setattr(pipeline, "RECORDED_REQUESTS", 30)
    for _ in range(20):
        await ada("ListConnections", Catalog="AWS")
        await Caller(OWNER, ada.url, ada.http)("ListConnections", Catalog="AWS", MaxResults=20)
    assert len(frozen.requests) == 30
    kept = [len(each.response) for each in frozen.requests if each.response is not None]
    assert 15_000 < sum(kept) <= 20_000
    assert kept == [len(each.response) for each in frozen.requests[-len(kept) :]]
    assert (
        "Later responses have replaced it"
        in (await ada.http.get(f"{frozen.endpoint_url}/requests/{frozen.requests[0].request_id}")).text
    )
    assert (await shown(f"/requests/{frozen.requests[0].request_id}"))["request"]["response"] is None


def values(service, shape, depth=0):
    """Return a value of a shape with all its members, in which what must be hidden contains SECRET."""
    described = service.shapes[shape]
    if described.get("sensitive"):
        return "SECRET"
    if depth > 8:
        return "deep"
    kind = described["type"]
    if kind == "structure":
        members = described["members"].items()
        return {name: values(service, member["shape"], depth + 1) for name, member in members}
    if kind == "list":
        return [values(service, described["member"]["shape"], depth + 1)]
    if kind == "map":
        return {values(service, described["key"]["shape"], depth): values(service, described["value"]["shape"], depth)}
    return "shown"


@pytest.mark.parametrize("service", SERVICES.values(), ids=lambda service: service.name)
def test_nothing_that_a_model_calls_sensitive_is_shown(service):
    sensitive = 0
    for operation in service.validator.operations.values():
        for role in ("input", "output"):
            if role in operation:
                value = values(service, operation[role]["shape"])
                found = json.dumps(redaction.redacted(service, value, operation[role]["shape"]))
                sensitive += "SECRET" in json.dumps(value)
                assert "SECRET" not in found
                assert "shown" in found or "shown" not in json.dumps(value)
                # Where the shape is unknown, such as in a part of an item that only the emulator uses.
                assert "SECRET" not in json.dumps(redaction.redacted(service, {"Content": value}, None))
    assert sensitive > 0


async def test_sensitive_values_are_on_no_page(frozen, ada, bob, shown, of_service):
    secrets = {"Email": "secret@example.com", "Name": "Secret Name", "Message": "Secret message"}
    sent = await ada("CreateConnectionInvitation", **invitation(bob.account, kind="SUBSIDIARY", **secrets))
    await partner(ada, frozen, ada.http, name="Legal Ltd")
    customer = opportunity()
    customer["Customer"]["Account"]["CompanyName"] = customer["Project"]["Title"] = "Secret Company"
    made = await of_service(SELLING)("CreateOpportunity", **customer, ClientToken=token())
    number = await code(ada, frozen, email="secret@byron.example")
    pages = [f"/items/{sent['Id']}", f"/items/{made['Id']}", f"/accounts/{ADA}", "/search?q=cret", "/requests", "/"]
    pages += [f"/requests/{each.request_id}" for each in frozen.requests]
    overview = await shown("/")
    for service, kinds in overview["services"].items():
        pages += [f"/catalogs/AWS/{service}/{kind['kind']}" for kind in kinds]
    for path in pages:
        for suffix in ("", "format=json"):
            page = (await ada.http.get(f"{frozen.endpoint_url}{path}{'&' if '?' in path else '?'}{suffix}")).text
            assert "ecret" not in page.replace("Secret%", "").replace("AWS_SECRET", "")
            assert number not in page
    assert "(hidden)" in json.dumps(await shown(f"/items/{made['Id']}"))
    # A search finds hidden values, without showing them.
    assert {row["id"] for row in (await shown("/search?q=Secret%20Comp"))["rows"]} == {made["Id"]}
    (letter,) = (await shown("/inbox"))["codes"]
    assert (letter["code"], letter["email"], letter["account"]) == (number, "secret@byron.example", ADA)


async def test_both_accounts_see_an_invitation_and_its_connection(frozen, ada, bob, shown):
    sent = await ada("CreateConnectionInvitation", **invitation(bob.account, kind="SUBSIDIARY"))
    places = (await shown(f"/items/{sent['Id']}"))["places"]
    assert [(place["account"], place["item"]["ParticipantType"]) for place in places] == [
        (ada.account, "SENDER"),
        (bob.account, "RECEIVER"),
    ]
    await bob("AcceptConnectionInvitation", Catalog="AWS", Identifier=sent["Id"], ClientToken=token())
    accepted = await shown(f"/items/{sent['Id']}")
    versions = accepted["places"][0]["history"]
    assert [version["version"] for version in versions] == [2, 1]
    assert {"member": "Status", "before": "PENDING", "after": "ACCEPTED"} in versions[0]["changes"]
    assert [row["operation"] for row in accepted["changes"]] == [
        "AcceptConnectionInvitation",
        "CreateConnectionInvitation",
    ]
    connection = accepted["places"][0]["item"]["ConnectionId"]
    listed = await shown(f"/catalogs/AWS/partnercentral-account/connections?account={ada.account}")
    assert [(row["id"], row["details"], row["status"]) for row in listed["rows"]] == [
        (connection, "SUBSIDIARY", "ACTIVE")
    ]
    page = (await ada.http.get(f"{frozen.endpoint_url}/items/{sent['Id']}")).text
    for link in (f"/items/{connection}", f"/accounts/{bob.account}", f"/items/{sent['Id']}"):
        assert f'href="{link}"' in page
    await ada("ListConnections", Catalog="AWS")
    read = await shown(f"/items/{connection}")
    assert [row["operation"] for row in read["reads"]] == ["ListConnections"]


async def test_expired_invitations_are_shown_as_expired(frozen, ada, shown):
    await ada("CreateConnectionInvitation", **invitation("222222222222"))
    frozen.clock.advance(timedelta(days=15))
    (row,) = (await shown("/catalogs/AWS/partnercentral-account/connection-invitations?account=222222222222"))["rows"]
    assert row["status"] == "EXPIRED"


async def test_items_are_filtered_and_sorted(shown):
    place = "/catalogs/AWS/partnercentral-selling/opportunities"
    everything = await shown(place)
    assert (everything["total"], everything["of"], everything["last"]) == (120, 120, 3)
    approved = await shown(f"{place}?status=approved&sort=updated")
    assert {row["status"] for row in approved["rows"]} == {"Approved"}
    dates = [row["updated"] for row in approved["rows"]]
    assert dates == sorted(dates, reverse=True)
    assert 0 < approved["total"] < approved["of"] == 120
    names = [row["name"] for page in (1, 2, 3) for row in (await shown(f"{place}?sort=name&page={page}"))["rows"]]
    assert names == sorted(names)
    assert len(names) == 120
    partners = "/catalogs/AWS/partnercentral-account/connections"
    assert all("ACTIVE" in row["status"].split(", ") for row in (await shown(f"{partners}?status=active"))["rows"])
    assert (await shown(f"{place}?status=action%20req"))["total"] > 0
    assert (await shown(f"{place}?status=required"))["total"] == 0
    one = everything["rows"][7]
    assert [row["id"] for row in (await shown(f"{place}?q={one['id'].lower()}"))["rows"]] == [one["id"]]
    assert (await shown(f"{place}?account={ADA}"))["total"] == 0
    assert (await shown(f"{place}?account={OWNER}"))["total"] == 120


async def test_hostile_text_is_escaped_everywhere(frozen, ada, post, of_service, shown):
    made = await partner(ada, frozen, ada.http, name="Byron Ltd")
    details = PROFILE | {"DisplayName": HOSTILE}
    await ada("StartProfileUpdateTask", Catalog="AWS", Identifier=made["Id"], ClientToken=token(), TaskDetails=details)
    frozen.clock.advance(timedelta(minutes=1))
    attribution = {"Catalog": "AWS", "Name": HOSTILE[:40], "TenancyModel": "MULTI_TENANT", "Description": HOSTILE}
    status, answer = await of_service(REVENUE).send("CreateRevenueAttribution", attribution)
    await post(frozen.endpoint_url, HOSTILE, {"Catalog": "AWS"})
    await post(frozen.endpoint_url, "ListPartners", {"Catalog": HOSTILE, HOSTILE: [HOSTILE]})
    await post(frozen.endpoint_url, "ListPartners", {"Catalog": "AWS"}, Authorization=HOSTILE)
    query = dict.fromkeys(("q", "status", "account", "sort", "page", "operation", "service", "fault"), HOSTILE)
    pages = [*PAGES, f"/items/{made['Id']}", "/catalogs/AWS/partnercentral-account/partners"]
    pages += [f"/requests/{each.request_id}" for each in frozen.requests]
    if status == 200:
        pages.append(f"/items/{answer['Id']}")
    seen = 0
    for path in pages:
        for given in ({}, query, {**query, "refresh": HOSTILE}, {**query, "sort": "name", "page": "2"}):
            address = httpx2.URL(frozen.endpoint_url + path)
            page = (await ada.http.get(address.copy_merge_params(given))).text
            read = Read(page)
            assert read.tags <= TAGS
            assert not any(name.startswith("on") for name, _ in read.attributes)
            assert page.count("<script") == 1
            assert "49" not in "".join(text for text in read.texts if "7 * 7" in text)
            seen += unescape(page).count(HOSTILE)
    assert seen > 50
    assert HOSTILE in (await shown(f"/items/{made['Id']}"))["places"][0]["item"]["Profile"]["DisplayName"]


async def test_a_right_to_left_name_does_not_affect_other_text(frozen, ada, bob, http):
    name = "\u202eBashe Ltd"
    await partner(ada, frozen, http, name=name)
    await connected(ada, bob)
    page = (
        await http.get(f"{frozen.endpoint_url}/catalogs/AWS/partnercentral-account/connections?account={bob.account}")
    ).text
    assert f'<bdi class="of">{name}</bdi></th>' in page


async def test_only_the_shown_page_of_a_million_items_is_made(http, monkeypatch):
    made = []
    for cls, method in ((items.SeededCatalog, "connection"), (SeededSelling, "solution")):
        original = getattr(cls, method)
        monkeypatch.setattr(cls, method, lambda self, index, make=original: made.append(index) or make(self, index))
    async with Emulator({"AWS": 1_000_000}) as emulator:
        shown = show(http, emulator)
        await shown("/")
        await shown("/accounts")
        assert made == []
        for kind, total in (("account/connections", 1_000_000), ("selling/solutions", 100_000)):
            made.clear()
            place = f"/catalogs/AWS/partnercentral-{kind}"
            first = await shown(place)
            assert len(first["rows"]) == len(made) == 50
            assert made[0] == total - 1
            last = await shown(f"{place}?page={total // 50}")
            assert made[-1] == 0
            assert (await shown(f"{place}?page=999999999"))["rows"] == last["rows"]
            for nonsense in ("", "-1", "x", "1e3", "٣", "9" * 5000):
                assert (await shown(f"{place}?page={nonsense}"))["rows"] == first["rows"]


async def test_a_filter_over_many_items_proceeds_from_page_to_page(http, monkeypatch):
    monkeypatch.setattr(views, "BUDGET_SECONDS", 0.0)
    async with Emulator({"AWS": 300}) as emulator:
        shown, place = show(http, emulator), "/catalogs/AWS/partnercentral-selling/opportunities?status=a&sort=status"
        pages = [await shown(place) for _ in range(8)]
        assert [page["is_complete"] for page in pages[:5]] == [False] * 5
        assert pages[-1]["is_complete"]
        totals = [page["total"] for page in pages]
        assert totals == sorted(totals)
        assert totals[0] < totals[-1] <= 300
        monkeypatch.setattr(views, "BUDGET_SECONDS", 30.0)
        monkeypatch.setattr(resources, "INDEXED", 100)
        assert not (await shown("/search?q=pac-"))["is_complete"]
        assert "Only some of the items" in (await http.get(emulator.endpoint_url + place)).text


async def test_changed_and_new_items_are_found_after_a_search(of_service, shown):
    place, owner = "/catalogs/AWS/partnercentral-selling/opportunities?sort=name", of_service(SELLING, OWNER)
    before = (await shown(place))["total"]
    made = await of_service(SELLING)("CreateOpportunity", **opportunity(), ClientToken=token())
    assert (await shown(place))["total"] == before + 1
    assert (await shown(f"{place}&q={made['Id']}"))["rows"][0]["account"] == ADA
    one = (await owner("ListOpportunities", Catalog="AWS"))["OpportunitySummaries"][0]["Id"]
    assert not (await shown("/search?q=loom%20master"))["rows"]
    assignee = {"Email": "a@example.com", "FirstName": "A", "LastName": "B", "BusinessTitle": "Loom master"}
    await owner("AssignOpportunity", Catalog="AWS", Identifier=one, Assignee=assignee)
    # A snapshot of the opportunity may have been taken, too.
    assert one in [row["id"] for row in (await shown("/search?q=loom%20master"))["rows"]]


async def test_a_search_finds_accounts_and_requests(frozen, ada, shown):
    await ada.refused("GetConnection", Catalog="AWS", Identifier="pac-0123456789abc")
    assert (await shown("/search?q=1111"))["accounts"] == [ada.account]
    found = await shown("/search?q=getconn")
    assert [row["operation"] for row in found["requests"]] == ["GetConnection"]
    assert (await shown(f"/search?q={frozen.requests[0].request_id}"))["request_count"] == 1
    assert (await shown("/search"))["rows"] == []
    # Nothing has this identifier, but a request has named it.
    assert (await shown("/items/pac-0123456789abc"))["touched"] == 1
    for unknown in ("/items/pac-0000000000000", "/catalogs/None/partnercentral-account/partners"):
        await shown(unknown, 404)


async def test_an_account_that_was_not_used_is_empty_and_not_created(shown):
    assert (await shown("/accounts/000000000001"))["services"] == {}
    assert [row["account"] for row in (await shown("/accounts"))["rows"]] == [OWNER]


async def test_an_account_has_verifications_and_used_quotas(frozen, ada, http, shown):
    await verified(ada, frozen, http)
    await ada("SendEmailVerificationCode", Catalog="AWS", Email="ada@byron.example")
    found = await shown(f"/accounts/{ADA}")
    assert {each["status"] for each in found["verifications"]} == {"SUCCEEDED"}
    assert found["usage"] == [{"catalog": "AWS", "usage": "codes for one address", "used": 1}]
    assert "byron" not in json.dumps(found)


async def test_the_inbox_leads_to_completion_urls(frozen, ada, http, shown):
    await ada("StartVerification", VerificationDetails={"RegistrantVerificationDetails": {}})
    (waiting,) = (await shown("/inbox"))["verifications"]
    assert waiting["account"] == ADA

    async def overview():
        page = (await http.get(frozen.endpoint_url, headers={"Accept": "text/html"})).text
        return re.findall(r'>Inbox <span class="count">(\d+)<', page), (await shown("/"))["completion_urls"]

    assert await overview() == (["1"], 1)
    frozen.set_code("ada@byron.example", "123456")
    assert await overview() == (["2"], 1)
    assert (await http.get(frozen.endpoint_url + waiting["completion_path"])).status_code == 200
    assert (await shown("/inbox"))["verifications"] == []
    assert await overview() == (["1"], 0)


async def test_the_settings_show_what_is_in_force(frozen, ada, shown):
    frozen.faults = [Fault(ServerError(status=503), operation="List*", calls="2-")]
    frozen.denied_catalogs = ["Sandbox"]
    frozen.requests_per_second = 9
    for _ in range(3):
        await ada.http.post(
            ada.url, headers=request_of(ada.service, "ListPartners", ADA, {})["headers"], json={"Catalog": "AWS"}
        )
    found = await shown("/settings")
    assert found["clock"] == {"start": "2025-10-01T00:00:00.000Z", "running": False}
    assert (found["seed"], found["catalogs"]) == (0, {"AWS": 120, "Sandbox": 30})
    assert found["quotas"]["open_invitations"] == 1000
    assert found["fault"] == [{"kind": "server_error", "status": 503, "operation": "List*", "calls": "2-"}]
    assert found["struck"] == {"server_error": 2}
    assert (found["denied_catalogs"], found["requests_per_second"]) == (["Sandbox"], 9)


async def test_the_settings_say_how_many_items_change_each_night(http):
    async with Emulator({"AWS": 1}, nightly_changes=0.05) as emulator:
        page = (await http.get(f"{emulator.endpoint_url}/settings")).text
    assert "<dt>Changed each night</dt><dd>5 %</dd>" in page


async def test_a_form_advances_the_clock(frozen, http):
    before, place = frozen.clock.now(), f"{frozen.endpoint_url}/settings/clock"
    form = {"amount": "1.5", "unit": "days"}
    done = await http.post(place, data=form, headers={"Origin": frozen.endpoint_url})
    assert (done.status_code, done.headers["location"]) == (303, "/settings?done=clock")
    assert frozen.clock.now() - before == timedelta(days=1.5)
    assert "has been advanced" in (await http.get(frozen.endpoint_url + done.headers["location"])).text
    assert frozen.requests == ()


async def test_forms_set_everything_that_the_admin_api_offers(frozen, http, shown, of_service):
    async def send(name, /, **form):
        place, headers = f"{frozen.endpoint_url}/settings/{name}", {"Origin": frozen.endpoint_url}
        return await http.post(place, data=form, headers=headers)

    async def sent(name, /, **form):
        assert (await send(name, **form)).status_code == 303
        return await shown("/settings")

    assert (await sent("running", running="true"))["clock"]["running"]
    assert not (await sent("running", running="false"))["clock"]["running"]
    assert (await sent("scenario", name="outage"))["fault"][0]["kind"] == "server_error"
    assert (await sent("faults"))["fault"] == []
    changes = json.loads((await shown("/settings"))["changes"])
    changes |= {"latency": 0.01, "quotas": {"open_invitations": 3}, "fault": [{"kind": "reset", "calls": "9-"}]}
    found = await sent("changes", changes=json.dumps(changes))
    assert (found["latency"], found["quotas"]["open_invitations"], frozen.faults[0].action) == (0.01, 3, Reset())
    await sent("code", Email="a@byron.example", Code="123456", Catalog="AWS", Account=ADA)
    assert [(each.email, each.code, each.account) for each in frozen.codes] == [("a@byron.example", "123456", ADA)]
    before = (await shown("/"))["services"]
    await of_service(SELLING)("CreateOpportunity", **opportunity(), ClientToken=token())
    assert (await shown("/"))["services"] != before
    assert (await sent("reset", seed="7"))["seed"] == 7
    assert frozen.codes == []
    after = await shown("/")
    assert after["services"]["partnercentral-selling"] == before["partnercentral-selling"]
    kept = {"latency": 0.01, "quotas": attrs.asdict(frozen.quotas)}
    assert kept.items() <= (await sent("reset")).items()
    for name, form, word in (
        ("changes", {"changes": '{"fault": [{"kind": "<script>"}]}'}, "fault 1"),
        ("changes", {"changes": "<script>"}, "JSON object"),
        ("scenario", {"name": HOSTILE}, "scenario must be 'denied-catalog'"),
        ("scenario", {"name": "/etc/passwd"}, "scenario must be 'denied-catalog'"),
        ("reset", {"seed": "x"}, "Seed"),
        ("code", {"Email": "x", "Code": "1"}, "email must be an e-mail address"),
    ):
        refused = await send(name, **form)
        assert (refused.status_code, Read(refused.text).tags <= TAGS) == (400, True)
        assert word.lower() in unescape(refused.text).lower()
        if "changes" in form:
            assert form["changes"] in unescape(refused.text)
    assert frozen.faults[0].action == Reset()


async def test_a_reset_survives_a_restart_and_keeps_the_seed_of_a_state_file(http, tmp_path):
    options = {"catalogs": {"AWS": 3}, "state": tmp_path / "state", "clock": Clock(running=False)}
    async with Emulator(**options) as emulator:
        caller = Caller(ADA, emulator.endpoint_url, http)
        await caller("CreateConnectionInvitation", **invitation("222222222222"))
        emulator.reset()
        made = await caller("CreateConnectionInvitation", **invitation("333333333333"))
        with pytest.raises(ValueError, match="seed"):
            emulator.reset(seed=5)
        with pytest.raises(TypeError, match="seed"):
            emulator.reset(seed="x")
    async with Emulator(**options | {"clock": Clock(running=False)}) as emulator:
        caller = Caller(ADA, emulator.endpoint_url, http)
        (one,) = (await caller("ListConnectionInvitations", Catalog="AWS"))["ConnectionInvitationSummaries"]
        assert one["Id"] == made["Id"]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", None])
async def test_a_form_of_another_site_does_nothing(origin, frozen, http):
    before, headers = frozen.clock.now(), {} if origin is None else {"Origin": origin}
    response = await http.post(
        f"{frozen.endpoint_url}/settings/clock", data={"amount": "1", "unit": "days"}, headers=headers
    )
    assert response.status_code == 403
    assert frozen.clock.now() == before


@pytest.mark.parametrize("amount", ["", "x", "-1", "nan", "inf", "1e300", HOSTILE, "9" * 5000])
async def test_a_wrong_amount_is_refused_with_the_reason(amount, frozen, http):
    before = frozen.clock.now()
    response = await http.post(
        f"{frozen.endpoint_url}/settings/clock",
        data={"amount": amount, "unit": HOSTILE},
        headers={"Origin": frozen.endpoint_url},
    )
    assert response.status_code == 400
    assert "AdvanceSeconds" in response.text
    assert Read(response.text).tags <= TAGS
    assert frozen.clock.now() == before


async def test_a_refused_form_is_on_its_own_page_which_can_be_brought_up_to_date(frozen, http):
    for form, values, page in (
        ("changes", {"changes": '{"fault": [{"kind": "nonsense"}]}'}, "Settings"),
        ("reset", {"seed": "x"}, "Settings"),
        ("code", {"Email": "nobody", "Code": "1"}, "Inbox"),
    ):
        url = f"{frozen.endpoint_url}/settings/{form}"
        refused = await http.post(url, data=values, headers={"Origin": frozen.endpoint_url})
        assert (refused.status_code, '<p id="problem"' in refused.text) == (400, True)
        again = await http.get(url, headers={"Accept": "text/html"})
        assert (again.status_code, '<p id="problem"' in again.text) == (200, False)
        for text in (refused.text, again.text):
            assert f"<h1>{page}</h1>" in text
            assert re.findall(r'aria-current="page">(\w+)', text) == [page]
    sent = {"Email": "ada@byron.example", "Code": "123456", "Catalog": "AWS", "Account": ADA}
    accepted = await http.post(url, data=sent, headers={"Origin": frozen.endpoint_url})
    assert accepted.headers["location"] == "/inbox?done=code"


async def test_an_unknown_form_is_not_found(frozen, http):
    headers = {"Origin": frozen.endpoint_url}
    assert (await http.post(f"{frozen.endpoint_url}/settings/x", data={}, headers=headers)).status_code == 404


async def test_events_tell_of_each_change_and_end_with_the_emulator(http):
    async with Emulator() as emulator:
        caller = Caller(ADA, emulator.endpoint_url, http)
        async with http.stream("GET", f"{emulator.endpoint_url}/events") as stream:
            assert stream.headers["content-type"] == "text/event-stream"
            lines = stream.aiter_lines()
            assert await anext(lines) == "retry: 2000"

            async def event():
                with anyio.fail_after(20):
                    while not (line := await anext(lines)).startswith("data:"):
                        pass
                return int(line.removeprefix("data:"))

            await caller("ListPartners", Catalog="AWS")
            assert await event() == 1
            emulator.clock.advance(timedelta(days=1))
            assert await event() == 1
            emulator.faults = []
            assert await event() == 1
            await caller("ListPartners", Catalog="AWS")
            assert await event() == 2
            with anyio.fail_after(20):
                await emulator.__aexit__(None, None, None)
                assert [line async for line in lines if line] == []
        assert len(emulator.requests) == 2


@pytest.mark.parametrize("name", ["Environment", "Python with aiopartnercentral", "Python with boto3", "AWS CLI"])
async def test_the_ways_to_connect_work(name, frozen, http, tmp_path, monkeypatch):
    page = (await http.get(f"{frozen.endpoint_url}/connect")).text
    (text,) = re.findall(f'aria-label="{name}"[^>]*>(.*?)</pre>', page, re.DOTALL)
    text = unescape(text)
    for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(variable, str(tmp_path / "none"))
    program = [sys.executable, "-c", text]
    if name == "Environment":
        listing = "import boto3; print(boto3.client('partnercentral-account').list_partners(Catalog='AWS'))"
        program = ["sh", "-c", f'{text}\n"$0" -c "$1"', sys.executable, listing]
    if name == "AWS CLI":
        if find_spec("awscli") is None:  # importing it would change the environment of other tests
            pytest.skip("the AWS CLI is not installed")
        program = ["sh", "-c", text.replace("aws ", f"{sys.executable} -m awscli ", 1)]
    done = await anyio.run_process(program, check=False)
    assert done.returncode == 0, done.stderr
    # The account of the seeded data: what one tries first should not be an empty list.
    assert {(each.account, each.status) for each in frozen.requests} == {(frozen.scenario["account_id"], 200)}


async def test_pages_reload_automatically_only_by_choice(frozen, http):
    place = f"{frozen.endpoint_url}/catalogs/AWS/partnercentral-account/connections?page=2"
    page = (await http.get(place)).text
    assert "http-equiv" not in page
    (chosen,) = re.findall(r'href="([^"]*refresh=5[^"]*)"', page)
    page = (await http.get(frozen.endpoint_url + unescape(chosen))).text
    assert '<meta http-equiv="refresh" content="5">' in page
    assert "Page 2 of" in page
    assert 'href="/catalogs/AWS/partnercentral-account/connections?page=3&amp;refresh=5"' in page


def test_jinja2_is_imported_only_for_the_dashboard():
    program = "import sys; from aiopartnercentral.emulator.server import Emulator; print('jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


async def test_without_jinja2_the_dashboard_says_what_to_install(frozen, http, monkeypatch, shown):
    from aiopartnercentral.emulator.dashboard import handlers  # noqa: PLC0415 - of this test alone

    monkeypatch.setitem(sys.modules, "jinja2", None)
    handlers._environment.cache_clear()
    response = await http.get(frozen.endpoint_url)
    assert response.status_code == 501
    assert "pip install jinja2" in response.text
    assert (await shown("/"))["catalogs"] == ["AWS", "Sandbox"]
