"""Plain English where a person reads: phrases that readers stumbled over stay out of pages, docstrings and messages."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGES = (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
MODULES = tuple((ROOT / "src").rglob("*.py"))

PHRASES = {
    r"(?:go|goes|going|gone|went) on with": "resume, continue with",
    r"(?:come|comes|came) by": "obtain",
    r"anew": "again, restart",
    r"beside": "besides, with, next to",
    r"(?<!left )(?<!nothing )(?<!file )behind": "after, for",
    r"(?:say|says|have|has) the rest": "describes, lists",
    r"of the whole(?! run| collection)": "of all, of the run",
    r"befalls?|befell": "applies to, hits",
    r"whoever|whosoever": "a task that, any caller that",
    # `There is no X` and `is no longer` are plain.
    r"(?<!there )(?:is|are|was|were) no (?!longer|more than|less than|fewer)[a-z]+": "is not a",
    r"(?:lead|leads|led|leading|went|goes) in (?:circles|a circle)": "loop",
    r"what is (?:asked|told|said)": "name the thing",
    r"(?:tells|told) (?:what|who|which)": "says, shows",
    r"it is (?:told|said)": "name the subject",
    r"amidst|amid": "within, cut off",
    r"be it": "whether",
    r"to speak of": "effectively unlimited",
    r"(?:make|makes|made) go wrong": "inject faults",
    r"(?:appear|appears|come|comes) whole": "written atomically",
    r"(?:the|its|their|botocore's) usual (?:AWS )?(?:credential )?chain": "default credential provider chain",
    r"at most so many": "maximum",
    r"asks? otherwise": "differs",
    r"none of ours": "not a",
    r"(?:go|goes|went) bad": "expire",
    r"heard of": "known",
    r"as the service (?:spells|spelled|spelt)": "as the service sent it",
    r"(?:held|holds|hold) against": "checked against, compared with",
    r"what (?:comes|came|becomes|became) of": "the result of, what happens to",
    r"oftener": "more often",
    r"(?<!')folders?": "directory",
}
"""Each phrase, as a regular expression, with what to write instead."""


@cache
def texts(path: Path) -> tuple[tuple[int, str], ...]:
    """Return what a person reads in a file, each part with its first line; words are one white space apart."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        parts = [(1, text)]
    else:
        strings = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
        parts = [(node.lineno, node.value) for node in strings if isinstance(node.value, str)]
    return tuple((line, re.sub(r"[ \t]*\n[ \t]*", "\n", part)) for line, part in parts)


def found(phrase: str, path: Path) -> Iterator[str]:
    pattern = re.compile(rf"\b(?:{phrase})(?!\w)".replace(" ", r"\s"), re.IGNORECASE)
    return (
        f"{path.relative_to(ROOT)}:{start + text.count(chr(10), 0, match.start())}: "
        f"{' '.join(text[max(0, match.start() - 30) : match.end() + 30].split())}"
        for start, text in texts(path)
        for match in pattern.finditer(text)
    )


@pytest.mark.parametrize(("phrase", "instead"), PHRASES.items())
def test_a_phrase_that_readers_stumble_over_is_nowhere(phrase: str, instead: str) -> None:
    places = [place for path in (*PAGES, *MODULES) for place in found(phrase, path)]
    assert not places, "\n".join([f"write instead: {instead}", *places])
