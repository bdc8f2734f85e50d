"""The library is imported from a zip file, as Spark does with `--py-files`, and PEX with what it packs."""

from __future__ import annotations

import csv
import gzip
import json
import os
import sys
from pathlib import Path
from zipfile import ZipFile

import anyio
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import aiopartnercentral
from aiopartnercentral._utils import model_data
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.emulator.scenario import shipped
from tests.support.moto_server import moto_server
from tests.support.object_store import ObjectStore

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
PACKAGE = Path(aiopartnercentral.__file__).parent

LIST = """
import sys
import anyio
import aiopartnercentral
from aiopartnercentral import account

assert aiopartnercentral.__file__.startswith(sys.argv[1]), aiopartnercentral.__file__
keys = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret"}

async def main(**options):
    async with account.connect(endpoint_url=sys.argv[2], **keys, **options) as client:
        print(len(await client.paginate.list_connections(catalogs="AWS").collect()))

"""
DIRECTLY = f"""{LIST}
anyio.run(main)
assert "botocore.client" not in sys.modules
"""
THROUGH_BOTOCORE = f"""{LIST}
import functools, os, tempfile
anyio.run(functools.partial(main, direct=False))
unpacked = os.listdir(tempfile.gettempdir())
child = os.fork()
if not child:
    sys.exit()
os.waitpid(child, 0)
assert os.listdir(tempfile.gettempdir()) == unpacked and len(unpacked) == 1, unpacked
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    """Return a zip file with the files of both wheels."""
    path = tmp_path_factory.mktemp("zip") / "library.zip"
    with ZipFile(path, "w") as archive:
        for root, target in (
            (PACKAGE, "aiopartnercentral"),
            (model_data.root(), "aiopartnercentral/service-model"),
            (ROOT / "codegen", "aiopartnercentral/codegen"),
        ):
            for file in sorted(root.rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    archive.write(file, f"{target}/{file.relative_to(root).as_posix()}")
        archive.write(PACKAGE.with_name("pyspark_aiopartnercentral.py"), "pyspark_aiopartnercentral.py")
    return path


async def run(archive: Path, program: str, *arguments: object) -> str:
    """Run a program that finds the library in the zip file alone, and return what it prints.

    Neither the user's settings nor the site's reach the process, so it cannot find another copy of the library.
    """
    places = [path for path in sys.path if path.endswith("site-packages")]
    # The zip file goes first, and no .pth file of an installation counts.
    begin = f"import sys; sys.path[:0] = {[str(archive), *places]}\nimport aiopartnercentral\n"
    check = "assert aiopartnercentral.__file__.startswith(sys.path[0]), aiopartnercentral.__file__\n"
    keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_EC2_METADATA_DISABLED": "true"}
    command = [sys.executable, "-I", "-S", "-c", begin + check + program, *map(str, arguments)]
    done = await anyio.run_process(command, env={**os.environ, **keys}, check=False)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout.decode()


@pytest.mark.parametrize("program", [DIRECTLY, THROUGH_BOTOCORE])
async def test_a_client_lists(archive, tmp_path, program) -> None:
    async with Emulator({"AWS": 3}) as emulator:
        environment = {**os.environ, "PYTHONPATH": str(archive), "TMPDIR": str(tmp_path)}
        command = [sys.executable, "-c", program, str(archive), emulator.endpoint_url]
        done = await anyio.run_process(command, env=environment, check=False)
    assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (0, "3\n", "")
    assert list(tmp_path.iterdir()) == []


COLLECT = """
import pickle

import anyio
from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, Credentials, Limits, Source
from aiopartnercentral.sinks import open_sink

sources = [Source(catalog, endpoint_url=sys.argv[1], label=catalog) for catalog in ("AWS", "Sandbox")]
whole = Collection(account.listings.list_connections(page_size=2), sources, limits=Limits(rate=1000))
# As an engine gets it.
whole = pickle.loads(pickle.dumps(whole))

async def main():
    for extension in ("ndjson", "ndjson.gz", "csv", "parquet"):
        sink = open_sink(f"{sys.argv[2]}/out.{extension}", cls=account.ConnectionSummary)
        report = await whole.into(sink)
        print(extension, report.items, report.complete)

anyio.run(main)
"""


async def test_a_collection_writes_every_format(archive, tmp_path) -> None:
    async with Emulator({"AWS": 5, "Sandbox": 3}) as emulator:
        printed = await run(archive, COLLECT, emulator.endpoint_url, tmp_path)
    assert printed == "".join(f"{extension} 8 True\n" for extension in ("ndjson", "ndjson.gz", "csv", "parquet"))
    lines = (tmp_path / "out.ndjson").read_text(encoding="utf-8").splitlines()
    rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        texts = list(csv.DictReader(file))
    ids = {json.loads(line)["Id"] for line in lines}
    assert len(ids) == len(lines) == 8
    assert {row["id"] for row in rows} == {row["id"] for row in texts} == ids
    assert gzip.decompress((tmp_path / "out.ndjson.gz").read_bytes()).decode().splitlines() == lines


S3 = """
import anyio
from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, Limits, Source
from aiopartnercentral.sinks import S3Options, open_sink

options = S3Options(endpoint_url=sys.argv[2])
sources = [Source("AWS", endpoint_url=sys.argv[1])]
place = {"checkpoint": "s3://exports/run.json", "checkpoint_s3": options}
whole = Collection(account.listings.list_connections(), sources, limits=Limits(rate=1000), **place)
sink = open_sink("s3://exports/{catalog}.parquet", cls=account.ConnectionSummary, s3=options, spool=sys.argv[3])
anyio.run(whole.into, sink)
"""


async def test_a_collection_writes_to_s3(archive, tmp_path) -> None:
    with moto_server() as url:
        store = ObjectStore.at(url)
        store.reset()
        async with Emulator({"AWS": 5}) as emulator:
            assert await run(archive, S3, emulator.endpoint_url, url, tmp_path / "spool") == ""
        assert list(store.keys()) == ["AWS.parquet"]
        assert pq.read_table(pa.BufferReader(store.get("AWS.parquet"))).num_rows == 5


COMMAND = """
import runpy
runpy.run_module("aiopartnercentral", run_name="__main__", alter_sys=True)
"""


async def test_the_command_runs(archive, tmp_path) -> None:
    report = tmp_path / "report.html"
    (tmp_path / "sources.toml").write_text('[[source]]\ncatalogs = ["AWS"]\n', encoding="utf-8")
    async with Emulator({"AWS": 5}) as emulator:
        place = ("--catalog", "AWS", "--endpoint-url", emulator.endpoint_url)
        commands = [
            (("--version",), "0."),
            (("--help",), "emulator-set"),
            (("collect", "list-opportunities", "--help"), "--last-modified-date"),
            (("describe", "list-connections"), "ListConnectionsResponse"),
            (("describe", "selling.OpportunitySummary"), "Customer"),
            (("check", str(tmp_path / "sources.toml"), "--help"), "SOURCES"),
            (("collect", "list-connections", *place, "--report", str(report), "-q"), "pac-"),
            (("emulator-set", emulator.endpoint_url, "--scenario", "throttled-account"), '"requests_per_second": 2'),
        ]
        for arguments, shown in commands:
            assert shown in await run(archive, COMMAND, *arguments), arguments
    assert "<table" in report.read_text(encoding="utf-8")


EMULATOR = """
import anyio
from aiopartnercentral.emulator import Emulator, read_scenario
from aiopartnercentral.emulator.scenario import shipped

async def main():
    for name in shipped():
        async with Emulator(**read_scenario(name)) as emulator:
            emulator.change(name)
            print(name)

anyio.run(main)
"""


async def test_the_emulator_has_its_scenarios(archive) -> None:
    assert (await run(archive, EMULATOR)).split() == list(shipped())


GENERATE = """
import runpy
sys.argv[1:] = ["generate", "--service", "sts", "--output", sys.argv[1]]
try:
    runpy.run_module("aiopartnercentral.codegen", run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
sys.path.append(sys.argv[-1])
import sts
print(sts.GetCallerIdentityResponse(account="123456789012").account)
"""


async def test_packages_are_generated(archive, tmp_path) -> None:
    assert (await run(archive, GENERATE, tmp_path)).splitlines()[-1] == "123456789012"


SPARK = """
import pkgutil
from aiopartnercentral.integrations import spark

print(*[each.name for each in pkgutil.iter_modules() if each.name.startswith("pyspark_aio")])
print(spark._listing_of_options("account.list_connections", "{}"))
try:
    spark._listing_of_options("nothing.list_connections", "{}")
except ValueError as error:
    print(error)
"""


async def test_spark_finds_the_data_source_and_its_services(archive) -> None:
    found, listing, refused = (await run(archive, SPARK)).splitlines()
    assert found == "pyspark_aiopartnercentral"
    assert "list_connections" in listing
    services = [f"'{path.parent.name}'" for path in sorted(PACKAGE.glob("*/client.py"))]
    assert all(service in refused for service in services), refused


PYTEST = """
import pytest
sys.dont_write_bytecode = True
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:asyncio", sys.argv[1]]))
"""


async def test_the_pytest_plugin_has_its_fixtures(archive, tmp_path) -> None:
    test = tmp_path / "test_it.py"
    test.write_text("def test_it(partnercentral_emulator): assert partnercentral_emulator.endpoint_url\n")
    assert "1 passed" in await run(archive, PYTEST, test)


async def test_an_emulator_in_another_zip_file_is_named(archive, tmp_path) -> None:
    """As PEX puts them into different directories."""
    library, emulator = tmp_path / "library.zip", tmp_path / "emulator.zip"
    with ZipFile(archive) as both, ZipFile(library, "w") as one, ZipFile(emulator, "w") as other:
        for name in both.namelist():
            (other if "/emulator/" in name else one).writestr(name, both.read(name))
        one.write(ROOT / "emulator-package" / "without" / "emulator.py", "aiopartnercentral/emulator.py")
        other.writestr("aiopartnercentral_emulator-0.1.0.dist-info/METADATA", "Name: aiopartnercentral-emulator\n")
    imports = "try: import aiopartnercentral.emulator\nexcept ImportError as error: print(error)"
    program = f"sys.path.append({str(emulator)!r})\n{imports}"
    assert "in another directory of sys.path than aiopartnercentral: install both" in await run(library, program)


def test_no_module_reads_files_by_its_own_path() -> None:
    """In a zip file they have none: `importlib.resources` reads the files of a package."""
    known = {"_utils/lazy_imports.py", "_utils/model_data.py"}  # which ask the loader first
    found = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if "__file__" in path.read_text()}
    assert found == known


DASHBOARD = """
import sys
import anyio
import httpx2
from aiopartnercentral.emulator import Emulator, server

assert server.__file__.startswith(sys.argv[1]), server.__file__

async def main():
    async with Emulator({"AWS": 3}) as emulator, httpx2.AsyncClient(trust_env=False) as http:
        for path in ("/", "/settings", "/page.css", "/page.js"):
            response = await http.get(emulator.endpoint_url + path)
            print(response.status_code, response.headers["content-type"])

anyio.run(main)
"""


async def test_the_dashboard_has_its_pages(archive, tmp_path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(archive), "TMPDIR": str(tmp_path)}
    done = await anyio.run_process([sys.executable, "-c", DASHBOARD, str(archive)], env=environment, check=False)
    types = ["html", "html", "css", "javascript"]
    assert done.stdout.decode().splitlines() == [f"200 text/{each}; charset=utf-8" for each in types], done.stderr
    assert list(tmp_path.iterdir()) == []
