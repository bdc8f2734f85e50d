"""Decodes JSON text into objects, by wire classes and functions that are made when a class is first decoded.

Decoding has two steps. msgspec reads the JSON text, or the values of CBOR, into objects of wire classes, which checks
the types, and generated functions convert what is not yet as the classes have it. A frozen attrs class sets each
attribute through `object.__setattr__`, which would cost more than everything else here. So the functions fill objects
of a class with the same slots but without this guard, and then assign the frozen class to their `__class__`.

The wire class of a structure with few members is this class, and msgspec itself fills the objects. Afterwards it looks
up each member to see whether it has a default to set, which takes longer than everything else if there are many
members, or many are absent. So the wire class of a larger structure is a `Struct`, whose members are copied.

The source of the functions is registered where tracebacks and debuggers look for it.
"""

from __future__ import annotations

import linecache
import re
from contextlib import contextmanager
from datetime import UTC, datetime
from types import GenericAlias
from typing import TYPE_CHECKING, Any, NoReturn, get_args, get_origin

import msgspec
from msgspec import Raw

from aiopartnercentral._serialization.decode import decode_base64
from aiopartnercentral._serialization.members import (
    ISO_8601,
    complete_twin,
    members,
    mutable_twin,
    union_name,
    without_none,
)
from aiopartnercentral._serialization.timestamps import from_epoch
from aiopartnercentral.types import OpenEnum, Response, Structure, UnknownMember

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from aiopartnercentral._serialization.members import Member

_decode_moment = msgspec.json.Decoder(datetime | None).decode
_LONGEST_MOMENT = len('"2024-05-01T12:00:00.123456Z"')
# JSON escapes these, and the last of them cannot be encoded.
_ODD_NAME = re.compile(r'["\\\x00-\x1f\ud800-\udfff]')
_PLAIN = frozenset({str, bool, int, float, Any})
_LARGE = 8  # members; fewer are rather filled in place than copied


class FallbackRequired(Exception):  # noqa: N818 - not an error: a converter converts the value instead
    """A converter must convert the value, or report the error."""


class UnusualError(Exception):
    """Only converters decode objects of the class."""


class WireStructure(msgspec.Struct, gc=False):
    """The JSON of a large structure."""


class WireUnion(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """The JSON of a union: one of its members is not None."""


def decode_iso8601(text: Raw) -> datetime:
    """Return the datetime of a timestamp in UTC, whose fraction has at most six digits.

    msgspec reads such a timestamp as botocore does. It rounds a longer fraction, which botocore truncates.
    """
    moment: datetime | None = _decode_moment(text)
    if moment is None or moment.tzinfo is not UTC or len(text) > _LONGEST_MOMENT:
        raise FallbackRequired
    return moment


def decode_optional_iso8601(text: Raw | None) -> datetime | None:
    """Return the datetime of a timestamp as `decode_iso8601` does; None if it is absent or null."""
    moment: datetime | None = None if text is None else _decode_moment(text)
    if text is None or moment is None:
        return None
    if moment.tzinfo is not UTC or len(text) > _LONGEST_MOMENT:
        raise FallbackRequired
    return moment


def decode_timestamp(value: Any) -> datetime:  # noqa: ANN401 - as below
    """Return the datetime of a timestamp of CBOR, or of the JSON that stands for it."""
    if type(value) is str:
        return decode_iso8601(Raw(msgspec.json.encode(value)))
    if type(value) is not datetime or value.tzinfo is not UTC:
        raise FallbackRequired
    return value


def decode_blob(value: Any) -> bytes:  # noqa: ANN401 - bytes, or anything that is wrong
    """Return the bytes of a blob of CBOR, or of the JSON that stands for it."""
    return value if type(value) is bytes else decode_base64(value)


def fall_back(_: object = None) -> NoReturn:
    """Leave a value to the converter."""
    raise FallbackRequired


# By the type of a value, what msgspec reads, and the function that converts it.
_JSON: Mapping[Any, tuple[Any, str]] = {
    bytes: (str, "decode_base64"),
    ISO_8601: (Raw, "decode_iso8601"),
    "unixTimestamp": (float, "decode_epoch"),
    "rfc822": (str, "fall_back"),
}
# They decode values of CBOR, and strings of the JSON that stands for it. A document could have either anywhere.
_CBOR: Mapping[Any, tuple[Any, str]] = {
    bytes: (Any, "decode_blob"),
    Any: (Any, "fall_back"),
    **dict.fromkeys((ISO_8601, "unixTimestamp", "rfc822"), (Any, "decode_timestamp")),
}
_FUNCTIONS: Mapping[str, Any] = {"decode_epoch": from_epoch} | {
    each.__name__: each
    for each in (decode_base64, decode_blob, decode_iso8601, decode_optional_iso8601, decode_timestamp, fall_back)
}


class Decoders:
    """The wire classes and functions of one service; those of a class are made with those of all classes in it."""

    def __init__(self, *, is_cbor: bool) -> None:
        """Make functions that decode values of JSON, or of CBOR too."""
        self._converted = _CBOR if is_cbor else _JSON
        self._wires: dict[Any, Any] = {}
        self._namespace: dict[str, Any] = dict(_FUNCTIONS)

    def of(self, cls: type) -> tuple[type, Callable[[Any], Any]]:
        """Return the wire class of a class, and the function that turns its objects into those of the class.

        Raises:
            UnusualError: the class has names or types that msgspec does not take.
        """
        if cls not in self._wires:
            source = _Source(self._converted, self._wires)
            source.add(cls)
            text = "\n".join(source.lines)
            file = f"<decoders of {cls.__module__}.{cls.__name__}>"
            linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
            self._namespace |= source.namespace
            exec(compile(text, file, "exec"), self._namespace)  # noqa: S102 - what the model names is in it by its repr
            self._wires |= source.wires
        return self._wires[cls], self._namespace[f"decode_{cls.__name__}"]


class _Source:
    """The wire classes of what a class contains, and the source of the functions, without what was made before."""

    def __init__(self, converted: Mapping[Any, tuple[Any, str]], made: Mapping[Any, Any]) -> None:
        self.wires: dict[Any, Any] = {}
        self.namespace: dict[str, Any] = {}
        self.lines: list[str] = []
        self._converted = converted
        self._made = made
        self._incomplete: list[Any] = []
        self._indent = ""
        self._variables = 0

    def add(self, cls: type) -> None:
        """Add a class, and what it contains."""
        self._wire(cls)
        while self._incomplete:
            found = self._incomplete.pop()
            if isinstance(found, type):
                self._structure(found)
            else:
                self._union(found)

    def _wire(self, of: Any) -> Any:  # noqa: ANN401 - a class or union
        """Return the wire class of a structure or union; it is completed later, as it may contain itself."""
        wire = self._made.get(of) or self.wires.get(of)
        if wire is None:
            wire = _wire_structure(of) if isinstance(of, type) else _wire_union(of)
            self.wires[of] = wire
            self._incomplete.append(of)
        return wire

    def _structure(self, cls: type) -> None:
        """Complete the wire class of a structure, and write its function.

        msgspec drops unknown members, and a required member must not be null.
        """
        found = list(members(cls, is_botocore=False))
        if is_in_place := self._is_in_place(cls):
            self._head(cls.__name__, "made")
            self.namespace[cls.__name__] = cls
            complete_twin(self.wires[cls], found, {member.key: self._form_of(member) for member in found})
        else:
            self._head(cls.__name__, "wire")
            self._use(cls)
            self.wires[cls].__annotations__ = {member.field: self._form_of(member) for member in found}
            self._line(f"made = _{cls.__name__}()")
        for member in found:
            text = f"{'made' if is_in_place else 'wire'}.{member.field}"
            if member.type is Any and member.required:  # which is any JSON to msgspec
                self._line(f"if {text} is None: fall_back()")
            (self._member if is_in_place else self._copy)(member, text)
        if issubclass(cls, Response):
            self._line("made.response_metadata = None")
        self._line(f"made.__class__ = {cls.__name__}")
        self._line("return made")

    def _union(self, union: Any) -> None:  # noqa: ANN401 - not a class
        """Complete the wire class of a union, and write its function."""
        wire, forms = self.wires[union], {}
        self._head(union_name(union), "wire")
        fields = dict(zip(wire.__struct_fields__, _variants(union), strict=True))
        for index, (field, variant) in enumerate(fields.items()):
            (member,) = members(variant, is_botocore=False)
            name = variant.__name__
            self._use(variant)
            forms[field] = self._form(member.type, member) | None
            others = " or ".join(f"wire.{other} is not None" for other in list(fields)[index + 1 :])
            with self._block(f"if wire.{field} is not None:"):
                if others:
                    self._line(f"if {others}: fall_back()")
                self._line(f"made = _{name}()")
                self._line(f"made.value = wire.{field}")
                if not self._is_final(member.type):
                    self._convert(member.type, "made.value", member)
                self._line(f"made.__class__ = {name}")
                self._line("return made")
        self._line("fall_back()")
        wire.__annotations__ = forms

    def _use(self, cls: type) -> None:
        """Give the functions a class, and its mutable twin."""
        self.namespace |= {cls.__name__: cls, f"_{cls.__name__}": mutable_twin(cls)}

    def _form_of(self, member: Member) -> Any:  # noqa: ANN401 - any type form
        """Return the type of a member as it is in the JSON."""
        form = self._form(member.type, member)
        # `Raw` takes a null as any other JSON, and msgspec refuses it in a union.
        return form if member.required or form is Raw else form | None

    def _form(self, of: Any, member: Member) -> Any:  # noqa: ANN401 - any type form
        """Return the type of a value as it is in the JSON, somewhere in a member."""
        found = self._converted.get(member.timestamp_format if of is datetime else of)
        if found is not None:
            return found[0]
        if of in _PLAIN:
            return of
        origin: Any = get_origin(of)
        if origin in (list, dict):
            return GenericAlias(origin, tuple(self._form(without_none(part), member) for part in get_args(of)))
        if union_name(of) is None and not (isinstance(of, type) and issubclass(of, Structure)):
            return _open_enum(of)
        return self._wire(of)

    def _member(self, member: Member, text: str) -> None:
        """Write the lines that decode a member in place."""
        of = member.type
        if self._is_final(of):
            return
        if member.required:
            self._convert(of, text, member)
        elif self._is_text(of, member):
            self._line(f"{text} = decode_optional_iso8601({text})")
        else:
            with self._block(f"if {text} is not None:"):
                self._convert(of, text, member)

    def _copy(self, member: Member, text: str) -> None:
        """Write the lines that decode a member of a wire object into another object."""
        of = member.type
        if member.required or self._is_final(of):
            decoded = self._decoded(of, text, member)
        elif self._is_text(of, member):
            decoded = f"decode_optional_iso8601({text})"
        else:
            decoded = f"None if {text} is None else {self._decoded(of, text, member)}"
        self._line(f"made.{member.field} = {decoded}")

    def _convert(self, of: Any, text: str, member: Member) -> None:  # noqa: ANN401 - any type form
        """Write the lines that decode the value of a variable: in place, or a new one."""
        part = without_none(get_args(of)[-1]) if get_origin(of) in (list, dict) else None
        if part is None and self._is_in_place(of):
            self._line(f"{text}.__class__ = {of.__name__}" if self._is_read(of) else f"decode_{of.__name__}({text})")
        elif part is not None and self._is_in_place(part):
            item = self._variable()
            with self._block(f"for {item} in {text}{'.values()' if get_origin(of) is dict else ''}:"):
                self._convert(part, item, member)
        elif get_origin(of) is dict:
            # The dict is nobody else's, and filling another one would take 7 % of the time of a page.
            key, item = self._variable(), self._variable()
            with self._block(f"for {key}, {item} in {text}.items():"):
                self._line(f"{text}[{key}] = {self._decoded(part, item, member)}")
        else:
            self._line(f"{text} = {self._decoded(of, text, member)}")

    def _decoded(self, of: Any, text: str, member: Member) -> str:  # noqa: ANN401 - any type form
        """Return the expression of the decoded value of what `text` gives."""
        if self._is_final(of):
            return text
        if get_origin(of) in (list, dict):
            *key, part = get_args(of)
            item = self._variable()
            decoded = self._decoded(without_none(part), item, member)
            if not key:
                return f"[{decoded} for {item} in {text}]"
            name = self._variable()
            return f"{{{name}: {decoded} for {name}, {item} in {text}.items()}}"
        found = self._converted.get(member.timestamp_format if of is datetime else of)
        return f"{found[1] if found else f'decode_{union_name(of) or of.__name__}'}({text})"

    def _is_final(self, of: Any) -> bool:  # noqa: ANN401 - any type form
        """Tell whether a value as it is in the JSON is what the object holds."""
        if get_origin(of) in (list, dict):  # a key is a string or an enum
            return self._is_final(without_none(get_args(of)[-1]))
        if of is datetime or of in self._converted:
            return False
        return of in _PLAIN or (isinstance(of, type) and issubclass(of, OpenEnum))

    def _is_text(self, of: Any, member: Member) -> bool:  # noqa: ANN401 - any type form
        """Tell whether a value is a timestamp that is ISO 8601 in the JSON."""
        return of is datetime and self._converted[member.timestamp_format][1] == "decode_iso8601"

    def _is_in_place(self, of: Any) -> bool:  # noqa: ANN401 - any type form
        """Tell whether a value is decoded by changing the objects in it, so that it need not be replaced."""
        if get_origin(of) in (list, dict):
            return self._is_in_place(without_none(get_args(of)[-1]))
        return isinstance(of, type) and issubclass(of, Structure) and not issubclass(self._wire(of), msgspec.Struct)

    def _is_read(self, cls: type) -> bool:
        """Tell whether an object that is decoded in place needs only its class, as msgspec has read all its members."""
        found = members(cls, is_botocore=False)
        return all(self._is_final(each.type) and not (each.type is Any and each.required) for each in found)

    def _head(self, name: str | None, parameter: str) -> None:
        self._variables = 0
        self._indent = ""
        self._line(f"def decode_{name}({parameter}):")
        self._indent = "    "

    def _line(self, text: str) -> None:
        self.lines.append(self._indent + text)

    @contextmanager
    def _block(self, head: str) -> Iterator[None]:
        """Add a line and indent what follows in the `with` block."""
        self._line(head)
        self._indent += "    "
        yield
        self._indent = self._indent[4:]

    def _variable(self) -> str:
        """Return a local name that the function has not used yet."""
        self._variables += 1
        return f"item_{self._variables}"


def _wire_structure(cls: type) -> type[Any]:
    """Return the wire class of a structure; it has no types yet."""
    found = list(members(cls, is_botocore=False))
    if any(_ODD_NAME.search(member.key) for member in found):
        raise UnusualError
    if len(found) < _LARGE:
        _check_names(found, is_response=issubclass(cls, Response))
        return mutable_twin(cls)
    optional = {"default": None}
    fields = [(each.field, Any, msgspec.field(name=each.key, **({} if each.required else optional))) for each in found]
    return msgspec.defstruct(cls.__name__, fields, bases=(WireStructure,), kw_only=True)


def _wire_union(union: Any) -> type[msgspec.Struct]:  # noqa: ANN401 - not a class
    """Return the wire class of a union; it has no types yet."""
    tags = [variant.tag for variant in _variants(union)]
    if any(_ODD_NAME.search(tag) for tag in tags):
        raise UnusualError
    fields = [(f"member_{n}", Any, msgspec.field(name=tag, default=None)) for n, tag in enumerate(tags)]
    return msgspec.defstruct(f"{union_name(union)}", fields, bases=(WireUnion,))


def _variants(union: Any) -> list[Any]:  # noqa: ANN401 - not a class
    """Return the classes of the members that the model has."""
    return [variant for variant in get_args(union) if not issubclass(variant, UnknownMember)]


def _open_enum(of: Any) -> type:  # noqa: ANN401 - any type form
    """Return an enum of strings that msgspec takes."""
    if isinstance(of, type) and issubclass(of, OpenEnum) and not any(map(_ODD_NAME.search, of)):
        return of
    raise UnusualError


def _check_names(found: list[Member], *, is_response: bool) -> None:
    """Refuse names on the wire that are other attributes of a wire class, which has members under both names."""
    fields = {member.field: member.key for member in found} | ({"response_metadata": ""} if is_response else {})
    for key in fields.values():
        if fields.get(key, key) != key or key.startswith("__"):
            raise UnusualError
