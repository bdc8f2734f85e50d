"""Values of every shape of a model, made without Hypothesis: what is made for seventy thousand shapes must be cheap.

A value is made at random from a seed that belongs to its shape, so that it is the same in every run.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from email.utils import formatdate
from random import Random
from typing import TYPE_CHECKING, Any

import attrs

from tests.support.strategies.json_form import wire_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SECRET = "hunter2"
"""What is in every string of which the model says that it is sensitive."""

_DEPTH = 3
_WORDS = ("", "a", "Ünï ☃ 🎈", '"\\\n', "  ", "2020-01-01T00:00:00Z", "SDK_UNKNOWN_MEMBER", "__type")
_SECONDS = (0, 1, 1_700_000_000, 4_102_444_800, -1)


@attrs.frozen
class Sampler:
    """Makes JSON values of a model's shapes, as the JSON form of the model spells them."""

    shapes: Mapping[str, Any]

    def smallest(self, name: str) -> Any:
        """Return a value of what is required alone."""
        return _Draw(self.shapes, Random(name), lambda _: False).value(name, _DEPTH)

    def fullest(self, name: str) -> Any:
        """Return a value in which every member of the shape itself is, and many of those below."""
        return _Draw(self.shapes, Random(name), lambda depth: depth >= _DEPTH - 1).value(name, _DEPTH)

    def random(self, name: str) -> Any:
        """Return a value in which some members are."""
        random = Random(f"{name} at random")
        return _Draw(self.shapes, random, lambda depth: random.random() < 0.2 * depth).value(name, _DEPTH)


@attrs.frozen
class _Draw:
    shapes: Mapping[str, Any]
    random: Random
    has_optional: Callable[[int], bool]

    def value(self, name: str, depth: int, *, secret: bool = False) -> Any:
        shape = self.shapes[name]
        secret = secret or bool(shape.get("sensitive"))
        if shape.get("document"):
            return self._document(secret=secret)
        kind: str = shape["type"]
        if kind in ("structure", "list", "map"):
            return getattr(self, f"_{kind}")(shape, depth, secret=secret)
        return getattr(self, f"_{kind}")(shape, secret=secret)

    def _structure(self, shape: Any, depth: int, *, secret: bool) -> Any:
        members = shape["members"]
        if shape.get("union"):
            # At the end of the depth the first member that leads to no further structure, if there is one.
            plain = [
                name for name, m in members.items() if self.shapes[m["shape"]]["type"] not in ("structure", "list")
            ]
            wanted = [self.random.choice((depth <= 0 and plain) or list(members))]
        else:
            required = shape.get("required", ())
            wanted = [name for name in members if name in required or self.has_optional(depth)]
        return {
            wire_name(name, members[name], self.shapes): self.value(members[name]["shape"], depth - 1, secret=secret)
            for name in wanted
        }

    def _list(self, shape: Any, depth: int, *, secret: bool) -> Any:
        count = self.random.randrange(3) if depth > 0 else 0
        sparse = shape.get("sparse") and self.shapes[shape["member"]["shape"]]["type"] in ("string", "structure")
        return [
            None
            if sparse and self.random.random() < 0.3
            else self.value(shape["member"]["shape"], depth - 1, secret=secret)
            for _ in range(count)
        ]

    def _map(self, shape: Any, depth: int, *, secret: bool) -> Any:
        count = self.random.randrange(3) if depth > 0 else 0
        key, value = shape["key"]["shape"], shape["value"]["shape"]
        return {self.value(key, 0, secret=secret): self.value(value, depth - 1, secret=secret) for _ in range(count)}

    def _string(self, shape: Any, *, secret: bool) -> str:
        if shape.get("enum") and not secret:
            known: list[str] = shape["enum"]
            return self.random.choice([*known, f"{known[0]} of tomorrow"])
        word = self.random.choice(_WORDS)
        return f"{SECRET} {word}" if secret else word

    def _blob(self, _: Any, *, secret: bool) -> str:
        content = SECRET.encode() if secret else self.random.randbytes(self.random.randrange(5))
        return base64.b64encode(content).decode()

    def _timestamp(self, shape: Any, *, secret: bool) -> Any:
        del secret
        seconds = self.random.choice(_SECONDS)
        return _TIMES[shape.get("timestampFormat", "unixTimestamp")](seconds)

    def _boolean(self, _: Any, *, secret: bool) -> bool:
        del secret
        return self.random.random() < 0.5

    def _integer(self, _: Any, *, secret: bool) -> int:
        del secret
        return self.random.choice((0, 1, -1, 2**31 - 1))

    def _long(self, _: Any, *, secret: bool) -> int:
        del secret
        return self.random.choice((0, 2**53 + 1, -(2**63), 2**63 - 1))

    def _float(self, _: Any, *, secret: bool) -> float:
        del secret
        return self.random.choice((0.0, 0.1, -1e300, 5e-324, 3.0))

    _double = _float

    def _document(self, *, secret: bool) -> Any:
        if secret:
            return {SECRET: [SECRET]}
        return self.random.choice(({}, [], "text", 0, 0.5, False, {"a": [None, {"b": 2**53 + 1}], "__type": "c"}))


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _http(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


_TIMES: dict[str, Callable[[int], Any]] = {"iso8601": _iso, "unixTimestamp": int, "rfc822": _http}
