from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMANDS = re.findall(r"```console\n(.*?)\n```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_ci_runs_the_test_command_of_the_readme() -> None:
    (command,) = [text for text in COMMANDS if text.endswith("-m nox")]
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1] == command


def test_the_first_command_installs_the_command_and_shows_it() -> None:
    setup = "python3 -m venv .venv && .venv/bin/python -m pip install --quiet"
    assert COMMANDS[0] == f"{setup} -e '.[cli]' && .venv/bin/aiopartnercentral demo"


def test_the_description_of_the_distribution_has_no_links_into_the_repository() -> None:
    readme = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["readme"]
    text = (ROOT / readme).read_text(encoding="utf-8") if isinstance(readme, str) else readme["text"]
    assert not re.findall(r"\]\((?!https://)[^)]*\)", text)


def test_nothing_that_is_installed_refers_to_the_documentation() -> None:
    """The wheel does not contain it."""
    sources = {path: path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py")}
    assert not [str(path) for path, text in sources.items() if re.search(r"\bdocs/\w+\.md|README", text)]
