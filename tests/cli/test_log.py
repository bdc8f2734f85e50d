"""The log of the command, and what -q leaves out."""

from __future__ import annotations

import json
import os
import re

import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer

from aiopartnercentral.emulator import Emulator, Fault, ServerError
from tests.support.sts_server import AssumedCredentials, security_token_service

pytestmark = pytest.mark.anyio

COLLECT = ("collect", "list-connections", "--catalog", "AWS", "--catalog", "Denied")
LINE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARNING|DEBUG) aiopartnercentral\.[a-z]+: [^\n]+"


@pytest.fixture
async def url():
    faults = [Fault(ServerError(status=500), calls=1)]
    async with Emulator({"AWS": 3, "Denied": 1}, denied_catalogs=["Denied"], faults=faults) as emulator:
        yield emulator.endpoint_url


async def test_without_an_option_nothing_is_logged(run, url):
    ended = await run(*COLLECT, "--endpoint-url", url)
    assert (ended.code, len(ended.items)) == (1, 3)
    assert "Denied: AccessDeniedException" in ended.complaint


@pytest.mark.parametrize(("switch", "levels"), [("-v", {"INFO", "WARNING"}), ("-vv", {"DEBUG", "INFO", "WARNING"})])
async def test_verbose_shows_retries_and_failures_and_more_of_it_every_request(run, url, switch, levels):
    ended = await run(*COLLECT, "--endpoint-url", url, switch)
    assert (ended.code, len(ended.items)) == (1, 3)
    log = [line for line in ended.err.splitlines() if not line.startswith("aiopartnercentral: ")]
    assert {re.fullmatch(LINE, line)[1] for line in log} == levels
    assert any("attempt 1 failed with" in line and "retried in" in line for line in log)
    assert any("failed by AccessDeniedException" in line for line in log)
    assert any("aiopartnercentral.client: ListConnections: succeeded" in line for line in log) == (switch == "-vv")
    assert "the-secret-key" not in ended.err
    assert "AKIDEXAMPLE" not in ended.err


async def test_a_file_takes_the_log_and_keeps_earlier_lines(run, url, tmp_path):
    file = tmp_path / "run.log"
    file.write_text("earlier\n")
    ended = await run(*COLLECT, "--endpoint-url", url, "--log-file", file, "--log-format", "json", "--quiet")
    assert (ended.code, ended.err) == (1, "")
    earlier, *lines = file.read_text().splitlines()
    assert earlier == "earlier"
    records = [json.loads(line) for line in lines]
    assert {record["logger"] for record in records} == {"aiopartnercentral.bulk"}
    assert all(set(record) == {"time", "level", "logger", "message"} for record in records)
    assert "finished after" in records[-1]["message"]


async def test_a_log_file_that_cannot_be_written(run, url, tmp_path):
    file = tmp_path / "missing" / "run.log"
    ended = await run(*COLLECT, "--endpoint-url", url, "--log-file", file)
    assert ended.code == 2  # as for --output
    assert ended.complaint == f"aiopartnercentral: cannot write {file}: No such file or directory\n"
    ended = await run(*COLLECT, "--endpoint-url", url, "--log-file", "/dev/full", "-vv")
    assert (ended.code, len(ended.items)) == (1, 3)
    lines = ended.err.splitlines()
    assert lines.count("aiopartnercentral: the log is incomplete: cannot write /dev/full: No space left on device") == 1
    assert [line for line in lines if "Denied: AccessDeniedException" in line]
    assert len(lines) == 2


async def test_the_log_file_is_none_of_the_others(run, url, tmp_path):
    file = tmp_path / "x.ndjson"
    ended = await run(*COLLECT, "--endpoint-url", url, "--log-file", file, "--output", file)
    assert ended.code == 2
    assert "--log-file" in ended.complaint


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--log-format", "json"], "--log-format needs --verbose or --log-file: without them, nothing is logged"),
        (["-q", "-v"], "--quiet and --verbose exclude each other, unless --log-file takes the log"),
        (["-q", "--summary"], "--quiet and --summary exclude each other"),
        (["-q", "--progress"], "--quiet and --progress exclude each other"),
    ],
)
def test_options_that_exclude_each_other(run_here, options, message):
    ended = run_here("collect", "list-connections", "--catalog", "AWS", *options)
    assert (ended.code, ended.complaint) == (2, f"aiopartnercentral: {message}\n")


async def test_quiet_leaves_out_what_the_report_has_but_not_why_there_is_no_output(run, url, tmp_path):
    report = tmp_path / "r.json"
    ended = await run(*COLLECT, "--endpoint-url", url, "-q", "--report", report)
    assert (ended.code, ended.err, len(ended.items)) == (1, "", 3)
    failed = [each for each in json.loads(report.read_text())["sources"] if each["outcome"] == "failed"]
    assert [each["catalog"] for each in failed] == ["Denied"]
    ended = await run(*COLLECT, "--endpoint-url", url, "-q", "--output", "/nowhere/x.csv")
    assert ended.code == 2
    assert "cannot write /nowhere/x.csv" in ended.complaint


async def test_write_logs_too(run, url, tmp_path):
    rows = tmp_path / "rows.ndjson"
    rows.write_text('{"key": "1", "Name": "x"}\n')
    ended = await run(
        *("write", "create-connection-invitation", "--rows", rows, "--key", "key", "--catalog", "AWS"),
        *("--endpoint-url", url, "-v", "--log-format", "json"),
    )
    records = [json.loads(line) for line in ended.err.splitlines() if line.startswith("{")]
    assert any(record["message"].endswith("started, CreateConnectionInvitation in AWS") for record in records)


@pytest.fixture(scope="module")
def moto():
    with security_token_service() as service:
        yield service


@pytest.fixture
def sts(moto):
    moto.reset()
    return moto


ROLE = "arn:aws:iam::111122223333:role/reader"
EXTERNAL_ID = "the:external-id"


def role_sources(path, url, external_id):
    lines = ("[[source]]", f'role_arn = "{ROLE}"', external_id, 'catalogs = ["AWS"]', f'endpoint_url = "{url}"')
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("external_id", [f'external_id = "{EXTERNAL_ID}"', 'external_id_env = "READER_ID"'])
@pytest.mark.parametrize("options", [("text",), ("json",), ("text", "--log-file"), ("json", "--log-file")])
async def test_no_log_has_a_secret_of_a_role(run, sts, tmp_path, options, external_id):
    log, to_file = tmp_path / "run.log", "--log-file" in options
    extra = {"AWS_ENDPOINT_URL_STS": sts.url, "READER_ID": EXTERNAL_ID, "AWS_SESSION_TOKEN": "the-session-token"}
    # The second request is refused and sent again, so that there are also records of a failed attempt.
    faults = [Fault(ServerError(status=500), calls=2)]
    given = {"account_id": "111122223333", "credentials": AssumedCredentials(sts), "faults": faults}
    async with Emulator({"AWS": 30}, **given) as emulator:
        sources = role_sources(tmp_path / "sources.toml", emulator.endpoint_url, external_id)
        command = ("collect", "list-connections", "--sources", sources, "--page-size", 10, "-vv")
        ended = await run(*command, "--log-format", *options, *((log,) if to_file else ()), **extra)
    assert (ended.code, len(ended.items)) == (0, 30)
    (role,) = sts.assumed()
    assert role["external_id"] == EXTERNAL_ID
    written = log.read_text(encoding="utf-8") if to_file else ended.err
    assert "aiopartnercentral.client" in written
    assert "retried in" in written
    own = [role[name] for name in ("secret_access_key", "session_token", "access_key_id")]
    for secret in (*own, EXTERNAL_ID, "the-secret-key", "the-session-token", "AKIDEXAMPLE"):
        assert secret not in written + ended.err + ended.out.decode()


@pytest.mark.parametrize("log_format", ["text", "json"])
async def test_no_log_has_an_external_id_that_sts_quotes(run, tmp_path, log_format):
    async def refuse(_):
        said = f"<Error><Code>AccessDenied</Code><Message>{EXTERNAL_ID} is wrong</Message></Error>"
        return web.Response(body=f"<ErrorResponse>{said}</ErrorResponse>", status=403, content_type="text/xml")

    async with RawTestServer(refuse) as server:
        sources = role_sources(tmp_path / "sources.toml", "http://127.0.0.1:9", f'external_id = "{EXTERNAL_ID}"')
        given = ("collect", "list-connections", "--sources", sources, "-vv", "--log-format", log_format)
        ended = await run(*given, AWS_ENDPOINT_URL_STS=str(server.make_url("")))
    assert ended.code == 1
    assert f"role {ROLE} cannot be assumed" in ended.err
    for secret in (EXTERNAL_ID, "the-secret-key", "AKIDEXAMPLE"):
        assert secret not in ended.err


@pytest.mark.parametrize(
    ("option", "file"),
    [
        ("SOURCES", "sources.toml"),
        ("--rows", "rows.ndjson"),
        ("--checkpoint", "journal"),
        ("--sources", "sources.toml"),
    ],
)
def test_no_log_in_a_file_that_the_command_reads(run_here, tmp_path, option, file):
    contents = {
        "sources.toml": '[[source]]\ncatalogs = ["AWS"]\nendpoint_url = "http://127.0.0.1:9"\n',
        "rows.ndjson": '{"id": "1"}\n',
        "journal": "",
    }
    for name, text in contents.items():
        (tmp_path / name).write_text(text)
    rows, sources, journal = (tmp_path / name for name in ("rows.ndjson", "sources.toml", "journal"))
    writing = ["write", "create-opportunity", "--key", "id", "--catalog", "AWS"]
    command = {
        "SOURCES": ["check", sources],
        "--sources": ["collect", "list-connections", "--sources", sources],
    }.get(option, [*writing, "--rows", rows, "--checkpoint", journal])
    os.link(tmp_path / file, tmp_path / "log")
    ended = run_here(*command, "--log-file", tmp_path / "log")
    assert ended.code == 2
    assert f"{option} and --log-file name the same file" in ended.complaint
    assert {name: (tmp_path / name).read_text() for name in contents} == contents
