"""The message for each expected error: one line that says what to do.

No line contains values of a request or response, except the first line of the service's own message: it goes to
stderr alone.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

from aiopartnercentral._pagination.causes import by_cause, cause_of
from aiopartnercentral._pagination.explanations import explanation
from aiopartnercentral._pagination.ignored_errors import misspelt
from aiopartnercentral._pagination.similar_errors import common_texts
from aiopartnercentral._pagination.source_report import with_noted_parent
from aiopartnercentral._utils.text import clean, counted, listed, request_text
from aiopartnercentral.cli.options import switch_of
from aiopartnercentral.cli.services import facts
from aiopartnercentral.cli.terminal import say
from aiopartnercentral.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

__all__ = ["cause_lines", "explain", "explain_all", "failure_lines", "in_options", "say_misspelt", "unforeseen"]

_RESTART = ("restart=True", "--restart")  # the same option in Python and in the command
_ARGUMENT = re.compile(r"(?:^|(?<=`)|(?<=without ))(columns|explode|overlap|since|whole)(?:\[\d+\])?(?=[ `]|$)")


def explain(error: BaseException, *, quotes: bool = True) -> str | None:
    """Return the message for an error, or None for an unexpected error.

    Arguments:
        error: the error.
        quotes: whether the message has the service's own text, which may quote the request.
    """
    line = explanation(error, quotes=quotes)
    return _configured(error) if line is None else line.replace(*_RESTART)


def in_options(text: str, commands: Mapping[str, str]) -> str:
    """Return the library's message about an argument with the names of the command's option and listings.

    Arguments:
        text: the message.
        commands: the command's name of each listing.
    """
    if text.startswith("since "):  # others name files, whose names can contain anything
        for method, command in commands.items():
            text = re.sub(rf"\b{method}\b", command, text)
    return _ARGUMENT.sub(lambda found: switch_of(found[1]), text)


def _configured(error: BaseException) -> str | None:
    """Return the message for an error of Python that botocore raises for a bad AWS configuration."""
    if isinstance(error, OSError) and error.filename:
        return f"the AWS configuration names {clean(str(error.filename))}: {error.strerror}"
    return None


def explain_all(failures: Mapping[str, Exception]) -> list[str]:
    """Return a line for each different error, with the sources that failed with it.

    Errors that differ only in ARNs and account ids, such as those of roles, share a line.
    """
    lines: dict[str, tuple[str, str]] = {}
    for source, error in failures.items():
        request = request_text(error.request_id) if isinstance(error, ServiceError) else ""
        line = with_noted_parent(error, (explain(error) or type(error).__name__).removesuffix(request))
        lines[source] = line, request
    shown = common_texts(line for line, _ in lines.values())
    sources: dict[str, list[str]] = {}
    requests: dict[str, str] = {}
    for source, (line, request) in lines.items():
        sources.setdefault(shown[line], []).append(clean(source))
        # One request id is enough to ask AWS Support about the error.
        requests.setdefault(shown[line], request)
    return [f"{listed(names)}: {text}{requests[text]}" for text, names in sources.items()]


def cause_lines(failures: Mapping[str, Exception]) -> list[str]:
    """Return a line for each cause, the most frequent first; none if all sources failed with the same error."""
    if len(explain_all(failures)) < 2:  # noqa: PLR2004 - the line of a single error says it all
        return []
    causes = by_cause((cause_of(error), clean(source)) for source, error in failures.items())
    return [
        f"{cause.name}: {counted(len(names), 'source')} ({listed(names)}); {cause.advice}" for cause, names in causes
    ]


def failure_lines(failures: Mapping[str, Exception]) -> list[str]:
    """Return a line for each different error, and, if there are several, for each cause."""
    return [*explain_all(failures), *cause_lines(failures)]


def say_misspelt(codes: Collection[str], services: Iterable[str]) -> None:
    """Print a line for each code of --ignore-errors that is probably misspelt, instead of the library's warning."""
    for line in misspelt(dict.fromkeys(codes), map(facts, services)):
        say(f"--ignore-errors: {line}")
    warnings.filterwarnings("ignore", "ignore_errors: ")


def unforeseen(failures: Mapping[str, Exception]) -> Exception | None:
    """Return an unexpected error among the failures, or None."""
    return next((error for error in failures.values() if explain(error) is None), None)
