"""Facts about an operation or a type as lines for people, with AWS's texts among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.cli.facts import OperationFacts
from aiopartnercentral.cli.grid import Column, render
from aiopartnercentral.cli.layout import BOLD, DIM, Line, lay_out, line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aiopartnercentral.cli.documentation import Texts
    from aiopartnercentral.cli.facts import Body, Constraints, Entry, Facts, Member, Pages, TypeFacts, Users
    from aiopartnercentral.cli.markup import Block

__all__ = ["list_text", "sheet_text"]

_STEP = 2


def list_text(entries: Iterable[Entry], *, width: int | None) -> str:
    """Return a line for each entry, grouped by what it is.

    Arguments:
        entries: those of a kind one after the other.
        width: of the terminal that shows it, or None.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.kind, []).append(entry)
    return "\n".join(
        render(
            (Column(kind, 0), Column("Python", 1), *([Column("pages", 2)] if any(e.paginated for e in group) else [])),
            [[(entry.name, entry.python, "paginated" if entry.paginated else "")] for entry in group],
            width=width,
        )
        for kind, group in groups.items()
    )


def sheet_text(facts: Facts, texts: Texts, *, docs: bool, width: int | None) -> str:
    """Return all about an operation or a type.

    Arguments:
        facts: what the model says of it.
        texts: what AWS says of it.
        docs: whether the texts of its members are shown as well as its own.
        width: of the terminal that shows it, or None.
    """
    own = texts.of(facts.name)
    lines = [
        line((facts.name, BOLD), f": {facts.kind}", hang=_STEP),
        line(f"Python: {facts.python}", hang=_STEP),
    ]
    if isinstance(facts, OperationFacts) and facts.pages is not None:
        lines.append(line(f"paginator: {facts.pages.python}", hang=_STEP))
    lines += [line(f"reference: {facts.reference}", hang=_STEP), line()]
    lines += _prose(own) if own else [line((f"({texts.why_not(facts.name)})", DIM))]
    shown = texts if docs else None
    lines += _operation(facts, shown) if isinstance(facts, OperationFacts) else _type(facts, shown)
    return lay_out(lines, width=width)


def _operation(facts: OperationFacts, texts: Texts | None) -> Iterator[Line]:
    yield line()
    if facts.readonly:
        yield line("It only reads, and so is idempotent.", hang=_STEP)
    else:
        yield line(f"It does not only read, and is {'' if facts.idempotent else 'not '}idempotent.", hang=_STEP)
    yield line(_paginated(facts.pages), hang=_STEP)
    yield from _body("request", facts.request, texts)
    yield from _body("response", facts.response, texts)
    yield from _section("errors", facts.errors)


def _paginated(pages: Pages | None) -> str:
    if pages is None:
        return "It is not paginated."
    catalogs = ", over any number of catalogs" if pages.over_catalogs else ""
    size = f"; {pages.page_size} bounds a page" if pages.page_size else ""
    return (
        f"It is paginated{catalogs}: {pages.output_token} of an answer is {pages.input_token} of the next request; "
        f"the items are in {pages.items}{size}."
    )


def _body(what: str, body: Body, texts: Texts | None) -> Iterator[Line]:
    yield line()
    yield line((what, BOLD), f": {body.python}", hang=_STEP)
    if not body.members:
        yield line("no members", indent=_STEP)
    yield from _members(body.name, body.members, texts)


def _type(facts: TypeFacts, texts: Texts | None) -> Iterator[Line]:
    checks = [*_checks(facts.constraints), *(["sensitive"] if facts.sensitive else [])]
    if checks:
        yield from _section("constraints", [", ".join(checks)])
    yield from _section("entries" if len(facts.entries) == 1 else "keys and values", facts.entries)
    yield from _section("values", facts.values)
    if facts.members:
        yield line()
        yield line(("one of" if facts.unknown else "members", BOLD))
        yield from _members(facts.name, facts.members, texts)
    if facts.unknown:
        yield line((facts.unknown, BOLD), indent=_STEP)
        yield line("a member that the model does not know", indent=2 * _STEP)
    yield from _users(facts.used_by)


def _users(users: Users) -> Iterator[Line]:
    operations = {
        "in requests of": users.requests,
        "in responses of": users.responses,
        "in errors of": users.errors,
    }
    found = [f"{where} {', '.join(names)}" for where, names in operations.items() if names]
    holders = [
        name for holder in users.types for name in ([f"{holder.name}.{m}" for m in holder.members] or [holder.name])
    ]
    if holders:
        found.append(f"in types {', '.join(holders)}")
    yield from _section("used", found or ["by nothing"])


def _section(head: str, entries: Sequence[str]) -> Iterator[Line]:
    if entries:
        yield line()
        yield line((head, BOLD))
    for entry in entries:
        yield line(entry, indent=_STEP, hang=_STEP)


def _members(shape: str, members: Sequence[Member], texts: Texts | None) -> Iterator[Line]:
    for member in members:
        if member.required is None:
            yield line((member.name, BOLD), f"({member.type})", indent=_STEP, hang=_STEP)
        else:
            need = "required" if member.required else "optional"
            yield line((member.name, BOLD), f": {member.type}, {need}", indent=_STEP, hang=_STEP)
        yield line((_facts(member), DIM), indent=2 * _STEP)
        if texts is not None:
            yield from _prose(texts.of_member(shape, member.wire_name), indent=2 * _STEP)


def _facts(member: Member) -> str:
    # Where the type is written otherwise in Python, its name leads to what else there is about it.
    named = [] if member.shape == member.type else [f"type {member.shape}"]
    facts = [f"{member.wire_name} on the wire", *named, *_checks(member.constraints)]
    if member.generated:
        facts.append("generated where left out")
    if member.sensitive:
        facts.append("sensitive")
    return ", ".join(facts)


def _checks(limits: Constraints) -> list[str]:
    unit = f" {limits.unit}" if limits.unit else ""
    found = []
    if limits.minimum is not None and limits.minimum == limits.maximum:
        found.append(f"exactly {limits.minimum}{unit}")
    elif limits.minimum is not None and limits.maximum is not None:
        found.append(f"{limits.minimum} to {limits.maximum}{unit}")
    elif limits.minimum is not None:
        found.append(f"at least {limits.minimum}{unit}")
    elif limits.maximum is not None:
        found.append(f"at most {limits.maximum}{unit}")
    if limits.pattern is not None:
        found.append(f"pattern {limits.pattern}")
    return found


def _prose(text: Sequence[Block], *, indent: int = 0) -> Iterator[Line]:
    for index, block in enumerate(text):
        if index and not block.bullet:
            yield line()
        start = indent + _STEP * (max(0, block.depth - 1) if block.bullet else block.depth)
        for row in block.text.split("\n"):
            yield line(f"{block.bullet}{row}", indent=start, hang=len(block.bullet), verbatim=block.verbatim)
