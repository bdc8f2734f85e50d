"""The `CredentialsError` for whatever made credentials unavailable: what failed, why, and what to do.

Its text never has a secret, nor text that a program or server of the user printed.
"""

from __future__ import annotations

import re
from typing import Any, Final

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004
    CredentialRetrievalError,
    HTTPClientError,
    ParamValidationError,
    SSLError,
    TokenRetrievalError,
)

from aiopartnercentral._transport.call_context import FIRST_SERVER_ERROR_STATUS, TOO_MANY_REQUESTS
from aiopartnercentral._transport.credentials import UnusableCredentialsError
from aiopartnercentral._utils.text import REDACTED
from aiopartnercentral.errors import CredentialsError, RedirectError, ResponseTooLargeError, ServiceError

__all__ = [
    "credentials_error",
    "provider_error",
    "provider_name",
    "without_values",
]

_LOST = (HTTPClientError, ConnectionError, aiohttp.ClientError, TimeoutError)
_FAILURES = (
    *_LOST,
    *(RedirectError, ResponseTooLargeError),
    *(CredentialRetrievalError, ParamValidationError, TokenRetrievalError),
)
_TRANSIENT_CODES = frozenset({"IDPCommunicationError", "SlowDownException"})
_CONTAINER_FAILURES = ("Received error", "Unable to parse JSON")
# What botocore's messages about parameters quote, except lengths; what follows is from the service model.
_QUOTED_VALUE = re.compile(r", value: (?:.*(?=, valid )|.*)")
_REPORTS = ("Invalid ", "Missing ", "Unknown ")
_URL = re.compile(r"(https?://)(?:[^\s/?#\"']*@)?([^\s/?#\"']*)[^\s\"']*")
_CONTAINER_STATUS = re.compile(r"non 200 response (\d+)")
_UNUSABLE: Final = "invalid response"
_PROVIDERS: Final = {
    "container-role": (
        *("the container's credentials", _UNUSABLE),
        "check AWS_CONTAINER_CREDENTIALS_FULL_URI, its server and AWS_CONTAINER_AUTHORIZATION_TOKEN",
    ),
    "iam-role": ("the instance's credentials", _UNUSABLE, "check the role of the instance"),
    "custom-process": (
        *("credential_process", "its command did not print credentials of version 1"),
        "run it and read what it prints",
    ),
    "sso": (
        *("IAM Identity Center", "the cached login or the response is not usable"),
        "log in again, for example by `aws sso login`, and check the sso_ settings",
    ),
    "login": ("the login", "the cached login is not usable", "log in again, for example by `aws login`"),
    "assume-role": ("AssumeRole", _UNUSABLE, "check role_arn and the credentials that assume it"),
    "assume-role-with-web-identity": (
        *("web identity", _UNUSABLE),
        "check web_identity_token_file and the role's trust policy",
    ),
}
"""For each provider of botocore's chain: its name, what it failed to give, and what to do."""
_DENIED: Final = "the caller needs permission to make this call, and the role's trust policy must allow the caller"
_REJECTED: Final = "renew the credentials that make the call, or check the profile and the clock"
_FOREIGN: Final = "check AWS_ENDPOINT_URL, those of single services, and proxies"
_ADVICE: Final = {
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    **dict.fromkeys(
        (
            *("ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "InvalidClientTokenId"),
            *("InvalidSignatureException", "SignatureDoesNotMatch", "UnrecognizedClientException"),
        ),
        _REJECTED,
    ),
}
"""What to do about an error code; the messages of the rejected quote the request."""


def provider_name(provider: Any) -> str:  # noqa: ANN401 - aiobotocore has no types
    """Return the name of a provider of botocore's chain."""
    return _with_profile(provider, _described(provider)[0])


def provider_error(provider: Any, error: Exception) -> Exception:  # noqa: ANN401 - as above
    """Return the exception for a failure of a provider of botocore's chain.

    Errors of botocore for a configuration that is not usable, or for a login that is required, are returned unchanged.
    """
    if isinstance(error, BotoCoreError) and not isinstance(error, _FAILURES):
        return error
    name, unusable, advice = _described(provider)
    if isinstance(error, ClientError):
        name = f"{error.operation_name} failed"
    return credentials_error(_with_profile(provider, name), error, unusable=unusable, advice=advice)


def without_values(error: ParamValidationError) -> str:
    """Return botocore's message about wrong parameters, without the values that it quotes."""
    lines = str(error.kwargs["report"]).splitlines()
    # Other lines are of a value.
    return "\n".join(_without_value(line) for line in lines if line.startswith(_REPORTS))


def _without_value(line: str) -> str:
    return line if line.startswith("Invalid length ") else _QUOTED_VALUE.sub("", line)


def _described(provider: Any) -> tuple[str, str, str]:  # noqa: ANN401 - as above
    unknown = (provider.METHOD, "it failed", "check the environment and the AWS config files")
    return _PROVIDERS.get(provider.METHOD, unknown)


def _with_profile(provider: Any, name: str) -> str:  # noqa: ANN401 - as above
    profile = getattr(provider, "_profile_name", None)
    return name if profile is None else f"profile {profile}: {name}"


def credentials_error(
    what: str,
    error: Exception,
    *,
    unusable: str = _UNUSABLE,
    advice: str = "",
    endpoint_url: str | None = None,
) -> CredentialsError:
    """Return a `CredentialsError` for the cause.

    Arguments:
        what: what failed.
        error: the cause.
        unusable: the reason for an exception of Python, which has none for a person.
        advice: what to do, unless the cause says it.
        endpoint_url: where the request was sent, if it is known.
    """
    code, reason, is_retryable = _explained(error, unusable)
    is_foreign = reason.startswith(_UNUSABLE) and (endpoint_url is not None or isinstance(error, ClientError))
    if is_foreign and endpoint_url is not None:
        reason = f"{reason} from {_without_secrets(endpoint_url)}"
    if is_retryable:
        advice = "try again later"
    elif is_foreign:
        advice = _FOREIGN
    elif isinstance(error, ClientError):
        advice = _ADVICE.get(str(code), advice)
    if isinstance(error, CredentialsError | RedirectError):
        advice = ""  # its text has some
    return CredentialsError(": ".join(filter(None, (what, reason, advice))), code=code, is_retryable=is_retryable)


def _explained(error: Exception, unusable: str) -> tuple[str | None, str, bool]:
    """Return the code of an error response if the cause is one, the reason, and whether a retry may help."""
    match error:
        case ClientError():
            return _response(error)
        case CredentialsError():
            return error.code, str(error), error.is_retryable
        case CredentialRetrievalError():
            return None, *_retrieval(error)
        case RedirectError() | UnusableCredentialsError():
            reason = str(error)
        case ResponseTooLargeError():
            reason = f"the response has more than {error.max_response_bytes} bytes"
        case ParamValidationError():
            reason = _in_one_line(without_values(error))
        case BotoCoreError() | aiohttp.ClientError() | TimeoutError():
            is_retryable = isinstance(error, _LOST) and not isinstance(error, SSLError)
            return None, _in_one_line(_without_secrets(str(error))) or type(error).__name__, is_retryable
        case OSError() if error.filename is not None:
            reason = f"{error.filename}: {error.strerror}"
        case _:
            reason = _of_python(error) or f"{unusable} ({type(error).__name__})"
    return None, reason, False


def _of_python(error: Exception) -> str | None:
    """Return the reason for an error of Python by which botocore reports what it has no error for."""
    if str(error).startswith("Invalid endpoint"):
        return "its endpoint URL is not usable: check AWS_ENDPOINT_URL and those of single services"
    if isinstance(error, RuntimeError) and "expired" in str(error):
        return "got credentials that have expired already"
    return None


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _response(error: ClientError) -> tuple[str, str, bool]:
    """Return the code of an error response, the reason, and whether a retry may help."""
    response: Any = error.response
    details = response.get("Error", {})
    code, message = str(details.get("Code", "Unknown")), str(details.get("Message") or "")
    is_retryable = code in _TRANSIENT_CODES or ServiceError(response, error.operation_name).is_retryable
    if code.isdecimal():
        return code, f"{_UNUSABLE} (HTTP {code})", is_retryable
    is_page = message.lstrip().removeprefix(REDACTED).startswith("<")
    is_shown = _ADVICE.get(code) is not _REJECTED and not is_page
    return code, f"{code}: {message}" if is_shown and message else code, is_retryable


def _retrieval(error: CredentialRetrievalError) -> tuple[str, bool]:
    """Return why botocore could not retrieve credentials, and whether a retry may help."""
    provider, message = error.kwargs.get("provider"), str(error.kwargs.get("error_msg"))
    if provider == "custom-process":  # the message is what the command wrote to stderr
        return "its command failed, or did not print credentials of version 1", False
    if found := _CONTAINER_STATUS.search(message):  # the message has the body
        status = int(found[1])
        return f"HTTP {status}", status >= FIRST_SERVER_ERROR_STATUS or status == TOO_MANY_REQUESTS
    is_retryable = provider == "iam-role" or any(text in message for text in _CONTAINER_FAILURES)
    return _without_secrets(message), is_retryable


def _without_secrets(text: str) -> str:
    """Return a text with only the hosts of its URLs, whose other parts may be a password or a token."""
    return _URL.sub(r"\1\2", text)
