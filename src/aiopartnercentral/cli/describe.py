"""The command that describes an operation or a type, or lists them all."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.cli import api
from aiopartnercentral.cli.describing import describe, entries
from aiopartnercentral.cli.documentation import installed
from aiopartnercentral.cli.markup import plain
from aiopartnercentral.cli.progress import width_of
from aiopartnercentral.cli.runner import USAGE, CommandError
from aiopartnercentral.cli.sheet import list_text, sheet_text
from aiopartnercentral.cli.table import encoded
from aiopartnercentral.cli.text import one_line
from aiopartnercentral.cli.writer import STDOUT, Target, write_once

if TYPE_CHECKING:
    from aiopartnercentral.cli.documentation import Texts
    from aiopartnercentral.cli.facts import Facts

__all__ = ["show"]


async def show(name: str | None, *, docs: bool, as_json: bool) -> int:
    """Write the description to stdout and return the exit code; cancelling it may leave it half written.

    Arguments:
        name: of an operation or a type, as it was typed; None for the list of all.
        docs: whether AWS's texts about members are shown as well.
        as_json: whether it is written as JSON.

    Raises:
        CommandError: there is nothing of the name, or stdout cannot be written.
    """
    with await Target.open(STDOUT) as target:
        width = width_of(sys.stdout)
        text = _listed(width, as_json=as_json) if name is None else _described(name, width, docs=docs, as_json=as_json)
        await write_once(target, encoded(text, terminal=width is not None))
    return 0


def _listed(width: int | None, *, as_json: bool) -> str:
    found = entries(api.load())
    return _json([attrs.asdict(entry) for entry in found]) if as_json else list_text(found, width=width)


def _described(typed: str, width: int | None, *, docs: bool, as_json: bool) -> str:
    """Return what there is to say about what was typed.

    Raises:
        CommandError: there is nothing of the name.
    """
    known = api.load()
    name = known.find(typed)
    if name is None:
        near = known.near(typed)
        hint = f"did you mean {', '.join(near)}?" if near else "without a name, describe lists all"
        raise CommandError(f"there is no operation or type {one_line(typed)!r}: {hint}", exit_code=USAGE)
    facts, texts = describe(known, name), installed(known.service, known.version)
    return _json(_with_texts(facts, texts, docs=docs)) if as_json else sheet_text(facts, texts, docs=docs, width=width)


def _with_texts(facts: Facts, texts: Texts, *, docs: bool) -> dict[str, Any]:
    """Return the facts for JSON, and as `documentation` the texts that there are."""
    found = attrs.asdict(facts)
    own = texts.of(facts.name)
    if own:
        found["documentation"] = plain(own)
    for body in (found, found.get("request", {}), found.get("response", {})) if docs else ():
        for member in body.get("members", ()):
            text = texts.of_member(body["name"], member["wire_name"])
            if text:
                member["documentation"] = plain(text)
    return found


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
