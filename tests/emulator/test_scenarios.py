"""Scenarios: what each of the library does to a collection, their files, and what can be set while an emulator runs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from aiopartnercentral import DecodeError, account, selling
from aiopartnercentral.bulk import Collection, Limits
from aiopartnercentral.emulator import Clock, Emulator, Fault, Quotas, Reset, ServerError, StateError, read_scenario
from aiopartnercentral.emulator.scenario import CHANGEABLE, KEYS, shipped
from tests.emulator.workflows import invitation

pytestmark = pytest.mark.anyio

FAST = Limits(rate=1000, backoff=0.01, attempts=50, account_concurrency=10)
CATALOGS = ("AWS", "Sandbox")
LISTING = account.listings.list_connections(page_size=20)


def errors(emulator):
    return [request.error for request in emulator.requests]


def test_five_are_part_of_the_library_and_each_has_a_test():
    assert shipped() == ["denied-catalog", "expired-page-tokens", "malformed-items", "outage", "throttled-account"]
    tests = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in shipped() if f'partnercentral_emulator(scenario="{name}"' not in tests] == []


@pytest.mark.partnercentral_emulator(scenario="throttled-account", catalogs={"AWS": 60, "Sandbox": 40})
async def test_a_throttled_account_is_collected_more_slowly(partnercentral_emulator):
    report = (await Collection(LISTING, CATALOGS, limits=FAST).collect()).report
    assert report.items == 100
    assert sum(state.throttled for state in report.sources.values()) > 0
    assert set(errors(partnercentral_emulator)) == {None, "ThrottlingException"}


@pytest.mark.partnercentral_emulator(scenario="denied-catalog")
async def test_a_denied_catalog_does_not_stop_the_other(partnercentral_emulator):
    listings = [LISTING, selling.listings.list_opportunities()]
    collected = await Collection(listings, CATALOGS, limits=FAST, on_error="report").collect()
    outcomes = {(origin.catalog, state.outcome.value) for origin, state in collected.report.sources.items()}
    assert outcomes == {("AWS", "complete"), ("Sandbox", "failed")}
    assert "AccessDeniedException" in errors(partnercentral_emulator)


@pytest.mark.partnercentral_emulator(scenario="outage", clock=Clock(running=False))
async def test_an_outage_of_a_minute_is_survived(partnercentral_emulator):
    async with anyio.create_task_group() as group:

        async def recover():
            while len(partnercentral_emulator.requests) < 4:
                await anyio.sleep(0.01)
            partnercentral_emulator.clock.advance(timedelta(seconds=59))
            before = len(partnercentral_emulator.requests)
            while len(partnercentral_emulator.requests) < before + 2:
                await anyio.sleep(0.01)
            assert None not in errors(partnercentral_emulator)
            partnercentral_emulator.clock.advance(timedelta(seconds=1))

        group.start_soon(recover)
        report = (await Collection(LISTING, CATALOGS, limits=FAST).collect()).report
    assert report.items == 150
    assert errors(partnercentral_emulator).count("ServiceUnavailableException") >= 6
    assert errors(partnercentral_emulator)[-1] is None


@pytest.mark.partnercentral_emulator(scenario="expired-page-tokens")
async def test_after_expired_page_tokens_the_same_run_is_resumed(partnercentral_emulator, tmp_path):
    def collection():
        return Collection(LISTING, CATALOGS, limits=FAST, on_error="report", checkpoint=tmp_path / "checkpoint")

    first = (await collection().collect()).report
    outcomes = {origin.catalog: state.outcome.value for origin, state in first.sources.items()}
    assert outcomes == {"AWS": "failed", "Sandbox": "complete"}
    assert errors(partnercentral_emulator).count("ValidationException") == 1
    second = (await collection().collect()).report
    assert {state.outcome.value for state in second.sources.values()} == {"complete"}
    assert second.items == 150


@pytest.mark.partnercentral_emulator(scenario="malformed-items")
async def test_malformed_items_are_reported_or_fail_their_source(partnercentral_emulator):
    report = (await Collection(LISTING, ["AWS"], limits=FAST, on_malformed="report").collect()).report
    (state,) = report.sources.values()
    assert (report.items, len(state.malformed)) == (117, 3)  # six pages
    with pytest.raises(DecodeError):
        await Collection(LISTING, ["AWS"], limits=FAST).collect()
    assert partnercentral_emulator.requests


FULL = """
seed = 7
account_id = "111122223333"
task_seconds = 0
nightly_changes = 0.25
files = "uploads"
latency = 0.001
requests_per_second = 500
denied_catalogs = ["Sandbox"]

[catalogs]
AWS = 3
Sandbox = 2

[clock]
start = 2026-03-01T00:00:00Z
running = false

[quotas]
open_invitations = 3

[[account]]
access_key_id = "AKIAEXAMPLE"
secret_access_key = "the-secret"
account_id = "111122223333"

[[denial]]
operation = "Delete*"

[[fault]]
kind = "server_error"
status = 503
operation = "ListP*"
start = 5
duration = 60
"""


async def test_a_file_sets_everything(tmp_path):
    file = tmp_path / "all.toml"
    file.write_text(FULL, encoding="utf-8")
    (tmp_path / "uploads").mkdir()
    async with (
        Emulator.from_scenario(file, seed=8) as emulator,
        account.connect(
            endpoint_url=emulator.endpoint_url,
            aws_access_key_id="AKIAEXAMPLE",
            aws_secret_access_key="the-secret",
        ) as client,
    ):
        assert len((await client.list_connections(catalog="AWS")).connection_summaries) == 3
        with pytest.raises(account.AccessDeniedException):
            await client.list_connections(catalog="Sandbox")
        assert emulator.clock.now() == datetime(2026, 3, 1, tzinfo=UTC)
        assert emulator.quotas == Quotas(open_invitations=3)
        told = emulator.scenario
    assert "the-secret" not in str(told)
    assert told["seed"] == 8
    assert told["fault"] == [{"kind": "server_error", "status": 503, "operation": "ListP*", "start": 5, "duration": 60}]
    assert told["denial"] == [{"operation": "Delete*"}]
    # What is told can be set again, apart from what belongs to the start.
    emulator.change({name: value for name, value in told.items() if name in CHANGEABLE})
    assert emulator.scenario == told
    assert set(told) == set(KEYS) - {"account", "replay"}
    assert told["files"] == str(tmp_path / "uploads")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("sed = 1", "{}: 'sed' is not a key: the keys are seed, account_id, "),
        ("seed = '1'", "{}: seed must be an integer"),
        ("[catalogs]\nA-1 = 1", "{}: catalogs key must be 1 to 64 ASCII letters"),
        ("clock = 1", "{}: clock must be a table"),
        ("[clock]\nbegin = 1", "{}: clock.'begin' is not a key: the keys are start, running"),
        ("[clock]\nrunning = 1", "{}: clock.running must be a boolean"),
        ("[clock]\nstart = 2026-01-01T00:00:00", "{}: clock.start must "),
        ("[clock]\nstart = 'today'", "{}: clock.start must be a time such as"),
        ("[quotas]\nopen = 1", "{}: 'open' is not a quota: the quotas are active_connections, "),
        ("[quotas]\nopen_invitations = -1", "{}: quotas.open_invitations must be"),
        ("fault = 1", "{}: fault must be [[fault]] tables"),
        (
            "[[fault]]\nkind = 'reset'\n[[fault]]\nkind = 'rest'",
            "{}, fault 2: kind must be one of 18 names, not 'rest'",
        ),
        ("[[fault]]\nkind = 'reset'\ncatalog = 'Moon'", "{}: fault 1: 'Moon' matches no catalog"),
        ("[[fault]]\nkind = 'reset'\nduration = -1", "{}, fault 1: duration must be a number"),
        ("[[denial]]\nwho = 'me'", "{}, denial 1: 'who' is not a key: the keys are catalog, "),
        ("[[account]]\naccess_key_id = 'A'", "{}, account 1: secret_access_key is missing"),
        (
            "[[account]]\naccess_key_id = 'A'\nsecret_access_key = 'abc'\naccount_id = '12'",
            "{}, account 1: account_id must be twelve digits",
        ),
        ("[[account]]\nsecret = 'abc'", "{}, account 1: 'secret' is not a key: the keys are access_key_id, "),
        ("replay = 'none.ndjson'", "{}: cannot read the recording "),
        ("files = 'none'", "{}: files must be a directory, and "),
        ("files = 'wrong.toml'", "{}: files must be a directory, and "),
        ("[[fault", "{} is not TOML"),
    ],
)
def test_a_wrong_file_is_refused_by_file_and_key(tmp_path, text, complaint):
    file = tmp_path / "wrong.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="^" + re.escape(complaint.format(file))) as caught:
        Emulator.from_scenario(file)
    assert "abc" not in str(caught.value)


def test_an_unknown_scenario_and_a_wrong_argument_are_not_blamed_on_a_file(tmp_path):
    with pytest.raises(ValueError, match="'outtage' is neither a file nor a scenario of the library: denied-catalog, "):
        read_scenario("outtage")
    with pytest.raises(ValueError, match="cannot read the scenario of"):
        read_scenario(tmp_path / "none.toml")
    with pytest.raises(ValueError, match=r"^latency must"):
        Emulator.from_scenario("outage", latency=-1)
    with pytest.raises(TypeError, match="scenario must be a path"):
        read_scenario(5)


# what can be set while it runs


@pytest.fixture
def scenario_of(http):
    async def of(emulator, body=None, status=200, **headers):
        url = f"{emulator.endpoint_url}/_emulator/scenario"
        response = await (http.get(url) if body is None else http.post(url, json=body, headers=headers))
        assert response.status_code == status, response.text
        return response.json()

    return of


async def test_everything_is_set_over_http(frozen, scenario_of, owner):
    assert await scenario_of(frozen) == frozen.scenario
    later = frozen.clock.now() + timedelta(days=2)
    changed = await scenario_of(
        frozen,
        {
            "clock": {"start": later.isoformat(), "running": True},
            "quotas": {"open_invitations": 0},
            "fault": [{"kind": "server_error", "operation": "ListPartners"}],
            "denial": [{"operation": "ListConnections"}],
            "requests_per_second": 1000,
            "latency": 0.001,
        },
    )
    assert changed["fault"] == [{"kind": "server_error", "operation": "ListPartners"}]
    assert frozen.clock.running
    assert frozen.clock.now() >= later
    assert frozen.faults == (Fault(ServerError(), operation="ListPartners"),)
    assert frozen.requests_per_second == 1000
    assert frozen.quotas == Quotas(open_invitations=0)
    assert (await owner.send("ListPartners", {"Catalog": "AWS"}))[0] == 500
    assert await owner.refused("ListConnections", Catalog="AWS") == "ACCESS_DENIED"
    assert "LIMIT_EXCEEDED" in await owner.refused("CreateConnectionInvitation", **invitation("222222222222"))
    # What is not given stays, also single quotas.
    await scenario_of(frozen, {"quotas": {"invitations_per_day": 7}, "fault": []})
    assert frozen.quotas == Quotas(open_invitations=0, invitations_per_day=7)
    assert frozen.faults == ()
    assert frozen.denials


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"seed": 1}, "seed can be set at the start only"),
        ({"account": []}, "account can be set at the start only"),
        ({"replay": "/etc/passwd"}, "replay can be set at the start only"),
        ({"speed": 1}, "'speed' is not a key: the keys are latency"),
        ({"latency": 0.5, "fault": [{"kind": "rest"}]}, "fault 1: kind must be one of 18 names"),
        ({"latency": 0.5, "fault": [{"kind": "reset", "catalog": "Moon"}]}, "fault 1: 'Moon' matches no catalog"),
        ({"latency": 0.5, "requests_per_second": 0}, "requests_per_second must"),
        ({"latency": 0.5, "quotas": {"open_invitations": "1"}}, "quotas.open_invitations must be an integer"),
        ({"latency": 0.5, "clock": {"start": "2001-01-01T00:00:00Z"}}, "clock.start must not be in the past"),
        ({"latency": 0.5, "denied_catalogs": ["Moon"]}, "denied_catalogs[0] must be 'AWS' or 'Sandbox'"),
        ({"latency": 0.5, "clock": {"advance_seconds": -1}}, "clock.advance_seconds must be"),
        ({"latency": 0.5, "clock": {"advance_seconds": 10**12}}, "clock.advance_seconds must not move"),
        ({"latency": 0.5, "code": [{"email": "a@b.c", "code": "1"}, {"code": "1"}]}, "code 2: email is missing"),
        ({"quotas": {"open_invitations": 1}, "code": [{"email": "a", "code": "1"}]}, "code 1: email must be"),
        ({"clock": {"running": True}, "code": [{"email": "a@b.c", "code": "x"}]}, "code 1: code must be"),
        ({"latency": 0.5, "code": {"email": "a@b.c"}}, "code must be [[code]] tables"),
        ([1], "The body must be a JSON object"),
    ],
)
async def test_a_wrong_change_is_refused_and_changes_nothing(frozen, scenario_of, body, complaint):
    before = frozen.scenario
    refused = await scenario_of(frozen, body, 400)
    assert refused["Message"].startswith(complaint)
    assert frozen.scenario == before


async def test_pages_of_other_sites_cannot_set_anything(frozen, http, scenario_of):
    before = frozen.scenario
    await scenario_of(frozen, {"latency": 1}, 403, Origin="https://evil.example")
    url = f"{frozen.endpoint_url}/_emulator/scenario"
    forged = await http.post(url, content=b'{"latency": 1}', headers={"Content-Type": "text/plain"})
    assert (forged.status_code, frozen.scenario) == (415, before)


async def test_a_code_is_set_over_http_and_in_a_program(frozen, http, ada):
    url = f"{frozen.endpoint_url}/_emulator/codes"
    sent = {"Email": "ada@byron.example", "Code": "000042", "Account": ada.account, "Catalog": "Sandbox"}
    (told,) = (await http.post(url, json=sent)).json()["Codes"]
    assert {name: told[name] for name in sent} == sent
    frozen.set_code("ada@byron.example", "7", catalog="Sandbox", account_id=ada.account)
    (code,) = frozen.codes
    assert (code.code, code.account) == ("7", ada.account)
    for body, complaint in (
        ({"Email": "a@b.c"}, "Code is missing"),
        ({"Code": "1"}, "Email is missing"),
        ({"Email": "a@b.c", "Code": "x"}, "code must be one to six digits"),
        ({"Email": "nobody", "Code": "1"}, "email must be an e-mail address"),
        ({"Email": "a@b.c", "Code": "1", "Catalog": "Moon"}, "catalog must be 'AWS' or 'Sandbox'"),
        ({"Email": "a@b.c", "Code": "1", "Account": "1"}, "account_id must be twelve digits"),
        ({"Mail": "a@b.c"}, "each key must be"),
    ):
        refused = await http.post(url, json=body)
        assert (refused.status_code, refused.json()["Message"][: len(complaint)]) == (400, complaint)
    frozen.clock.advance(timedelta(minutes=15))
    assert frozen.codes == []


async def test_quotas_and_codes_that_were_set_are_restored_from_a_state_file(tmp_path):
    def emulator(**options):
        return Emulator(clock=Clock(running=False), state=tmp_path / "state", **options)

    async with emulator() as first:
        first.quotas = Quotas(open_invitations=2)
        first.set_code("ada@byron.example", "123456")
    async with emulator() as second:
        assert second.quotas == Quotas(open_invitations=2)
        assert [code.code for code in second.codes] == ["123456"]
    with pytest.raises(StateError, match="a quota open_invitations of 1000, not 2"):
        async with emulator(quotas=Quotas(open_invitations=2)):
            pass


# faults in time


async def test_a_fault_lasts_from_its_start_for_its_duration(frozen, owner):
    frozen.faults = [Fault(Reset(), start=10, duration=5, operation="ListP*")]
    seen = []
    for seconds in (0, 9.5, 0.5, 4.5, 0.5, 100):
        frozen.clock.advance(timedelta(seconds=seconds))
        try:
            await owner("ListPartners", Catalog="AWS")
            seen.append(True)
        except Exception:  # noqa: BLE001 - whatever the client makes of a reset
            seen.append(False)
    assert seen == [True, True, False, False, True, True]


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("latencyy", "'Emulator' object has no attribute 'latencyy' (did you mean 'latency'?)"),
        ("request_per_second", "'Emulator' object has no attribute 'request_per_second' (did you mean 'requests_per_"),
        ("max_inflight", "'Emulator' object has no attribute 'max_inflight' (did you mean 'max_in_flight'?)"),
        ("qqqq", "'Emulator' object has no attribute 'qqqq'"),
    ],
)
def test_a_misspelt_setting_is_refused(name, complaint):
    emulator = Emulator({"AWS": 1})
    with pytest.raises(AttributeError, match=f"^{re.escape(complaint)}"):
        setattr(emulator, name, 5)


def test_a_subclass_sets_the_attributes_that_it_declares():
    class Named(Emulator):
        name: str

    emulator = Named({"AWS": 1})
    emulator.name, emulator.latency = "one", 0.5
    assert (emulator.name, emulator.latency) == ("one", 0.5)
    with pytest.raises(AttributeError, match="'nam'"):
        emulator.nam = "two"
