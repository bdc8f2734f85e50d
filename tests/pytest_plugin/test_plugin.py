"""The pytest plugin, in suites that use it as their own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.pytest_plugin.conftest import RunSuite

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")
ANYIO = "import pytest\n\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n\n"


def test_the_documented_example_runs(run_suite: RunSuite) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    ran = run_suite(ANYIO + example, "-p", "no:asyncio")
    names = set(re.findall(r"def (test_\w+)", example))
    assert len(names) == 5
    assert ran.all_passed(*names), ran.text


SYNC = """
import os
from contextlib import closing
from datetime import timedelta

import boto3
import pytest
from aiopartnercentral.emulator import Clock, Credential

REAL = {name: os.environ.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "no_proxy")}


@pytest.fixture
def partnercentral_emulator_arguments():
    return {"catalogs": {"AWS": 7}, "seed": 7}


def invite(receiver="444455556666"):
    with closing(boto3.Session().client("partnercentral-account")) as client:
        return client.create_connection_invitation(
            Catalog="AWS", ConnectionType="SUBSIDIARY", ReceiverIdentifier=receiver,
            Email="ada@example.com", Name="Ada", Message="Hello",
        )


def listed():
    with closing(boto3.Session().client("partnercentral-account")) as client:
        return client.list_connections(Catalog="AWS")["ConnectionSummaries"]


@pytest.mark.partnercentral_emulator(catalogs={"AWS": 0})
@pytest.mark.parametrize("turn", range(3))
def test_nothing_is_left_of_the_test_before(partnercentral_emulator, turn):
    assert partnercentral_emulator.requests == ()
    assert invite()["Status"] == "PENDING"


def test_arguments_come_from_the_fixture(partnercentral_emulator):
    assert len(listed()) == 7


def test_other_services_are_directed_to_it_too(partnercentral_emulator):
    with closing(boto3.Session().client("partnercentral-selling")) as client:
        assert len(client.list_opportunities(Catalog="AWS")["OpportunitySummaries"]) == 7
    for name in ("revenue-measurement", "channel", "benefits"):
        variable = f"AWS_ENDPOINT_URL_PARTNERCENTRAL_{name.upper().replace('-', '_')}"
        assert os.environ[variable] == partnercentral_emulator.endpoint_url


@pytest.mark.partnercentral_emulator(catalogs={"AWS": 2}, requests_per_second=50)
class TestClosest:
    def test_a_marker_wins(self, partnercentral_emulator):
        assert len(listed()) == 2

    @pytest.mark.partnercentral_emulator(catalogs={"AWS": 3})
    def test_the_closest_one_wins(self, partnercentral_emulator):
        assert len(listed()) == 3
        assert partnercentral_emulator.requests_per_second == 50


@pytest.mark.partnercentral_emulator(clock=Clock(running=False))
@pytest.mark.parametrize("turn", range(2))
def test_a_clock_in_a_marker_is_copied_for_each_test(partnercentral_emulator, turn):
    before = partnercentral_emulator.clock.now()
    assert before == Clock(running=False).now()
    assert partnercentral_emulator.clock.advance(timedelta(days=1)) == before + timedelta(days=1)


def test_the_developers_credentials_are_not_used(partnercentral_emulator):
    found = boto3.Session().get_credentials().get_frozen_credentials()
    assert (found.access_key, found.secret_key, found.token) == ("any", "any", None)
    assert "AWS_PROFILE" not in os.environ
    assert os.environ["AWS_ENDPOINT_URL_S3"] == "http://localhost:1"
    assert listed()


def test_afterwards_the_environment_is_what_it_was():
    assert {name: os.environ.get(name) for name in REAL} == REAL
    assert REAL["AWS_ACCESS_KEY_ID"] == "AKIAREAL"


@pytest.mark.partnercentral_emulator(credentials={"AKIDTEST": Credential("secret", "111122223333", "token")})
def test_given_credentials_sign_requests(partnercentral_emulator):
    assert listed() == []
    assert partnercentral_emulator.requests[0].account == "111122223333"


def test_several_at_once(partnercentral_emulator, partnercentral_emulator_factory):
    with partnercentral_emulator_factory(catalogs={"AWS": 1}) as another:
        assert another.endpoint_url != partnercentral_emulator.endpoint_url
        with closing(boto3.Session().client("partnercentral-account", endpoint_url=another.endpoint_url)) as client:
            assert len(client.list_connections(Catalog="AWS")["ConnectionSummaries"]) == 1
    assert partnercentral_emulator.requests == ()
"""
SYNC_TESTS = (
    *(f"test_nothing_is_left_of_the_test_before[{turn}]" for turn in range(3)),
    "test_arguments_come_from_the_fixture",
    "test_other_services_are_directed_to_it_too",
    "test_a_marker_wins",
    "test_the_closest_one_wins",
    *(f"test_a_clock_in_a_marker_is_copied_for_each_test[{turn}]" for turn in range(2)),
    "test_the_developers_credentials_are_not_used",
    "test_afterwards_the_environment_is_what_it_was",
    "test_given_credentials_sign_requests",
    "test_several_at_once",
)


def test_synchronous_tests_reach_it_in_parallel(run_suite: RunSuite, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[profile real]\naws_access_key_id = AKIAREAL\naws_secret_access_key = x\n", encoding="utf-8")
    developer = {
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_PROFILE": "real",
        "AWS_CONFIG_FILE": str(config),
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_ENDPOINT_URL_S3": "http://localhost:1",
        "HTTP_PROXY": "http://127.0.0.1:1",
    }
    ran = run_suite(SYNC, "-n", "2", "-p", "no:asyncio", **developer)
    assert ran.all_passed(*SYNC_TESTS), ran.text


ASYNC = """
from aiopartnercentral import account

async def test_it_is_on_the_loop_of_the_test(partnercentral_client, partnercentral_emulator):
    page = await partnercentral_client.list_connections(catalog="AWS", max_results=5)
    assert isinstance(page, account.ListConnectionsResponse)
    assert len(page.connection_summaries) == 5
    assert partnercentral_emulator.requests[-1].account == "123456789012"
"""
ALL = """

@pytest.mark.partnercentral_emulator(scenario=SCENARIO, catalogs={"AWS": 5})
async def test_every_service_has_a_client(
    partnercentral_emulator, partnercentral_client, partnercentral_selling_client, partnercentral_benefits_client,
    partnercentral_channel_client, partnercentral_marketing_client, partnercentral_revenue_client,
):
    assert len((await partnercentral_client.list_connections(catalog="AWS")).connection_summaries) == 5
    await partnercentral_selling_client.list_opportunities(catalog="AWS")
    await partnercentral_benefits_client.list_benefit_applications(catalog="AWS")
    await partnercentral_channel_client.list_program_management_accounts(catalog="AWS")
    await partnercentral_marketing_client.list_campaigns(catalog="AWS")
    await partnercentral_revenue_client.list_revenue_attributions(catalog="AWS")
    services = [request.service.removeprefix("partnercentral-") for request in partnercentral_emulator.requests]
    assert services == ["account", "selling", "benefits", "channel", "marketing", "revenue-measurement"]
    assert {request.account for request in partnercentral_emulator.requests} == {"111122223333"}
"""
# The fixtures take the credentials of a scenario.
SCENARIO = """
account_id = "111122223333"

[[account]]
account_id = "111122223333"
access_key_id = "AKIAEXAMPLE"
secret_access_key = "a secret"
"""
OPTIONS = """

class TestAnotherAccount:
    @pytest.fixture
    def partnercentral_client_options(self):
        return {"aws_access_key_id": "111122223333", "aws_secret_access_key": "any"}

    async def test_the_client_takes_options(self, partnercentral_client, partnercentral_emulator):
        assert (await partnercentral_client.list_connections(catalog="AWS")).connection_summaries == []
        assert partnercentral_emulator.requests[-1].account == "111122223333"
"""


@pytest.mark.parametrize(
    ("marks", "arguments"),
    [
        (f"{ANYIO}pytestmark = pytest.mark.anyio\n", ()),
        ("import pytest\npytestmark = pytest.mark.asyncio\n", ()),
        ("import pytest\n", ("--asyncio-mode=auto",)),
    ],
    ids=["anyio beside pytest-asyncio", "pytest-asyncio", "pytest-asyncio in auto mode"],
)
def test_an_asynchronous_test_has_a_client(
    run_suite: RunSuite, tmp_path: Path, marks: str, arguments: tuple[str, ...]
) -> None:
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    suite = f"{marks}SCENARIO = {str(scenario)!r}\n{ASYNC}{ALL}{OPTIONS}"
    ran = run_suite(suite, *arguments, ini="asyncio_default_fixture_loop_scope = function\n")
    names = ("test_it_is_on_the_loop_of_the_test", "test_every_service_has_a_client", "test_the_client_takes_options")
    assert ran.all_passed(*names), ran.text


MISUSED = """
import pytest

def test_without_a_loop(partnercentral_client):
    pass

@pytest.mark.asyncio
async def test_without_pytest_asyncio(partnercentral_client):
    pass

@pytest.mark.partnercentral_emulator({"AWS": 3})
def test_with_an_argument_without_a_name(partnercentral_emulator):
    pass

@pytest.mark.partnercentral_emulator(catalogs={"AWS": -1})
def test_with_an_impossible_catalog(partnercentral_emulator):
    pass
"""


def test_misuse_is_reported_with_what_to_do(run_suite: RunSuite) -> None:
    ran = run_suite(MISUSED, "-p", "no:asyncio", ini="markers = asyncio\n")
    assert set(ran.outcomes.values()) == {"error"}
    assert len(ran.outcomes) == 4
    for told in (
        "marked for pytest-asyncio, which is not installed",
        "mark this one with pytest.mark.anyio or pytest.mark.asyncio",
        "takes keyword arguments of Emulator only",
        "catalogs['AWS'] must be an integer from 0 to",
    ):
        assert told in ran.text


UNUSED = """
import sys

def test_what_is_loaded():
    mine = {name for name in sys.modules if name.startswith("aiopartnercentral")}
    assert {name.removeprefix("aiopartnercentral") for name in mine} == {
        "", ".pytest_plugin"
    }
    assert not {"aiohttp", "aiobotocore", "attrs", "attr", "botocore", "cattrs", "msgspec"} & set(sys.modules)
"""


def test_unused_it_imports_nothing_but_pytest(run_suite: RunSuite) -> None:
    # By itself: other plugins of this environment import attrs, and so on, for purposes of their own.
    ran = run_suite(UNUSED, "-p", "aiopartnercentral.pytest_plugin", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert ran.all_passed("test_what_is_loaded"), ran.text


def test_it_can_be_disabled(run_suite: RunSuite) -> None:
    ran = run_suite("def test_it(partnercentral_emulator): pass", "-p", "no:asyncio", "-p", "no:aiopartnercentral")
    assert "fixture 'partnercentral_emulator' not found" in ran.text
