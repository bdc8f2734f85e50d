"""Faults that add members and values to a response that the model does not have."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral.emulator.faults.context import Action
from aiopartnercentral.emulator.faults.json_walk import JsonLocation, walk

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from aiopartnercentral.emulator.faults.context import FaultContext
    from aiopartnercentral.emulator.seed.random import DeterministicRandom
    from aiopartnercentral.emulator.validation import ModelValidator

_WRONG_TYPES: Mapping[str, object] = {"structure": "text", "map": "text", "list": "text"}


def is_union(shape: Mapping[str, Any]) -> bool:
    """Return whether a shape is a tagged union."""
    return bool(shape.get("union"))


def is_enum(shape: Mapping[str, Any]) -> bool:
    """Return whether a shape is an enum."""
    return "enum" in shape


def is_structure(shape: Mapping[str, Any]) -> bool:
    """Return whether a shape is a structure that may have further members, which a union may not."""
    return shape["type"] == "structure" and not is_union(shape)


@attrs.frozen(kw_only=True)
class _Mutation(Action):
    """A change of the response, at one random location or at all of them.

    Arguments:
        shape: names of shapes of the model; `*` and `?` are wildcards.
        everywhere: whether to change all locations rather than one.
    """

    shape: str = attrs.field(default="*", validator=validators.text)
    everywhere: bool = attrs.field(default=False, validator=validators.flag)

    def applies_to(self, shape: Mapping[str, Any]) -> bool:
        """Return whether a shape can be changed in this way."""
        raise NotImplementedError

    def mutate(self, location: JsonLocation) -> None:
        """Change a location."""
        raise NotImplementedError

    def check(self, validator: ModelValidator) -> None:
        """Raise ValueError if `shape` matches no shape that can be changed in this way."""
        shapes = validator.model["shapes"].items()
        if not any(fnmatchcase(name, self.shape) and self.applies_to(shape) for name, shape in shapes):
            raise ValueError(f"shape must match a shape to which {self.kind} applies, not {self.shape!r}")

    def after(self, context: FaultContext, random: DeterministicRandom) -> bool:
        """Change the response, unless nothing in it can be changed in this way."""
        shape, body = context.output_shape(), context.read()
        if shape is None or body is None:
            return False
        model = context.validator.model
        found = [
            location
            for location in walk(model, shape, body, lambda _: None)
            if fnmatchcase(location.shape, self.shape) and self.applies_to(model["shapes"][location.shape])
        ]
        # Inner locations first: changing an outer one may move them.
        for location in reversed(found) if self.everywhere else [random.choice(found)] if found else []:
            self.mutate(location)
        context.write(body)
        return bool(found)


@attrs.frozen(kw_only=True)
class UnknownUnionMember(_Mutation):
    """A tagged union whose member the model does not have; the member's value stays.

    Arguments:
        member: the member's name.
    """

    kind = "unknown_union_member"

    member: str = attrs.field(default="Novelty", validator=validators.text)

    def applies_to(self, shape: Mapping[str, Any]) -> bool:
        """Return whether it is a union."""
        return is_union(shape)

    def mutate(self, location: JsonLocation) -> None:
        """Rename the member."""
        location.replace({self.member: next(iter(location.value.values()), {})})


@attrs.frozen(kw_only=True)
class UnknownEnumValue(_Mutation):
    """A value of an enum that the model does not have.

    Arguments:
        value: the value.
    """

    kind = "unknown_enum_value"

    value: str = attrs.field(default="NOVELTY", validator=validators.text)

    def applies_to(self, shape: Mapping[str, Any]) -> bool:
        """Return whether it is an enum."""
        return is_enum(shape)

    def mutate(self, location: JsonLocation) -> None:
        """Replace the value."""
        location.replace(self.value)


@attrs.frozen(kw_only=True)
class ExtraMember(_Mutation):
    """An additional member of a structure, which the model does not have.

    Arguments:
        member: the member's name.
    """

    kind = "extra_member"

    member: str = attrs.field(default="Novelty", validator=validators.text)

    def applies_to(self, shape: Mapping[str, Any]) -> bool:
        """Return whether it is a structure and not a union."""
        return is_structure(shape)

    def mutate(self, location: JsonLocation) -> None:
        """Add the member."""
        location.value[self.member] = {"Since": 2027, "Of": [None, "text", True]}


@attrs.frozen(kw_only=True)
class CorruptItem(Action):
    """An item of a page whose required member is missing or has a wrong type.

    Items of some listings have no required members: there, any member has a wrong type.

    Arguments:
        how: `missing` or `wrong_type`.
        member: one of these members of the item; None for a random one.
    """

    kind = "corrupt_item"

    how: str = attrs.field(default="missing", validator=validators.one_of(("missing", "wrong_type")))
    member: str | None = attrs.field(default=None, validator=validators.optional(validators.text))

    def check(self, validator: ModelValidator) -> None:
        """Raise ValueError if the member is not such a member of the items of any listing."""
        if self.member is None:
            return
        shapes = validator.model["shapes"]
        outputs = (operation["output"]["shape"] for operation in validator.operations.values() if "output" in operation)
        pages = {output: shapes[output]["members"] for output in outputs}
        names = {
            name
            for page, members in pages.items()
            if not members.keys().isdisjoint(("NextToken", "nextToken"))
            for _, item in item_lists(shapes, page, {member: [] for member in members})
            for name in _corruptible(shapes[item])
        }
        validators.one_of(sorted(names))("member", self.member)

    def after(self, context: FaultContext, random: DeterministicRandom) -> bool:
        """Corrupt a random item, if there is one."""
        shape, page = context.output_shape(), context.page()
        if shape is None or page is None:
            return False
        model = context.validator.model["shapes"]
        found = [
            (item, name, model[item_shape])
            for items, item_shape in item_lists(model, shape, page)
            for item in items
            for name in _corruptible(model[item_shape])
            if name in item and self.member in (None, name)
        ]
        if not found:
            return False
        item, name, described = random.choice(found)
        if self.how == "missing" and name in described.get("required", ()):
            del item[name]
        else:
            kind = model[described["members"][name]["shape"]]["type"]
            item[name] = _WRONG_TYPES.get(kind, {"Wrong": "type"})
        context.write(page)
        return True


def _corruptible(shape: Mapping[str, Any]) -> Collection[str]:
    """Return the required members of a structure, or all if none is."""
    required: Collection[str] = shape.get("required") or shape["members"]
    return required


def item_lists(
    shapes: Mapping[str, Any], shape: str, page: Mapping[str, Any]
) -> list[tuple[list[dict[str, Any]], str]]:
    """Return the lists of structures in a page, each with the shape of its items."""
    found = []
    for name, member in shapes[shape]["members"].items():
        described = shapes[member["shape"]]
        if described["type"] == "list" and is_structure(shapes[described["member"]["shape"]]) and name in page:
            found.append((page[name], described["member"]["shape"]))
    return found
