"""Sources, listings and outputs of one command."""

from __future__ import annotations

import csv
import gzip
import json
import os

import anyio
import pyarrow.parquet
import pytest

from aiopartnercentral.bulk import load_report
from aiopartnercentral.emulator import Denial, Emulator
from tests.cli.processes import PYTHON
from tests.cli.service import connection, page, serving, sources_file

pytestmark = pytest.mark.anyio

CONNECTIONS = ("collect", "list-connections")


@pytest.fixture
async def two(tmp_path):
    """Give a file of two accounts with two catalogs each, and their emulators."""
    async with Emulator({"AWS": 120, "Sandbox": 20}) as ada, Emulator({"AWS": 60, "Sandbox": 10}, seed=5) as bob:
        urls = {"ada": ada.endpoint_url, "bob": bob.endpoint_url}
        yield sources_file(tmp_path / "sources.toml", urls), ada, bob


def told(path):
    return {(one["label"], one["listing"]): one for one in json.loads(path.read_bytes())["sources"]}


async def test_all_sources_come_in_one_stream_as_spelled(run, two):
    sources, _, _ = two
    ended = await run(*CONNECTIONS, "--sources", sources)
    assert (ended.code, ended.err) == (0, "")
    assert len(ended.items) == 210
    assert len({item["Id"] for item in ended.items}) == 210


async def test_a_template_makes_a_file_for_each_source_and_listing(run, two, tmp_path):
    sources, _, _ = two
    ended = await run(
        *(*CONNECTIONS, "--sources", sources, "--format", "csv", "list-partners"),
        *("--output", tmp_path / "out" / "{label}" / "{operation}-{catalog}.csv.gz"),
    )
    assert (ended.code, ended.out) == (2, b"")
    assert f"its directory {tmp_path}/out does not exist" in ended.complaint
    (tmp_path / "out").mkdir()
    ended = await run(
        *(*CONNECTIONS, "--sources", sources, "--format", "csv", "list-partners"),
        *("--output", tmp_path / "out" / "{label}" / "{operation}-{catalog}.csv.gz"),
    )
    assert (ended.code, ended.err) == (0, "")
    found = {path.relative_to(tmp_path / "out").as_posix(): path for path in tmp_path.glob("out/*/*")}
    names = {
        f"{label}%2F{catalog}/{operation}-{catalog}.csv.gz"
        for label in ("ada", "bob")
        for catalog in ("AWS", "Sandbox")
        for operation in ("list_connections", "list_partners")
    }
    assert set(found) == names
    text = gzip.decompress(found["ada%2FAWS/list_connections-AWS.csv.gz"].read_bytes()).decode()
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 120
    assert {(row["source_label"], row["source_catalog"], row["catalog"]) for row in rows} == {("ada/AWS", "AWS", "AWS")}


async def test_an_odd_label_stays_within_the_folder(run, tmp_path):
    async with Emulator({"AWS": 3}) as emulator:
        sources = sources_file(tmp_path / "s.toml", {"../../x": emulator.endpoint_url}, ["AWS"])
        ended = await run(*CONNECTIONS, "--sources", sources, "--output", tmp_path / "{label}.ndjson")
    assert ended.code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["%2E.%2F..%2Fx%2FAWS.ndjson", "s.toml"]


@pytest.mark.parametrize("format_", [(), ("--format", "parquet")])
async def test_parquet_by_its_ending_or_by_name(run, two, tmp_path, format_):
    sources, _, _ = two
    file = tmp_path / ("items" if format_ else "items.parquet")
    ended = await run(*CONNECTIONS, "--sources", sources, *format_, "--output", file)
    assert (ended.code, ended.err) == (0, "")
    table = pyarrow.parquet.read_table(file)
    assert table.num_rows == 210
    assert set(table.column("source_label").to_pylist()) == {"ada/AWS", "ada/Sandbox", "bob/AWS", "bob/Sandbox"}


async def test_one_catalog_without_a_file_of_sources(run, emulator, tmp_path):
    file = tmp_path / "items.csv"
    ended = await run(*CONNECTIONS, "--catalog", "Sandbox", "--endpoint-url", emulator.endpoint_url, "--output", file)
    assert (ended.code, ended.err) == (0, "")
    with file.open(newline="", encoding="utf-8") as lines:
        assert {row["source_label"] for row in csv.DictReader(lines)} == {"Sandbox"}


async def test_filters_apply_to_the_listing_before_them(run):
    requests = []
    keys = {"ListConnections": "ConnectionSummaries", "ListConnectionInvitations": "ConnectionInvitationSummaries"}

    def answer(operation, sent):
        requests.append((operation, sent))
        return page([b'{"From":"%s"}' % operation.encode()], None, keys[operation])

    async with serving(answer) as url:
        ended = await run(
            *(*CONNECTIONS, "--connection-type", "SUBSIDIARY", "--page-size", 9, "--max-items", 10**30),
            *("--endpoint-url", url),
            *("list-connection-invitations", "--status", "PENDING", "--max-items", 1, "--catalog", "AWS"),
        )
    assert (ended.code, ended.err) == (0, "")
    assert sorted(item["From"] for item in ended.items) == ["ListConnectionInvitations", "ListConnections"]
    assert sorted(requests) == [
        ("ListConnectionInvitations", {"Catalog": "AWS", "Status": "PENDING"}),
        ("ListConnections", {"Catalog": "AWS", "ConnectionType": "SUBSIDIARY", "MaxResults": 9}),
    ]


async def test_a_table_has_the_source_of_each_row_and_one_part_for_each_listing(run, two, tmp_path):
    sources, _, _ = two
    file = tmp_path / "items.txt"
    ended = await run(
        *(*CONNECTIONS, "--max-items", 2, "list-partners", "--max-items", 1, "--format", "table"),
        *("--sources", sources, "--output", file),
    )
    assert (ended.code, ended.err) == (0, "")
    parts = [part.splitlines() for part in file.read_text().split("\n\n")]
    assert {part[0] for part in parts} == {"list_connections:", "list_partners:"}
    assert [part[1].split()[:2] for part in parts] == [["source", "catalog"], ["source", "catalog"]]
    labels = {"ada/AWS", "ada/Sandbox", "bob/AWS", "bob/Sandbox"}
    assert all({line.split()[0] for line in part[2:]} == labels for part in parts)


async def test_the_report_file_tells_of_every_source(run, two, tmp_path):
    sources, ada, _ = two
    ada.denials = [Denial(catalog="Sandbox", operation="ListPartners")]
    report = tmp_path / "report.json"
    report.write_text("earlier")
    ended = await run(*CONNECTIONS, "list-partners", "--sources", sources, "--report", report, "--ignore-errors", "X")
    assert ended.code == 1
    assert "ada/Sandbox list_partners: AccessDeniedException" in ended.complaint
    whole = json.loads(report.read_bytes())
    assert (whole["complete"], whole["items"]) == (False, len(ended.items))
    states = told(report)
    assert len(states) == 8
    assert states["bob/AWS", "list_connections"]["items"] == 60
    assert states["bob/AWS", "list_connections"]["account"] == "bob"
    denied = states["ada/Sandbox", "list_partners"]
    assert (denied["outcome"], denied["error"]["type"]) == ("failed", "AccessDeniedException")
    page = load_report(report).to_html()  # made later
    assert "<h3>access denied <span>1 source failed</span></h3>" in page
    assert "<p>AccessDeniedException: the caller" in page.replace("&#x27;", "'")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json", "sources.toml"]


async def test_a_report_in_html_is_a_page_for_a_browser(run, two, tmp_path):
    sources, ada, _ = two
    ada.denials = [Denial(catalog="Sandbox", operation="ListPartners")]
    report = tmp_path / "run-{date}.html"
    ended = await run(*CONNECTIONS, "list-partners", "--sources", sources, "--report", report, "--ignore-errors", "X")
    assert ended.code == 1
    page, other = sorted(tmp_path.iterdir())
    assert (page.suffix, other.name) == (".html", "sources.toml")
    text = page.read_text(encoding="utf-8")
    assert "<h3>access denied <span>1 source failed</span></h3>" in text
    assert "AccessDeniedException" in text
    assert text.count("class='bar complete'") == 7


async def test_a_page_is_written_when_the_run_begins_and_has_no_secret(run, tmp_path):
    report, begun = tmp_path / "r.html", []
    report.write_text("earlier")

    def answer(*_):
        begun.append(report.read_text(encoding="utf-8"))
        return 400, b'{"__type":"OddException","message":"x-amz-security-token:THE-TOKEN"}'

    async with serving(answer) as url:
        ended = await run(*CONNECTIONS, "--catalog", "AWS", "--endpoint-url", url, "--report", report)
    assert ended.code == 1
    assert "not finished" in begun[0]
    assert "this page is replaced when the run ends" in begun[0]
    page = report.read_text(encoding="utf-8")
    assert "OddException" in page
    assert "THE-TOKEN" not in page
    assert "not finished" not in page
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]


async def test_a_page_is_no_report_to_continue_from(run, tmp_path):
    page = tmp_path / "r.html"
    for _ in range(2):
        ended = await run(
            *("collect", "list-opportunities", "--catalog", "AWS", "--since", page, "--report", page),
            *("--endpoint-url", "http://127.0.0.1:9"),
        )
        assert ended.code == 2
        assert "is a page for a browser, and only a JSON report can be read" in ended.err
        page.write_text("<!DOCTYPE html>")


async def test_the_report_holds_no_secret_and_may_fail_without_hiding_what_failed(run, tmp_path):
    said = rb'{"__type":"%s","message":"\ud800 x-amz-security-token:THE-TOKEN\nx-amz-security-token:THE-TOKEN"}'
    codes = {"AWS": b"InvalidSignatureException", "Sandbox": b"OddException\\ud800"}
    async with serving(lambda _, sent: (400, said % codes[sent["Catalog"]])) as url:
        both = (*CONNECTIONS, "--catalog", "AWS", "--catalog", "Sandbox", "--endpoint-url", url)
        report = tmp_path / "r.json"
        ended = await run(*both[:4], "--endpoint-url", url, "--report", report)
        assert ended.code == 1
        assert b"the credentials were not accepted (InvalidSignatureException)" in report.read_bytes()
        assert b"THE-TOKEN" not in report.read_bytes()
        ended = await run(*both, "--report", "/dev/full", "--output", tmp_path / "o.ndjson")
    assert ended.code == 1
    rejected, odd, *causes, unwritten = ended.err.splitlines()
    assert "AWS: the credentials were not accepted" in rejected
    assert "Sandbox: OddException" in odd
    assert [line.split(": ")[1] for line in causes] == ["no valid credentials", "request refused"]
    assert unwritten == "aiopartnercentral: cannot write /dev/full: No space left on device"


async def test_what_is_to_be_ignored_is_skipped(run, two, tmp_path):
    sources, ada, bob = two
    ada.denied_catalogs = ["Sandbox"]
    bob.denials = [Denial(catalog="Sandbox")]
    ended = await run(
        *(*CONNECTIONS, "--sources", sources, "--report", tmp_path / "r.json", "--summary"),
        *("--ignore-errors", "AccessDeniedException", "--ignore-errors", "Other"),
    )
    assert ended.code == 0
    assert len(ended.items) == 180
    assert [state["outcome"] for state in told(tmp_path / "r.json").values()].count("skipped") == 2
    assert "4 sources: 180 items" in ended.err


@pytest.mark.parametrize("policy", ["finish", "report", "raise"])
async def test_a_failure_is_told_as_the_policy_says(run, two, tmp_path, policy):
    sources, ada, _ = two
    ada.denied_catalogs = ["AWS"]
    file = tmp_path / "items.ndjson.gz"
    ended = await run(*CONNECTIONS, "--sources", sources, "--on-error", policy, "--output", file, "--concurrency", 1)
    assert ended.code == 1
    assert ended.err.count("ada/AWS") == {"finish": 1, "report": 2, "raise": 1}[policy]
    assert ended.err.count("AccessDeniedException") == 1
    assert "Traceback" not in ended.err
    assert file.exists() == (policy != "raise")
    if policy != "raise":
        assert len(gzip.decompress(file.read_bytes()).splitlines()) == 90
    assert len(list(tmp_path.iterdir())) == (1 if policy == "raise" else 2)


@pytest.mark.parametrize("policy", [(), ("--on-error", "raise", "--ordered")])
async def test_items_that_are_counted_but_not_written_are_told(run, tmp_path, policy):
    def answer(_operation, sent):
        if sent.get("NextToken") is None:
            return page([connection(number) for number in range(3)], "more")
        return 400, b'{"__type":"ValidationException","Message":"no"}'

    file = tmp_path / "items.ndjson"
    async with serving(answer) as url:
        ended = await run(*CONNECTIONS, "--catalog", "AWS", "--endpoint-url", url, "--output", file, *policy)
    assert ended.code == 1
    unwritten, failure = ended.err.splitlines()
    assert unwritten == f"aiopartnercentral: {file} was not written: every source failed, so 3 items are not in it"
    assert "ValidationException" in failure
    assert list(tmp_path.iterdir()) == []


async def test_where_every_source_fails_the_earlier_file_stays(run, two, tmp_path):
    sources, ada, bob = two
    ada.denied_catalogs = bob.denied_catalogs = ["AWS", "Sandbox"]
    file = tmp_path / "items.csv"
    file.write_text("earlier")
    ended = await run(*CONNECTIONS, "--sources", sources, "--output", file)
    assert ended.code == 1
    assert "ada/AWS, ada/Sandbox, bob/AWS, bob/Sandbox: AccessDenied" in ended.complaint
    assert file.read_text() == "earlier"


async def test_a_rate_spaces_the_requests_of_an_account(run):
    asked = []

    def answer(_operation, sent):
        asked.append(anyio.current_time())
        number = int(sent.get("NextToken") or 0)
        return page([connection(number)], str(number + 1) if number < 4 else None)

    async with serving(answer) as url:
        ended = await run(
            *(*CONNECTIONS, "--catalog", "A", "--catalog", "B", "--endpoint-url", url, "--rate", 4),
        )
    assert (ended.code, len(ended.items)) == (0, 10)
    # None is early, and the first may be late by the time of three.
    assert asked[-1] - asked[0] > 6 / 4


WRONG = connection(7).replace(b'"2025-01-01T00:00:00Z"', b'"then"')


@pytest.mark.parametrize("output", ["items.csv", "items.parquet", "table"])
async def test_malformed_items_are_kept_in_a_file_of_their_own(run, tmp_path, output):
    async with serving(lambda *_: page([connection(1), WRONG, connection(2)])) as url:
        arguments = (*CONNECTIONS, "--catalog", "AWS", "--endpoint-url", url, "--output", tmp_path / output)
        form = ("--format", "table") if output == "table" else ()
        ended = await run(*arguments, *form)
        assert ended.code == 1
        assert "$.ConnectionSummaries[1].UpdatedAt" in ended.complaint
        assert list(tmp_path.iterdir()) == []
        ended = await run(*arguments, *form, "--malformed", tmp_path / "bad.ndjson.gz")
    assert ended.code == 0
    assert f"1 malformed item omitted: see {tmp_path}/bad.ndjson.gz" in ended.complaint
    (line,) = gzip.decompress((tmp_path / "bad.ndjson.gz").read_bytes()).splitlines()
    assert WRONG in line
    left_out = json.loads(line)
    assert (left_out["label"], left_out["operation"]) == ("AWS", "list_connections")
    assert left_out["path"] == "$.ConnectionSummaries[1].UpdatedAt"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["bad.ndjson.gz", output])


async def test_where_malformed_items_cannot_go_nothing_is_shown_nor_said_to_be_there(run, tmp_path):
    bad = tmp_path / "bad.ndjson"

    def answer(_, sent):
        return (400, b'{"__type":"AccessDeniedException"}') if "NextToken" in sent else page([WRONG], "more")

    async with serving(answer) as url:
        arguments = (*CONNECTIONS, "--catalog", "AWS", "--endpoint-url", url, "--malformed")
        ended = await run(*arguments, tmp_path / "no" / "bad.ndjson", "--format", "table")
        assert (ended.code, ended.out) == (2, b"")
        assert "its directory does not exist" in ended.complaint
        ended = await run(*arguments, bad, "--output", tmp_path / "a.csv")
        assert (ended.code, bad.exists()) == (1, False)
        assert "AWS: AccessDeniedException" in ended.complaint
        ended = await run(*arguments, bad, "--format", "table")
    assert ended.code == 1
    assert ended.err.startswith(f"aiopartnercentral: 1 malformed item omitted: see {bad}\n")
    assert WRONG in bad.read_bytes()


async def test_where_every_source_failed_an_earlier_file_of_malformed_items_stays(run, tmp_path):
    bad = tmp_path / "bad.ndjson"
    bad.write_text("earlier")
    async with serving(lambda *_: (400, b'{"__type":"AccessDeniedException"}')) as url:
        for output in (("--format", "table"), ("--output", tmp_path / "a.csv")):
            ended = await run(*CONNECTIONS, "--catalog", "AWS", "--endpoint-url", url, "--malformed", bad, *output)
            assert ended.code == 1
            assert bad.read_text() == "earlier"


async def test_where_nothing_was_malformed_the_file_is_empty(run, two, tmp_path):
    sources, _, _ = two
    bad = tmp_path / "bad.ndjson"
    bad.write_text("of yesterday")
    ended = await run(*CONNECTIONS, "--sources", sources, "--output", tmp_path / "a.csv", "--malformed", bad)
    assert (ended.code, ended.err) == (0, "")
    assert bad.read_bytes() == b""


async def test_a_reader_that_is_gone_is_no_fault(started, two):
    sources, _, _ = two
    ours, theirs = os.pipe()
    os.close(ours)
    try:
        async with started(*CONNECTIONS, "--sources", sources, stdout=theirs) as process:
            assert await process.wait() == 141
            assert b"".join([chunk async for chunk in process.stderr]) == b""
    finally:
        os.close(theirs)


async def test_a_report_can_go_to_standard_output(run, two, tmp_path):
    sources, _, _ = two
    ended = await run(*CONNECTIONS, "--sources", sources, "--output", tmp_path / "a.ndjson", "--report", "-")
    assert ended.code == 0
    assert json.loads(ended.out)["complete"]
    assert (tmp_path / "a.ndjson").read_bytes().count(b"\n") == 210


async def test_lines_for_standard_output_load_no_optional_package(environment, emulator):
    code = (
        f"import sys; sys.argv[1:] = 'collect list-connections --catalog AWS --endpoint-url'.split() + ["
        f"{emulator.endpoint_url!r}]\n"
        "from aiopartnercentral.cli import main\n"
        "try: main()\n"
        "except SystemExit as ended: assert not ended.code, ended.code\n"
        "loaded = {'pyarrow', 'pandas', 'polars', 'zstandard', 'opentelemetry'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    ended = await anyio.run_process([*PYTHON, "-c", code], env=environment, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    assert ended.stdout.count(b"\n") == 250


@pytest.mark.parametrize("output", ["-", "items.ndjson"])
async def test_ordered_collects_one_source_after_the_other_whatever_goes_wrong(run, tmp_path, output):
    failed = []

    async def answer(operation, sent):
        first = sent.get("NextToken") is None
        if sent["Catalog"] == "Sandbox" and not failed:
            failed.append(sent)
            return 500, b"{}"
        key = "ConnectionSummaries" if operation == "ListConnections" else "PartnerSummaryList"
        await anyio.sleep(0.05 if sent["Catalog"] == "AWS" else 0)
        return page([b'{"Of":"%s %s"}' % (sent["Catalog"].encode(), operation.encode())], "2" if first else None, key)

    async with serving(answer) as url:
        sources = sources_file(tmp_path / "s.toml", {"ada": url, "bob": url}, ["AWS", "Sandbox"])
        file = output if output == "-" else tmp_path / output
        ended = await run(
            *CONNECTIONS, "list-partners", "--ordered", "--sources", sources, "--output", file, "--summary"
        )
    assert ended.code == 0
    lines = ended.out if output == "-" else file.read_bytes()
    assert [json.loads(line)["Of"] for line in lines.splitlines()] == [
        f"{catalog} {operation}"
        for catalog in ("AWS", "Sandbox") * 2
        for operation in ("ListConnections", "ListPartners")
        for _ in range(2)
    ]
    assert failed
    assert "8 sources: 16 items, 16 pages, 1 retry" in ended.err


@pytest.mark.parametrize("source", ["option", "environment"])
async def test_a_request_is_sent_as_often_as_asked_for(run, source):
    asked = []

    def answer(_operation, sent):
        asked.append(sent)
        return 500, b"{}"

    async with serving(answer) as url:
        options, environment = ((), {"AWS_MAX_ATTEMPTS": "2"})
        if source == "option":
            options, environment = (("--max-attempts", 3), {"AWS_MAX_ATTEMPTS": "2"})
        ended = await run(*CONNECTIONS, "--catalog", "AWS", "--endpoint-url", url, *options, **environment)
    assert ended.code == 1
    assert len(asked) == (3 if source == "option" else 2)


@pytest.mark.parametrize(
    ("code", "meant"), [("AccessDeniedExeption", "AccessDeniedException"), ("InvalidClientTokenId", None)]
)
async def test_a_misspelt_error_to_ignore_is_told_in_one_line(run, emulator, tmp_path, code, meant):
    line = f"aiopartnercentral: --ignore-errors: {code!r} is not a known error: did you mean {meant}?"
    ignoring = ("--ignore-errors", code, "--endpoint-url", emulator.endpoint_url)
    # Ordered, there is a collection for each source.
    several = ("--catalog", "Sandbox", "--catalog", "AWS", "--ordered")
    ended = await run("collect", "list-connections", *several, *ignoring)
    assert (ended.code, ended.err) == (0, f"{line}\n" if meant else "")
    rows = tmp_path / "rows.ndjson"
    rows.touch()
    ended = await run("write", "create-opportunity", "--rows", rows, "--key", "id", "--catalog", "AWS", *ignoring)
    assert (ended.code, line in ended.err.splitlines(), "Warning" in ended.err) == (0, meant is not None, False)
