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
import pyarrow.parquet as pq
import pytest

import aiopartnercentral
from aiopartnercentral._utils import model_data
from aiopartnercentral.emulator import Emulator

pytestmark = pytest.mark.anyio

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
    """Return a zip file with the files of a wheel."""
    path = tmp_path_factory.mktemp("zip") / "library.zip"
    package, models = Path(aiopartnercentral.__file__).parent, model_data.root()
    with ZipFile(path, "w") as archive:
        for root, target in ((package, "aiopartnercentral"), (models, "aiopartnercentral/service-model")):
            for file in sorted(root.rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    archive.write(file, f"{target}/{file.relative_to(root).as_posix()}")
    return path


@pytest.mark.parametrize("program", [DIRECTLY, THROUGH_BOTOCORE])
async def test_a_client_lists(archive, tmp_path, program) -> None:
    async with Emulator({"AWS": 3}) as emulator:
        environment = {**os.environ, "PYTHONPATH": str(archive), "TMPDIR": str(tmp_path)}
        command = [sys.executable, "-c", program, str(archive), emulator.endpoint_url]
        done = await anyio.run_process(command, env=environment, check=False)
    assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (0, "3\n", "")
    assert list(tmp_path.iterdir()) == []


COLLECT = """
import pickle, sys

sys.path[:0] = sys.argv[1], *sys.argv[4:]  # the zip file goes first, and no .pth file of an installation counts

import anyio
import aiopartnercentral
from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, Credentials, Limits, Source
from aiopartnercentral.sinks import open_sink

assert aiopartnercentral.__file__.startswith(sys.argv[1]), aiopartnercentral.__file__

sources = [Source(catalog, endpoint_url=sys.argv[2], label=catalog) for catalog in ("AWS", "Sandbox")]
whole = Collection(account.listings.list_connections(page_size=2), sources, limits=Limits(rate=1000))
# As an engine gets it.
whole = pickle.loads(pickle.dumps(whole))

async def main():
    for extension in ("ndjson", "ndjson.gz", "csv", "parquet"):
        sink = open_sink(f"{sys.argv[3]}/out.{extension}", cls=account.ConnectionSummary)
        report = await whole.into(sink)
        print(extension, report.items, report.complete)

anyio.run(main)
"""


async def test_a_collection_writes_every_format(archive, tmp_path) -> None:
    """Neither the user's settings nor the site's reach the process, so it cannot find another copy of the library."""
    keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_EC2_METADATA_DISABLED": "true"}
    places = [path for path in sys.path if path.endswith("site-packages")]
    async with Emulator({"AWS": 5, "Sandbox": 3}) as emulator:
        command = [sys.executable, "-I", "-S", "-c", COLLECT, str(archive), emulator.endpoint_url, str(tmp_path)]
        done = await anyio.run_process([*command, *places], env={**os.environ, **keys}, check=False)
    printed = "".join(f"{extension} 8 True\n" for extension in ("ndjson", "ndjson.gz", "csv", "parquet"))
    assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (0, printed, "")
    lines = (tmp_path / "out.ndjson").read_text(encoding="utf-8").splitlines()
    rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        texts = list(csv.DictReader(file))
    ids = {json.loads(line)["Id"] for line in lines}
    assert len(ids) == len(lines) == 8
    assert {row["id"] for row in rows} == {row["id"] for row in texts} == ids
    assert gzip.decompress((tmp_path / "out.ndjson.gz").read_bytes()).decode().splitlines() == lines


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
