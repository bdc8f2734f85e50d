"""The options of a listing's filters, made from the request of its operation and the service's model.

Text, numbers and flags are given as they are, and lists of these by repeating the option. A timestamp is ISO 8601. All
other filters, such as structures, unions and lists of them, are shorthand or JSON with the names of the service.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args, get_origin

import attrs
import typer

from aiopartnercentral._serialization.members import attribute_types, without_none
from aiopartnercentral._utils.text import argument_texts, squashed
from aiopartnercentral.cli.option_values import check_text, one_of
from aiopartnercentral.cli.options import FILTERS
from aiopartnercentral.cli.services import load
from aiopartnercentral.cli.shapes import TIME, Shapes, StructureReader, time_of, written
from aiopartnercentral.types import OpenEnum

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiopartnercentral.types import Pagination

__all__ = ["STRUCTURE", "Filter", "filters_of"]

STRUCTURE: Final = "NAME=VALUE,..."
"""The placeholder of an option's value that is shorthand."""


@attrs.frozen(kw_only=True)
class Filter:
    """A filter of a listing as an option.

    Attributes:
        name: its name in Python.
        option: its type for typer, with the option.
        required: whether the listing needs it.
        is_structure: whether its value is shorthand or JSON.
        example: the option with a value, as the parts of a command line.
    """

    name: str
    option: Any
    required: bool
    is_structure: bool
    example: Sequence[str]


def filters_of(
    package: str, pagination: Pagination[Any, Any, Any], shapes: Shapes, request: str, *, is_described: bool
) -> list[Filter]:
    """Return the filters of a listing.

    Arguments:
        package: the name of the service's package, such as `selling`.
        pagination: the listing's operation.
        shapes: the shapes of the service's model.
        request: the shape of the operation's request.
        is_described: whether their help is needed, which loads the client that has the texts.
    """
    cls = pagination.operation.input
    members = {squashed(name): shape for name, shape in shapes.members(request).items()}
    texts = argument_texts(getattr(load(package, "client").Client, pagination.method)) if is_described else {}
    hints = attribute_types(cls)
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
        switch = f"--{(_singular(name) if self._is_list else name).strip('_').replace('_', '-')}"
        element, is_structure = self._element, not _is_plain(self._element)
        kind: Any = str if is_structure or issubclass(element, str | datetime) else element
        callback: Callable[[Any], Any] | None = check_text if kind is str else None
        if element is datetime:
            callback = _times
        elif is_structure:
            callback = self._structures
        option = typer.Option(
            switch,
            help=" ".join(filter(None, [text, self._form(), "Can be repeated." if self._is_list else ""])),
            metavar=self._metavar(name),
            callback=callback,
            show_default=False,
            autocompletion=one_of(element) if isinstance(element, type) and issubclass(element, OpenEnum) else None,
            rich_help_panel=FILTERS,
        )
        typed = list[kind] if self._is_list else kind
        value = self.shapes.example(self._element_shape)
        return Filter(
            name=name,
            option=Annotated[typed if is_required else typed | None, option],
            required=is_required,
            is_structure=is_structure,
            example=[switch] if element is bool else [switch, written(value)],
        )

    @property
    def _is_list(self) -> bool:
        return get_origin(without_none(self.hint)) is list

    @property
    def _element(self) -> Any:  # noqa: ANN401 - types as values have no type
        """The type of one value of the option."""
        bare = without_none(self.hint)
        return get_args(bare)[0] if self._is_list else bare

    @property
    def _element_shape(self) -> str:
        found = self.shapes.shapes[self.shape]
        shape: str = found["member"]["shape"] if self._is_list else self.shape
        return shape

    @property
    def _reader(self) -> StructureReader:
        return StructureReader(self.shapes, self._element_shape, self._decoded)

    def _form(self) -> str:
        """Return what a value looks like, unless that is plain."""
        if self._element is datetime:
            return f"ISO 8601, such as {TIME}; UTC without a zone."
        if _is_plain(self._element):
            is_enum = issubclass(self._element, OpenEnum)
            return f"Known values: {', '.join(self._element)}." if is_enum else ""
        form = f"{STRUCTURE} or JSON" if self._reader.takes_shorthand else "JSON"
        found = self.shapes.shapes[self._element_shape]
        if found["type"] != "structure":
            return f"{form}."
        kind = "One of" if found.get("union") else "The members"
        return f"{kind} {', '.join(self.shapes.members(self._element_shape))}, as {form}."

    def _metavar(self, name: str) -> str | None:
        """Return the placeholder of the option's value in the help; None for a flag."""
        if self._element is datetime:
            return "TIME"
        if not _is_plain(self._element):
            return STRUCTURE if self._reader.takes_shorthand else "JSON"
        if issubclass(self._element, OpenEnum):
            return "NAME"
        if issubclass(self._element, str):
            return "ID" if _singular(name).endswith(("identifier", "_id", "_arn")) else "TEXT"
        return None if self._element is bool else "NUMBER"

    def _structures(self, value: list[str] | str | None) -> Any:  # noqa: ANN401 - of the filter's type
        """Return the filter's value."""
        if value is None or value == []:
            return None
        check_text(value)
        try:
            return self._reader.one(value) if isinstance(value, str) else self._reader.several(value)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    def _decoded(self, value: object) -> Any:  # noqa: ANN401 - of the filter's type
        converter = load(self.package, "converters").json_converter
        return converter.get_structure_hook(self._element)(value, self._element)


def _times(value: list[str] | str | None) -> list[datetime] | datetime | None:
    """Return the time of an option, or the times of one that is repeated."""
    found = []
    for text in [value] if isinstance(value, str) else value or ():
        if (time := time_of(text)) is None:
            raise typer.BadParameter(f"{text!a} is not a time in ISO 8601, such as {TIME}")
        found.append(time)
    return found[0] if isinstance(value, str) else found or None


def _is_plain(kind: Any) -> bool:  # noqa: ANN401 - types as values have no type
    """Return whether a value of a type is written as it is."""
    return isinstance(kind, type) and issubclass(kind, str | int | float | datetime)


def _singular(name: str) -> str:
    """Return the name of one element of a list; not all names of lists are plurals."""
    if name.endswith("uses"):
        return name.removesuffix("es")
    return name if name.endswith(("us", "ss")) else name.removesuffix("s")
