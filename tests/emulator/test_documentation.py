from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

from aiopartnercentral import emulator
from aiopartnercentral.emulator import Emulator, Fault, admin_api, read_faults
from aiopartnercentral.emulator.faults.config_file import KINDS
from aiopartnercentral.emulator.operations.registry import HANDLERS
from aiopartnercentral.emulator.scenario import KEYS, shipped
from aiopartnercentral.emulator.services import ACCOUNT, SERVICES

PAGE = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_runs_and_connects_two_accounts():
    example = EXAMPLES[0]
    done = subprocess.run([sys.executable, "-W", "error", "-c", example], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("111122223333\n", "")


def test_the_faults_of_program_and_file_are_equal_and_valid(tmp_path):
    text, scenario = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "faults.toml"
    file.write_text(text, encoding="utf-8")
    read = read_faults(file)
    (example,) = (example for example in EXAMPLES if "faults = [" in example)
    told: dict[str, Any] = {}
    exec(example, told)  # noqa: S102 - the project's own
    assert read[: len(told["faults"])] == told["faults"]
    assert Emulator(faults=read).faults == tuple(read)
    file.write_text(scenario, encoding="utf-8")
    assert Emulator.from_scenario(file).scenario["catalogs"] == {"AWS": 1000, "Sandbox": 50}
    assert set(re.findall(r"^\[*(\w+)", scenario, re.MULTILINE)) >= set(KEYS) - {"files", "replay"}
    for name in ("files", "replay"):  # which have to exist
        assert f'`{name} = "' in PAGE


def test_the_scenarios_and_the_keys_that_restrict_a_fault_are_documented():
    table = PAGE.partition("| scenario | |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE)) == shipped()
    keys = PAGE.partition("These keys restrict the fault:")[2].partition("Faults take effect")[0]
    told = {key for row in re.findall(r"^\| (`.*?) \|", keys, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)}
    assert told == {field.name for field in attrs.fields(Fault)} - {"action"}


def test_the_operations_that_are_served_are_documented():
    counts = re.findall(r"^\| `(partnercentral-[a-z-]+)` \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    assert {name: (int(total), int(served)) for name, total, served in counts} == {
        name: (len(service.validator.operations), len(HANDLERS.get(name, {}))) for name, service in SERVICES.items()
    }
    (table,) = re.findall(r"^\| operation \| .*?(?=\n\n)", PAGE, re.MULTILINE | re.DOTALL)
    parts = re.split(r"^\| \*\*([a-z-]+)\*\* \| \|$", table, flags=re.MULTILINE)
    told = {}
    for name, rows in zip(parts[1::2], parts[2::2], strict=True):
        cells = re.findall(r"^\| ([^|]*) \|", rows, re.MULTILINE)
        told[f"partnercentral-{name}"] = sorted(re.findall(r"`(\w+)`", ", ".join(cells)))
    assert told == {name: sorted(served) for name, served in HANDLERS.items() if name != ACCOUNT.name}


@pytest.mark.anyio
async def test_the_admin_api_is_documented_listed_and_served(frozen, http):
    table = PAGE.partition("| method | path | what it does | body |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| `([^`]*)` \| ([^|]*) \|(?: `(.*)`)? \|$", table, re.MULTILINE)
    told = [
        {"Method": method, "Path": path, "Does": does} | ({"Body": json.loads(body)} if body else {})
        for method, path, does, body in rows
    ]
    listed = (await http.get(f"{frozen.endpoint_url}/_emulator/")).json()["Routes"]
    assert listed == told
    for route in listed:
        url, body = f"{frozen.endpoint_url}{route['Path']}", route.get("Body")
        response = await http.request(route["Method"], url, json=body)
        assert (response.status_code == 200) != route["Path"].endswith("SECRET"), (route, response.text)
        unknown = await http.request("PUT", url, json=body)
        assert (unknown.status_code, "GET /_emulator/ lists" in unknown.text) in ((404, True), (403, False))
    # Nothing else has a path there, and no page names another one.
    sources = [*Path(emulator.__file__).parent.rglob("*.py"), *(Path(__file__).parents[2] / "docs").glob("*.md")]
    named = {name for file in sources for name in re.findall(r"/_emulator/([a-z]+)", file.read_text(encoding="utf-8"))}
    named |= set(re.findall(r"\{PREFIX\}([a-z]+)", Path(admin_api.__file__).read_text(encoding="utf-8")))
    assert named == {route["Path"].split("/")[2] for route in listed} - {""}


def test_every_kind_of_fault_is_documented_with_its_keys():
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| ([^|]*)\|", PAGE, re.MULTILINE)
    told = {kind: (name, re.findall(r"`(\w+)`", keys)) for kind, name, keys in rows}
    assert told.keys() == KINDS.keys()
    for kind, (name, keys) in told.items():
        assert getattr(emulator, name) is KINDS[kind]
        assert set(keys) == {field.name for field in attrs.fields(KINDS[kind]) if field.init}
