"""Run by itself, where both built wheels are installed: that they hold all they need. Not collected by pytest."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points, files, version
from pathlib import Path

import anyio

import aiopartnercentral
from aiopartnercentral import account, benefits, channel, marketing, revenue, selling
from aiopartnercentral._utils import model_data
from aiopartnercentral.emulator import Emulator


async def main() -> None:
    package = Path(aiopartnercentral.__file__).parent
    assert package.is_relative_to(sys.prefix), package
    assert version("aiopartnercentral") == version("aiopartnercentral-emulator") == aiopartnercentral.__version__
    installed = [
        Path(file) for name in ("aiopartnercentral", "aiopartnercentral-emulator") for file in files(name) or ()
    ]
    shipped = {path.relative_to(package.name).as_posix() for path in installed if path.parts[0] == package.name}
    assert Path("pyspark_aiopartnercentral.py") in installed  # Spark looks for such modules
    wanted = {"py.typed"}
    for package_of_service in (account, benefits, channel, marketing, revenue, selling):
        service = package_of_service.Client.service
        model = f"service-model/{service.name}/{service.api_version}"
        wanted |= {f"{model}/{kind}.json" for kind in ("service-2", "paginators-1", "endpoint-rule-set-1")}
    wanted |= {f"emulator/dashboard/templates/{name}" for name in ("base.html", "page.css", "page.js")}
    assert wanted <= shipped, wanted - shipped
    licences = {path.name for path in installed if "licenses" in path.parts}
    assert licences == {"LICENSE", "NOTICE"}
    (plugin,) = (entry for entry in entry_points(group="pytest11") if entry.name == "aiopartnercentral")
    assert (package / f"{plugin.module.rpartition('.')[2]}.py").exists()
    assert model_data.root() == package / "service-model"
    async with (
        Emulator({"AWS": 30}) as emulator,
        account.connect(
            endpoint_url=emulator.endpoint_url, aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="not-a-secret"
        ) as client,
    ):
        assert len(await client.paginate.list_connections(catalogs="AWS", page_size=7).collect()) == 30
    command = [str(Path(sys.executable).with_name("aiopartnercentral")), "demo", "--latency", "0"]
    assert b"2 sources: 550 items" in (await anyio.run_process(command)).stdout
    print("the wheels work")  # noqa: T201 - a script


anyio.run(main)
