"""Every block of docs/recipes.md and docs/fastapi.md, as it stands, against an emulator."""

from __future__ import annotations

import asyncio
import configparser
import gzip
import http.client
import importlib.util
import json
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from runpy import run_path
from typing import TYPE_CHECKING, Any

import boto3
import duckdb
import pytest
import uvicorn
from anyio.from_thread import start_blocking_portal

from aiopartnercentral.bulk import load_sources
from aiopartnercentral.emulator import Emulator, Fault, Latency
from tests.support.changing_service import ChangingService
from tests.support.clients import aws_environment
from tests.support.doc_blocks import PAGES
from tests.support.moto_server import moto_server
from tests.support.notebooks import kernel, text_of
from tests.support.servers import scripted_server
from tests.support.tasks import GUARD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["aws_environment"]

PAGE = PAGES["docs/recipes.md"] + PAGES["docs/fastapi.md"]
BLOCKS = {name: text for text, name in re.findall(r"^```[a-z]+\n(# (.*?)\n.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)}
(INVITATION,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
"""A line of a file, which has no name."""
COUNTS = {"AWS": 230, "Sandbox": 40}


def test_every_block_has_a_test() -> None:
    assert PAGE.count("\n```") == 2 * len([*BLOCKS, INVITATION])
    assert set(BLOCKS) == {
        *(
            "endpoint.py",
            "test_endpoint.py",
            "streaming.py",
            "feeding.py",
            "sharing.py",
            "cell 1",
            "cell 2",
            "cell 3",
            "to_duckdb.py",
        ),
        *("changes.py", "details.py", "invite.py"),
        *("nightly.py", "to_s3.py", "sources.toml", "partners.service", "partners.timer", "crontab"),
    }


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch, aws_environment: None) -> Iterator[Emulator]:  # noqa: ARG001 - order
    with start_blocking_portal("asyncio") as portal, portal.wrap_async_context_manager(Emulator(COUNTS)) as emulator:
        monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
        yield emulator


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)  # one program imports another
    monkeypatch.delitem(sys.modules, "endpoint", raising=False)
    for name, text in BLOCKS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def run(*command: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == code, done.stderr
    return done


@pytest.mark.usefixtures("folder", "emulator")
def test_a_queue_and_a_shared_stream_bring_everything(capsys: pytest.CaptureFixture[str]) -> None:
    run_path("feeding.py", run_name="__main__")
    run_path("sharing.py", run_name="__main__")
    assert capsys.readouterr().out == f"{COUNTS}\n{COUNTS} complete\n"


@pytest.mark.usefixtures("emulator")
def test_duckdb_has_the_table_however_often_it_is_made(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        run_path("to_duckdb.py", run_name="__main__")
        assert re.search("AWS .* 230 .*\n.*Sandbox .* 40 ", capsys.readouterr().out)
        with duckdb.connect(str(folder / "partners.duckdb"), read_only=True) as database:
            assert database.sql("SELECT count(DISTINCT id), count(*) FROM connections").fetchall() == [(270, 270)]


@pytest.mark.usefixtures("aws_environment")
def test_changes_are_merged_whatever_happens(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service = ChangingService()
    for number in range(5):
        service.change("AWS", f"O{number}")
    service.change("Sandbox", "S0")

    def rows() -> dict[str, str]:
        with duckdb.connect(str(folder / "opportunities.duckdb"), read_only=True) as database:
            found = database.sql("SELECT id, partner_opportunity_identifier FROM opportunities").fetchall()
        assert len(found) == len(dict(found))
        return {name: text.removeprefix("revision ") for name, text in found}

    with scripted_server() as server:
        server.answer = service
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        run_path("changes.py", run_name="__main__")
        assert rows() == {**dict.fromkeys(["O0", "O1", "O2", "O3", "O4", "S0"], "1")}
        report = (folder / "opportunities.report.json").read_bytes()
        service.now += timedelta(hours=1)
        service.change("AWS", "O3")
        service.change("Sandbox", "S1")
        service.denied = {"AWS"}
        run_path("changes.py", run_name="__main__")
        assert rows()["S1"] == rows()["O3"] == "1"
        (folder / "opportunities.report.json").write_bytes(report)  # as if it was killed before the end
        service.denied = set()
        service.now += timedelta(hours=1)
        run_path("changes.py", run_name="__main__")
        assert rows() == {**dict.fromkeys(["O0", "O1", "O2", "O4", "S0", "S1"], "1"), "O3": "2"}
    assert "AccessDeniedException" in capsys.readouterr().out


@pytest.mark.usefixtures("emulator")
def test_each_partner_is_invited_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = json.loads(INVITATION)
    receivers = ["100000000001", "100000000002", "100000000003"]
    lines = [json.dumps({**request, "ReceiverIdentifier": receiver}) for receiver in receivers]
    (folder / "invitations.ndjson").write_text("\n".join(lines), encoding="utf-8")
    for outcome in ("written", "done"):
        run_path("invite.py", run_name="__main__")
        assert f"3 rows: 3 {outcome}" in capsys.readouterr().out


@pytest.mark.usefixtures("emulator")
def test_the_details_of_each_item_are_in_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_path("details.py", run_name="__main__")
    assert capsys.readouterr().out == "270 connections; 0 0\n"
    with duckdb.connect() as database:
        query = "SELECT count(DISTINCT id), count(*), sum((id = source_parent)::INT) FROM"
        assert database.sql(f"{query} '{folder / 'details.parquet'}'").fetchall() == [(270, 270, 270)]


@pytest.mark.usefixtures("emulator")
def test_a_kernel_runs_the_cells_of_the_notebook() -> None:
    with kernel() as cells:
        outputs = [cells.run(BLOCKS[f"cell {number}"]) for number in (1, 2, 3)]
    text = "\n".join(map(text_of, outputs))
    assert "2 sources: 270 items" in text
    assert re.search(r"^AWS ListConnections +230 ", text, re.MULTILINE)
    assert re.search(r"AWS ListConnections +┆ 230 ", text)


@contextmanager
def serving(app: Any) -> Iterator[tuple[int, Callable[[], int]]]:
    """Serve an application; gives the port, and what counts the tasks of its loop."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="on"))
    with start_blocking_portal("asyncio") as portal:
        running = portal.start_task_soon(server.serve)
        wait_until(lambda: server.started or running.done())
        listener = server.servers[0].sockets[0]
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        yield listener.getsockname()[1], lambda: portal.call(lambda: len(asyncio.all_tasks()))
        server.should_exit = True
        running.result(GUARD)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GUARD
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def loaded(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def asked(port: int) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    """Ask for the lines, over a socket that buffers next to nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.sock = socket.socket()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sock.connect(("127.0.0.1", port))
    connection.request("GET", "/connections.ndjson")
    return connection, connection.getresponse()


@pytest.mark.usefixtures("emulator")
def test_an_endpoint_returns_and_takes_typed_objects(folder: Path) -> None:
    with serving(loaded(folder / "endpoint.py").app) as (port, _):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

        def answer(method: str, path: str, body: str | None = None) -> Any:
            connection.request(method, path, body, {"content-type": "application/json"})
            return json.loads(connection.getresponse().read())

        assert len({item["Id"] for item in answer("GET", "/connections?catalog=Sandbox")}) == 40
        page = answer("POST", "/searches", '{"Catalog": "AWS", "MaxResults": 7}')
        assert len(page["ConnectionSummaries"]) == 7
        assert answer("POST", "/searches", "{}")["detail"][0]["loc"] == ["body", "Catalog"]
        refused = answer("POST", "/searches", '{"Catalog": "AWS", "NextToken": "\\ud800"}')
        assert refused["detail"][0]["loc"] == ["body", "NextToken"]
        assert "ListConnectionsResponse" in answer("GET", "/openapi.json")["components"]["schemas"]
        connection.close()


@pytest.mark.usefixtures("folder")
def test_an_endpoint_can_be_tested_with_the_fixture() -> None:
    done = run(sys.executable, "-m", "pytest", "-q", "test_endpoint.py")
    assert "1 passed" in done.stdout


def test_an_endpoint_streams_items_and_ends_with_the_report(folder: Path, emulator: Emulator) -> None:
    with serving(loaded(folder / "streaming.py").app) as (port, _):
        connection, response = asked(port)
        *items, last = [json.loads(line) for line in response.read().splitlines()]
        assert (response.status, response.getheader("content-type")) == (200, "application/x-ndjson")
        connection.close()
        emulator.denied_catalogs = ["AWS"]
        connection, response = asked(port)
        incomplete = json.loads(response.read().splitlines()[-1])
        connection.close()
    assert len({item["Id"] for item in items}) == 270
    assert (last["report"]["complete"], last["report"]["items"]) == (True, 270)
    assert (incomplete["report"]["complete"], incomplete["report"]["items"]) == (False, 40)


def is_quiet(emulator: Emulator) -> bool:
    """Return whether no request ends for a moment."""
    before = len(emulator.requests)
    time.sleep(0.1)
    return len(emulator.requests) == before


@pytest.mark.parametrize("is_slow", [False, True])
def test_an_endpoint_leaves_nothing_behind_when_its_reader_hangs_up(
    folder: Path, emulator: Emulator, caplog: pytest.LogCaptureFixture, *, is_slow: bool
) -> None:
    with serving(loaded(folder / "streaming.py").app) as (port, tasks):
        idle = tasks()
        # One reader waits for a page that does not come, the other one has more to read than the sockets take.
        if not is_slow:
            emulator.faults = [Fault(Latency(seconds=3600, when="before"), calls="3-")]
        connection, response = asked(port)
        assert json.loads(response.readline())["Id"]
        wait_until(lambda: bool(emulator.in_flight) != is_slow and is_quiet(emulator))
        assert tasks() > idle + 1
        fetched = len(emulator.requests)
        response.close()
        connection.close()
        wait_until(lambda: tasks() == idle and emulator.in_flight == 0)
        time.sleep(0.3)
        assert tasks() == idle
        assert len(emulator.requests) - fetched <= 2
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def night(folder: Path) -> tuple[list[str], dict[str, Any]]:
    (output,), (report,) = folder.glob("connections-*.ndjson.gz"), folder.glob("connections.report.json")
    lines = [json.loads(line) for line in gzip.decompress(output.read_bytes()).splitlines()]
    return [f"{line['label']} {line['item']['Id']}" for line in lines], json.loads(report.read_bytes())


@pytest.fixture
def profiles(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = "aws_access_key_id = any\naws_secret_access_key = any\n"
    (folder / "config").write_text(f"[profile ada]\n{keys}[profile grace]\n{keys}", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    (folder / ".venv").symlink_to(sys.prefix)


@pytest.mark.usefixtures("profiles")
def test_a_night_that_failed_is_resumed(folder: Path, emulator: Emulator) -> None:
    assert [source.label for source in load_sources("sources.toml")] == [
        *("ada/AWS", "ada/Sandbox", "grace/AWS", "grace/Sandbox")
    ]
    emulator.denied_catalogs = ["Sandbox"]
    *schedule, command = BLOCKS["crontab"].splitlines()[1].split(maxsplit=5)
    assert all(re.fullmatch(r"[0-9*]+", field) for field in schedule)
    said = run("/bin/sh", "-c", command.replace("/srv/partners", str(folder)), code=1).stderr
    assert said.count("ada/Sandbox ListConnections: failed by AccessDeniedException") == 2
    assert "started, 2 sources; resumes the run of 20" in said
    assert "in which 2 sources finished" in said
    found, report = night(folder)
    assert (len(found), report["complete"]) == (460, False)

    emulator.denied_catalogs = []
    before = len(emulator.requests)
    units = configparser.ConfigParser(interpolation=None, delimiters="=")
    units.read(["partners.service", "partners.timer"])
    assert units["Timer"]["OnCalendar"] == "*-*-* 02:15:00"
    assert units["Service"]["WorkingDirectory"] == "/srv/partners"
    run(*units["Service"]["ExecStart"].replace("/srv/partners", str(folder)).split())
    found, report = night(folder)
    assert len(found) == len(set(found)) == 540
    assert report["complete"]
    assert {request.catalog for request in emulator.requests[before:]} == {"Sandbox"}
    assert not list(folder.glob("*.checkpoint"))


@pytest.mark.usefixtures("profiles", "emulator")
def test_a_night_is_written_to_s3(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with moto_server() as url:
        for name, value in (("ENDPOINT_URL_S3", url), ("ACCESS_KEY_ID", "any"), ("SECRET_ACCESS_KEY", "any")):
            monkeypatch.setenv(f"AWS_{name}", value)
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="acme-exports")
        run_path("to_s3.py", run_name="__main__")
        keys = [each["Key"] for each in client.list_objects_v2(Bucket="acme-exports")["Contents"]]
        client.close()
    assert [key.split("/")[2] for key in keys] == [
        *("ada%2FAWS.parquet", "ada%2FSandbox.parquet", "grace%2FAWS.parquet", "grace%2FSandbox.parquet")
    ]
    assert capsys.readouterr().out.startswith("4 sources: 540 items")
    assert list((folder / "spool").iterdir()) == []


@pytest.mark.usefixtures("profiles")
def test_a_night_that_cannot_begin_says_why(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "sources.toml").write_text("[[source]]\nprofil = 1", encoding="utf-8")
    with pytest.raises(SystemExit) as caught:
        run_path("nightly.py", run_name="__main__")
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("sources.toml: source 1: profil: unknown key")
