"""Every program of docs/engines.md and docs/lambda.md, as it stands.

Those that need further packages run in the nox session `recipes`.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from runpy import run_path
from typing import TYPE_CHECKING, Any

import boto3
import botocore
import pyarrow as pa
import pytest
from anyio.from_thread import start_blocking_portal

from aiopartnercentral.emulator import Emulator
from tests.support.changing_service import ChangingService
from tests.support.clients import aws_environment
from tests.support.doc_blocks import PAGES
from tests.support.moto_server import moto_server
from tests.support.servers import Reply, scripted_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers import Received

__all__ = ["aws_environment"]

PAGE = PAGES["docs/engines.md"] + PAGES["docs/lambda.md"]
BLOCKS = {name: text for text, name in re.findall(r"^```python\n(# (.*?)\n.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)}
SOURCES = '[defaults]\ncatalogs = ["AWS", "Sandbox"]\n[[source]]\nprofile = "ada"\n[[source]]\nprofile = "grace"\n'


def test_every_block_has_a_test() -> None:
    assert PAGE.count("\n```") == 2 * len(BLOCKS) + 2  # and the command
    assert set(BLOCKS) == {
        *("rows.py", "to_delta.py", "to_iceberg.py", "to_polars.py", "to_ray.py", "to_dask.py"),
        *("tasks.py", "nightly.py", "handler.py", "to_crm.py"),
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in BLOCKS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch, aws_environment: None) -> Iterator[Emulator]:  # noqa: ARG001 - order
    sizes = {"AWS": 230, "Sandbox": 40}
    with start_blocking_portal("asyncio") as portal, portal.wrap_async_context_manager(Emulator(sizes)) as emulator:
        monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
        yield emulator


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, aws_environment: None) -> Iterator[ChangingService]:  # noqa: ARG001 - order
    service = ChangingService()
    for number in range(5):
        service.change("AWS", f"O{number}")
    service.change("Sandbox", "S0")
    with scripted_server() as server:
        server.answer = service
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield service


@pytest.fixture
def profiles(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "sources.toml").write_text(SOURCES, encoding="utf-8")
    keys = "aws_access_key_id = any\naws_secret_access_key = any\n"
    (folder / "credentials").write_text(f"[ada]\n{keys}[grace]\n{keys}", encoding="utf-8")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))


def package(name: str) -> Any:
    """Return a package that only the nox session must have."""
    return import_module(name) if "RECIPES" in os.environ else pytest.importorskip(name)


def run(name: str) -> str:
    done = subprocess.run([sys.executable, name], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


def revisions(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(f"{row['source_label']} {row['id']} {row['partner_opportunity_identifier'][-1]}" for row in rows)


def merged(service: ChangingService, name: str) -> None:
    """Run a program that merges, before and after changes."""
    assert run(name) == "6 inserted; 0 updated\n"
    service.now += timedelta(hours=1)
    service.change("AWS", "O3")
    service.change("Sandbox", "S1")
    assert run(name).startswith("1 inserted; ")


MERGED = ["AWS O0 1", "AWS O1 1", "AWS O2 1", "AWS O3 2", "AWS O4 1", "Sandbox S0 1", "Sandbox S1 1"]


def test_changes_are_merged_into_delta(folder: Path, service: ChangingService) -> None:
    deltalake = package("deltalake")
    merged(service, "to_delta.py")
    table = deltalake.DeltaTable(folder / "opportunities")
    query = "SELECT source_label, id, partner_opportunity_identifier FROM rows"
    rows = pa.table(deltalake.QueryBuilder().register("rows", table).execute(query))
    assert revisions(rows.to_pylist()) == MERGED


def test_changes_are_merged_into_iceberg(folder: Path, service: ChangingService) -> None:
    sql = package("pyiceberg.catalog.sql")
    merged(service, "to_iceberg.py")
    catalog = sql.SqlCatalog("partners", uri=f"sqlite:///{folder / 'catalog.db'}")
    assert revisions(catalog.load_table("partners.opportunities").scan().to_arrow().to_pylist()) == MERGED
    catalog.close()


@pytest.mark.usefixtures("folder", "aws_environment")
@pytest.mark.parametrize("first", [1, 2])
def test_the_newest_revision_of_an_item_is_kept(monkeypatch: pytest.MonkeyPatch, first: int) -> None:
    def item(number: int) -> dict[str, Any]:
        modified = {"LastModifiedDate": f"2024-05-0{number}T12:00:00Z", "PartnerOpportunityIdentifier": str(number)}
        return {"Catalog": "AWS", "Id": "O1", "Arn": "a", "CreatedDate": "2024-05-01T12:00:00Z", **modified}

    def answer(received: Received) -> Reply:
        if "NextToken" in received.body:
            return Reply({"OpportunitySummaries": [item(3 - first)]})
        return Reply({"OpportunitySummaries": [item(first)], "NextToken": "next"})

    with scripted_server() as server:
        server.answer = answer
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        assert revisions(run_path("rows.py")["newest"]().to_pylist()) == ["AWS O1 2", "Sandbox O1 2"]


@pytest.mark.usefixtures("emulator", "folder")
@pytest.mark.parametrize(
    ("name", "needs", "printed"),
    [
        ("to_polars.py", "polars", "'AWS': 230"),
        ("to_ray.py", "ray", "^270 rows$"),
        ("to_dask.py", "dask", "^270 rows$"),
    ],
)
def test_an_engine_gets_every_row(name: str, needs: str, printed: str) -> None:
    package(needs)
    assert re.search(printed, run(name), re.MULTILINE)


@pytest.mark.usefixtures("emulator", "profiles")
def test_the_functions_of_a_scheduler_collect_everything(folder: Path) -> None:
    functions = run_path("tasks.py")
    (folder / "out").mkdir()
    groups = functions["groups"](2)
    assert groups == [["ada/AWS", "ada/Sandbox"], ["grace/AWS", "grace/Sandbox"]]
    paths = [functions["collect"](labels) for labels in groups]
    assert functions["finish"](paths).startswith("4 sources: 540 items")
    files = sorted((folder / "out").iterdir())
    assert sum(len(gzip.decompress(file.read_bytes()).splitlines()) for file in files) == 540


@pytest.mark.skipif("AIRFLOW" not in os.environ, reason="needs an environment with Airflow: nox -s recipes")
@pytest.mark.usefixtures("emulator", "profiles")
def test_airflow_runs_a_task_for_each_group(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "out").mkdir()
    for name, value in {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }.items():
        monkeypatch.setenv(name, value)
    python = os.environ["AIRFLOW"]
    program = "from nightly import nightly; print('state:', nightly.test().state)"
    for command in (["-m", "airflow", "db", "migrate"], ["-c", program]):
        done = subprocess.run([python, *command], capture_output=True, text=True, check=False, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "state: success"
    assert done.stdout.count("end task task_id=collect") == 2
    assert "4 sources: 540 items" in done.stdout
    files = sorted((folder / "out").iterdir())
    assert sum(len(gzip.decompress(file.read_bytes()).splitlines()) for file in files) == 540


@pytest.mark.usefixtures("service", "profiles")
def test_the_task_fails_if_a_source_did(folder: Path, service: ChangingService) -> None:
    (folder / "out").mkdir()
    service.denied = {"Sandbox"}
    text = (folder / "tasks.py").read_text(encoding="utf-8")
    (folder / "tasks.py").write_text(
        text.replace("account.listings.list_connections()", "account.listings.list_partners()"), encoding="utf-8"
    )
    functions = run_path("tasks.py")
    paths = [functions["collect"](labels) for labels in functions["groups"]()]
    with pytest.raises(RuntimeError, match=r"incomplete:[\s\S]*Sandbox .*failed"):
        functions["finish"](paths)


@pytest.mark.usefixtures("emulator", "profiles")
def test_a_lambda_function_writes_objects_without_the_models_that_it_does_not_need(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(Path(botocore.__file__).parent, folder / "package" / "botocore")
    (command,) = re.findall(r"^```console\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    subprocess.run(["/bin/sh", "-c", command], check=True)
    data = folder / "package" / "botocore" / "data"
    assert {path.name for path in data.iterdir() if path.is_dir()} == {"s3", "sts"}
    monkeypatch.setenv("PYTHONPATH", str(folder / "package"))
    (folder / "invoke.py").write_text(
        "import botocore\nfrom handler import handler\n"
        "print(botocore.__file__)\nprint(handler({'labels': ['ada/AWS', 'ada/Sandbox']}, None))\n",
        encoding="utf-8",
    )
    with moto_server() as url:
        for name, value in (("ENDPOINT_URL_S3", url), ("ACCESS_KEY_ID", "any"), ("SECRET_ACCESS_KEY", "any")):
            monkeypatch.setenv(f"AWS_{name}", value)
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="acme-exports")
        printed = run("invoke.py").splitlines()
        keys = [each["Key"] for each in client.list_objects_v2(Bucket="acme-exports")["Contents"]]
        client.close()
    assert printed == [str(folder / "package" / "botocore" / "__init__.py"), "{'complete': True, 'items': 270}"]
    assert keys == ["connections/ada%2FAWS.ndjson.gz", "connections/ada%2FSandbox.ndjson.gz"]


@pytest.mark.usefixtures("folder")
def test_a_crm_gets_what_has_changed(service: ChangingService) -> None:
    def sent() -> set[str]:
        service.now += timedelta(hours=1)
        return set(run("to_crm.py").splitlines())

    assert len(sent()) == 6
    service.change("AWS", "O3")
    service.denied = {"AWS"}
    assert sent() == set()
    service.denied = set()
    service.change("Sandbox", "S1")
    assert sent() == {"AWS/O3 revision 2", "Sandbox/S1 revision 1"}
    assert sent() == set()
