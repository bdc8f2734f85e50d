from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMANDS = re.findall(r"```console\n(.*?)\n```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_ci_runs_the_test_command_of_the_readme() -> None:
    (command,) = [text for text in COMMANDS if text.endswith("-m nox")]
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1] == command


def test_the_first_command_installs_the_command_and_shows_it() -> None:
    setup = "python3 -m venv .venv && .venv/bin/python -m pip install --quiet"
    assert COMMANDS[0] == f"{setup} '.[cli]' && .venv/bin/aiopartnercentral demo"
