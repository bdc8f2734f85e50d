"""Values of a model's shapes that a service accepts, made at random."""

from __future__ import annotations

import re._constants as sre
import re._parser
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.emulator.validation import compiled

if TYPE_CHECKING:
    from random import Random

    from aiopartnercentral.emulator.services import Service

_CATEGORIES = {
    sre.CATEGORY_DIGIT: "0123456789",
    sre.CATEGORY_WORD: "abcxyz019",
    sre.CATEGORY_SPACE: " ",
    sre.CATEGORY_NOT_SPACE: "x",
}
_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)


@attrs.frozen
class ModelValues:
    """Makes valid requests of a service.

    Arguments:
        service: the service.
        random: where its choices come from.
        optional: how probable it is that an optional member is there.
        broken: how probable it is that a value is replaced by one of another type.
    """

    service: Service
    random: Random
    optional: float = 0.0
    broken: float = 0.0

    def request(self, operation: str, **members: Any) -> dict[str, Any]:
        shape = self.service.validator.operations[operation]["input"]["shape"]
        request = self.value(shape)
        return {**request, **members} if isinstance(request, dict) else request

    def value(self, name: str, depth: int = 5) -> Any:  # noqa: PLR0911 - one for each type
        shape = self.service.shapes[name]
        if self.random.random() < self.broken:
            return self.random.choice([None, 5, "text", [], {}, [None], {"Some": 1}, -1, 2**70, True, 1.5])
        if name.lower().startswith("catalog"):
            return "AWS"
        match shape["type"]:
            case "structure":
                return self._structure(shape, depth)
            case "list":
                least = shape.get("min", 0)
                length = self.random.randint(least, min(shape.get("max", least + 2), least + 2))
                return [self.value(shape["member"]["shape"], depth - 1) for _ in range(length)]
            case "map":
                # A broken key may be a list or an object.
                return {str(self.value(shape["key"]["shape"])): self.value(shape["value"]["shape"], depth - 1)}
            case "integer" | "long" | "double":
                return self.random.randint(shape.get("min", 0), shape.get("max", shape.get("min", 0) + 9))
            case "boolean":
                return self.random.random() < 0.5
            case "timestamp":
                moment = _EPOCH + timedelta(minutes=self.random.randrange(10**6))
                return moment if self.service.is_cbor else moment.isoformat().replace("+00:00", "Z")
        return self._text(shape)

    def _structure(self, shape: Any, depth: int) -> Any:
        members = shape["members"]
        if shape.get("union"):
            wanted = [self.random.choice(list(members))]
        else:
            required = shape.get("required", ())
            likely = self.optional if depth > 0 else 0.0
            wanted = [name for name in members if name in required or self.random.random() < likely]
        return {name: self.value(members[name]["shape"], depth - 1) for name in wanted}

    def _text(self, shape: Any) -> str:
        if "enum" in shape:
            return self.random.choice(shape["enum"])
        least = shape.get("min", 0)
        if "pattern" not in shape:
            return "x" * max(1, least)
        for extra in range(64):
            text = "".join(self._match(re._parser.parse(compiled(shape["pattern"]).pattern), extra))
            if compiled(shape["pattern"]).fullmatch(text) and least <= len(text) <= shape.get("max", len(text)):
                return text
        raise LookupError(shape["pattern"])

    def _match(self, parsed: Any, extra: int) -> list[str]:
        """Return characters that match a parsed pattern, apart from its look-aheads."""
        made: list[str] = []
        for kind, argument in parsed:
            if kind is sre.LITERAL:
                made.append(chr(argument))
            elif kind in (sre.ANY, sre.NOT_LITERAL):
                made.append("x")
            elif kind is sre.IN:
                made.append(self._one_of(argument))
            elif kind in (sre.MAX_REPEAT, sre.MIN_REPEAT):
                least, most, inner = argument
                for _ in range(min(least + extra, most)):
                    made += self._match(inner, 0)
            elif kind is sre.SUBPATTERN:
                made += self._match(argument[3], extra)
            elif kind is sre.BRANCH:
                made += self._match(self.random.choice(argument[1]), extra)
        return made

    def _one_of(self, options: Any) -> str:
        if options[0][0] is sre.NEGATE:
            return "x"
        kind, argument = self.random.choice(options)
        if kind is sre.LITERAL:
            return chr(argument)
        if kind is sre.RANGE:
            return chr(self.random.randint(argument[0], min(argument[1], argument[0] + 25)))
        return self.random.choice(_CATEGORIES[argument])
