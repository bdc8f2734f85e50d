"""What pages name outside their programs exists: options of commands, keys of files, lines of excerpts."""

from __future__ import annotations

import json
import linecache
import re
import subprocess
import sys
import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import typer.main

from aiopartnercentral import account
from aiopartnercentral.account.fast import FAST
from aiopartnercentral.bulk import load_sources
from aiopartnercentral.cli.app import app
from aiopartnercentral.emulator import read_faults
from aiopartnercentral.emulator.scenario import read_scenario
from codegen import build, ir, names
from codegen.project import pinned
from codegen.services import MODELS, SERVICES
from tests.support.doc_blocks import ALL_BLOCKS, EXCERPTS, PAGES, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

OF_OTHER_PROGRAMS = {
    **dict.fromkeys(("--branch", "--depth"), "git clone"),
    "--rm": "docker run",
    "--test": "node",
    "--py-files": "spark-submit",
    **dict.fromkeys(("--no-compile", "--no-deps", "--force-reinstall", "--target"), "pip"),
    **dict.fromkeys(("--venv", "--venv-site-packages-copies"), "pex"),
}
"""Options that the project does not define, with the programs that do."""
MODULES = (
    *("benchmarks", "benchmarks compare", "tests.compliance"),
    *(f"codegen {command}" for command in ("generate", "check", "sync", "drift")),
)
"""The project's other commands, of which `python -m` shows the help."""


def options_of(command: Any, parent: Any = None) -> Iterator[str]:
    """Yield the options of a command and of its subcommands."""
    context = command.context_class(command, parent=parent)
    for parameter in command.get_params(context):
        yield from (*parameter.opts, *parameter.secondary_opts)
    for name in getattr(command, "list_commands", lambda _: [])(context):
        yield from options_of(command.get_command(context, name), context)


@cache
def known_options() -> set[str]:
    known = {*options_of(typer.main.get_command(app)), *OF_OTHER_PROGRAMS}
    for module in MODULES:
        command = [sys.executable, "-m", *module.split(), "--help"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        known |= set(re.findall(r"(?<![\w-])--[a-z][\w-]*", done.stdout))
    return known


@pytest.mark.parametrize("page", [page for page in PAGES if page != "CHANGELOG.md"])
def test_every_option_that_a_page_names_exists(page: str) -> None:
    named = re.findall(r"(?<![\w-])--[A-Za-z][\w-]*", PAGES[page])
    assert {*named} - known_options() == set()


def test_no_option_of_another_program_is_listed_in_vain() -> None:
    text = "\n".join(PAGES.values())
    assert [option for option in OF_OTHER_PROGRAMS if not re.search(rf"{option}(?![\w-])", text)] == []


def reader_of(text: str) -> Callable[[Path], Any]:
    """Return what reads a file: a scenario has other keys than faults, too."""
    keys = tomllib.loads(text).keys()
    if "source" in keys:
        return load_sources
    return read_faults if keys == {"fault"} else read_scenario


@pytest.mark.parametrize(
    "block", [block for block in ALL_BLOCKS if block.language == "toml"], ids=lambda block: block.page
)
def test_every_file_that_a_page_shows_is_valid(block: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in re.findall(r'external_id_env = "(\w+)"', block.text):
        monkeypatch.setenv(variable, "any")
    file = tmp_path / "shown.toml"
    file.write_text(block.text, encoding="utf-8")
    assert reader_of(block.text)(file)


class TestExcerpts:
    """The page about the generator follows one member, and shows what each stage makes of it."""

    CODE = "\n".join(block.text for block in ALL_BLOCKS if block.page in EXCERPTS and block.language == "python")

    @staticmethod
    @cache
    def service() -> ir.Service:
        return build.build(pinned.load(SERVICES[0], MODELS))

    def test_the_model_has_the_shapes(self) -> None:
        (shown,) = [block for block in ALL_BLOCKS if block.page in EXCERPTS and block.language == "json"]
        shapes: Mapping[str, Any] = json.loads(f"{{{shown.text}}}")
        model = pinned.load(SERVICES[0], MODELS).service["shapes"]
        assert {*shapes} == {"ConnectionSummary", "DateTime"}
        for name, shape in shapes.items():
            assert_part(shape, model[name], name)

    def test_the_representation_has_the_values(self) -> None:
        shapes = self.service().shapes
        summary = shapes["ConnectionSummary"]
        assert isinstance(summary, ir.Structure)
        (member,) = [each for each in summary.members if each.name == "UpdatedAt"]
        shown = re.findall(r"^ir\.(\w+)\((.*?)(?:, \.\.\.)?\)$", self.CODE, re.MULTILINE)
        assert [kind for kind, _ in shown] == ["Member", "Scalar"]
        for (kind, values), made in zip(shown, (member, shapes["DateTime"]), strict=True):
            assert type(made).__name__ == kind
            given = eval(f"dict({values})", dict(vars(ir)))  # noqa: S307 - the project's own
            assert {name: getattr(made, name) for name in given} == given

    def test_the_name_is_made_like_this(self) -> None:
        ((shape, member, name),) = re.findall(r'`fields\["(\w+)", "(\w+)"\] == "(\w+)"`', PAGES["docs/codegen.md"])
        assert names.name(self.service()).fields[shape, member] == name

    def test_the_files_have_the_lines(self) -> None:
        ((file, lines),) = re.findall(r"^# emit/\w+\.py -> (\S+)\n(.*?\n)$", self.CODE, re.MULTILINE | re.DOTALL)
        generated = (ROOT / "src" / "aiopartnercentral" / file).read_text(encoding="utf-8")
        assert re.sub("^(?=.)", "    ", lines, flags=re.MULTILINE) in generated


def test_the_decoder_has_the_line() -> None:
    (line,) = re.findall(r"^made\..*$", TestExcerpts.CODE, re.MULTILINE)
    assert FAST.decoder(account.ConnectionSummary)
    made = [entry[2] for entry in linecache.cache.values() if len(entry) > 2]
    assert any("def decode_ConnectionSummary(" in "".join(lines) and f"    {line}\n" in lines for lines in made)


def assert_part(part: Any, whole: Any, where: str) -> None:
    """Check that an excerpt of JSON is a part of the whole."""
    if isinstance(part, dict):
        for name, value in part.items():
            assert name in whole, f"{where}.{name}"
            assert_part(value, whole[name], f"{where}.{name}")
    elif isinstance(part, list):
        assert [each for each in part if each not in whole] == [], where
    else:
        assert part == whole, where
