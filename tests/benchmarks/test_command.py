"""The benchmarks, as they are typed: a short run, and what goes wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aiopartnercentral.bulk import Limits
from benchmarks import clients
from benchmarks.cases import fleet
from benchmarks.clients import missing
from benchmarks.probes import tree_cpu

ROOT = Path(__file__).parents[2]

for package in ("boto3", "matplotlib", "orjson", "trustme"):
    pytest.importorskip(package, reason="the extra `bench` has it")

# Fewer clients than there are: a process for each takes its time.
FEW_CLIENTS = """
import sys
from benchmarks import clients, decoders
from benchmarks.cases import accounts, call, throughput
from benchmarks.command import main
throughput._CLIENTS = clients.OURS, clients.STOCK, clients.BARE
call._CLIENTS = clients.BARE, clients.OURS, clients.CAPO, clients.OURS_THROUGH_BOTOCORE
accounts._CLIENTS = clients.OURS,
decoders.DECODERS = decoders.OURS, decoders.STOCK, decoders.TUNED, decoders.ORJSON
sys.exit(main())
"""


def run(*arguments, program=("-m", "benchmarks")):
    command = [sys.executable, *program, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_short_run_writes_and_draws_what_it_shows(tmp_path):
    path, plot = tmp_path / "run.json", tmp_path / "plot.svg"
    cases = ("decode", "decode-cbor", "throughput", "call", "accounts")
    arguments = [argument for case in cases for argument in ("--only", case)]
    outputs = ("--json", str(path), "--plot", str(plot))
    ended = run("--quick", "--rounds", "1", *arguments, *outputs, program=("-c", FEW_CLIENTS))
    assert ended.returncode == 0, ended.stderr
    written = json.loads(path.read_bytes())
    measured = {figure["key"]: figure for figure in written["figures"]}
    assert tuple(measured) == cases
    for figure in measured.values():
        for panel in figure["panels"]:
            assert panel["title"] in ended.stdout.replace("\n", " ")
            assert {"ours", "ours, CBOR"} & panel["clients"].keys()
            for values in panel["clients"].values():
                assert len(values["rounds"]) == 1
                assert values["rounds"][0] > 0
        for target in figure["targets"]:
            assert target["verdict"] in {"met", "missed"}
            assert target["value"]["least"] == target["value"]["median"] == target["value"]["most"]
    titles = [panel["title"] for panel in measured["throughput"]["panels"]]
    for protocol in ("HTTP", "TLS"):
        assert f"CPU of the event loop's thread of a page, {protocol}, 4 catalogs" in titles
    assert not measured["call"]["panels"][0]["clients"].keys() & missing()
    assert str(ROOT) not in path.read_text() + ended.stdout
    # Those who do not see the plot have its description.
    description = plot.read_text().partition("<desc id=")[2].partition("</desc>")[0]
    for client in ("aiopartnercentral", "aiobotocore", "aiohttp + orjson"):
        assert client in description


def test_what_cannot_be_measured_here_is_missing(monkeypatch):
    monkeypatch.setattr("benchmarks.clients.find_spec", lambda _: None)
    monkeypatch.setitem(clients._KINDS, "ours, new", clients._Kind("ours", "open_typed", {"no_such_option": True}))
    assert missing() >= {clients.CAPO, clients.OURS_ON_UVLOOP, clients.BARE_ON_UVLOOP, "ours, new"}
    assert not missing() & {clients.OURS, clients.STOCK, clients.BARE}


def test_the_emulator_is_measured_beside_a_server_that_repeats_it_and_the_clients_that_ask_it(tmp_path):
    path = tmp_path / "run.json"
    ended = run("--quick", "--rounds", "1", "--only", "emulator", "--json", str(path))
    assert ended.returncode == 0, ended.stderr
    (figure,) = json.loads(path.read_bytes())["figures"]
    *asked, taken = figure["panels"]
    assert [panel["title"].partition(",")[0] for panel in asked] == [
        "ListConnections",
        "GetConnection",
        "CreateConnectionInvitation",
    ]
    for panel in asked:
        assert panel["clients"].keys() == {"emulator", "bare aiohttp"}
    for panel in (*asked, taken):
        assert all(rate > 0 for values in panel["clients"].values() for rate in values["rounds"])
    assert len(figure["targets"]) == 2


# Spark and dlt have tests of their own, and take long to start.
SMALL = """
import sys
from benchmarks import engines
from benchmarks.cases import engines as case, scaling
from benchmarks.command import main
case.installed = lambda: (engines.OBJECTS, engines.NDJSON, engines.PARQUET)
case._PAGES_QUICK = 2
scaling._PROCESSES, scaling._ACCOUNTS, scaling._RATED_ACCOUNTS, scaling._RATED_PAGES = (1, 2), 4, 2, 3
scaling._LATENCY, scaling._SERVICE, scaling._SOURCES_QUICK = 0.01, 20.0, (2, 30)
sys.exit(main())
"""


def test_engines_and_processes_are_measured(tmp_path):
    path = tmp_path / "run.json"
    cases = ("--only", "engines", "--only", "scaling")
    ended = run("--quick", "--rounds", "1", *cases, "--json", str(path), program=("-c", SMALL))
    assert ended.returncode == 0, ended.stderr
    engines, scaling = json.loads(path.read_bytes())["figures"]
    assert [list(panel["clients"]) for panel in engines["panels"]] == 2 * [
        ["objects", "file of NDJSON", "file of Parquet"]
    ]
    assert [list(panel["clients"]) for panel in scaling["panels"]] == [
        *(["1 process", "2 processes"],) * 2,
        *(["2 sources", "30 sources"],) * 2,
    ]
    for panel in engines["panels"] + scaling["panels"]:
        assert all(value > 0 for values in panel["clients"].values() for value in values["rounds"])


def test_a_fleet_that_divides_by_account_reaches_what_its_limits_allow():
    few, many = (fleet._simulated(fleet._by_account(20, machines), Limits(), pages=5) for machines in (1, 4))
    busy = Limits().concurrency / fleet._LATENCY
    assert few.pages_per_second == pytest.approx(busy)
    assert many.pages_per_second == pytest.approx(20 * Limits().rate)
    assert few.throttled == many.throttled == 0
    groups = fleet._by_account(20, 4)
    every = [origin for group in groups for origin in group]
    divided = fleet._simulated([tuple(every[number::4]) for number in range(4)], Limits(), pages=5)
    assert divided.requests - divided.throttled == many.requests == 20 * 4 * 5
    assert divided.throttled > many.requests / 10
    assert divided.seconds > 1.5 * many.seconds


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs /proc")
def test_the_cpu_time_of_processes_that_were_started_counts():
    spin = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\nprint(flush=True)\n"
    began, own = tree_cpu(), time.process_time()
    subprocess.run([sys.executable, "-c", spin], check=True)  # which has ended
    with subprocess.Popen(
        [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {spin!r}]); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        process.stdout.readline()  # its own process has ended, and it runs
        spent = tree_cpu() - began - (time.process_time() - own)
        process.communicate(b"\n")
    assert spent >= 0.55


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--only", "nothing"], "invalid choice"),
        (["--rounds", "0"], "'0' is not a number of 1 or more"),
        (["--json", "no/such/folder/run.json"], "is not a writable file"),
        (["--only", "decode", "--plot", "plot.svg"], "--plot needs the case throughput"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments, problem):
    ended = run(*arguments)
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert problem in ended.stderr


def test_another_checkout_is_measured_by_turns(tmp_path):
    (tmp_path / ".venv").symlink_to(sys.prefix)
    for folder in ("src", "service-model"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    cases = ("--only", "decode", "--only", "cold-start")
    ended = run("compare", str(tmp_path), "--rounds", "1", *cases)
    assert ended.returncode == 0, ended.stderr
    for case in ("decode", "cold-start"):
        (row,) = [line for line in ended.stdout.splitlines() if f" {case} " in line]
        here, there, ratio = (float(cell) for cell in row.strip("│ ").split("│")[1:4])
        assert here > 0
        assert there > 0
        assert ratio == pytest.approx(here / there, abs=0.01)


def test_a_checkout_without_an_environment_is_an_error(tmp_path):
    ended = run("compare", str(tmp_path))
    assert ended.returncode == 1
    assert "has no .venv/bin/python" in ended.stderr
