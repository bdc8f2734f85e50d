"""A real dlt pipeline into DuckDB: each row once, none lost, whatever fails and whenever the process is killed."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import dlt
import pytest
from anyio.from_thread import start_blocking_portal
from dlt.pipeline.exceptions import PipelineStepFailed

from aiopartnercentral import account, blocking, selling
from aiopartnercentral.bulk import Credentials, Limits, Role, Source
from aiopartnercentral.emulator import Clock, Emulator
from aiopartnercentral.integrations.dlt import dlt_source
from tests.support.changing_service import ChangingService
from tests.support.servers import Reply, scripted_server

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(__file__).with_name("load_program.py")
FAST = Limits(rate=10_000, backoff=0.001)
OPPORTUNITIES = selling.listings.list_opportunities()
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.chdir(tmp_path)


@attrs.define
class Warehouse:
    """A pipeline into a DuckDB file; each run is like one of a new process."""

    directory: Path

    @property
    def pipeline(self) -> Any:
        return dlt.pipeline(
            "partners",
            destination=dlt.destinations.duckdb(str(self.directory / "warehouse.duckdb")),
            dataset_name="partners",
            pipelines_dir=str(self.directory / "pipelines"),
        )

    def load(self, source: Any, **options: Any) -> None:
        self.pipeline.run(source, **options).raise_on_failed_jobs()

    def query(self, sql: str) -> list[Any]:
        with self.pipeline.sql_client() as client, client.execute_query(sql) as cursor:
            return list(cursor.fetchall())

    def opportunities(self) -> list[str]:
        """Return what the table has, such as `AWS O1 2` for the second revision of O1."""
        rows = self.query("SELECT source_label, id, partner_opportunity_identifier FROM list_opportunities")
        return sorted(f"{label} {name} {revision.removeprefix('revision ')}" for label, name, revision in rows)

    @property
    def cursors(self) -> dict[str, Any]:
        resources = self.pipeline.state["sources"]["partner_central"]["resources"]
        return dict(resources["ListOpportunities"]["cursors"])


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path)


@attrs.define
class Night:
    """A service whose items change, and what is collected of it."""

    service: ChangingService
    server: Any

    def source(self, listings: Any = OPPORTUNITIES, catalogs: Any = ("AWS", "Sandbox"), **options: Any) -> Any:
        sources = [Source(catalog, endpoint_url=self.server.url) for catalog in catalogs]
        self.service.now += HOUR
        return dlt_source(listings, sources, limits=FAST, **options)


@pytest.fixture
def night() -> Iterator[Night]:
    service = ChangingService()
    for number in range(5):
        service.change("AWS", f"O{number}")
    service.change("Sandbox", "S0")
    with scripted_server() as server:
        server.answer = service
        yield Night(service, server)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    sizes = {"AWS": 230, "Sandbox": 40}
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(
            Emulator(sizes, clock=Clock(datetime.now(UTC)))  # the time in its answers
        ) as emulator,
    ):
        yield emulator


def test_the_same_night_twice_and_a_new_item(warehouse: Warehouse, emulator: Emulator) -> None:
    def source() -> Any:
        sources = [Source(catalog, endpoint_url=emulator.endpoint_url) for catalog in ("AWS", "Sandbox")]
        return dlt_source([account.listings.list_connections(), OPPORTUNITIES], sources, limits=FAST)

    def counts(table: str) -> tuple[int, int]:
        keys = warehouse.query(f"SELECT source_label, id FROM {table}")  # noqa: S608 - as below
        return len(keys), len(set(keys))

    def loaded() -> dict[str, int]:
        rows = warehouse.query(
            "SELECT listing, sum(items)::INT FROM report WHERE complete "
            "GROUP BY run_id, listing ORDER BY max(started_at)"
        )
        return dict(rows)  # of the last run

    warehouse.load(source())
    opportunities = counts("list_opportunities")[0]
    assert counts("list_connections") == (270, 270)
    assert loaded() == {"ListConnections": 270, "ListOpportunities": opportunities}
    warehouse.load(source())
    assert counts("list_connections") == (270, 270)
    assert counts("list_opportunities") == (opportunities, opportunities)
    assert loaded()["ListOpportunities"] == 0
    with blocking(selling.connect(endpoint_url=emulator.endpoint_url)) as call:
        made = call(lambda client: client.create_opportunity(catalog="AWS", client_token="one"))
    warehouse.load(source())
    assert counts("list_opportunities") == (opportunities + 1, opportunities + 1)
    assert loaded()["ListOpportunities"] == 1
    assert ("AWS", made.id) in warehouse.query("SELECT source_label, id FROM list_opportunities")
    status = "SELECT DISTINCT unnest(connection_types->>'$.*.status') FROM list_connections"
    assert ("ACTIVE",) in warehouse.query(status)


def test_the_rows_of_a_source_arrive_once_it_is_allowed(warehouse: Warehouse, night: Night) -> None:
    night.service.denied = {"AWS"}
    warehouse.load(night.source())
    assert warehouse.opportunities() == ["Sandbox S0 1"]
    assert warehouse.cursors.keys() == {"Sandbox"}
    night.service.change("Sandbox", "S1")
    warehouse.load(night.source())
    night.service.denied = set()
    night.service.change("Sandbox", "S0")
    warehouse.load(night.source())
    whole = [*(f"AWS O{number} 1" for number in range(5)), "Sandbox S0 2", "Sandbox S1 1"]
    assert warehouse.opportunities() == whole
    outcomes = warehouse.query("SELECT label, outcome, items, since IS NULL FROM report ORDER BY started_at, label")
    assert sorted(outcomes[4:]) == [("AWS", "complete", 5, True), ("Sandbox", "complete", 1, False)]
    error = warehouse.query("SELECT error->>'type' FROM report WHERE outcome = 'failed'")
    assert error == [("AccessDeniedException",)] * 2


def test_a_source_that_fails_after_a_page_keeps_its_cursor(warehouse: Warehouse, night: Night) -> None:
    warehouse.load(night.source())
    before = warehouse.cursors
    for number in range(5):
        night.service.change("AWS", f"O{number}")
    night.service.failing = {"AWS"}
    warehouse.load(night.source())
    assert warehouse.cursors["AWS"] == before["AWS"]
    assert warehouse.cursors["Sandbox"] != before["Sandbox"]
    assert [row for row in warehouse.opportunities() if row.endswith("2")] == ["AWS O0 2", "AWS O1 2", "AWS O2 2"]
    night.service.failing = set()
    warehouse.load(night.source())
    assert warehouse.opportunities() == [*(f"AWS O{number} 2" for number in range(5)), "Sandbox S0 1"]


def test_a_source_that_one_run_leaves_out_keeps_its_cursor(warehouse: Warehouse, night: Night) -> None:
    warehouse.load(night.source())
    before = warehouse.cursors
    warehouse.load(night.source(catalogs=["AWS"]))
    assert warehouse.cursors["Sandbox"] == before["Sandbox"]
    night.service.asked.clear()
    warehouse.load(night.source())
    assert all(bound is not None for _, bound in night.service.asked)


def test_nothing_of_a_run_that_raises_is_loaded(warehouse: Warehouse, night: Night) -> None:
    warehouse.load(night.source(on_error="raise"))
    before = warehouse.cursors
    night.service.denied = {"AWS"}
    night.service.change("Sandbox", "S0")
    with pytest.raises(PipelineStepFailed, match="1 source failed: AWS ListOpportunities"):
        warehouse.load(night.source(on_error="raise"))
    assert warehouse.cursors == before
    assert "Sandbox S0 1" in warehouse.opportunities()
    night.service.denied = set()
    warehouse.load(night.source(on_error="raise"))
    assert "Sandbox S0 2" in warehouse.opportunities()


@pytest.mark.parametrize("first", [1, 2])
def test_the_last_revision_of_an_item_counts(warehouse: Warehouse, night: Night, first: int) -> None:
    def page(number: int, **more: str) -> Reply:
        item = {
            "Catalog": "AWS",
            "Id": "O1",
            "Arn": "a",
            "CreatedDate": "2024-05-01T12:00:00Z",
            "LastModifiedDate": f"2024-05-0{number}T12:00:00Z",
            "PartnerOpportunityIdentifier": str(number),
        }
        return Reply({"OpportunitySummaries": [item], **more})

    night.server.replies(page(first, NextToken="next"), page(3 - first))
    warehouse.load(night.source(catalogs=["AWS"]))
    assert warehouse.opportunities() == ["AWS O1 2"]


@pytest.mark.parametrize("mode", ["round_robin", "fifo"])
def test_listings_are_collected_one_after_the_other(
    warehouse: Warehouse, night: Night, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv("EXTRACT__NEXT_ITEM_MODE", mode)
    listings = [OPPORTUNITIES, account.listings.list_partners()]
    warehouse.load(night.source(listings))
    asked = [name for name, _ in groupby(received.operation for received in night.server.received)]
    assert sorted(asked) == ["ListOpportunities", "ListPartners"]
    night.server.received.clear()
    warehouse.load(night.source(listings).with_resources("ListPartners"))
    assert {received.operation for received in night.server.received} == {"ListPartners"}
    rows = warehouse.query("SELECT listing, count(*) FROM report GROUP BY ALL ORDER BY ALL")
    assert rows == [("ListOpportunities", 2), ("ListPartners", 4)]


def test_an_empty_listing_has_a_table(warehouse: Warehouse, night: Night) -> None:
    night.service.items.clear()
    warehouse.load(night.source())
    assert warehouse.opportunities() == []


def test_a_changed_filter_needs_a_refresh(warehouse: Warehouse, night: Night) -> None:
    warehouse.load(night.source())
    other = selling.listings.list_opportunities(life_cycle_stage=["Launched"])
    expected = r"state of the resource ListOpportunities .*LifeCycleStage.*refresh='drop_resources'"
    with pytest.raises(PipelineStepFailed, match=expected):
        warehouse.load(night.source(other))
    warehouse.load(night.source(other), refresh="drop_resources")
    assert len(warehouse.opportunities()) == 6


def test_a_refresh_removes_deleted_rows(warehouse: Warehouse, night: Night) -> None:
    warehouse.load(night.source())
    del night.service.items["AWS"]["O3"]
    warehouse.load(night.source())
    assert "AWS O3 1" in warehouse.opportunities()
    warehouse.load(night.source(), refresh="drop_resources")
    assert warehouse.opportunities() == ["AWS O0 1", "AWS O1 1", "AWS O2 1", "AWS O4 1", "Sandbox S0 1"]


def test_whole_listings_are_collected_as_a_whole(warehouse: Warehouse, night: Night) -> None:
    for _ in range(2):
        warehouse.load(night.source(whole=["ListOpportunities"]))
    assert {bound for _, bound in night.service.asked} == {None}
    assert len(warehouse.opportunities()) == 6


def test_a_schema_contract_holds(warehouse: Warehouse, night: Night) -> None:
    opportunities = {"things": OPPORTUNITIES}
    partners = {"things": account.listings.list_partners()}
    frozen = {"tables": "evolve", "columns": "freeze", "data_type": "freeze"}
    warehouse.load(night.source(opportunities, schema_contract=frozen))
    with pytest.raises(PipelineStepFailed, match=r"things.*legal_name|legal_name.*things"):
        warehouse.load(night.source(partners, schema_contract=frozen, whole=["things"]))
    warehouse.load(night.source(partners, whole=["things"]))
    names = {name for (name,) in warehouse.query("SELECT legal_name FROM things")}
    assert names == {None, "n"}


def run(directory: Path, url: str, *step: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(PROGRAM), str(directory), url, *step]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    process.stdout.close()
    return process


@pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning")  # by dlt
@pytest.mark.parametrize(("step", "keeps_directory"), [("extract", True), ("normalize", True), ("extract", False)])
def test_killed_before_the_load_it_loses_nothing(
    warehouse: Warehouse,
    night: Night,
    step: str,
    keeps_directory: bool,  # noqa: FBT001 - of pytest
) -> None:
    warehouse.load(night.source())
    night.service.now += HOUR
    night.service.change("AWS", "O3")
    assert run(warehouse.directory, night.server.url, step).wait(60) < 0
    assert "AWS O3 1" in warehouse.opportunities()
    night.service.now += HOUR
    night.service.change("AWS", "O4")
    if not keeps_directory:  # a new container
        shutil.rmtree(warehouse.directory / "pipelines")
    else:  # the first run loads what the killed one has extracted, and collects nothing
        warehouse.load(night.source())
        assert [row for row in warehouse.opportunities() if row.endswith("2")] == ["AWS O3 2"]
    warehouse.load(night.source())
    expected = ["AWS O0 1", "AWS O1 1", "AWS O2 1", "AWS O3 2", "AWS O4 2", "Sandbox S0 1"]
    assert warehouse.opportunities() == expected


def test_dropping_what_was_extracted_loses_nothing(warehouse: Warehouse, night: Night) -> None:
    warehouse.load(night.source())
    night.service.change("AWS", "O3")
    pipeline = warehouse.pipeline
    pipeline.extract(night.source())
    pipeline.drop()
    warehouse.load(night.source())
    assert "AWS O3 2" in warehouse.opportunities()


def test_killed_at_any_moment_it_loads_every_row_once(warehouse: Warehouse, night: Night) -> None:
    dice, kills = random.Random(18), 0
    for number in range(3):
        night.service.now += HOUR
        night.service.change("AWS", f"O{number}")
        process = run(warehouse.directory, night.server.url)
        try:
            process.wait(dice.uniform(0.1, 1.0))
        except subprocess.TimeoutExpired:
            process.kill()
            kills += 1
        process.wait(60)
    assert kills
    for _ in range(2):  # the first one may only load what is pending
        assert run(warehouse.directory, night.server.url).wait(60) == 0
    expected = [*(f"AWS O{number} 2" for number in range(3)), "AWS O3 1", "AWS O4 1", "Sandbox S0 1"]
    assert warehouse.opportunities() == expected
    assert warehouse.query("SELECT count(*) - count(DISTINCT (run_id, label)) FROM report") == [(0,)]


def test_secrets_are_nowhere(warehouse: Warehouse, night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ["the-secret-key", "the-session-token", "the-external-id"]

    async def provider() -> Credentials:
        return Credentials(access_key_id="AKIDEXAMPLE", secret_access_key=secrets[0], session_token=secrets[1])

    with scripted_server() as sts:
        sts.answer = lambda _: Reply(b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>", 403)
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        role = Role(arn="arn:aws:iam::111122223333:role/reader", external_id=secrets[2])
        sources = [
            Source("AWS", endpoint_url=night.server.url, credentials=provider, label="ada"),
            Source("AWS", endpoint_url=night.server.url, role=role, label="grace"),
        ]
        warehouse.load(dlt_source(OPPORTUNITIES, sources, limits=FAST))
        with pytest.raises(PipelineStepFailed) as failure:
            warehouse.load(dlt_source(OPPORTUNITIES, sources, limits=FAST, on_error="raise"))
    outcomes = warehouse.query("SELECT label, outcome FROM report ORDER BY label")
    assert outcomes == [("ada", "complete"), ("grace", "failed")]
    texts = [
        str(failure.value),
        repr(dlt_source(OPPORTUNITIES, sources)),
        repr(warehouse.pipeline.state),
    ]
    tables = warehouse.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'partners'")
    texts += [repr(warehouse.query(f"FROM {table}")) for (table,) in tables]
    files = [path for path in warehouse.directory.rglob("*") if path.is_file()]
    texts += [path.read_bytes().decode(errors="replace") for path in files]
    assert len(files) > 5
    assert [secret for secret in secrets if any(secret in text for text in texts)] == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"whole": ["ListPartners"]}, ValueError, "whole names 'ListPartners', which is not a listing of this source"),
        ({"on_error": "finish"}, ValueError, "on_error must be 'report' or 'raise'"),
        ({"name": 3}, TypeError, "name must be"),
        ({"checkpoint": "a"}, TypeError, r"dlt_source\(\).*checkpoint"),
        ({"limits": 3}, TypeError, "limits must be"),
        ({"listings": {"report": OPPORTUNITIES}}, ValueError, "report would have the table report"),
        ({"listings": {"a_b": OPPORTUNITIES, "aB": OPPORTUNITIES}}, ValueError, "aB would have the table a_b"),
        ({"listings": "ListOpportunities"}, TypeError, "listing"),
        ({"sources": []}, ValueError, "sources"),
    ],
)
def test_a_wrong_argument_is_refused_before_a_run(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        dlt_source(**{"listings": OPPORTUNITIES, "sources": ["AWS"], **arguments})


def test_an_open_client_is_refused(night: Night) -> None:
    with (
        blocking(selling.connect(endpoint_url=night.server.url)) as call,
        pytest.raises(ValueError, match="source client/AWS has an open client"),
    ):
        dlt_source(OPPORTUNITIES, Source("AWS", client=call.opened))
