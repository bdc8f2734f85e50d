"""The wire classes that msgspec fills: of structures, and of unions. What their members have is set later.

The wire class of a structure with few members is a class with the same slots, whose objects become those of the
structure. After msgspec has filled one, it looks up each member to see whether it has a default to set, which takes
longer than everything else if there are many members, or many are absent. So the wire class of a larger structure is a
`Struct`, whose members are copied.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from aiopartnercentral._serialization.members import mutable_twin, union_name
from aiopartnercentral.types import OpenEnum, Response, UnknownMember

if TYPE_CHECKING:
    from aiopartnercentral._serialization.members import Member

__all__ = ["UnusualError", "open_enum", "variants", "wire_structure", "wire_union"]

# JSON escapes these, and the last of them cannot be encoded.
_ODD_NAME = re.compile(r'["\\\x00-\x1f\ud800-\udfff]')
_LARGE = 8  # members; a structure with fewer is filled in place, not copied


class UnusualError(Exception):
    """Only converters decode objects of the class."""


class WireStructure(msgspec.Struct, gc=False):
    """The JSON of a large structure."""


class WireUnion(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """The JSON of a union: one of its members is not None."""


def wire_structure(cls: type, found: list[Member]) -> type[Any]:
    """Return the wire class of a structure with these members; it has no types yet."""
    if any(_ODD_NAME.search(member.key) for member in found):
        raise UnusualError
    if len(found) < _LARGE:
        _check_names(found, is_response=issubclass(cls, Response))
        return mutable_twin(cls)
    optional = {"default": None}
    fields = [(each.field, Any, msgspec.field(name=each.key, **({} if each.required else optional))) for each in found]
    return msgspec.defstruct(cls.__name__, fields, bases=(WireStructure,), kw_only=True)


def wire_union(union: Any) -> type[msgspec.Struct]:  # noqa: ANN401 - not a class
    """Return the wire class of a union; it has no types yet."""
    tags = [variant.tag for variant in variants(union)]
    if any(_ODD_NAME.search(tag) for tag in tags):
        raise UnusualError
    fields = [(f"member_{n}", Any, msgspec.field(name=tag, default=None)) for n, tag in enumerate(tags)]
    return msgspec.defstruct(f"{union_name(union)}", fields, bases=(WireUnion,))


def variants(union: Any) -> list[Any]:  # noqa: ANN401 - not a class
    """Return the classes of the members that the model has."""
    return [variant for variant in get_args(union) if not issubclass(variant, UnknownMember)]


def open_enum(of: Any) -> type:  # noqa: ANN401 - any type form
    """Return an enum of strings that msgspec takes."""
    if isinstance(of, type) and issubclass(of, OpenEnum) and not any(map(_ODD_NAME.search, of)):
        return of
    raise UnusualError


def _check_names(found: list[Member], *, is_response: bool) -> None:
    """Refuse names on the wire that are other attributes of a wire class, or that msgspec does not find in dataclasses.

    A wire class has its members under both names.
    """
    fields = {member.field: member.key for member in found} | ({"response_metadata": ""} if is_response else {})
    for key in fields.values():
        if fields.get(key, key) != key or key.startswith("__") or not key.isascii():
            raise UnusualError
