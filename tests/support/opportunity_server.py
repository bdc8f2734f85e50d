"""A small Partner Central Selling API over HTTP that keeps opportunities, revisions and idempotency tokens."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from tests.support.servers import Reply, scripted_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers import Received, ScriptedServer

_NEVER_CHANGED = {"Id", "CreatedDate", "Catalog", "RelatedEntityIdentifiers"}
_NOT_KEPT = {"Identifier", "LastModifiedDate", "ClientToken", "Catalog"}
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)

Fault = Callable[["Received"], Reply | None]


def failure(code: str, status: int = 400, **headers: str) -> Reply:
    return Reply({"__type": code, "Message": "no"}, status=status, headers=headers)


@attrs.define
class Opportunities:
    """The state of the server.

    Attributes:
        server: the server.
        kept: the opportunities by identifier, as GetOpportunity returns them.
        executed: the operation and the body of each request that had an effect.
        before: what a request is answered instead of being executed, if it returns something.
        after: what an executed request is answered, if it returns something.
    """

    server: ScriptedServer
    kept: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    executed: list[tuple[str, dict[str, Any]]] = attrs.field(factory=list)
    before: Fault = lambda _: None
    after: Fault = lambda _: None
    _tokens: dict[str, tuple[str, dict[str, Any]]] = attrs.field(factory=dict)

    @property
    def url(self) -> str:
        return self.server.url

    def sent(self, operation: str) -> list[dict[str, Any]]:
        """Return the bodies of all requests of an operation."""
        return [each.body for each in self.server.received if each.operation == operation]

    def add(self, **members: Any) -> str:
        """Keep an opportunity, and return its identifier."""
        name = f"O{len(self.kept) + 1}"
        own = {"Id": name, "Catalog": "AWS", "CreatedDate": _moment(0), "RelatedEntityIdentifiers": {}}
        self.kept[name] = own | deepcopy(members)
        self._touch(name)
        return name

    def write(self, name: str, **members: Any) -> None:
        """Change an opportunity as another writer does."""
        self.kept[name].update(members)
        self._touch(name)

    def answer(self, received: Received) -> Reply:
        reply = self.before(received)
        if reply is None:
            reply = getattr(self, f"_{received.operation}")(received.body)
            reply = self.after(received) or reply
        return reply

    def _touch(self, name: str) -> None:
        self.executed.append(("touch", {"Identifier": name}))
        self.kept[name]["LastModifiedDate"] = _moment(len(self.executed))

    def _CreateOpportunity(self, body: dict[str, Any]) -> Reply:  # noqa: N802 - an operation
        token = body["ClientToken"]
        if token in self._tokens:
            name, first = self._tokens[token]
            return self._written(name) if first == body else failure("ConflictException")
        if body.get("PrimaryNeedsFromAws") == ["invalid"]:
            return failure("ValidationException")
        name = self.add(**{key: value for key, value in body.items() if key not in _NOT_KEPT})
        self.executed.append(("CreateOpportunity", body))
        self._tokens[token] = name, body
        return self._written(name)

    def _GetOpportunity(self, body: dict[str, Any]) -> Reply:  # noqa: N802 - as above
        return Reply(self.kept[body["Identifier"]])

    def _UpdateOpportunity(self, body: dict[str, Any]) -> Reply:  # noqa: N802 - as above
        kept = self.kept[body["Identifier"]]
        if _in_microseconds(body["LastModifiedDate"]) != _in_microseconds(kept["LastModifiedDate"]):
            return failure("ConflictException")
        stays = {key: value for key, value in kept.items() if key in _NEVER_CHANGED}
        self.kept[body["Identifier"]] = stays | {key: value for key, value in body.items() if key not in _NOT_KEPT}
        self._touch(body["Identifier"])
        self.executed.append(("UpdateOpportunity", body))
        return self._written(body["Identifier"])

    def _AssignOpportunity(self, body: dict[str, Any]) -> Reply:  # noqa: N802 - as above
        self.executed.append(("AssignOpportunity", body))
        return Reply()

    def _written(self, name: str) -> Reply:
        return Reply({"Id": name, "LastModifiedDate": self.kept[name]["LastModifiedDate"]})


def _moment(number: int) -> str:
    """Return a time with more digits than a `datetime` has."""
    return f"{_BEGINNING + timedelta(seconds=number):%Y-%m-%dT%H:%M:%S}.123456789Z"


def _in_microseconds(moment: str) -> str:
    return moment.removesuffix("Z")[:26]


@contextmanager
def opportunity_server() -> Iterator[Opportunities]:
    with scripted_server() as server:
        state = Opportunities(server)
        server.answer = state.answer
        yield state
