"""Kinds of faults that put into a good answer what the model does not have."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.emulator.faults import checks
from aiopartnercentral.emulator.faults.context import NEXT_TOKEN, Action
from aiopartnercentral.emulator.faults.json_walk import Place, places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral.emulator.faults.context import Exchange
    from aiopartnercentral.emulator.seed.random import Dice
    from aiopartnercentral.emulator.validation import Validator

_WRONG_TYPES: Mapping[str, object] = {"structure": "text", "map": "text", "list": "text"}


def is_union(shape: Mapping[str, Any]) -> bool:
    """Tell whether a shape is a tagged union."""
    return bool(shape.get("union"))


def is_enum(shape: Mapping[str, Any]) -> bool:
    """Tell whether a shape is text of a few."""
    return "enum" in shape


def is_structure(shape: Mapping[str, Any]) -> bool:
    """Tell whether a shape is a structure that may have further members, which a union may not."""
    return shape["type"] == "structure" and not is_union(shape)


@attrs.frozen(kw_only=True)
class _Alteration(Action):
    """A change of what stands in the answer, at one place by chance or at all.

    Arguments:
        shape: names of shapes of the model; `*` and `?` stand for any characters.
        everywhere: whether it is changed at every place, and not at one.
    """

    shape: str = attrs.field(default="*", validator=checks.text)
    everywhere: bool = attrs.field(default=False, validator=checks.flag)

    def concerns(self, shape: Mapping[str, Any]) -> bool:
        """Tell whether this can be done to a shape."""
        raise NotImplementedError

    def alter(self, place: Place) -> None:
        """Do it at a place."""
        raise NotImplementedError

    def check(self, validator: Validator) -> None:
        """Raise ValueError if there is no shape of the name to which this can be done."""
        shapes = validator.model["shapes"].items()
        if not any(fnmatchcase(name, self.shape) and self.concerns(shape) for name, shape in shapes):
            raise ValueError(f"shape must name one to which this can be done, and {self.shape!r} is none")

    def after(self, exchange: Exchange, dice: Dice) -> bool:
        """Change the answer, unless there is nothing in it to change."""
        shape, answer = exchange.output(), exchange.read()
        if shape is None or answer is None:
            return False
        model = exchange.validator.model
        found = [
            place
            for place in places(model, shape, answer, lambda _: None)
            if fnmatchcase(place.shape, self.shape) and self.concerns(model["shapes"][place.shape])
        ]
        # From the inside out, so that a place is still where it was when its turn comes.
        for place in reversed(found) if self.everywhere else [dice.choice(found)] if found else []:
            self.alter(place)
        exchange.write(answer)
        return bool(found)


@attrs.frozen(kw_only=True)
class UnknownUnionMember(_Alteration):
    """A member of a tagged union that the model does not have, in the place of the one that is there.

    Arguments:
        member: what it is called.
    """

    kind = "unknown_union_member"

    member: str = attrs.field(default="Novelty", validator=checks.text)

    def concerns(self, shape: Mapping[str, Any]) -> bool:
        """Tell whether it is a union."""
        return is_union(shape)

    def alter(self, place: Place) -> None:
        """Call the member otherwise; what is in it stays."""
        place.put({self.member: next(iter(place.value.values()), {})})


@attrs.frozen(kw_only=True)
class UnknownEnumValue(_Alteration):
    """A value of an enum that the model does not have.

    Arguments:
        value: the value.
    """

    kind = "unknown_enum_value"

    value: str = attrs.field(default="NOVELTY", validator=checks.text)

    def concerns(self, shape: Mapping[str, Any]) -> bool:
        """Tell whether it is an enum."""
        return is_enum(shape)

    def alter(self, place: Place) -> None:
        """Replace the value."""
        place.put(self.value)


@attrs.frozen(kw_only=True)
class ExtraMember(_Alteration):
    """A member of a structure that the model does not have, beside those that are there.

    Arguments:
        member: what it is called.
    """

    kind = "extra_member"

    member: str = attrs.field(default="Novelty", validator=checks.text)

    def concerns(self, shape: Mapping[str, Any]) -> bool:
        """Tell whether it is a structure and no union."""
        return is_structure(shape)

    def alter(self, place: Place) -> None:
        """Add the member."""
        place.value[self.member] = {"Since": 2027, "Of": [None, "text", True]}


@attrs.frozen(kw_only=True)
class MalformedItem(Action):
    """One item of a page that is not as the model says: a required member is missing, or of a wrong type.

    Arguments:
        how: `missing` or `wrong_type`.
        member: which of the item's required members; None for any.
    """

    kind = "malformed_item"

    how: str = attrs.field(default="missing", validator=checks.one_of(("missing", "wrong_type")))
    member: str | None = attrs.field(default=None, validator=attrs.validators.optional(checks.text))

    def check(self, validator: Validator) -> None:
        """Raise ValueError if no item of a page has to have the member."""
        shapes = validator.model["shapes"]
        outputs = (operation["output"]["shape"] for operation in validator.operations.values() if "output" in operation)
        pages = {output: shapes[output]["members"] for output in outputs}
        required = {
            name
            for page, members in pages.items()
            if NEXT_TOKEN in members
            for _, item in item_lists(shapes, page, {member: [] for member in members})
            for name in shapes[item].get("required", ())
        }
        if self.member is not None and self.member not in required:
            raise ValueError(f"member must be one of {', '.join(sorted(required))}, not {self.member!r}")

    def after(self, exchange: Exchange, dice: Dice) -> bool:
        """Damage an item by chance, unless there is none."""
        shape, page = exchange.output(), exchange.page()
        if shape is None or page is None:
            return False
        model = exchange.validator.model["shapes"]
        found = [
            (item, name, model[item_shape]["members"][name]["shape"])
            for items, item_shape in item_lists(model, shape, page)
            for item in items
            for name in model[item_shape].get("required", ())
            if name in item and self.member in (None, name)
        ]
        if not found:
            return False
        item, name, member_shape = dice.choice(found)
        if self.how == "missing":
            del item[name]
        else:
            item[name] = _WRONG_TYPES.get(model[member_shape]["type"], {"Wrong": "type"})
        exchange.write(page)
        return True


def item_lists(
    shapes: Mapping[str, Any], shape: str, page: Mapping[str, Any]
) -> list[tuple[list[dict[str, Any]], str]]:
    """Return the lists of structures of a page, each with the shape of its items."""
    found = []
    for name, member in shapes[shape]["members"].items():
        described = shapes[member["shape"]]
        if described["type"] == "list" and is_structure(shapes[described["member"]["shape"]]) and name in page:
            found.append((page[name], described["member"]["shape"]))
    return found
