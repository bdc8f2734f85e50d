"""The pinned model beside the Python names of the generated package, and how what is typed is found among both."""

from __future__ import annotations

import difflib
import inspect
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Final, get_args

import attrs

from aiopartnercentral import account
from aiopartnercentral._utils import model_data
from aiopartnercentral.account import operations
from aiopartnercentral.types import Operation, Pagination

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Api", "Kind", "load", "squashed"]

_NEAR = 5
_ELEMENTS: Final = ("member", "key", "value")
_SCALARS: Final[Mapping[str, str]] = {
    "string": "str",
    "boolean": "bool",
    "integer": "int",
    "long": "int",
    "float": "float",
    "double": "float",
    "timestamp": "datetime",
    "blob": "bytes",
}


class Kind(StrEnum):
    """What a name of the API stands for; scalars are called as the model calls them."""

    OPERATION = "operation"
    STRUCTURE = "structure"
    UNION = "tagged union"
    ENUM = "enum"
    ERROR = "error"
    LIST = "list"
    MAP = "map"
    STRING = "string"
    INTEGER = "integer"
    LONG = "long"
    FLOAT = "float"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"
    BLOB = "blob"


@attrs.frozen(kw_only=True)
class Api:
    """One service: its model's JSON, hence `Any`, and what the generated package calls things; keys are wire names.

    Attributes:
        service: botocore's name of it.
        version: of the model.
        uid: how AWS's reference calls both.
        operations: as in the model.
        shapes: as in the model.
        pages: how operations are paginated, as in the model.
        methods: of the client.
        paginators: methods of `client.paginate`.
        classes: of structures, unions, enums and errors, by shape.
    """

    service: str
    version: str
    uid: str
    operations: Mapping[str, Any]
    shapes: Mapping[str, Any]
    pages: Mapping[str, Any]
    methods: Mapping[str, str]
    paginators: Mapping[str, str]
    classes: Mapping[str, str]

    def kind(self, name: str) -> Kind:
        """Return what the operation or shape is."""
        if name in self.operations:
            return Kind.OPERATION
        shape = self.shapes[name]
        for trait, kind in (("exception", Kind.ERROR), ("union", Kind.UNION), ("enum", Kind.ENUM)):
            if shape.get(trait):
                return kind
        return Kind(shape["type"])

    def type(self, name: str) -> str:
        """Return how Python writes the type of a value of the shape, such as `list[ConnectionSummary]`."""
        shape = self.shapes[name]
        if name in self.classes:
            return self.classes[name]
        if shape["type"] == "list":
            return f"list[{self.type(shape['member']['shape'])}]"
        if shape["type"] == "map":
            return f"dict[{self.type(shape['key']['shape'])}, {self.type(shape['value']['shape'])}]"
        return _SCALARS[shape["type"]]

    def fields(self, name: str) -> Mapping[str, str]:
        """Return the Python name of each member: an attribute or, of a union, the class that holds it."""
        found: Any = getattr(account, self.classes[name])
        names: dict[str, str]
        if self.kind(name) is Kind.UNION:
            names = {squashed(variant.removeprefix(self.classes[name])): variant for variant in _variants(found)}
        elif self.kind(name) is Kind.ERROR:
            names = {squashed(argument): argument for argument in inspect.signature(found.__init__).parameters}
        else:
            names = {squashed(field.name): field.name for field in attrs.fields(found)}
        return {member: names[squashed(member)] for member in self.shapes[name]["members"]}

    def targets(self, name: str) -> list[str]:
        """Return the shapes that the shape refers to itself: those of members, elements, keys and values."""
        shape = self.shapes[name]
        references = [*shape.get("members", {}).values(), *(shape[key] for key in _ELEMENTS if key in shape)]
        return [reference["shape"] for reference in references]

    def find(self, text: str) -> str | None:
        """Return the wire name of what is meant, or None; the class of a union's member means the union.

        Arguments:
            text: a wire name or Python name, in any case, with or without underscores or hyphens; what leads to it in
                Python, such as `client.paginate.`, may precede it.
        """
        last = text.strip().rpartition(".")[2].removesuffix("()")
        if last in self.operations or last in self.shapes:
            return last
        return self._names().get(squashed(last))

    def near(self, text: str) -> list[str]:
        """Return the wire names that are nearest to what was typed, best first."""
        names, wanted = self._names(), squashed(text)
        close = difflib.get_close_matches(wanted, names, n=_NEAR)
        close += [name for name in names if wanted and wanted in name]
        return list(dict.fromkeys(names[name] for name in close))[:_NEAR]

    def _names(self) -> dict[str, str]:
        """Return the wire name of every name; the first to have a name keeps it."""
        found: dict[str, str] = {}
        for name in (*self.operations, *self.shapes):
            found.setdefault(squashed(name), name)
        for name, python in (*self.methods.items(), *self.classes.items()):
            found.setdefault(squashed(python), name)
        for name, python in self.classes.items():
            if self.kind(name) is Kind.UNION:
                for variant in _variants(getattr(account, python)):
                    found.setdefault(squashed(variant), name)
        return found


@cache
def load() -> Api:
    """Return the Partner Central Account API."""
    service = operations.SERVICE
    model = model_data.load(service.name, service.api_version)
    public = {squashed(name): name for name in dir(account)}
    made = vars(operations).items()
    methods = {value.name: name.lower() for name, value in made if isinstance(value, Operation)}
    paginated = [value.operation.name for _, value in made if isinstance(value, Pagination)]
    return Api(
        service=service.name,
        version=service.api_version,
        uid=model["metadata"]["uid"],
        operations=model["operations"],
        shapes=model["shapes"],
        pages=model_data.load(service.name, service.api_version, "paginators-1")["pagination"],
        methods=methods,
        paginators={name: methods[name] for name in paginated},
        classes={
            name: public[squashed(name)]
            for name, shape in model["shapes"].items()
            if shape["type"] == "structure" or "enum" in shape
        },
    )


def _variants(union: object) -> list[str]:
    return [variant.__name__ for variant in get_args(union)]


def squashed(name: str) -> str:
    """Return a wire name or Python name without what spellings differ in."""
    return "".join(char for char in name if char not in "_- ").lower()
