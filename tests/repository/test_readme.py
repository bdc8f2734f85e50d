from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_ci_runs_the_test_command_of_the_readme() -> None:
    commands = re.findall(r"```console\n(.*?)\n```", README, re.DOTALL)
    (command,) = [text for text in commands if text.endswith("-m nox")]
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1] == command


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_example_runs(block: str) -> None:
    # The first example talks to AWS itself; an emulator takes its place.
    code = block.replace(
        "async with account.connect() as client:",
        "async with Emulator() as emulator, account.connect(endpoint_url=emulator.endpoint_url, "
        "aws_access_key_id='any', aws_secret_access_key='any') as client:",
    ).replace("from aiopartnercentral import account\n", "from aiopartnercentral import Emulator, account\n")
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_examples_show_what_they_claim() -> None:
    assert len(BLOCKS) == 4
    done = subprocess.run([sys.executable, "-c", BLOCKS[1]], capture_output=True, text=True, check=False)
    assert done.stdout == "290 connections\n"
    done = subprocess.run([sys.executable, "-c", BLOCKS[2]], capture_output=True, text=True, check=False)
    assert done.stdout == "denied: ACCESS_DENIED\n250 connections; failed: Sandbox\n"
    done = subprocess.run([sys.executable, "-c", BLOCKS[3]], capture_output=True, text=True, check=False)
    assert done.stdout == "ParticipantAccount(value='ADA')\n"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_within_the_tree_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if "://" not in target:
            assert (ROOT / target).exists(), target
    for target in re.findall(r"^\| `(src/[^`]+|codegen/[^`]+)`", text, re.MULTILINE):
        assert (ROOT / target).exists(), target
