"""The shapes of a service's model: an example of each, and the values of options that are structures."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral._serialization.conversion_errors import expected, key_segment
from aiopartnercentral._utils.text import clean, listed, one_line, squashed
from aiopartnercentral.cli.shorthand import ShorthandError, parse, shorthand
from aiopartnercentral.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

__all__ = ["TIME", "Shapes", "StructureReader", "time_of", "written"]

TIME: Final = "2026-11-29T02:15:00Z"
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_NUMBERS: Final = {
    **dict.fromkeys(("integer", "long"), (int, re.compile(r"[+-]?\d{1,40}", re.ASCII))),
    **dict.fromkeys(("float", "double"), (float, re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII))),
}
_FLAGS: Final = {"true": True, "false": False}


def time_of(text: str) -> datetime | None:
    """Return a time in ISO 8601, which is UTC without a zone; None if the text is not one."""
    if _ISO.fullmatch(text) is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


@attrs.frozen
class Shapes:
    """The shapes of a service's model, by name."""

    shapes: Mapping[str, Any]

    def members(self, shape: str) -> Mapping[str, str]:
        """Return the shape of each member of a structure or a union."""
        return {name: member["shape"] for name, member in self.shapes[shape]["members"].items()}

    def example(self, shape: str) -> Any:  # noqa: ANN401 - any JSON
        """Return a value with the members that are required, or with the first one if none is."""
        found = self.shapes[shape]
        match found["type"]:
            case "structure":
                members = self.members(shape)
                plain = [name for name, member in members.items() if shape not in self.within(member)]
                return {name: self.example(members[name]) for name in found.get("required") or plain[:1]}
            case "list":
                return [self.example(found["member"]["shape"])]
            case "map":
                return {"...": self.example(found["value"]["shape"])}
            case "timestamp":
                return TIME
            case "string":
                return found.get("enum", ["..."])[0]
            case kind:
                return kind == "boolean" or 1

    def within(self, shape: str) -> set[str]:
        """Return the names of a shape and of all that a value of it consists of."""
        found, waiting = set[str](), [shape]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                about = self.shapes[name]
                parts = [about[part] for part in ("member", "key", "value") if part in about]
                waiting += [part["shape"] for part in [*parts, *about.get("members", {}).values()]]
        return found

    def typed(self, value: object, shape: str) -> Any:  # noqa: ANN401 - any JSON
        """Return a value whose scalars are text, as shorthand has them, as the JSON of a shape.

        A single value for a list is its only element. Members can be in any spelling that fits one of them alone. Text
        that is not of the shape stays text, which `check` refuses.
        """
        found = self.shapes[shape]
        match found["type"]:
            case "structure" if isinstance(value, dict):
                members = self.members(shape)
                named = {self._member(name, members, value): part for name, part in value.items()}
                return {
                    name: self.typed(part, members[name]) if name in members else part for name, part in named.items()
                }
            case "map" if isinstance(value, dict):
                return {key: self.typed(part, found["value"]["shape"]) for key, part in value.items()}
            case "list":
                elements = value if isinstance(value, list) else [value]
                return [self.typed(each, found["member"]["shape"]) for each in elements]
            case "boolean" if isinstance(value, str):
                return _FLAGS.get(value.lower(), value)
            case kind if kind in _NUMBERS and isinstance(value, str):
                convert, pattern = _NUMBERS[kind]
                return convert(value) if pattern.fullmatch(value) else value
            case _:
                return value

    @staticmethod
    def _member(typed: str, members: Iterable[str], given: Iterable[str]) -> str:
        """Return the member that is meant by a name such as `sort_by`; the name itself if none is or several are."""
        meant, given = ([name for name in names if squashed(name) == squashed(typed)] for names in (members, given))
        return meant[0] if len(meant) == 1 == len(given) else typed

    def check(self, value: object, shape: str, path: str = "$") -> None:
        """Refuse what a decoder of responses accepts, or would refuse without saying what is allowed.

        Raises:
            DecodeError: there is an unknown member, none that is required, a time in another form, or a value of
                another type than an enum's or a number's; its path leads to it.
        """
        found = self.shapes[shape]
        match found["type"]:
            case "timestamp" if not (isinstance(value, str) and time_of(value)):
                raise DecodeError(f"expected a time in ISO 8601, such as {TIME}", path=path)
            case "string" if "enum" in found and not isinstance(value, str):
                raise DecodeError(f"expected {_one_of(found['enum'])}", path=path)
            case "list" if isinstance(value, list):
                for index, part in enumerate(value):
                    self.check(part, found["member"]["shape"], f"{path}[{index}]")
            case "structure" if not isinstance(value, dict):
                raise expected("object", value).within(path[1:])
            case "structure" if isinstance(value, dict):
                self._check_members(value, shape, path)

    def _check_members(self, value: Mapping[str, object], shape: str, path: str) -> None:
        found, members = self.shapes[shape], self.members(shape)
        for name, part in value.items():
            if name not in members:
                raise DecodeError(f"unknown member, expected {_one_of(members)}", path=f"{path}{key_segment(name)}")
            if part is not None:
                self.check(part, members[name], f"{path}.{name}")
        if found.get("union") and len(value) != 1:
            raise DecodeError(f"expected an object with exactly {_one_of(members)}", path=path)
        for name in found.get("required", ()):
            if value.get(name) is None:
                known = self.shapes[members[name]].get("enum")
                allowed = f", {_one_of(known)}" if known else ""
                raise DecodeError(f"required member is missing{allowed}", path=f"{path}.{name}")


def _one_of(names: Iterable[str]) -> str:
    return f"one of {listed(names)}"


_FILE: Final = "file://"


def written(value: object) -> str:
    """Return an example as it is typed after an option."""
    return shorthand(value) if isinstance(value, dict) else str(value)


@attrs.frozen
class StructureReader:
    """Reads structures of one shape.

    Attributes:
        shapes: the shapes of the service's model.
        shape: the shape of a structure.
        decode: returns the object of a structure's JSON.
    """

    shapes: Shapes
    shape: str
    decode: Callable[[object], Any]

    @property
    def takes_shorthand(self) -> bool:
        """Whether a value can be shorthand, and not only JSON."""
        found = self.shapes.shapes[self.shape]
        return found["type"] in ("structure", "map") and not found.get("document")

    def one(self, text: str) -> Any:  # noqa: ANN401 - of the shape's class
        """Return the structure of an option.

        Raises:
            ValueError: it is not one; the message is for the user.
        """
        (found,) = self._all([text], is_list=False)
        return found

    def several(self, texts: Sequence[str]) -> list[Any]:
        """Return the structures of a repeated option, each value of which is one of them, or a JSON array of some.

        Raises:
            ValueError: a value is not a structure; the message is for the user.
        """
        return self._all(texts, is_list=True)

    def _all(self, texts: Sequence[str], *, is_list: bool) -> list[Any]:
        found: list[Any] = []
        for number, text in enumerate(texts, 1):
            where = f" of value {number}" if len(texts) > 1 else ""
            try:
                found += self._read(_contents(text), where, len(found) if is_list else None)
            except ShorthandError as error:
                example = written(self.shapes.example(self.shape))
                raise ValueError(f"{error}{where}: write it as {example}, or as JSON") from None
            except DecodeError as error:
                # Not chained, as a converter's error has the value.
                raise ValueError(one_line(str(error), limit=None)) from None
            except RecursionError:
                raise ValueError("it is nested too deeply") from None
        return found

    def _read(self, text: str, where: str, first: int | None) -> Iterator[Any]:
        """Yield the structures of a text, the first of which has this index in its list.

        Raises:
            ShorthandError, DecodeError: the text is not one; `where` says which of several texts it is.
        """
        from aiopartnercentral._serialization import jsontext  # noqa: PLC0415 - loads msgspec

        places: Mapping[str, int] = {}
        if self.takes_shorthand and not text.lstrip().startswith(("{", "[")):
            found = parse(text)
            value, places = self.shapes.typed(found.value, self.shape), found.places
        else:
            value = jsontext.loads(text)
        parts = value if isinstance(value, list) and first is not None else [value]
        for index, part in enumerate(parts, first or 0):
            try:
                self.shapes.check(part, self.shape)
                yield self.decode(part)
            except DecodeError as error:
                place = _place(places, error.path)
                error.within("" if first is None else f"[{index}]")
                error.path += "" if place is None else f" at character {place}{where}"
                raise


def _place(places: Mapping[str, int], path: str) -> int | None:
    """Return where in shorthand the value at a path is, or else the structure that lacks it."""
    wanted = squashed(path)
    around = [each for each in places if re.match(rf"{re.escape(squashed(each))}(?![^.\[])", wanted)]
    return places[max(around, key=lambda each: (len(squashed(each)), each == path))] if around else None


def _contents(value: str) -> str:
    """Return a value, or the text of the file that it names.

    Raises:
        ValueError: the file cannot be read.
    """
    if not value.startswith(_FILE):
        return value
    path = Path(value.removeprefix(_FILE))
    try:
        return path.expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot read {clean(str(path))}: {error.strerror}") from None
    except (UnicodeDecodeError, RuntimeError, ValueError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else one_line(str(error))
        raise ValueError(f"cannot read {clean(str(path))}: {reason}") from None
