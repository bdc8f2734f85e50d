"""The programs of examples/, as they stand, against an emulator."""

from __future__ import annotations

import csv
import os
import re
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from anyio.from_thread import start_blocking_portal
from fastapi.testclient import TestClient

from aiopartnercentral.emulator import Emulator
from tests.support.clients import aws_environment
from tests.support.servers import refusing_port

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["aws_environment"]

EXAMPLES = Path(__file__).parents[2] / "examples"


@contextmanager
def running(**options: object) -> Iterator[Emulator]:
    with start_blocking_portal("asyncio") as portal, portal.wrap_async_context_manager(Emulator(**options)) as emulator:
        yield emulator


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch, aws_environment: None) -> Iterator[Emulator]:  # noqa: ARG001 - order
    with running(catalogs={"AWS": 40, "Sandbox": 7}) as emulator:
        monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
        yield emulator


def run(program: str, *arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def test_the_list_of_examples_names_all_of_them() -> None:
    listed = re.findall(r"^\| \[(.*?)\]\(\1\) \|", (EXAMPLES / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == sorted(path.name for path in EXAMPLES.glob("*.py"))


@pytest.mark.usefixtures("emulator")
def test_connections_are_counted_and_a_denied_catalog_is_named(emulator: Emulator) -> None:
    counted = re.findall(
        r"^(AWS|Sandbox) [A-Z_]+: (\d+), such as \S", run("connections_by_type.py").stdout, re.MULTILINE
    )
    numbers = {name: sum(int(number) for each, number in counted if each == name) for name, _ in counted}
    assert numbers["AWS"] >= 40
    assert numbers["Sandbox"] >= 7
    emulator.denied_catalogs = {"Sandbox"}
    denied = run("connections_by_type.py", code=1)
    assert "AWS " in denied.stdout
    assert "Sandbox" in denied.stderr


@pytest.mark.usefixtures("emulator")
def test_an_export_resumes_after_a_failure(emulator: Emulator, tmp_path: Path) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text('[[source]]\nlabel = "ada in {catalog}"\ncatalogs = ["AWS", "Sandbox"]\n', encoding="utf-8")
    exports = tmp_path / "exports"
    emulator.denied_catalogs = {"Sandbox"}
    reason = "failed, 0 opportunities: AccessDeniedException: the caller's policy must allow ListOpportunities"
    assert f"ada in Sandbox: {reason}" in run("export_opportunities.py", sources, exports, code=1).stdout
    emulator.denied_catalogs = ()
    assert "ada in Sandbox: complete" in run("export_opportunities.py", sources, exports).stdout
    files = sorted(exports.glob("*.csv"))
    assert len(files) == 2
    for path in files:
        with path.open(newline="", encoding="utf-8") as file:
            ids = [row["id"] for row in csv.DictReader(file)]
        assert len(ids) == len(set(ids)) > 0
    assert "No such file" in run("export_opportunities.py", tmp_path / "none.toml", exports, code=2).stderr


@pytest.mark.usefixtures("emulator")
def test_the_service_answers() -> None:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with socket.create_server(("127.0.0.1", 0)) as listener, httpx2.Client(trust_env=False, timeout=60) as client:
        fd, url = listener.fileno(), f"http://127.0.0.1:{listener.getsockname()[1]}/Sandbox/opportunities"
        command = [sys.executable, "-m", "uvicorn", "opportunity_api:app", "--fd", str(fd), "--log-level", "warning"]
        with subprocess.Popen(command, cwd=EXAMPLES, env=environment, pass_fds=[fd]) as process:
            try:
                found = client.get(url, params={"limit": 3}).json()
                assert len(found) == 3
                assert client.get(f"{url}/{found[0]['Id']}").json()["Id"] == found[0]["Id"]
                missing = client.get(f"{url}/O0000000")
                assert (missing.status_code, missing.json()["code"]) == (404, "ResourceNotFoundException")
                approved = next(each["Id"] for each in found if each["LifeCycle"]["ReviewStatus"] == "Approved")
                for is_sent in (True, False):
                    changed = client.put(f"{url}/{approved}/next-steps", json={"text": "Call Ada"})
                    assert (changed.status_code, changed.json()) == (200, is_sent)
                assert client.get(f"{url}/{approved}").json()["LifeCycle"]["NextSteps"] == "Call Ada"
                empty = client.put(f"{url}/{approved}/next-steps", json={"text": "x" * 1000})
                assert (empty.status_code, empty.json()["code"]) == (422, "ValidationException")
            finally:
                process.terminate()


@pytest.mark.usefixtures("aws_environment")
def test_the_service_answers_when_partner_central_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    def answer(timeout: str) -> Any:
        source = (EXAMPLES / "opportunity_api.py").read_text(encoding="utf-8")
        assert "timeout=30" in source
        monkeypatch.setitem(sys.modules, "opportunity_api", ModuleType("opportunity_api"))
        code = compile(source.replace("timeout=30", timeout), "opportunity_api.py", "exec")
        exec(code, vars(sys.modules["opportunity_api"]))  # noqa: S102
        with TestClient(sys.modules["opportunity_api"].app, raise_server_exceptions=False) as client:
            return client.get("/AWS/opportunities")

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        slow = answer("timeout=0.3")
    with refusing_port(port):
        dead = answer("timeout=300")
    assert (slow.status_code, slow.json()["code"]) == (504, "TimeExceededError")
    assert (dead.status_code, dead.json()["code"]) == (503, "EndpointConnectionError")


def test_the_tests_of_other_people_pass(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [*command, str(EXAMPLES / "test_invitations.py")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert "3 passed" in done.stdout, done.stdout + done.stderr
