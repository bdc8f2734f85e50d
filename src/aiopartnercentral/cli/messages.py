"""The message for each expected error: one line that says what to do.

No line contains values of a request or response, except the first line of the service's own message: it goes to
stderr alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto

from aiopartnercentral._pagination.causes import by_cause, cause_of, is_login, is_rejection
from aiopartnercentral._pagination.source_report import with_noted_parent
from aiopartnercentral._transport.rejected_members import rejected_members
from aiopartnercentral._utils.text import counted, listed
from aiopartnercentral.cli.options import switch_of
from aiopartnercentral.cli.terminal import LIMIT, clean, one_line
from aiopartnercentral.errors import (
    AioPartnerCentralError,
    CheckpointError,
    DecodeError,
    EncodeError,
    PositionError,
    ServiceError,
    SinkError,
    TimeExceededError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["cause_lines", "explain", "explain_all", "failure_lines", "in_options", "unforeseen"]

_FIRST_SERVER_STATUS = 500
_NOT_IMPLEMENTED = 501
_RESTART = ("restart=True", "--restart")  # the same option in Python and in the command
_ARGUMENT = re.compile(r"(?:^|(?<=`)|(?<=without ))(columns|explode|overlap|since|whole)(?:\[\d+\])?(?=[ `]|$)")


def explain(error: BaseException, *, quotes: bool = True) -> str | None:
    """Return the message for an error, or None for an unexpected error.

    Arguments:
        error: the error.
        quotes: whether the message has the service's own text, which may quote the request.
    """
    if isinstance(error, ServiceError):
        return _service(error, quotes=quotes)
    if isinstance(error, DecodeError):
        return f"the response does not match the service model: {one_line(str(error))}; is the endpoint right?"
    if isinstance(error, EncodeError):
        return f"an option cannot be sent: {one_line(str(error))}"
    if isinstance(error, SinkError):
        action = "resume" if isinstance(error, PositionError) else "write"
        # Not cut, as it ends with what to do.
        return f"cannot {action} {clean(error.path)}: {one_line(error.reason, limit=None).replace(*_RESTART)}"
    if isinstance(error, AioPartnerCentralError):
        text = _unanswered(error) if isinstance(error, TimeExceededError) else str(error)
        return one_line(text, limit=None if isinstance(error, CheckpointError) else LIMIT).replace(*_RESTART)
    return _before_answer(error) if isinstance(error, boto.BotoCoreError) else _configured(error)


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
    """Return a line for each different error, with the sources that failed with it."""
    sources: dict[str, list[str]] = {}
    requests: dict[str, str] = {}
    for source, error in failures.items():
        request = _request(error) if isinstance(error, ServiceError) else ""
        line = with_noted_parent(error, (explain(error) or type(error).__name__).removesuffix(request))
        sources.setdefault(line, []).append(clean(source))
        # One request id is enough to ask AWS Support about the error.
        requests.setdefault(line, request)
    return [f"{listed(names)}: {line}{requests[line]}" for line, names in sources.items()]


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


def unforeseen(failures: Mapping[str, Exception]) -> Exception | None:
    """Return an unexpected error among the failures, or None."""
    return next((error for error in failures.values() if explain(error) is None), None)


def _service(error: ServiceError, *, quotes: bool) -> str:
    message = one_line(str(error.response.get("Error", {}).get("Message") or "")) if quotes else ""
    code = clean(error.code)
    said = f"{code}: {message}" if message else code
    request = _request(error)
    if is_rejection(error):
        # Without the service's message, which quotes the request if its signature was rejected.
        return f"the credentials were not accepted ({code}): renew them, or check the profile and the clock{request}"
    if code.startswith("AccessDenied"):
        return f"{said}: the caller's policy must allow {error.operation_name} on this catalog{request}"
    if code.startswith(("Throttling", "TooManyRequests")):
        return f"{said}: try again later, or set a lower --rate{request}"
    if code.startswith("Validation"):
        problems = ", ".join(rejected_members(error, quotes=quotes))
        return f"{said}{f' ({problems})' if problems else ''}: check the options{request}"
    advice = ""
    if error.http_status == _NOT_IMPLEMENTED:
        advice = f": the endpoint does not have {error.operation_name}"
    elif (error.http_status or 0) >= _FIRST_SERVER_STATUS and error.is_retryable:
        advice = ": try again later"
    return f"{said} (HTTP {error.http_status}){advice}{request}"


def _request(error: ServiceError) -> str:
    return f" (request id {clean(str(error.request_id))})" if error.request_id else ""


def _unanswered(error: TimeExceededError) -> str:
    where, limit = error.endpoint_url, f"within {error.seconds:g} s"
    if where is None:
        return str(error)
    if error.attempts > 1:  # some attempt may have been answered, with an error that is worth a retry
        return f"{where} gave no usable answer {limit}, to {error.attempts} attempts: try again later"
    return f"{where} did not answer {limit}: check the network, the proxy and the address, or try again later"


def _before_answer(error: boto.BotoCoreError) -> str:
    known: Mapping[str, Any] = getattr(error, "kwargs", {})
    where = one_line(str(known.get("endpoint_url") or "the endpoint"))
    if is_login(error):
        return "the login has expired or is missing: log in again, for example by `aws sso login`"
    for classes, line in (
        (boto.ProfileNotFound, f"there is no profile {clean(str(known.get('profile')))!r}: check its name"),
        (boto.NoCredentialsError, "no AWS credentials: log in, set AWS_ACCESS_KEY_ID, or name a profile"),
        (boto.PartialCredentialsError, "the AWS credentials are incomplete: set both key id and secret, or log in"),
        (
            boto.CredentialRetrievalError,
            f"the AWS credentials of {known.get('provider')} are not available: log in again",
        ),
        (boto.SSLError, f"TLS to {where} failed: is its certificate trusted? AWS_CA_BUNDLE adds certificates"),
        (boto.ProxyConnectionError, "the proxy cannot be reached: check HTTP_PROXY, HTTPS_PROXY and NO_PROXY"),
        ((boto.ReadTimeoutError, boto.ConnectTimeoutError), f"{where} did not answer in time: try again later"),
        (boto.EndpointConnectionError, f"cannot connect to {where}: check the network, the region and the address"),
        (boto.ConnectionClosedError, f"{where} closed the connection: check the address, or try again later"),
        (boto.ResponseStreamingError, "the response was incomplete: try again"),
        (boto.InvalidRegionError, f"{clean(str(known.get('region_name')))!r} is not a region: check its name"),
        (boto.ParamValidationError, f"an option cannot be sent: {_report(known)}"),
    ):
        if isinstance(error, classes):
            return line
    return one_line(str(error)) or type(error).__name__


def _report(known: Mapping[str, Any]) -> str:
    """Return why botocore rejected a request, without the value that it quotes."""
    first = one_line(str(known.get("report", "")))
    return first.partition(", value:")[0]
