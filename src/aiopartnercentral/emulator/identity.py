"""Which account sends a request."""

from __future__ import annotations

import re

_ACCESS_KEY = re.compile(r"AWS4-HMAC-SHA256\s.*?Credential=(?P<key>[^/,\s]+)/")
_ACCOUNT = re.compile("[0-9]{12}")


def access_key(authorization: str) -> str | None:
    """Return the access key id that an Authorization header names; None if it names none."""
    found = _ACCESS_KEY.match(authorization)
    return found["key"] if found else None


def account_of(key: str | None, owner: str) -> str:
    """Return the account behind an access key id: twelve digits are an account themselves, anything else the owner."""
    return key if key and _ACCOUNT.fullmatch(key) else owner
