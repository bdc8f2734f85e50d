"""`write`: what it prints, its exit codes, and resuming."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.processes import COMMAND, GUARD
from tests.support.opportunity_server import failure, opportunity_server
from tests.support.servers import Reply

pytestmark = pytest.mark.anyio


@pytest.fixture
def server():
    with opportunity_server() as state:
        yield state


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "rows.ndjson"
    lines = [{"id": f"lead-{number}", "Project": {"Title": f"confidential {number}"}} for number in range(3)]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    return path


def command(server, rows, *more, operation="create-opportunity"):
    return ["write", operation, "--rows", rows, "--key", "id", "--catalog", "AWS", "--endpoint-url", server.url, *more]


async def test_each_row_is_written_once_and_has_a_line(run, server, rows, tmp_path):
    arguments = command(server, rows, "--checkpoint", tmp_path / "run.journal")
    ended = await run(*arguments)
    assert (ended.code, ended.complaint.startswith("aiopartnercentral: 3 rows: 3 written; 0 retries")) == (0, True)
    assert {line["row"]: (line["outcome"], line["error"]) for line in ended.items} == {
        f"lead-{number}": ("written", None) for number in range(3)
    }
    assert sorted(line["ids"]["Id"] for line in ended.items) == sorted(server.kept)
    ended = await run(*arguments)
    assert (ended.code, {line["outcome"] for line in ended.items}) == (0, {"done"})
    assert "3 rows: 3 done; 0 retries" in ended.complaint
    assert "resumes the run of" in ended.complaint
    # The key is not a member of the request, and the catalog was filled in.
    assert all("id" not in body and body["Catalog"] == "AWS" for body in server.sent("CreateOpportunity"))


async def test_failed_and_unknown_rows_make_the_exit_code_1_and_show_no_value(run, server, rows, tmp_path):
    rows.write_text(rows.read_text() + json.dumps({"id": "bad", "Project": {"Titel": "confidential"}}))
    server.after = lambda _: failure("InternalServerException", 500)
    journal = tmp_path / "run.journal"
    ended = await run(*command(server, rows, "--checkpoint", journal, "--max-attempts", 1))
    assert (ended.code, ended.complaint[: ended.complaint.index(";")]) == (
        1,
        "aiopartnercentral: 4 rows: 1 failed, 3 unknown",
    )
    problems = {line["row"]: line["error"]["message"] for line in ended.items}
    assert problems["bad"] == "CreateOpportunity: $.Project.Titel: the model has no such member"
    assert "try again later" in problems["lead-0"]
    assert b"confidential" not in ended.out + journal.read_bytes()
    server.after = lambda _: None
    ended = await run(*command(server, rows, "--checkpoint", journal, "--ignore-errors", "EncodeError"))
    assert ended.code == 0
    assert sorted(line["outcome"] for line in ended.items) == ["skipped", "written", "written", "written"]
    assert len(server.kept) == 3


async def test_each_attempt_ends_after_the_timeout(run, server, rows):
    rows.write_text(rows.read_text().splitlines()[0])
    server.after = lambda _: Reply(delay=120)
    ended = await run(*command(server, rows, "--timeout", "2", "--max-attempts", 1))
    (line,) = ended.items
    assert (ended.code, line["outcome"], line["attempts"]) == (1, "unknown", 1)
    assert line["error"]["message"].startswith(f"{server.url} did not answer within 2 s")


@pytest.mark.parametrize("timeout", ["0", "nan"])
def test_a_wrong_timeout(run_here, server, rows, timeout):
    ended = run_here(*command(server, rows, "--timeout", timeout))
    assert (ended.code, "Invalid value for '--timeout'" in ended.err) == (2, True)


def test_a_stopped_run_says_how_to_resume(environment, server, rows, tmp_path):
    server.after = lambda _: Reply(delay=30)
    arguments = command(server, rows, "--checkpoint", tmp_path / "run.journal")
    process = subprocess.Popen([*COMMAND, *map(str, arguments)], env=environment, stderr=subprocess.PIPE, text=True)
    with process:
        while len(server.kept) < 3:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        _, shown = process.communicate(timeout=GUARD)
    assert process.returncode == 128 + signal.SIGTERM
    assert shown.splitlines() == [
        "aiopartnercentral: stopped by SIGTERM",
        "aiopartnercentral: rerun the same command to resume: rows that are written are not sent again",
    ]


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        ("create-oportunity", "there is no operation 'create-oportunity': did you mean CreateOpportunity?"),
        ("nothing", "there is no operation 'nothing': `aiopartnercentral describe` lists all"),
        ("tag-resource", "'tag-resource' is in 6 services: write account.tag-resource or selling"),
        ("get-opportunity", "GetOpportunity only reads: there is nothing to write"),
    ],
)
def test_a_wrong_operation_is_named(run_here, server, rows, operation, told):
    ended = run_here(*command(server, rows, operation=operation))
    assert (ended.code, told in ended.complaint) == (2, True)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[1]\n", "line 1 of {} is not a JSON object"),
        (b"{\n", "line 1 of {} is not a JSON object"),
        (b'{"Project": {}}\n', "line 1 of {} has no member 'id' that is a string or a whole number"),
        (None, "cannot read {}: No such file or directory"),
    ],
)
async def test_a_wrong_file_is_wrong_usage(run, server, rows, content, told):
    rows.unlink() if content is None else rows.write_bytes(content)
    ended = await run(*command(server, rows))
    assert (ended.code, ended.complaint) == (2, f"aiopartnercentral: {told.format(rows)}\n")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"id": ""}, "the member 'id' must not be empty"),
        ({"id": "a\nb"}, "the member 'id' must not contain control characters"),
        ({"id": "\ud800"}, "the member 'id' must not contain surrogates"),
        ({"id": 1.5}, "has no member 'id' that is a string or a whole number"),
        ({"id": True}, "has no member 'id' that is a string or a whole number"),
        ({"id": "lead-1"}, "has the same 'id' as line 2, 'lead-1'"),
        ({"id": 7}, "has the same 'id' as line 4, '7'"),
    ],
)
async def test_a_wrong_key_is_told_with_its_line_and_ends_the_run_there(run, server, rows, line, told):
    rows.write_text(rows.read_text().rstrip() + f'\n{{"id": "7"}}\n{json.dumps(line)}\n{{"id": "after"}}\n')
    ended = await run(*command(server, rows))
    assert (ended.code, len(ended.items), len(server.kept)) == (1, 4, 4)
    assert ended.complaint.startswith(f"aiopartnercentral: line 5 of {rows}")
    assert ended.complaint.endswith(f"{told}\n")
    # Nothing is sent if it is the first line.
    rows.write_text(json.dumps({"id": ""}))
    ended = await run(*command(server, rows))
    assert (ended.code, len(server.kept)) == (2, 4)


async def test_the_services_own_text_goes_to_stderr_alone(run, server, rows):
    details = [{"FieldName": "Project.Title", "Message": "confidential", "Code": "INVALID_VALUE"}]
    body = {"__type": "ValidationException", "Message": "confidential", "ErrorList": details}
    server.before = lambda _: Reply(body, status=400)
    ended = await run(*command(server, rows))
    shown = ended.items[0]["error"]["message"]
    assert shown.startswith("ValidationException (Project.Title INVALID_VALUE): correct the request")
    assert (ended.code, b"confidential" in ended.out) == (1, False)
    ended = await run(*command(server, rows, "--on-error", "raise"))
    assert (b"confidential" in ended.out, "Project.Title confidential" in ended.err) == (False, True)


async def test_the_report_of_collect_has_no_text_of_the_service_either(run, server, tmp_path):
    server.before = lambda _: Reply({"__type": "ValidationException", "Message": "confidential"}, status=400)
    report = tmp_path / "report.json"
    ended = await run(
        *("collect", "list-opportunities", "--catalog", "AWS", "--endpoint-url", server.url, "--report", report)
    )
    assert (ended.code, "confidential" in ended.err, b"confidential" in ended.out) == (1, True, False)
    error = json.loads(report.read_text())["sources"][0]["error"]
    assert error["message"].startswith("ValidationException: correct the request")


async def test_a_missing_file_leaves_no_checkpoint(run, server, rows, tmp_path):
    for path in (tmp_path / "missing", tmp_path):
        ended = await run(*command(server, path, "--checkpoint", tmp_path / "run.journal"))
        assert (ended.code, ended.complaint.startswith(f"aiopartnercentral: cannot read {path}: ")) == (2, True)
    assert list(tmp_path.iterdir()) == [rows]


@pytest.mark.parametrize("same", ["checkpoint", "stdout", "stderr", "rows are stdout"])
def test_two_uses_of_a_file_are_refused(environment, server, rows, tmp_path, same):
    journal = tmp_path / "run.journal"
    arguments = command(server, rows, "--checkpoint", rows if same == "checkpoint" else journal)
    before = rows.read_bytes()
    with (rows if same == "rows are stdout" else journal).open("ab") as file, (tmp_path / "other").open("wb") as other:
        streams = (other, file) if same == "stderr" else (file, subprocess.PIPE)
        process = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            check=False,
            env=environment,
            stdout=streams[0],
            stderr=streams[1],
            timeout=GUARD,
        )
    assert process.returncode == 2
    assert b"name the same file" in (journal.read_bytes() if same == "stderr" else process.stderr)
    assert (rows.read_bytes(), len(server.kept)) == (before, 0)


def wait_for_opening(pid: int) -> None:
    """Wait until a process opens a pipe that nobody writes to; at most ten seconds where Linux does not tell."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if any("wait_for_partner" in path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/wchan")):
            return
        time.sleep(0.01)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("has_writer", [True, False])
def test_the_first_signal_ends_a_run_whose_rows_wait(environment, server, tmp_path, stop, has_writer):
    fifo, journal = tmp_path / "fifo", tmp_path / "run.journal"
    os.mkfifo(fifo)
    arguments = command(server, fifo, "--checkpoint", journal)
    with subprocess.Popen(
        [*COMMAND, *map(str, arguments)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        if has_writer:
            with fifo.open("wb", buffering=0) as writer:
                writer.write(b'{"id": "a"}\n{"id')
                assert json.loads(process.stdout.readline())["row"] == "a"
                process.send_signal(stop)
                _, shown = process.communicate(timeout=GUARD)
        else:
            wait_for_opening(process.pid)
            process.send_signal(stop)
            _, shown = process.communicate(timeout=GUARD)
    assert process.returncode == 128 + stop
    assert shown.splitlines() == [
        f"aiopartnercentral: stopped by {stop.name}",
        "aiopartnercentral: rerun the same command to resume: rows that are written are not sent again",
    ]
    assert sorted(tmp_path.iterdir()) == ([fifo, journal] if has_writer else [fifo])


async def test_a_wrong_line_ends_the_run_after_those_before_it(run, server, rows):
    rows.write_text(rows.read_text() + "nonsense")
    ended = await run(*command(server, rows))
    assert (ended.code, len(ended.items), len(server.kept)) == (1, 3, 3)
    assert ended.complaint == f"aiopartnercentral: line 5 of {rows} is not a JSON object\n"


async def test_the_checkpoint_of_another_operation_is_wrong_usage(run, server, rows, tmp_path):
    journal = tmp_path / "run.journal"
    await run(*command(server, rows, "--checkpoint", journal))
    ended = await run(*command(server, rows, "--checkpoint", journal, operation="selling.CreateEngagement"))
    assert (ended.code, "its operation is CreateOpportunity, not CreateEngagement" in ended.complaint) == (2, True)


@pytest.mark.parametrize("name", ["create-oportunity", "list-connections"])
async def test_an_operation_is_refused_before_a_missing_option(run, name):
    ended = await run("write", name, "--rows", "x")
    assert ended.code == 2
    assert ("create-oportunity" in ended.complaint) == (name == "create-oportunity")
    assert "--key" not in ended.complaint
