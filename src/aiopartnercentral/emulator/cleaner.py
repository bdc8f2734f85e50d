"""Removes from recorded requests and answers what must not be in a file."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral.emulator.services import Service

_REMOVED: Final = "REMOVED"
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# In the texts of errors: who was not allowed something, a key, and an address.
_SECRET_TEXT: Final = re.compile(
    r"arn:[a-z-]+:(?:iam|sts)::\S+|\b(?:AKIA|ASIA)[A-Z0-9]{12,}|[\w.%+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"
)
# What can follow the path of a URL, and the user and password before its host.
_URL_SECRETS: Final = re.compile(r"(?<=://)[^/?#\s@]*@|[?#].*", re.DOTALL)
# Anybody who has these may act for the account, although the model does not call them sensitive.
_SECRET_MEMBERS: Final = frozenset({"CompletionUrl"})
_SHORTEST_REPLACED: Final = 3
_CONTAINERS: Final = ("structure", "list", "map")
_NEXT_TOKENS: Final = ("NextToken", "nextToken")
_EMPTY: Final = ((bool, False), (int, 0), (float, 0.0), (datetime, datetime(1970, 1, 1, tzinfo=UTC)), (bytes, b""))


@attrs.define(eq=False)
class Cleaner:
    """Removes from requests and answers what must not be in a file.

    Sensitive members of the model, e-mail addresses, the queries of URLs, and values that the model does not describe
    or that have another type than there, are replaced. Page tokens become numbers. Idempotency tokens are left out, as
    they differ in every run.
    """

    _tokens: dict[str, str] = attrs.field(factory=dict)
    _removed: set[str] = attrs.field(factory=set)

    def clean(
        self,
        service: Service,
        shape: str | None,
        value: Mapping[str, Any],
        *,
        renumber: bool,
        is_error: bool = False,
    ) -> dict[str, Any]:
        """Return a request or answer without secrets.

        Arguments:
            service: the service.
            shape: the name of its shape; None if the model does not have it.
            value: the request or answer.
            renumber: whether to replace page tokens.
            is_error: whether it is an error, whose text stays; see `clean_text`.
        """
        members = service.shapes.get(shape, {}).get("members", {}) if shape else {}
        cleaned = {}
        for name, item in value.items():
            if members.get(name, {}).get("idempotencyToken"):
                continue
            if name in _NEXT_TOKENS and isinstance(item, str):
                cleaned[name] = self._tokens.setdefault(item, f"page-{len(self._tokens) + 1}") if renumber else item
            elif is_error and name in ("__type", "Message", "message"):
                cleaned[name] = item
            else:
                known = members[name]["shape"] if name in members else None
                cleaned[name] = self._cleaned(service.shapes, known, item, name)
        return cleaned

    def clean_text(self, value: Any) -> Any:  # noqa: ANN401 - JSON of any type
        """Return a value without principals, keys, addresses and all that was removed so far, in its texts."""
        match value:
            case str():
                text = _SECRET_TEXT.sub(_REMOVED, value)
                for removed in sorted(self._removed, key=len, reverse=True):
                    text = text.replace(removed, _REMOVED)
                return text
            case dict():
                return {name: self.clean_text(item) for name, item in value.items()}
            case list():
                return [self.clean_text(item) for item in value]
        return value

    def _cleaned(self, shapes: Mapping[str, Any], shape: str | None, value: Any, name: str = "") -> Any:  # noqa: ANN401
        described = shapes[shape] if shape else {}
        is_address = isinstance(value, str) and _EMAIL.fullmatch(value)
        if not described or described.get("sensitive") or name in _SECRET_MEMBERS or is_address:
            return self._without_values(value)
        match described["type"], value:
            case _, str() if described["type"] not in _CONTAINERS:
                return _URL_SECRETS.sub("", value) if "://" in value else value
            case "structure", dict():
                members = described["members"]
                inner = {key: members[key]["shape"] if key in members else None for key in value}
                return {key: self._cleaned(shapes, inner[key], item, key) for key, item in value.items()}
            case "list", list():
                return [self._cleaned(shapes, described["member"]["shape"], item) for item in value]
            case "map", dict():
                return {key: self._cleaned(shapes, described["value"]["shape"], item) for key, item in value.items()}
        # The model does not say what is in a value of another type than its own.
        is_other = described["type"] in _CONTAINERS or isinstance(value, dict | list)
        return self._without_values(value) if is_other else value

    def _without_values(self, value: Any) -> Any:  # noqa: ANN401 - JSON of any type
        """Return a value of the same type, in which only names of members are left."""
        if isinstance(value, dict):
            return {key: self._without_values(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._without_values(item) for item in value]
        if isinstance(value, str):
            return self._without_text(value)
        return next((empty for kind, empty in _EMPTY if isinstance(value, kind)), None)

    def _without_text(self, text: str) -> str:
        if len(text) >= _SHORTEST_REPLACED and text != _REMOVED:
            self._removed.add(text)
        if text.isdecimal():
            return "0" * len(text)
        if _EMAIL.fullmatch(text):
            return "removed@example.com"
        return "https://removed.example/" if "://" in text else _REMOVED
