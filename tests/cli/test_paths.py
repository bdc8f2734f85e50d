"""Paths that cannot be used, or not together: one line before any request.

In this process, as no test needs one of its own.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import anyio
import pytest

from aiopartnercentral._utils import atomic_files
from aiopartnercentral.cli.app import app
from aiopartnercentral.cli.config import resume_hint
from aiopartnercentral.cli.runner import CommandError
from aiopartnercentral.cli.writer import Target, write_once
from aiopartnercentral.errors import SinkError
from aiopartnercentral.sinks import partial_file

CONNECTIONS = ("collect", "list-connections")
AWS = ("--catalog", "AWS")
BASH = shutil.which("bash")


@pytest.fixture
def told(capsys, monkeypatch, tmp_path):
    """Return `told(*arguments)`, which gives the exit code and the first line of the command; a traceback is raised."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            app([*CONNECTIONS, *map(str, arguments)], prog_name="aiopartnercentral")
        out, err = capsys.readouterr()
        assert out == ""
        return ended.value.code, err.splitlines()[0]

    return run


@pytest.mark.parametrize("option", ["--connection-type", "--rate", "--output", "--no-progress"])
def test_what_only_the_last_one_would_count_of(capsys, option):
    values = () if option == "--no-progress" else ("1",)
    with pytest.raises(SystemExit) as ended:
        app([*CONNECTIONS, option, *values, *AWS, option, *values, "list-partners"], prog_name="aiopartnercentral")
    assert ended.value.code == 2
    assert f"Error: {option.replace('no-', '')} can be given only once." in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a" * 300, "loop", "loop/a", "directory", "."])
def test_a_name_that_no_file_can_have_is_wrong_usage(told, tmp_path, name):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "directory").mkdir()
    before = sorted(tmp_path.iterdir())
    for options in (
        ("--output", "a.csv", "--checkpoint", name),
        ("--output", "a.csv", "--checkpoint", name, "--dry-run"),
        ("--output", "a.csv", "--report", name),
        ("--output", "a.csv", "--malformed", name),
        ("--format", "table", "--malformed", name),
        ("--output", "a.csv", "--log-file", name),
        ("--output", name, "--format", "csv"),
        ("--output", name, "--format", "ndjson", "--ordered"),
        ("--sources", name),
    ):
        catalog = () if "--sources" in options else AWS
        code, line = told(*catalog, *options)
        assert code == 2, options
        assert name[:20] in line or "Usage: " in line
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "reason"),
    [("a" * 300, "File name too long"), ("file", "Not a directory"), ("file/a", "Not a directory")],
)
def test_a_spool_that_cannot_be_a_directory(told, tmp_path, name, reason):
    (tmp_path / "file").touch()
    store = ("--output", "s3://bucket/a.csv", "--s3-endpoint-url", "http://127.0.0.1:9")
    code, line = told(*AWS, *store, "--spool", name)
    assert (code, line) == (2, f"aiopartnercentral: --spool must be a directory: {name}: {reason}")


def test_the_spool_may_be_the_working_directory(told):
    store = ("--output", "s3://bucket/a.csv", "--s3-endpoint-url", "http://127.0.0.1:9")
    code, line = told(*AWS, *store, "--spool", ".")
    assert code == 1
    assert "cannot write s3://bucket/a.csv" in line


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("{label}" * 4, "File name too long"),
        (f"{'d' * 255}/" * 16 + "{label}", "does not exist"),  # nor can it
        ("{label}/", "Is a directory"),
        ("none/", "Is a directory"),
        (".aiopartnercentral-{label}.part", "names that begin with .aiopartnercentral- are reserved for partial files"),
    ],
)
def test_a_name_that_no_output_can_have(told, tmp_path, output, reason):
    (tmp_path / "sources").write_text(f'[[source]]\ncatalogs = ["AWS"]\nlabel = "{"x" * 80}"')
    code, line = told("--sources", "sources", "--output", output, "--format", "csv")
    assert code == 2
    assert reason in line
    assert [path.name for path in tmp_path.iterdir()] == ["sources"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--output", "pipe.parquet"), "--format parquet needs --output and a file"),
        (("--output", "pipe.gz"), "the extension .gz of --output needs a file"),
        (("--output", "/dev/stdout", "--format", "parquet"), "--format parquet needs --output and a file"),
        (("--output", "pipe", "--format", "csv", "--checkpoint", "c"), "--checkpoint needs --output and a file"),
        (("--output", "/dev/stdout", "--report", "-"), "--report - and --output - exclude each other"),
    ],
)
def test_what_is_written_into_files_alone(told, options, words):
    for name in ("pipe", "pipe.gz", "pipe.parquet"):
        os.mkfifo(name)
    code, line = told(*AWS, *options)
    assert code == 2
    assert words in line


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ("--output", "\udcff/{label}.csv"),
            "--checkpoint and a template in --output with bytes that are not text",
        ),
    ],
)
def test_what_a_checkpoint_does_not_go_with(told, options, words):
    code, line = told(*AWS, *options, "--checkpoint", "c")
    assert code == 2
    assert words in line


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
def test_a_checkpoint_that_is_no_file(told):
    os.mkfifo("c")
    assert told(*AWS, "--output", "a.csv", "--checkpoint", "c") == (
        2,
        "aiopartnercentral: --checkpoint must name a file, and c is not a file",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="keeps the working directory of a process")
@pytest.mark.parametrize(
    "options",
    [
        ("--output", "a.csv"),
        ("--output", "{label}.csv"),
        ("--output", "a.ndjson", "--ordered"),
        ("--output", "a.csv", "--malformed", "m", "--report", "r"),
        ("--output", "a.csv", "--checkpoint", "c"),
        ("--output", "{label}.csv", "--checkpoint", "c"),
    ],
)
def test_a_working_directory_that_was_removed(told, tmp_path, monkeypatch, options):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    code, line = told(*AWS, "--endpoint-url", "http://127.0.0.1:9", *options)
    assert code == 2
    assert "its directory does not exist" in line or "its directory . does not exist" in line


def test_a_disk_that_is_full_is_no_wrong_usage(told, monkeypatch):
    def no_space(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", no_space)
    assert told(*AWS, "--output", "a.csv", "--checkpoint", "c") == (
        1,
        "aiopartnercentral: the checkpoint c cannot be written: No space left on device",
    )


def test_files_that_are_too_much_for_their_parsers(told, tmp_path):
    file = tmp_path / "file"
    for text in (f"a = {'[' * 5000}", f"a = {'9' * 5000}"):
        file.write_text(text)
        code, line = told("--sources", file)
        assert code == 2
        assert line.startswith(f"aiopartnercentral: {file} is not TOML: ")
    file.write_text('{"format":' + "[" * 50_000)
    code, line = told(*AWS, "--output", "a.csv", "--checkpoint", file)
    assert code == 2
    assert "is not a checkpoint, or its beginning is damaged; remove it" in line


@pytest.mark.parametrize(
    ("output", "options", "words"),
    [
        (
            "{label}.json",
            ("--format", "ndjson", "--checkpoint", "partners.json"),
            "--output and --checkpoint name the same file, {0}",
        ),
        (
            "{label}.json",
            ("--format", "ndjson", "--report", "./partners.json"),
            "--output and --report name the same file, ./{0}",
        ),
        (
            "all-{label}",
            ("--format", "csv", "--malformed", "all-partners"),
            "--output and --malformed name the same file, all-partners",
        ),
        ("{label}", ("--format", "ndjson"), "--output and --sources name the same file, sources"),
        ("{label}.csv", ("--report", "x", "--malformed", "to-x"), "--malformed and --report name the same file, x"),
        ("to-x", ("--format", "ndjson", "--report", "x"), "--output and --report name the same file, x"),
        ("one-{label}.csv", (), "label 'sources' and label 'link' name the same file, one-link.csv"),
        ("{catalog}{label}.csv", (), "catalog 'ax', label 'x' and catalog 'a', label 'xx' name the same file, axx.csv"),
    ],
)
def test_a_file_with_two_uses_is_refused_before_anything_is_written(told, tmp_path, output, options, words):
    catalogs = {"partners": "AWS", "sources": "AWS", "link": "AWS", "x": "ax", "xx": "a"}
    text = "\n".join(f'[[source]]\ncatalogs = ["{catalogs[label]}"]\nlabel = "{label}"' for label in catalogs)
    (tmp_path / "sources").write_text(text)
    (tmp_path / "to-x").symlink_to("x")
    (tmp_path / "one-link.csv").symlink_to("one-sources.csv")
    (tmp_path / "partners.json").write_text("precious")
    before = sorted(tmp_path.iterdir())
    code, line = told("--sources", "sources", "--output", output, *options)
    assert code == 2
    assert words.format(f"partners{Path(output).suffix}") in line
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "partners.json").read_text() == "precious"
    assert (tmp_path / "sources").read_text() == text


@pytest.fixture
def redirected():
    """Return `redirected(descriptor, file)`, the shell's `descriptor>>file`, until the end of the test."""
    with ExitStack() as stack:

        def redirect(descriptor, file):
            with ExitStack() as opened:
                fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
                opened.callback(os.close, fd)
                kept = os.dup(descriptor)
                stack.callback(os.close, kept)
                stack.callback(os.dup2, kept, descriptor)
                os.dup2(fd, descriptor)

        yield redirect


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="has no paths of descriptors")  # noqa: PTH112 - at import
@pytest.mark.parametrize(
    ("descriptor", "options", "words"),
    [
        (1, ("--report", "x"), "--output and --report name the same file, x"),
        (1, ("--report", "hard"), "--output and --report name the same file, hard"),
        (1, ("--report", "/dev/fd/1"), "--report - and --output - exclude each other"),
        (1, ("--report", "to-stdout"), "--report - and --output - exclude each other"),
        (1, ("--output", "x", "--format", "csv", "--report", "-"), "--output and --report name the same file"),
        (1, ("--format", "csv", "--malformed", "x"), "--output and --malformed name the same file, x"),
        (2, ("--output", "x", "--format", "csv"), "standard error and --output name the same file, x"),
        (2, ("--report", "x"), "standard error and --report name the same file, x"),
        (2, ("--report", "/dev/fd/2", "--output", "x", "--format", "csv"), "--output and --report name the same file"),
    ],
)
def test_a_file_that_a_stream_was_redirected_to(told, redirected, descriptor, options, words):
    Path("x").write_text("earlier")
    Path("hard").hardlink_to("x")
    Path("to-stdout").symlink_to("/dev/fd/1")
    redirected(descriptor, "x")
    code, line = told(*AWS, *options)
    assert code == 2
    assert words in line
    assert Path("x").read_text() == "earlier"
    assert len(list(Path().iterdir())) == 3


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="has no paths of descriptors")  # noqa: PTH112 - at import
def test_an_open_file_is_written_in_place_and_not_replaced(tmp_path):
    async def write(output):
        with await Target.open(output) as target:
            await write_once(target, b"new")
            await target.keep()

    with (tmp_path / "a").open("ab") as file, (tmp_path / "a").open("rb") as read_only:
        file.write(b"earlier ")
        file.flush()
        (tmp_path / "a").rename(tmp_path / "b")
        with pytest.raises(CommandError, match="Bad file descriptor"):  # of this process itself
            anyio.run(write, f"/dev/fd/{file.fileno()}")
        for opened in (file, read_only):
            os.set_inheritable(opened.fileno(), True)  # noqa: FBT003 - as a shell's
        anyio.run(write, f"/dev/fd/{file.fileno()}")
        with pytest.raises(CommandError, match="Bad file descriptor"):
            anyio.run(write, f"/dev/fd/{read_only.fileno()}")
        with pytest.raises(SinkError, match="an open file cannot be replaced"):
            partial_file.PartialFile.create(f"/dev/fd/{file.fileno()}")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    assert (tmp_path / "b").read_bytes() == b"earlier new"


@pytest.mark.parametrize("name", ["AWS.csv", "bad.ndjson", "report.json"])
def test_a_file_that_cannot_be_replaced_is_known_before_anything_is_collected(told, tmp_path, monkeypatch, name):
    monkeypatch.setattr(
        partial_file, "irreplaceable", lambda path: "it is a mount point" if path.name == name else None
    )
    (tmp_path / name).write_text("earlier")
    files = ("--output", "{label}.csv", "--malformed", "bad.ndjson", "--report", "report.json")
    code, line = told(*AWS, "--endpoint-url", "http://127.0.0.1:9", *files)
    assert (code, line) == (1, f"aiopartnercentral: cannot write {name}: it is a mount point")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_that_not_everybody_may_use_as_before(told, tmp_path, monkeypatch):
    monkeypatch.setattr(atomic_files, "keep_permissions", lambda *_, **__: False)
    unreachable = ("--endpoint-url", "http://127.0.0.1:9", "--max-attempts", 1)
    code, line = told(*AWS, *unreachable, "--output", "a.csv", "--report", "r.json")
    assert code == 1
    assert line.startswith(f"aiopartnercentral: {tmp_path}/r.json: its owner, group or access list could not be kept")


@pytest.mark.skipif(BASH is None, reason="has no bash")
def test_a_shell_reads_the_command_to_go_on_as_it_was_typed(monkeypatch, tmp_path):
    arguments = [
        "plain",
        "a b",
        "",
        'it\'s $(id) `id` \\ "x"',
        "{label}",
        "каталог",
        "a\nb'\\\t\x1b[31m",
        "\udcff9\xa0é",
    ]
    monkeypatch.setattr("sys.argv", ["ignored", "--restart", *arguments])  # with which nothing would be resumed
    monkeypatch.setattr("aiopartnercentral.bulk.checkpoint_file.saved_progress", lambda _: "3 items")
    line = resume_hint(tmp_path / "c")
    assert line is not None
    assert BASH is not None
    assert line.isprintable()
    script = f"aiopartnercentral() {{ printf '%s\\0' \"$@\"; }}; {line.partition('to resume: ')[2]}"
    read = subprocess.run([BASH, "-c", script], check=True, capture_output=True, timeout=30).stdout
    assert read.split(b"\0")[:-1] == [os.fsencode(argument) for argument in arguments]
