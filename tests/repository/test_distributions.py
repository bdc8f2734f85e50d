"""What is built and released: the library and the emulator apart, versions, the changelog, CI's own tools."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import aiopartnercentral

ROOT = Path(__file__).parents[2]
SOURCE = Path(aiopartnercentral.__file__).parent
EMULATOR = ROOT / "emulator-package"
VERSION = aiopartnercentral.__version__
INSTALL = f"in a clone of aiopartnercentral {VERSION}, run `pip install ./emulator-package`"
MISSING = f"this needs the emulator, which is not installed: {INSTALL}"
OLDER = f"aiopartnercentral-emulator 0.0.1 does not work with aiopartnercentral {VERSION}: {INSTALL}"


@pytest.fixture(params=[MISSING, OLDER])
def installed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """Return a directory with what wheels contain, and what the library says about the emulator in it."""
    package = tmp_path / "aiopartnercentral"
    package.mkdir()
    for path in SOURCE.iterdir():
        if path.name not in {"emulator", "__pycache__"}:
            (package / path.name).symlink_to(path)
    (package / "emulator.py").symlink_to(EMULATOR / "without" / "emulator.py")
    if request.param == OLDER:
        (package / "emulator").mkdir()
        for path in (SOURCE / "emulator").iterdir():
            (package / "emulator" / path.name).symlink_to(path)
        (package / "emulator" / "_version.py").write_text('VERSION = "0.0.1"\n', encoding="utf-8")
    return tmp_path, request.param


def python(directory: Path, program: str) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path.insert(0, {str(directory)!r}); {program}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=directory)


@pytest.mark.parametrize(
    "arguments", [["demo"], ["emulator", "--port", "0"], ["emulator-set", "http://127.0.0.1:9", "--advance", "1"]]
)
def test_a_command_that_needs_the_emulator_says_what_to_install(
    installed: tuple[Path, str], arguments: list[str]
) -> None:
    directory, reason = installed
    program = f"sys.argv[1:] = {arguments!r}; from aiopartnercentral.cli import main; sys.exit(main())"
    done = python(directory, program)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"aiopartnercentral: {reason}\n")


def test_without_the_extra_the_emulator_is_named_too(installed: tuple[Path, str]) -> None:
    """Otherwise, the user would install the extra, and get the other message."""
    directory, reason = installed
    extra = "this needs typer: pip install aiohttp jinja2 rich typer (the extra 'cli' of aiopartnercentral)"
    for command, lines in (("demo", [extra, reason]), ("emulator", [extra, reason]), ("describe", [extra])):
        program = f"sys.modules['typer'] = None; sys.argv[1:] = [{command!r}]; "
        done = python(directory, f"{program}from aiopartnercentral.cli import main; sys.exit(main())")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "".join(f"aiopartnercentral: {line}\n" for line in lines)


@pytest.mark.parametrize(("information", "is_there"), [({}, True), ({"editable": True}, True), ({}, False)])
def test_a_library_from_a_clone_names_the_emulator_of_the_clone(
    installed: tuple[Path, str], *, information: dict[str, bool], is_there: bool
) -> None:
    directory, reason = installed
    clone = directory / "a clone"
    if is_there:
        (clone / "emulator-package").mkdir(parents=True)
    metadata = directory / "aiopartnercentral-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Name: aiopartnercentral\nVersion: 0\n", encoding="utf-8")
    origin = {"url": clone.as_uri(), "dir_info": information}
    (metadata / "direct_url.json").write_text(json.dumps(origin), encoding="utf-8")
    done = python(directory, "import aiopartnercentral.emulator")
    if is_there and not information:
        reason = f"{reason.partition(': ')[0]}: pip install {shlex.quote(str(clone / 'emulator-package'))}"
    assert done.stderr.splitlines()[-1] == f"ImportError: {reason}"


def test_the_module_says_what_to_install(installed: tuple[Path, str]) -> None:
    directory, reason = installed
    command = [sys.executable, "-m", "aiopartnercentral.emulator", "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=directory)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"aiopartnercentral: {reason}\n")


def test_each_import_says_what_to_install_and_the_other_names_are_there(installed: tuple[Path, str]) -> None:
    directory, reason = installed
    program = f"""
import aiopartnercentral
for statement in (
    "import aiopartnercentral.emulator",
    "from aiopartnercentral import Emulator",
    "from aiopartnercentral.emulator import Clock",
    "aiopartnercentral.Emulator",
):
    try:
        exec(statement)
    except ImportError as error:
        assert (str(error), error.name) == ({reason!r}, "aiopartnercentral.emulator"), statement
    else:
        raise AssertionError(statement)
if {reason == MISSING}:
    assert "Emulator" not in dir(aiopartnercentral)
    from aiopartnercentral import *
    assert modify and account.Client
"""
    done = python(directory, f"exec({program!r})")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_fixture_that_needs_the_emulator_says_what_to_install(installed: tuple[Path, str]) -> None:
    directory, reason = installed
    tests = "def test_one(partnercentral_emulator): pass\ndef test_without_it(): pass\n"
    (directory / "test_it.py").write_text(tests, encoding="utf-8")
    done = python(directory, "import pytest; sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', 'test_it.py']))")
    assert "1 passed, 1 error" in done.stdout, done.stdout + done.stderr
    assert reason in done.stdout
    assert "Traceback" not in done.stdout
    assert "During handling" not in done.stdout


def test_both_distributions_have_the_licence_and_leave_the_version_to_one_place() -> None:
    assert (EMULATOR / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    project = tomllib.loads((EMULATOR / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {"version", "dependencies", "requires-python"} <= {*project["dynamic"]}
    assert VERSION not in "".join(path.read_text(encoding="utf-8") for path in EMULATOR.glob("*.*"))


def test_the_changelog_has_a_dated_section_for_the_version() -> None:
    titles = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert titles[0] == "Unreleased"
    assert re.fullmatch(rf"{re.escape(VERSION)} - \d{{4}}-\d\d-\d\d", titles[1])


def test_the_page_of_support_says_what_the_metadata_says() -> None:
    page = (ROOT / "docs" / "support.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = [name.rpartition(" ")[2] for name in project["classifiers"] if re.search(r":: 3\.\d+$", name)]
    assert f"| Python | {versions[0]} and later | {', '.join(versions)} |" in page
    (oldest,) = (each.partition(">=")[2] for each in project["dependencies"] if each.startswith("aiobotocore"))
    assert f"| aiobotocore | {oldest} and later |" in page


def test_ci_runs_sessions_of_the_project_with_pinned_actions_and_tools() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    sessions = re.search(r"nox\.options\.sessions = \[(.*)\]", noxfile)[1].replace('"', "").split(", ")
    assert re.search(r"session: \[(.*)\]", workflow)[1].split(", ") == sessions
    used = re.findall(r"uses: (\S+)", workflow)
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w-]+/[\w-]+@v\d+\.\d+\.\d+", each)] == []
    pinned = (ROOT / ".github" / "requirements.txt").read_text(encoding="utf-8")
    pairs = re.findall(r"^(\S+)==\S+ \\\n    --hash=sha256:[0-9a-f]{64}$", pinned, re.MULTILINE)
    assert "nox" in pairs
    assert len(pinned.splitlines()) == 1 + 2 * len(pairs)
