"""The errors that `ignore_errors` names, and the warning about a name that is probably misspelt."""

from __future__ import annotations

import builtins
import sys
import warnings
from typing import TYPE_CHECKING, Final

from aiopartnercentral import errors as own
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.text import clean
from aiopartnercentral.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from aiopartnercentral.types import Service

__all__ = ["ignoring", "misspelt"]

_NAMES: Final = validators.collection_of(validators.any_text, "a collection of error codes")
_CLOSE: Final = 0.85  # so that AccessDenied, which some services send, is not taken for AccessDeniedException
# Codes that any service of AWS may send, and those of STS.
_COMMON: Final = frozenset(
    {
        "AccessDenied",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InternalError",
        "InternalFailure",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "LimitExceededException",
        "MissingAuthenticationToken",
        "NotAuthorized",
        "OptInRequired",
        "RequestExpired",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SignatureDoesNotMatch",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "UnknownOperationException",
        "UnrecognizedClientException",
        "ValidationError",
    }
)
_PACKAGE: Final = __name__.partition(".")[0]


def ignoring(errors: Collection[str], services: Iterable[Service] = ()) -> Callable[[Exception], bool]:
    """Return a predicate of errors of the service that have one of these codes, and of any with these class names.

    Arguments:
        errors: the codes and names. A service may send a code that no model has, so an unknown code is kept. If it is
            probably misspelt, a warning names the code that may be meant.
        services: the services that are called; without them, nothing is taken for misspelt.

    Raises:
        TypeError: `errors` is not a collection of strings.
    """
    names = frozenset(_NAMES("ignore_errors", errors))
    for line in misspelt(sorted(names), services):
        warnings.warn(f"ignore_errors: {line}", stacklevel=_frames_of_library())

    def is_ignored(error: Exception) -> bool:
        # The code of a `CredentialsError` is not the service's, which was not called.
        code = None if isinstance(error, CredentialsError) else getattr(error, "code", None)
        return not names.isdisjoint((type(error).__name__, code))

    return is_ignored


def misspelt(names: Collection[str], services: Iterable[Service]) -> Iterator[str]:
    """Yield a line for each unknown name that is close to the name of an error of these services or of the library."""
    called = list(services) if names else []
    if not called:
        return
    modelled = {name for one in called for code, cls in one.errors.items() for name in (code, cls.__name__)}
    botocore = sys.modules["botocore.exceptions"]  # the bases of the library's own
    others = {name for module in (own, botocore, builtins) for name in vars(module) if name[:1].isupper()}
    for name in names:
        if name in modelled or name in others or name in _COMMON:
            continue
        ours = [each for each in own.__all__ if each[:1].isupper()]
        meant = _nearest(name, modelled) or _nearest(name, [*ours, *_COMMON])
        if meant is not None:
            yield f"{clean(name)!r} is not a known error: did you mean {meant}?"


def _nearest(name: str, known: Collection[str]) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake loads it

    folded = {each.casefold(): each for each in sorted(known)}
    near = get_close_matches(name.casefold(), folded, 1, _CLOSE)
    return folded[near[0]] if near else None


def _frames_of_library() -> int:
    """Return how many frames lead from the caller to the first one that is not of this library."""
    number, frame = 1, sys._getframe(1)  # noqa: SLF001 - there is no other way before Python 3.12
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        number, frame = number + 1, frame.f_back
    return number
