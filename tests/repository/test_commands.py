"""Every command that a page shows runs, and prints what the page shows below it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import msgspec
import pytest

from aiopartnercentral.bulk.checkpoint_file import as_bytes, read
from aiopartnercentral.emulator import Denial, Emulator, Fault, Latency, Throttle
from tests.support.doc_blocks import CONSOLE_BLOCKS
from tests.support.moto_server import moto_server
from tests.support.page_commands import COMMANDS
from tests.support.shown_output import check_output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROFILES = {"ada": "111122223333", "bob": "444455556666", "eve": "123456789012", "exports": "any"}
"""Each profile with its access key, which is the id of its account; eve's has the seeded data."""
FILES = {
    "config": "".join(
        f"[profile {name}]\naws_access_key_id={key}\naws_secret_access_key=any\n" for name, key in PROFILES.items()
    ),
    "partners.toml": 'defaults.catalogs = ["AWS"]\n[[source]]\nprofile = "ada"\n[[source]]\nprofile = "bob"\n',
    "three.toml": 'defaults.catalogs = ["AWS"]\n'
    + "".join(f'[[source]]\nprofile = "{name}"\n' for name in ("ada", "bob", "eve")),
    "sources.toml": 'defaults.catalogs = ["AWS", "Sandbox"]\n[[source]]\nprofile = "ada"\n',
    "night.toml": "latency = 0.01\n",
    "opportunities.ndjson": '{"id": "lead-1", "Origin": "Partner Referral"}\n',
}


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, partnercentral_emulator: Emulator) -> Emulator:
    """Run in a directory with the files that the commands name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return partnercentral_emulator


@contextmanager
def bucket() -> Iterator[None]:
    """Serve the bucket that the pages name."""
    with moto_server() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_S3", url)
        client: Any = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="acme-exports")
        client.close()
        yield


@pytest.fixture
def partnercentral_emulator_arguments() -> dict[str, Any]:
    return {"catalogs": {"AWS": 250, "Sandbox": 40}}


@contextmanager
def started(command: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command in a shell, with both streams as one, as a terminal shows them."""
    line = ["/bin/sh", "-c", f"exec {command}"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def run(command: str, *, succeeds: bool = False) -> str:
    with started(command) as process:
        printed = process.communicate(timeout=120)[0]
    assert not succeeds or process.returncode == 0, printed
    return printed


def serve(command: str) -> str:
    """Start an emulator on any free port, and stop it when it serves."""
    if "--replay" in command:  # what a recording without requests begins with; its own file was removed again
        Path("answers.ndjson").write_text('{"format":"aiopartnercentral-recording","version":1}\n', encoding="utf-8")
    with started(command.replace("--port 8080", "--port 0")) as process:
        first = process.stdout.readline() if process.stdout else ""
        process.send_signal(signal.SIGINT)
        printed = first + process.communicate(timeout=60)[0]
    assert "http://127.0.0.1:" in first, printed
    return printed


def interrupt(command: str, emulator: Emulator) -> str:
    """Run a command that collects `AWS` until its third page does not come, and press Ctrl-C."""
    emulator.faults = [Fault(Latency(seconds=3600, when="before"), catalog="AWS", calls="3-")]
    with started(command) as process:
        deadline = time.monotonic() + 60
        while len(emulator.requests) < 3 or emulator.in_flight != 1:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(2)  # until the command has processed the pages that it got
        process.send_signal(signal.SIGINT)
        printed = process.communicate(timeout=60)[0]
    emulator.faults = []
    return printed


def after_an_interruption(command: str, emulator: Emulator) -> str:
    interrupt(command, emulator)
    return run(command)


def much_later(command: str, emulator: Emulator) -> str:
    interrupt(command, emulator)
    checkpoint = Path("partners.json")
    found, _ = read(checkpoint, timedelta.max, restart=False)
    assert found
    checkpoint.write_bytes(as_bytes(msgspec.structs.replace(found, began=found.began - timedelta(days=2))))
    return run(command)


def with_a_file_of_another_source(command: str, _: Emulator) -> str:
    Path("out").mkdir()
    Path("out/acme%2FAWS.parquet").touch()
    return run(command)


def with_failures(command: str, emulator: Emulator) -> str:
    emulator.denials = [Denial(operation="ListConnections", account_id=PROFILES[name]) for name in ("ada", "bob")]
    emulator.faults = [Fault(Throttle(rate=0), account_id=PROFILES["eve"])]
    return run(command)


def with_bad_accounts(command: str, emulator: Emulator) -> str:
    """Run with bob, who is denied, and eve, whose requests are not answered."""
    emulator.denials = [Denial(operation="ListConnections", account_id=PROFILES["bob"])]
    emulator.faults = [Fault(Latency(seconds=3600), account_id=PROFILES["eve"])]
    return run(command)


def refused(command: str, _: Emulator) -> str:
    return run(command)


SITUATIONS: dict[tuple[str, str], Callable[[str, Emulator], str]] = {
    ("Filters", "SortBuy"): refused,
    ("Formats and files", "out/"): with_a_file_of_another_source,
    ("Resume", "partners.json"): interrupt,
    ("Resume", "--checkpoint-max-age"): much_later,
    ("Report and summary", "--summary"): after_an_interruption,
    ("Progress and messages", "three.toml"): with_failures,
    ("Check a sources file", "three.toml"): with_bad_accounts,
}
"""How to run the commands of a section that must not simply succeed, by a part of them; the last that fits applies."""
EARLIER_REPORT = "collect list-opportunities --sources partners.toml --report last.json --output earlier.parquet"


def assert_files(command: str) -> None:
    """Look for the files of a run that is complete; without anything to resume, its checkpoint is deleted.

    A dry run writes no file.
    """
    is_dry = "--dry-run" in command
    for template in re.findall(r"--output '?((?!s3:)[\w./{}-]+)'?", command):
        files = list(Path().glob(re.sub(r"{\w+}", "*", template)))
        assert bool(files) is not is_dry, template
        assert all(path.stat().st_size for path in files)
    if " collect " in command:
        assert not [name for name in re.findall(r"--checkpoint (\S+)", command) if Path(name).exists()]


@pytest.mark.parametrize("where", COMMANDS, ids=lambda where: f"{where[0]}:{where[1]}")
def test_a_command_prints_what_the_page_shows(where: tuple[str, int], emulator: Emulator) -> None:
    block, commands = CONSOLE_BLOCKS[where], COMMANDS[where]
    text = "\n".join(commands)
    printed = ""
    with ExitStack() as stack:
        if "s3://" in text:
            stack.enter_context(bucket())
        if "last.json" in text or "run.json" in text:
            run(f"aiopartnercentral {EARLIER_REPORT}", succeeds=True)
            shutil.copy("last.json", "run.json")
        for command in commands:
            situations = [
                each
                for (section, part), each in SITUATIONS.items()
                if section == block.heading and part in command and block.output is not None
            ]
            if situations:
                printed += situations[-1](command, emulator)
            elif command.startswith("aiopartnercentral emulator "):
                printed += serve(command)
            else:
                printed += run(command, succeeds=True)
                assert_files(command)
    assert "Traceback" not in printed
    if block.output is not None:
        check_output(block.output, printed)
