"""The failures of a report as HTML, by their causes, in the words of the command."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aiopartnercentral._pagination.causes import by_cause
from aiopartnercentral._pagination.similar_errors import common_texts
from aiopartnercentral._utils.html import Html, join, more, text
from aiopartnercentral._utils.text import counted
from aiopartnercentral.errors import AioPartnerCentralError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiopartnercentral._pagination.causes import Cause

__all__ = ["explained", "failures"]

_Source: TypeAlias = "Mapping[str, Any]"
"""The JSON of a source."""
_Place: TypeAlias = "tuple[str, ...]"

_PLACES: Final = 50
"""How many accounts and catalogs are named for each cause."""
_MESSAGES: Final = 5
"""How many different errors are shown for each cause."""
_LONG: Final = 400
"""How many characters of an error or of a list of operations are shown."""
_PLACE: Final = ("label", "account", "catalog")
_REQUEST_ID: Final = re.compile(r" \(request id [^()]*\)")


def failures(sources: Sequence[_Source], causes: Sequence[Cause | None]) -> Html:
    """Return a section for each cause, the most frequent first: who can fix it, how, and where it happened.

    Sources that failed and those that were skipped because of an ignored error have different sections.

    Arguments:
        sources: the JSON of the sources.
        causes: for each of them the cause of its error, or None.
    """
    failed = [(cause, each) for cause, each in zip(causes, sources, strict=True) if cause is not None]
    sections: list[tuple[str, Cause, list[_Source]]] = []
    for outcome in dict.fromkeys(each["outcome"] for _, each in failed):
        found = by_cause((cause, each) for cause, each in failed if each["outcome"] == outcome)
        sections += [(outcome, cause, affected) for cause, affected in found]
    sections.sort(key=lambda section: (section[0] == "skipped", -len(section[2])))
    shown = [_section(outcome, cause, affected, sources) for outcome, cause, affected in sections]
    return Html(f"<h2>Failures by cause</h2>{''.join(shown)}" if shown else "")


def explained(error: Mapping[str, str]) -> str:
    """Return the message of an error, with its type unless it says nothing, or the message begins with it."""
    name, message = error["type"], error["message"]
    return message if message.startswith(name) or name == AioPartnerCentralError.__name__ else f"{name}: {message}"


def _section(outcome: str, cause: Cause, affected: Sequence[_Source], every: Sequence[_Source]) -> Html:
    number = text(f"{counted(len(affected), 'source')} {outcome}")
    advice = f"{cause.advice[:1].upper()}{cause.advice[1:]}"
    messages = _messages(affected)
    shown = [f"<p>{text(each, limit=_LONG)}</p>" for each in messages[:_MESSAGES]]
    left_out = more(_MESSAGES, len(messages), "error")
    return Html(
        f"<section class='cause {text(outcome)}'><h3>{text(cause.name)} <span>{number}</span></h3>"
        f"<p class='step'>{text(advice)}.</p>"
        f"{''.join(shown)}{left_out and f'<p>{left_out}</p>'}{_places(affected, every)}</section>"
    )


def _messages(affected: Sequence[_Source]) -> list[str]:
    """Return the different errors: without the ids of requests and, if there are several, the names of operations.

    Errors that differ only in ARNs and account ids, such as those of roles, are returned as one.
    """
    operations = {each.get("operation") for each in affected}
    found = []
    for each in affected:
        message = _REQUEST_ID.sub("", explained(each["error"]))
        if len(operations) > 1:
            message = re.sub(rf"\b{re.escape(each['operation'])}\b", "the operation", message)
        found.append(message)
    return list(dict.fromkeys(common_texts(found).values()))


def _places(affected: Sequence[_Source], every: Sequence[_Source]) -> Html:
    """Return a table of the accounts and catalogs, with the operations that failed there."""
    operations = _operations(affected)
    of_run = _operations(every)
    has_labels = any(label not in ("", f"{account}/{catalog}", catalog) for label, account, catalog in operations)
    is_shown = [has_labels, any(account for _, account, _ in operations), True]
    heads = [name for name, shown in zip(("source", "account", "catalog"), is_shown, strict=True) if shown]
    has_operations = any(names for names in operations.values())
    rows = []
    for place, names in list(operations.items())[:_PLACES]:
        cells = [text(value) for value, shown in zip(place, is_shown, strict=True) if shown]
        if has_operations:
            is_every = len(names) > 1 and len(names) == len(of_run[place])
            cells.append(text(f"{f'all {len(names)}: ' if is_every else ''}{', '.join(names)}", limit=_LONG))
        rows.append(join("", (Html(f"<td>{cell}</td>") for cell in cells)))
    heads = [*heads, "operations"] if has_operations else heads
    head = "".join(f"<th>{text(name)}</th>" for name in heads)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    left_out = more(len(rows), len(operations))
    return Html(
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{left_out and f'<p>{left_out}</p>'}"
    )


def _operations(sources: Sequence[_Source]) -> dict[_Place, list[str]]:
    """Return the operations of each label, account and catalog."""
    found: dict[_Place, list[str]] = {}
    for each in sources:
        place = tuple(str(each.get(name, "")) for name in _PLACE)
        names = found.setdefault(place, [])
        if "operation" in each:
            names.append(each["operation"])
    return found
