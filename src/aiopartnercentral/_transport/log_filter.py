"""Keeps secrets out of the log records that botocore writes while credentials are obtained.

At DEBUG, botocore logs the requests and responses of STS and others, with external ids and secret keys. At WARNING, it
logs the traceback of a failed refresh, with what a server or a program answered.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextvars import Token

__all__ = ["begin_secret_work", "end_secret_work"]

_LOGGERS = (
    *("aiobotocore.credentials", "aiobotocore.httpsession", "aiobotocore.tokens", "aiobotocore.utils"),
    *("botocore.auth", "botocore.endpoint", "botocore.httpsession", "botocore.parsers"),
)
_IS_SECRET: ContextVar[bool] = ContextVar("aiopartnercentral_is_secret", default=False)


def begin_secret_work() -> Token[bool]:
    """Drop the DEBUG records and the tracebacks of botocore in this task, until `end_secret_work`."""
    _install()
    return _IS_SECRET.set(True)


def end_secret_work(token: Token[bool]) -> None:
    """Let botocore log again as before `begin_secret_work`, which returned the token."""
    _IS_SECRET.reset(token)


@cache
def _install() -> None:
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_without_secrets)


def _without_secrets(record: logging.LogRecord) -> bool:
    if not _IS_SECRET.get():
        return True
    record.exc_info = record.exc_text = None
    return record.levelno > logging.DEBUG
