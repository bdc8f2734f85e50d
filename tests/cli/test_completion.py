"""The completion of values, asked for as each shell asks."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from aiopartnercentral import account, selling
from tests.cli.processes import COMMAND, PYTHON

STAGES = [*selling.Stage]


@pytest.fixture
def configured(environment, tmp_path):
    config, credentials = tmp_path / "config", tmp_path / "credentials"
    config.write_text(
        "[default]\nregion = x\n[profile acme] # ours\n[profile 'a b']\n[sso-session s]\n[profile]\n[profile 'x]\n"
    )
    credentials.write_text("[acme]\n[other]\n[[\n")
    return environment | {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}


def asked(shell, typed):
    """Return the environment in which a shell runs the command to complete the last word."""
    line, number = f"aiopartnercentral {typed}", len(typed.split(" "))
    return {"_AIOPARTNERCENTRAL_COMPLETE": f"complete_{shell}"} | {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": str(number)},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]


CASES = [
    ("collect list-connections --connection-type ", [*account.ConnectionType]),
    ("collect list-opportunities --life-cycle-stage ", STAGES),
    ("collect list-opportunities --life-cycle-stage Cl", ["Closed Lost"]),
    ("collect list-opportunities --sort SortBy=a list-connections --connection-type SU", ["SUBSIDIARY"]),
    ("collect list-partners --max-items 1 list-opportunities list-connections --catalog ", ["AWS", "Sandbox"]),
    ("collect list-revenue-attributions --catalog A", ["AWS"]),
    ("collect list-connections --catalog S", ["Sandbox"]),
    ("collect list-connections --format ", ["table", "ndjson", "csv", "parquet"]),
    ("collect list-connections list-partners --on-error r", ["report", "raise"]),
    ("collect list-connections list-partners --bom --prof", ["--profile"]),
    ("collect list-connections --profile ", ["a b", "acme", "default", "other"]),
    ("collect list-connections --region ", []),
    ("collect list-opportunities --since x --whole list-partn", ["list-partners"]),
    ("describe list-connection", ["list-connection-invitations", "list-connections"]),
    ("describe list_connections", ["list_connections"]),
    ("describe ConnectionS", ["ConnectionSummary"]),
    ("describe mark", ["marketing"]),
    ("describe benefits.TagR", ["benefits.TagResource", "benefits.TagResourceRequest", "benefits.TagResourceResponse"]),
    ("write create-opp", ["create-opportunity"]),
    ("write get-opp", []),
    ("emulator --scenario o", ["outage"]),
    ("emulator --scenario ./o", []),
    ("emulator-set http://127.0.0.1:1 --scenario throttled", ["throttled-account"]),
]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(("typed", "values"), CASES)
def test_values_are_completed(run_here, configured, shell, typed, values):
    ended = run_here(**{**configured, **asked(shell, typed)})
    assert (ended.code, ended.err) == (0, "")
    shown = ended.out.decode()
    for value in values:
        assert (value.replace(" ", "\\ ") if shell == "bash" else value) in shown
    if shell != "zsh":
        assert len(shown.split("\n")) - 1 == max(len(values), 1)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_with_the_script_that_is_installed(environment, tmp_path):
    program = tmp_path / "aiopartnercentral"
    program.write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n')
    program.chmod(0o755)
    source = {**environment, "_AIOPARTNERCENTRAL_COMPLETE": "source_bash"}
    script = subprocess.run([program], env=source, capture_output=True, text=True, check=True).stdout
    script += (
        "COMP_WORDS=(aiopartnercentral collect list-opportunities --life-cycle-stage Cl); COMP_CWORD=4\n"
        f'_aiopartnercentral_completion {program}; printf "%s\\n" "${{COMPREPLY[@]}}"\n'
    )
    done = subprocess.run(
        [shutil.which("bash"), "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "Closed\\ Lost\n"


@pytest.mark.parametrize(
    ("typed", "botocore"),
    [
        ("collect list-opportunities --life-cycle-stage C", {"botocore", "botocore.exceptions"}),  # the base of errors
        ("collect x --profile a", set()),
        ("collect list-opp", set()),
        ("check partners.toml list-opp", set()),
        ("col", set()),
        ("describe list-", {"botocore", "botocore.exceptions"}),
        ("describe Conn", {"botocore", "botocore.exceptions"}),
        ("emulator --scenario o", set()),
    ],
)
def test_completion_does_not_import_what_calls_a_service(environment, typed, botocore):
    code = (
        "import sys\n"
        "from aiopartnercentral.cli import main\n"
        "try: main()\n"
        "except SystemExit as ended: assert not ended.code, ended.code\n"
        "heavy = ('aiobotocore', 'aiohttp', 'aiopartnercentral._transport')\n"
        "found = [name for name in sys.modules if name.startswith(heavy)]\n"
        "assert not found, found\n"
        "found = {name for name in sys.modules if name.startswith('botocore') and 'vendored' not in name}\n"
        f"assert found <= {botocore or 'set()'}, found\n"
    )
    done = subprocess.run(
        [*PYTHON, "-c", code], env=environment | asked("bash", typed), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
