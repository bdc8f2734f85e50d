"""The benchmarks, as they are typed: a short run, and what goes wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytest.importorskip("orjson", reason="the extra `bench` has what is measured beside ours")
pytest.importorskip("matplotlib", reason="the extra `bench` draws")


def run(*arguments):
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_short_run_measures_every_client_and_writes_and_draws_what_it_shows(tmp_path):
    path, plot = tmp_path / "run.json", tmp_path / "plot.svg"
    figures = ("--only", "decode", "--only", "throughput")
    ended = run("--quick", "--rounds", "1", *figures, "--json", str(path), "--plot", str(plot))
    assert ended.returncode == 0, ended.stderr
    written = json.loads(path.read_bytes())
    measured = {figure["key"]: figure for figure in written["figures"]}
    assert measured.keys() == {"decode", "throughput"}
    for figure in measured.values():
        for panel in figure["panels"]:
            assert panel["title"] in ended.stdout.replace("\n", " ")
            assert len(panel["clients"]) >= 5
            for values in panel["clients"].values():
                assert len(values["rounds"]) == 1
                assert values["rounds"][0] > 0
        assert {target["verdict"] for target in figure["targets"]} <= {"met", "missed"}
    assert str(ROOT) not in path.read_text() + ended.stdout
    # Those who do not see the plot have its description.
    description = plot.read_text().partition("<desc id=")[2].partition("</desc>")[0]
    for client in ("aiopartnercentral", "aiobotocore", "boto3, threads", "aiohttp + orjson"):
        assert client in description


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
