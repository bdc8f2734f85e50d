"""The options of a listing's filters, made from the request of its operation and the service's model.

Text, numbers and flags are given as they are, and lists of these by repeating the option. A timestamp is ISO 8601. All
other filters, such as structures, unions and lists of them, are JSON with the names of the service.
"""

from __future__ import annotations

import json
import re
import types
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Final, Union, get_args, get_origin

import attrs
import typer

from aiopartnercentral._serialization.conversion_errors import key_segment
from aiopartnercentral._serialization.members import attribute_types
from aiopartnercentral._utils.docstrings import attribute_texts
from aiopartnercentral._utils.text import listed
from aiopartnercentral.cli.options import FILTERS, check_text
from aiopartnercentral.cli.services import load
from aiopartnercentral.cli.terminal import one_line, squashed
from aiopartnercentral.errors import DecodeError
from aiopartnercentral.types import OpenEnum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from aiopartnercentral.types import Pagination

__all__ = ["Filter", "Shapes", "filters_of"]

_TIME: Final = "2026-11-29T02:15:00Z"
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)


@attrs.frozen(kw_only=True)
class Filter:
    """A filter of a listing as an option.

    Attributes:
        name: its name in Python.
        option: its type for typer, with the option.
        required: whether the listing needs it.
        is_json: whether its value is JSON.
        example: the option with a value, as the parts of a command line.
    """

    name: str
    option: Any
    required: bool
    is_json: bool
    example: Sequence[str]


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
                plain = [name for name, member in members.items() if shape not in self._within(member)]
                return {name: self.example(members[name]) for name in found.get("required") or plain[:1]}
            case "list":
                return [self.example(found["member"]["shape"])]
            case "map":
                return {"...": self.example(found["value"]["shape"])}
            case "timestamp":
                return _TIME
            case "string":
                return found.get("enum", ["..."])[0]
            case kind:
                return kind == "boolean" or 1

    def _within(self, shape: str) -> set[str]:
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

    def check(self, value: object, shape: str, path: str = "$") -> None:
        """Refuse what a decoder of responses accepts: unknown members, and times in other forms.

        Raises:
            DecodeError: there is one; its path leads to it.
        """
        found = self.shapes[shape]
        if found["type"] == "timestamp" and not (isinstance(value, str) and _time_of(value)):
            raise DecodeError(f"expected a time in ISO 8601, such as {_TIME}", path=path)
        if found["type"] == "list" and isinstance(value, list):
            for index, part in enumerate(value):
                self.check(part, found["member"]["shape"], f"{path}[{index}]")
        if found["type"] != "structure" or not isinstance(value, dict):
            return
        members = self.members(shape)
        for name, part in value.items():
            if name not in members:
                raise DecodeError(f"unknown member, expected {_one_of(members)}", path=f"{path}{key_segment(name)}")
            self.check(part, members[name], f"{path}.{name}")
        if found.get("union") and len(value) != 1:
            raise DecodeError(f"expected an object with exactly {_one_of(members)}", path=path)


def _time_of(text: str) -> datetime | None:
    """Return a time in ISO 8601, which is UTC without a zone; None if the text is not one."""
    if _ISO.fullmatch(text) is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _one_of(names: Iterable[str]) -> str:
    return f"one of {listed(names)}"


def filters_of(package: str, pagination: Pagination[Any, Any, Any], shapes: Shapes, request: str) -> list[Filter]:
    """Return the filters of a listing.

    Arguments:
        package: the name of the service's package, such as `selling`.
        pagination: the listing's operation.
        shapes: the shapes of the service's model.
        request: the shape of the operation's request.
    """
    cls = pagination.operation.input
    members = {squashed(name): shape for name, shape in shapes.members(request).items()}
    hints, texts = attribute_types(cls), attribute_texts(cls)
    names: dict[str, str] = {attribute: name for name, attribute in pagination.attributes.items()}
    found = []
    for field in attrs.fields(cls):
        name = names.get(field.name) or field.name
        if field.name not in (pagination.catalog, pagination.token) and name != "page_size":
            making = _Making(package, shapes, members[squashed(field.name)], hints[field.name])
            is_required = field.default is attrs.NOTHING
            found.append(making.made(name, texts.get(field.name, ""), is_required=is_required))
    return found


@attrs.frozen
class _Making:
    """What a filter's option is made from: the package, the model, the filter's shape and its type in Python."""

    package: str
    shapes: Shapes
    shape: str
    hint: Any

    def made(self, name: str, text: str, *, is_required: bool) -> Filter:
        """Return the filter with this name and text."""
        bare = _without_none(self.hint)
        is_list = get_origin(bare) is list
        element = get_args(bare)[0] if is_list else bare
        switch = f"--{(_singular(name) if is_list else name).strip('_').replace('_', '-')}"
        plain = isinstance(element, type) and issubclass(element, str | int | float)
        kind: Any = str if not plain or issubclass(element, str) else element
        callback: Callable[[Any], Any] | None = check_text if plain and kind is str else None
        if element is datetime:
            callback = _times
        elif not plain:
            callback = self._json
        option = typer.Option(
            switch,
            help=" ".join(filter(None, [text, self._form(element), "Can be repeated." if is_list else ""])),
            metavar=_metavar(name, element),
            callback=callback,
            show_default=False,
            rich_help_panel=FILTERS,
        )
        typed = list[kind] if is_list else kind
        return Filter(
            name=name,
            option=Annotated[typed if is_required else typed | None, option],
            required=is_required,
            is_json=callback == self._json,
            example=[switch, *self._example(element, is_list=is_list)],
        )

    def _form(self, element: Any) -> str:  # noqa: ANN401 - types as values have no type
        """Return what a value looks like, unless that is plain."""
        if element is datetime:
            return f"ISO 8601, such as {_TIME}; UTC without a zone."
        if isinstance(element, type) and issubclass(element, OpenEnum):
            return f"Known values: {', '.join(element)}."
        if isinstance(element, type) and issubclass(element, str | int | float):
            return ""
        shape = self._element_shape()
        found = self.shapes.shapes[shape]
        if found["type"] != "structure":
            return "JSON."
        kind = "one of" if found.get("union") else "the members"
        return f"A JSON object with {kind} {', '.join(self.shapes.members(shape))}."

    def _element_shape(self) -> str:
        found = self.shapes.shapes[self.shape]
        shape: str = found["member"]["shape"] if found["type"] == "list" else self.shape
        return shape

    def _example(self, element: Any, *, is_list: bool) -> list[str]:  # noqa: ANN401 - types as values have no type
        if element is bool:
            return []
        value = self.shapes.example(self._element_shape() if is_list else self.shape)
        if value == "...":
            return ["..."]
        return [value if isinstance(value, str) else json.dumps(value)]

    def _json(self, value: list[str] | str | None) -> Any:  # noqa: ANN401 - of the filter's type
        """Return the filter's value; each value of a repeated option is one element, or an array of some."""
        if value is None or value == []:
            return None
        check_text(value)
        from aiopartnercentral._serialization import jsontext  # noqa: PLC0415 - loads msgspec

        try:
            if isinstance(value, str):
                parsed = jsontext.loads(value)
            else:
                parts = [jsontext.loads(text) for text in value]
                parsed = [each for part in parts for each in (part if isinstance(part, list) else [part])]
            self.shapes.check(parsed, self.shape)
            hint = _without_none(self.hint)
            if not isinstance(value, list):
                return self._decoded(parsed, hint, "")
            return [self._decoded(each, get_args(hint)[0], f"[{index}]") for index, each in enumerate(parsed)]
        except DecodeError as error:
            raise typer.BadParameter(one_line(str(error), limit=None)) from None
        except RecursionError:
            raise typer.BadParameter("its JSON is nested too deeply") from None

    def _decoded(self, value: object, hint: Any, segment: str) -> Any:  # noqa: ANN401 - of the filter's type
        try:
            return load(self.package, "converters").json_converter.get_structure_hook(hint)(value, hint)
        except DecodeError as error:
            raise error.within(segment) from None


def _times(value: list[str] | str | None) -> list[datetime] | datetime | None:
    """Return the time of an option, or the times of one that is repeated."""
    found = []
    for text in [value] if isinstance(value, str) else value or ():
        if (time := _time_of(text)) is None:
            raise typer.BadParameter(f"{text!a} is not a time in ISO 8601, such as {_TIME}")
        found.append(time)
    return found[0] if isinstance(value, str) else found or None


def _without_none(hint: Any) -> Any:  # noqa: ANN401 - types as values have no type
    """Return the type of an optional filter that is given."""
    if get_origin(hint) not in (Union, types.UnionType):
        return hint
    return reduce(or_, (kind for kind in get_args(hint) if kind is not types.NoneType))


def _metavar(name: str, element: Any) -> str | None:  # noqa: ANN401 - types as values have no type
    """Return the placeholder of the option's value in the help; None for a flag."""
    if element is datetime:
        return "TIME"
    if not (isinstance(element, type) and issubclass(element, str | int | float)):
        return "JSON"
    if issubclass(element, OpenEnum):
        return "NAME"
    if issubclass(element, str):
        return "ID" if _singular(name).endswith(("identifier", "_id", "_arn")) else "TEXT"
    return None if element is bool else "NUMBER"


def _singular(name: str) -> str:
    """Return the name of one element of a list; not all names of lists are plurals."""
    if name.endswith("uses"):
        return name.removesuffix("es")
    return name if name.endswith(("us", "ss")) else name.removesuffix("s")
