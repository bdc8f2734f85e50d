"""No web page of another site reaches the emulator: Host and Origin are checked before anything else."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from aiopartnercentral.emulator import Credential, Emulator, Fault, Reset
from aiopartnercentral.emulator.hosts import TrustedHosts

pytestmark = pytest.mark.anyio

PAGES = (("GET", "/"), ("GET", "/requests"), ("GET", "/page.css"))
ADMIN = (("GET", "/_emulator/clock"), ("POST", "/_emulator/clock"), ("GET", "/_emulator/codes"))
EVERYTHING = (*PAGES, *ADMIN, ("GET", "/_emulator/verifications/x"), ("POST", "/"), ("OPTIONS", "/"), ("GET", "/none"))


@pytest.mark.parametrize(("method", "path"), EVERYTHING)
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example"]
)
async def test_a_name_that_leads_here_is_refused(host, method, path, frozen, http):
    before, url = frozen.clock.now(), f"{frozen.endpoint_url}{path}"
    headers = {"Host": host, "Content-Type": "application/json"}
    response = await http.request(method, url, headers=headers, content=b'{"AdvanceSeconds": 5}')
    assert response.status_code == 403
    assert response.json()["__type"] == "UntrustedHostException"
    assert "--allow-host or allowed_hosts" in response.json()["Message"]
    assert response.headers["x-amzn-requestid"]
    assert frozen.clock.now() == before
    assert not frozen.requests


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:1", "localhost.", "emulator.localhost:8080", "127.0.0.1", "127.8.8.8:8080", "[::1]:80"],
)
async def test_loopback_names_are_served(host, emulator, http):
    response = await http.get(f"{emulator.endpoint_url}/_emulator/clock", headers={"Host": host})
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("allowed", "host", "status"),
    [
        ("emulator", "emulator:8080", 200),
        ("Emulator", "EMULATOR", 200),
        ("*.test", "partner-central.test", 200),
        ("*.test", "test", 403),
        ("emulator", "emulator.evil.example", 403),
        ("10.0.0.?", "10.0.0.7:80", 200),
        ("2001:db8::1", "[2001:DB8::1]:8080", 200),
        ("*", "anything", 200),
    ],
)
async def test_further_names_can_be_allowed(allowed, host, status, http):
    async with Emulator(allowed_hosts=[allowed]) as emulator:
        response = await http.get(f"{emulator.endpoint_url}/_emulator/clock", headers={"Host": host})
    assert response.status_code == status


@pytest.mark.parametrize(
    ("given", "error"),
    [("emulator", TypeError), (5, TypeError), ([""], ValueError), (["a:80"], ValueError), (["http://a"], ValueError)],
)
def test_what_is_not_a_collection_of_names_is_refused(given, error):
    with pytest.raises(error, match="allowed_hosts"):
        Emulator(allowed_hosts=given)


@pytest.mark.parametrize(("host", "loopback", "bound"), [("0.0.0.0", "127.0.0.1", "0.0.0.0"), ("::", "[::1]", "[::]")])  # noqa: S104 - on purpose
async def test_it_warns_where_other_machines_reach_it(host, loopback, bound, http, caplog):
    async with Emulator(host=host) as emulator:
        port = emulator.endpoint_url.rpartition(":")[2]
        for name, status in ((loopback, 200), (bound, 200), ("192.0.2.1", 403), ("[2001:db8::1]", 403)):
            headers = {"Host": f"{name}:{port}"}
            response = await http.get(f"http://{loopback}:{port}/_emulator/clock", headers=headers)
            assert response.status_code == status
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith(f"other machines can reach the emulator at {host} port {port}")


@pytest.mark.parametrize("name", ["10.1.2.3", "2001:db8::1"])
def test_the_address_of_the_connection_is_served(name):
    request: Any = SimpleNamespace(
        host=f"[{name}]:80" if ":" in name else name, headers={}, get_extra_info=lambda _: (name, 80)
    )
    TrustedHosts("0.0.0.0", ()).check(request)  # noqa: S104 - on purpose


async def test_listening_on_loopback_is_no_warning(caplog):
    async with Emulator(host="localhost"), Emulator(host="127.0.0.2"):
        assert caplog.records == []


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000", "null", "file://", "", "{host}"])
@pytest.mark.parametrize(("method", "path"), [*ADMIN, ("POST", "/"), ("GET", "/")])
async def test_pages_of_other_origins_are_refused(origin, method, path, emulator, http):
    host = emulator.endpoint_url.removeprefix("http://")
    headers = {"Origin": origin.format(host=host), "Content-Type": "application/json"}
    url = f"{emulator.endpoint_url}{path}"
    response = await http.request(method, url, headers=headers, content=b'{"AdvanceSeconds": 1e6}')
    assert (response.status_code, response.json()["__type"]) == (403, "UntrustedOriginException")
    assert not emulator.requests


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_its_own_pages_are_served(scheme, emulator, http):
    origin = {"Origin": emulator.endpoint_url.replace("http", scheme, 1)}
    for path in ("/", "/_emulator/codes"):
        assert (await http.get(f"{emulator.endpoint_url}{path}", headers=origin)).status_code == 200


async def test_the_check_comes_before_faults_and_credentials(post):
    credentials = {"AKID": Credential("secret", "111122223333")}
    async with Emulator(faults=[Fault(Reset())], credentials=credentials) as emulator:
        response = await post(emulator.endpoint_url, "ListConnections", {"Catalog": "AWS"}, Host="evil.example")
    assert response.json()["__type"] == "UntrustedHostException"
