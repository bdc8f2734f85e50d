"""The library's user agent, which has the form and content of botocore's.

botocore builds its user agent twice for each call, which takes a tenth of the call's time. The library's is built once,
without the list of botocore features in use.
"""

from __future__ import annotations

import os
import platform
import re

from botocore import __version__ as botocore_version

from aiopartnercentral import __version__

__all__ = ["user_agent"]

_OS_NAMES = {"Linux": "linux", "Darwin": "macos", "Windows": "windows"}


def user_agent(name: str, version: str, retry_mode: str | None) -> str:
    """Return the user agent.

    Arguments:
        name: the name of the session.
        version: its version.
        retry_mode: botocore's retry mode.
    """
    environment = os.environ.get("AWS_EXECUTION_ENV")
    parts = {
        name: version,
        "md/Botocore": botocore_version,
        "md/aiopartnercentral": __version__,
        "ua/2.1": None,
        f"os/{_OS_NAMES.get(platform.system(), 'other')}": platform.release(),
        "md/arch": platform.machine().lower(),
        "lang/python": platform.python_version(),
        "md/pyimpl": platform.python_implementation(),
        **({f"exec-env/{_word(environment)}": None} if environment else {}),
        **({"cfg/retry-mode": retry_mode} if retry_mode else {}),
    }
    return " ".join(_part(name, value) for name, value in parts.items())


def _part(name: str, value: str | None) -> str:
    """Return one part of a user agent; the first is `name/version`, others are `kind/name#version`."""
    if value is None:
        return name
    return f"{name}#{_word(value)}" if "/" in name else f"{_word(name)}/{_word(value)}"


def _word(text: str) -> str:
    """Return the text with a dash for each character that is not allowed in a word of a user agent."""
    return re.sub(r"[^!$%&'*+\-.^_`|~,0-9A-Za-z]", "-", text)
