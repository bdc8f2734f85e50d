"""`--help` for people: groups, plain sentences, examples, any width, and styles where they are wanted."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from tests.cli.processes import LIVE, seen, terminal

pytestmark = pytest.mark.anyio

COMMANDS = ("collect", "write", "check", "describe", "demo", "emulator", "emulator-set")
PAGES = ([], *([name] for name in COMMANDS), ["collect", "list-opportunities"], ["collect", "get-opportunity"])
BOLD = "\x1b[1m"


def records(text: str) -> dict[str, str]:
    """Return the text of each option of a page."""
    found: dict[str, str] = {}
    term = None
    for line in text[text.index(":\n") :].splitlines():  # below the first title
        entry = re.fullmatch(r"  (\S.*?)(?:  +(\S.*))?", line)
        if line.startswith(" " * 4) and term:
            found[term] = f"{found[term]} {line.strip()}".strip()
        elif entry is not None and line.startswith("  "):
            term = entry[1]
            found[term] = entry[2] or ""
        else:
            term = None
    return {term: text for term, text in found.items() if term.startswith("-")}


@pytest.mark.parametrize("arguments", PAGES, ids=" ".join)
def test_every_page_has_groups_examples_and_texts_that_begin_with_a_word(run_here, arguments):
    ended = run_here(*arguments, "--help", COLUMNS="100")
    assert (ended.code, ended.err) == (0, "")
    text = ended.out.decode()
    assert re.search(r"\n  Examples?:\n    aiopartnercentral ", text)
    assert len(re.findall(r"^[A-Z][^\n]*:$", text, re.MULTILINE)) >= (1 if arguments == ["demo"] else 2)
    for term, line in records(text).items():
        assert line, term
        assert line[0].isupper() or re.match(r"[a-z]+(:|, [a-z]+:| for| starts|, or)", line), f"{term}: {line}"


@pytest.mark.parametrize("columns", [60, 200])
@pytest.mark.parametrize("arguments", PAGES, ids=" ".join)
def test_every_page_fits_the_width(run_here, arguments, columns):
    ended = run_here(*arguments, "--help", COLUMNS=str(columns))
    text, _, examples = ended.out.decode().partition("\n  Example")
    too_wide = [line for line in text.splitlines() if cell_len(line) > columns and len(line.split()) > 1]
    assert not too_wide
    assert examples
    # Readable on a wide screen: no line is longer than the eye can follow.
    assert max(map(cell_len, text.splitlines())) <= 100


@pytest.mark.parametrize(
    ("extra", "on_terminal", "styled"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
    ],
)
@pytest.mark.parametrize("arguments", [["--help"], ["describe"], ["describe", "list-connections"]])
async def test_titles_are_bold_where_styles_are_wanted(started, environment, arguments, extra, *, on_terminal, styled):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        environment.pop(name, None)
    environment.update(extra)
    if on_terminal:
        with terminal(environment, 100) as (ours, theirs):
            environment.update(extra)  # TERM, too
            async with started(*arguments, stdout=theirs) as process:
                shown = await seen(ours, theirs)
                assert await process.wait() == 0
    else:
        async with started(*arguments) as process:
            shown = b"".join([chunk async for chunk in process.stdout])
            assert await process.wait() == 0
    text = shown.decode()
    assert (BOLD in text) == styled
    assert not re.search(r"\x1b\[3\d", text)
    if not styled:
        assert not LIVE.search(shown)


@pytest.mark.parametrize("arguments", PAGES, ids=" ".join)
def test_every_page_names_only_its_own_options_and_no_types_of_python(run_here, arguments):
    text = run_here(*arguments, "--help", COLUMNS="200").out.decode()
    options = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", " ".join(records(text))))
    texts = " ".join(filter(None, records(text).values()))
    assert {*re.findall(r"(?<![\w-])--[a-z][\w-]*", texts)} <= options
    assert not re.search(r"<(str|path|int|float|list\[\w+\])>", text)
