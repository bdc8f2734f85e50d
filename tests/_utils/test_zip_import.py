"""The library is imported from a zip file, as Spark does with `--py-files`, and PEX with what it packs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from zipfile import ZipFile

import anyio
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
