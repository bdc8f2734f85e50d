"""Listings as data frames, on the real engine: threads of one process, and a cluster of processes."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from anyio.from_thread import start_blocking_portal

from aiopartnercentral import account
from aiopartnercentral.bulk import Role, Source
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.integrations.spark import data_source, frame
from tests.support.doc_blocks import BLOCKS
from tests.support.servers import Reply, scripted_server

if TYPE_CHECKING:
    from collections.abc import Iterator

pyspark = pytest.importorskip("pyspark", reason="needs the extra spark: nox -s spark")
from pyspark.sql import SparkSession, functions  # noqa: E402 - if there is one

HAS_DATA_SOURCES = int(pyspark.__version__.partition(".")[0]) >= 4
MASTERS = ["local[2,4]", "local-cluster[2,1,1024]"]
"""Two threads, each task of which may be tried four times; two executors with a core and 1024 MiB."""
LISTING = account.listings.list_connections(page_size=10)
ITEMS, PAGES = 35, 4
EXTERNAL_ID = "external-id-5d0c1f"
INLINE_ID = "external-id-in-a-file-77ab"
ASSUMED = b"""<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>any</AccessKeyId>
<SecretAccessKey>any</SecretAccessKey><SessionToken>any</SessionToken><Expiration>2199-01-01T00:00:00Z</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>"""

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning:pyspark"),  # it warns of new versions of pandas
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pyspark"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of its sockets
]


@attrs.frozen
class Engine:
    """A session of Spark, and where its event log is."""

    spark: Any
    log: Path

    def logged(self) -> str:
        """Return the event log so far, also of a session that is not stopped yet."""
        return "".join(path.read_text(encoding="utf-8") for path in self.log.rglob("*") if path.is_file())


@attrs.frozen
class Accounts:
    """Four accounts, each with an emulator: `denied` is denied, and `slow` has a low rate limit."""

    emulators: dict[str, Emulator]
    sources: list[Source]
    file: Path

    def asked(self) -> Counter[str]:
        """Return how many requests each account has had that were not throttled."""
        return Counter(
            {
                name: sum(request.error != "ThrottlingException" for request in emulator.requests)
                for name, emulator in self.emulators.items()
            }
        )


@contextmanager
def session(master: str, folder: Path) -> Iterator[Engine]:
    log = folder / "log"
    log.mkdir()
    builder = SparkSession.builder.master(master)
    for name, value in {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.eventLog.dir": log.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.enabled": "true",
        "spark.executor.memory": "1g",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    spark.sparkContext.addPyFile(str(Path(__file__).with_name("noting_observer.py")))
    try:
        yield Engine(spark, log)
    finally:
        spark.stop()


@pytest.fixture(scope="module")
def sts() -> Iterator[Any]:
    with scripted_server() as server:
        server.replies(Reply(ASSUMED))
        yield server


@pytest.fixture(scope="module")
def notes(tmp_path_factory) -> Path:
    path: Path = tmp_path_factory.mktemp("notes") / "processes"
    return path


@pytest.fixture(scope="module")
def environment(sts, notes, tmp_path_factory) -> Iterator[None]:
    """Set what the processes of Spark inherit from this one."""
    folder = tmp_path_factory.mktemp("environment")
    (folder / "empty").touch()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_CONFIG_FILE": str(folder / "empty"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL_STS": sts.url,
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "empty"),
            "NOTED_PROCESSES": str(notes),
            "PARTNER_EXTERNAL_ID": EXTERNAL_ID,
            "PYSPARK_DRIVER_PYTHON": sys.executable,
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_LOCAL_DIRS": str(folder),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_WORKER_DIR": str(folder / "workers"),
        }.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module", params=MASTERS[:1])
def engine(request, environment, tmp_path_factory) -> Iterator[Engine]:  # noqa: ARG001 - its processes inherit it
    with session(request.param, tmp_path_factory.mktemp("spark")) as engine:
        yield engine


@pytest.fixture
def accounts(tmp_path) -> Iterator[Accounts]:
    settings: dict[str, dict[str, Any]] = {
        "ada": {},
        "grace": {},
        "denied": {"denied_catalogs": ["AWS"]},
        "slow": {"requests_per_second": 2.0},
    }
    emulators = {name: Emulator({"AWS": ITEMS}, **options) for name, options in settings.items()}
    with start_blocking_portal() as portal:
        for emulator in emulators.values():
            portal.call(emulator.__aenter__)
        sources = [
            Source("AWS", endpoint_url=emulator.endpoint_url, label=name, account=name)
            for name, emulator in emulators.items()
        ]
        file = tmp_path / "sources.toml"
        file.write_text("".join(map(table, sources)), encoding="utf-8")
        try:
            yield Accounts(emulators, sources, file)
        finally:
            for emulator in emulators.values():
                portal.call(emulator.__aexit__, None, None, None)


def table(source: Source, more: str = "") -> str:
    return f"""[[source]]
catalogs = ["AWS"]
endpoint_url = "{source.endpoint_url}"
label = "{source.label}"
account = "{source.account}"
{more}
"""


everywhere = pytest.mark.parametrize("engine", MASTERS, indirect=True)
needs_data_sources = pytest.mark.skipif(not HAS_DATA_SOURCES, reason="Spark 3.5 has no data sources in Python")
FRAME, FORMAT, REGISTERED = "frame", *(pytest.param(way, marks=needs_data_sources) for way in ("format", "registered"))


def read(way: str, engine: Engine, accounts: Accounts, on_error: Any = "row", **options: Any) -> Any:
    """Return the data frame of the accounts, each with a partition of its own."""
    if way == "frame":
        return frame(engine.spark, LISTING, accounts.sources, on_error=on_error, **options)
    if way == "registered":
        made = data_source(LISTING, accounts.sources, name="connections", on_error=on_error, **options)
        engine.spark.dataSource.register(made)
        return engine.spark.read.format("connections").load()
    assert not options
    given = {"sources": str(accounts.file), "listing": "account.list_connections", "filters": '{"page_size": 10}'}
    return engine.spark.read.format("partnercentral").options(**given, onError=on_error).load()


def counted(rows: list[Any]) -> dict[str, int]:
    """Return how many rows each account has, after checking that each is there once."""
    assert len({(row["source_label"], row["id"]) for row in rows}) == len(rows)
    return dict(Counter(row["source_label"] for row in rows))


EVERYTHING = {"ada": ITEMS, "grace": ITEMS, "slow": ITEMS, "denied": 1}
ONCE = {"ada": PAGES, "grace": PAGES, "slow": PAGES, "denied": 1}


@everywhere
@pytest.mark.parametrize("way", [FRAME, FORMAT, REGISTERED])
def test_every_row_is_there_once_and_a_failure_is_a_row(engine, accounts, way) -> None:
    found = read(way, engine, accounts)
    assert found.columns[:4] == ["source_label", "source_catalog", "source_error", "catalog"]
    rows = found.collect()
    assert counted(rows) == EVERYTHING
    ((label, error),) = ((row["source_label"], row["source_error"]) for row in rows if row["source_error"] is not None)
    assert label == "denied"
    assert error.startswith("AccessDeniedException: the caller's policy must allow ListConnections")
    assert accounts.asked() == ONCE
    assert any(request.error == "ThrottlingException" for request in accounts.emulators["slow"].requests)


@pytest.mark.parametrize("way", [FRAME, FORMAT])
def test_values_are_those_of_the_service(engine, accounts, way) -> None:
    row = read(way, engine, accounts).where("source_label = 'ada'").orderBy("id").first()
    with start_blocking_portal() as portal:
        item = min(portal.call(connections, accounts.emulators["ada"]), key=lambda item: item.id)
    assert (row["id"], row["arn"]) == (item.id, item.arn)
    assert row["updated_at"].timestamp() == item.updated_at.timestamp()
    assert {kind: detail["status"] for kind, detail in row["connection_types"].items()} == {
        kind: detail.status for kind, detail in item.connection_types.items()
    }


async def connections(emulator: Emulator) -> list[account.ConnectionSummary]:
    async with account.connect(endpoint_url=emulator.endpoint_url) as client:
        return [item async for item in client.paginate.list_connections(catalog="AWS")]


@everywhere
@pytest.mark.parametrize("way", [FRAME, REGISTERED])
def test_a_task_whose_worker_is_killed_is_repeated(engine, accounts, way, notes) -> None:
    """Kill it after its first page, while it waits for the second."""
    from noting_observer import note_process  # noqa: PLC0415 - the session gives it to all processes

    notes.unlink(missing_ok=True)
    accounts.emulators["ada"].latency = 1.0
    killer = threading.Thread(target=kill_worker, args=(notes, "ada"))
    killer.start()
    rows = read(way, engine, accounts, observer=note_process).collect()
    killer.join()
    noted = [line.split() for line in notes.read_text(encoding="utf-8").splitlines()]
    assert len({process for process, label in noted if label == "ada"}) == 2
    assert counted(rows) == EVERYTHING
    asked = accounts.asked()
    assert PAGES < asked["ada"] <= 2 * PAGES
    assert asked["grace"] <= 2 * PAGES  # its task may have run in the process that was killed


def kill_worker(notes: Path, label: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        lines = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
        for line in lines:
            if line.endswith(f" {label}"):
                os.kill(int(line.split()[0]), signal.SIGKILL)
                return
        time.sleep(0.01)


@pytest.mark.parametrize("way", [FRAME, FORMAT])
def test_an_error_that_is_raised_ends_the_query_after_four_tries(engine, accounts, way) -> None:
    found = read(way, engine, accounts, on_error="raise")
    assert "source_error" not in found.columns
    with pytest.raises(Exception, match="AccessDeniedException"):
        found.collect()
    assert accounts.asked()["denied"] == 4


@pytest.mark.parametrize("way", [FRAME, FORMAT])
def test_each_query_requests_each_page_once(engine, accounts, way) -> None:
    found = read(way, engine, accounts)
    assert found.count() == sum(EVERYTHING.values())
    assert accounts.asked() == ONCE
    assert len(found.limit(3).collect()) == 3
    before = accounts.asked()
    kept = found.cache()
    try:
        assert [kept.count(), kept.where("source_error is null").count()] == [sum(EVERYTHING.values()), 3 * ITEMS]
        assert accounts.asked() - before == ONCE
    finally:
        kept.unpersist()


@pytest.mark.parametrize("way", [FRAME, FORMAT])
def test_a_union_reads_twice_and_a_self_join_of_the_written_table_never(engine, accounts, way, tmp_path) -> None:
    found = read(way, engine, accounts)
    assert found.union(found).count() == 2 * sum(EVERYTHING.values())
    assert accounts.asked() == {name: 2 * pages for name, pages in ONCE.items()}
    found.write.parquet(str(tmp_path / "raw"))
    before = accounts.asked()
    raw = engine.spark.read.parquet(str(tmp_path / "raw")).where("source_error is null")
    left, right = raw.alias("a"), raw.alias("b")
    same = (functions.col("a.id") == functions.col("b.id")) & (
        functions.col("a.source_label") == functions.col("b.source_label")
    )
    assert left.join(right, same).count() == 3 * ITEMS
    assert accounts.asked() == before


@needs_data_sources
def test_sql_reads_it(engine, accounts) -> None:
    engine.spark.sql(
        "CREATE OR REPLACE TEMPORARY VIEW connections USING partnercentral OPTIONS "
        f"(sources '{accounts.file}', listing 'account.list_connections', filters '{{\"page_size\": 10}}')"
    )
    rows = engine.spark.sql("SELECT source_label, count(*) FROM connections GROUP BY source_label").collect()
    assert dict(map(tuple, rows)) == EVERYTHING
    assert accounts.asked() == ONCE


@pytest.mark.parametrize("way", [FRAME, FORMAT])
def test_external_ids_are_used_and_appear_nowhere(engine, accounts, way, sts) -> None:
    role = Role(arn="arn:aws:iam::111122223333:role/reader", external_id_env="PARTNER_EXTERNAL_ID")
    sources = [attrs.evolve(source, role=role) for source in accounts.sources]
    more = 'role_arn = "arn:aws:iam::111122223333:role/reader"\nexternal_id_env = "PARTNER_EXTERNAL_ID"'
    accounts.file.write_text("".join(table(source, more) for source in accounts.sources), encoding="utf-8")
    sts.received.clear()
    accounts = attrs.evolve(accounts, sources=sources)
    found = read(way, engine, accounts)
    shown = found._jdf.queryExecution().toString()
    assert counted(found.collect()) == EVERYTHING
    assert any(EXTERNAL_ID in str(received.body) for received in sts.received)
    with pytest.raises(Exception, match="AccessDeniedException") as raised:
        read(way, engine, accounts, on_error="raise").collect()
    assert EXTERNAL_ID not in shown + str(raised.value) + engine.logged()
    assert "SparkListenerJobEnd" in engine.logged()


@needs_data_sources
def test_a_secret_that_is_refused_appears_nowhere(engine, accounts) -> None:
    spark, listing = engine.spark, {"listing": "account.list_connections"}
    more = f'role_arn = "arn:aws:iam::111122223333:role/reader"\nexternal_id = "{INLINE_ID}"'
    accounts.file.write_text("".join(table(source, more) for source in accounts.sources), encoding="utf-8")
    for options, message in (
        ({"sources": str(accounts.file)}, "give the role external_id_env"),
        ({"sources": str(accounts.file), "external_id": INLINE_ID}, "option 'external_id' may be a secret"),
    ):
        with pytest.raises(Exception, match=message) as raised:
            spark.read.format("partnercentral").options(**listing, **options).load()
        assert INLINE_ID not in str(raised.value)
    spark.range(1).count()
    assert INLINE_ID not in engine.logged()
    assert not any(accounts.asked().values())


@needs_data_sources
def test_a_schema_of_the_user_is_refused(engine, accounts) -> None:
    reader = engine.spark.read.format("partnercentral").schema("id string")
    with pytest.raises(Exception, match="leave out schema"):
        reader.options(sources=str(accounts.file), listing="account.list_connections").load().collect()


PROGRAMS = [
    pytest.param(block, marks=needs_data_sources) if "partnercentral" in block.partition("spark =")[2] else block
    for (page, _), block in BLOCKS.items()
    if page == "docs/pipelines.md" and "from pyspark" in block
]


@pytest.mark.parametrize("block", PROGRAMS)
def test_the_programs_of_the_documentation_run(engine, accounts, block, capsys) -> None:
    output = accounts.file.with_name("connections")
    # Spark looks up relative paths in the directory in which its process was started.
    for name, path in (('"sources.toml"', accounts.file), ('"connections"', output)):
        assert name in block
        block = block.replace(name, repr(str(path)))
    exec(compile(block, "docs/pipelines.md", "exec"), {})  # noqa: S102 - the project's own
    printed = capsys.readouterr().out
    assert f"{sum(EVERYTHING.values())} rows" in printed or "|AccessDeniedException: " in printed
    assert engine.spark.read.parquet(str(output)).count() == sum(EVERYTHING.values())
