"""Writes the functions that turn wire objects into those of a class, and makes the wire classes.

A frozen attrs class sets each attribute through `object.__setattr__`, which would cost more than everything else in
decoding. So the functions fill objects of a class with the same slots but without this guard, and then assign the
frozen class to their `__class__`.

A structure or union that is used only once is converted where it is used, as calls would take a tenth of the
functions' time for a page.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from datetime import datetime
from types import GenericAlias
from typing import TYPE_CHECKING, Any, get_args, get_origin

import msgspec
from msgspec import Raw

from aiopartnercentral._serialization.members import complete_twin, members, mutable_twin, union_name, without_none
from aiopartnercentral._serialization.wire_classes import open_enum, variants, wire_structure, wire_union
from aiopartnercentral.types import OpenEnum, Response, Structure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from aiopartnercentral._serialization.members import Member

__all__ = ["DecoderSource"]

_PLAIN = frozenset({str, bool, int, float, Any})
_DEEPEST = 12  # nested blocks in which something is still converted in place; Python allows 20 nested loops


class DecoderSource:
    """The wire classes and the source of the functions for all that a class contains, except those made before.

    Arguments:
        converted: by the type of a value, what msgspec reads, and the function that converts it.
        made: the wire classes that were made before.
        called: the classes and unions whose functions were made before.

    Attributes:
        wires: the wire classes.
        written: the classes and unions of the functions.
        lines: the lines of the functions.
        namespace: what they refer to.
    """

    def __init__(
        self, converted: Mapping[Any, tuple[Any, str]], made: Mapping[Any, Any], called: Collection[Any]
    ) -> None:
        self.wires: dict[Any, Any] = {}
        self.written: set[Any] = set()
        self.lines: list[str] = []
        self.namespace: dict[str, Any] = {}
        self._converted = converted
        self._made = made
        self._called = called
        self._incomplete: list[Any] = []
        self._unwritten: list[Any] = []
        self._asked: Any = None
        self._uses: Counter[Any] = Counter()
        self._known: dict[type, list[Member]] = {}
        self._indent = ""
        self._variables = 0

    def add(self, cls: type) -> None:
        """Add a class, and what it contains.

        Raises:
            UnusualError: it has names or types that msgspec does not take.
        """
        self._asked = cls
        self._count_uses(cls)
        self._wire(cls)
        while self._incomplete:
            found = self._incomplete.pop()
            if isinstance(found, type):
                self._complete_structure(found)
            else:
                self._complete_union(found)
        self._call(cls, "")
        while self._unwritten:
            self._function(self._unwritten.pop())

    def _count_uses(self, cls: type) -> None:
        """Count how often each structure and union is used in a class, and in what that contains."""
        found: list[Any] = [cls]
        for of in found:
            for each in (of,) if isinstance(of, type) else variants(of):
                used = [part for member in self._members(each) for part in _parts(member.type)]
                self._uses.update(used)
                found.extend(part for part in dict.fromkeys(used) if part not in found)

    # Wire classes

    def _wire(self, of: Any) -> Any:  # noqa: ANN401 - a class or union
        """Return the wire class of a structure or union; it is completed later, as it may contain itself."""
        wire = self._made.get(of) or self.wires.get(of)
        if wire is None:
            wire = wire_structure(of, self._members(of)) if isinstance(of, type) else wire_union(of)
            self.wires[of] = wire
            self._incomplete.append(of)
        return wire

    def _complete_structure(self, cls: type) -> None:
        found = self._members(cls)
        forms = {member.field: self._form_of(member) for member in found}
        if self._is_in_place(cls):
            complete_twin(self.wires[cls], found, {member.key: forms[member.field] for member in found})
        else:
            self.wires[cls].__annotations__ = forms

    def _complete_union(self, union: Any) -> None:  # noqa: ANN401 - not a class
        wire, forms = self.wires[union], {}
        for field, variant in zip(wire.__struct_fields__, variants(union), strict=True):
            (member,) = self._members(variant)
            forms[field] = self._form(member.type, member) | None
        wire.__annotations__ = forms

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
            return open_enum(of)
        return self._wire(of)

    # Functions

    def _function(self, of: Any) -> None:  # noqa: ANN401 - a class or union
        """Write the function of a structure or union."""
        self.written.add(of)
        self._variables = 0
        self._indent = ""
        in_place = self._is_in_place(of)
        with self._block(f"def decode_{_name(of)}({'made' if in_place else 'wire'}):"):
            if in_place:
                self._fill(of, "made")
            else:
                self._make(of, "wire", "made")
            self._line("return made")

    def _fill(self, cls: type, made: str) -> None:
        """Write the lines that decode a structure in place: an object that msgspec has filled.

        msgspec drops unknown members, and a required member must not be null.
        """
        self.namespace[cls.__name__] = cls
        for member in self._members(cls):
            text = f"{made}.{member.field}"
            self._check(member, text)
            self._member(member, text)
        self._end(cls, made)

    def _make(self, of: Any, wire: str, made: str) -> None:  # noqa: ANN401 - as above
        """Write the lines that make an object of a large structure or union from its wire object."""
        if not isinstance(of, type):
            self._choose(of, wire, made)
            return
        self._use(of)
        self._line(f"{made} = _{of.__name__}()")
        for member in self._members(of):
            text = f"{wire}.{member.field}"
            self._check(member, text)
            self._line(f"{made}.{member.field} = {self._copied(member, text)}")
        self._end(of, made)

    def _choose(self, union: Any, wire: str, made: str) -> None:  # noqa: ANN401 - not a class
        """Write the lines that make an object of the only member of a union that is there."""
        fields = dict(zip(self._wire(union).__struct_fields__, variants(union), strict=True))
        for index, (field, variant) in enumerate(fields.items()):
            (member,) = self._members(variant)
            self._use(variant)
            others = " or ".join(f"{wire}.{other} is not None" for other in list(fields)[index + 1 :])
            with self._block(f"{'elif' if index else 'if'} {wire}.{field} is not None:"):
                if others:
                    self._line(f"if {others}: fall_back()")
                value = self._variable()
                self._line(f"{value} = {wire}.{field}")
                if not self._is_final(member.type):
                    self._convert(member.type, value, member)
                self._line(f"{made} = _{variant.__name__}()")
                self._line(f"{made}.value = {value}")
                self._line(f"{made}.__class__ = {variant.__name__}")
        with self._block("else:"):
            self._line("fall_back()")

    def _check(self, member: Member, text: str) -> None:
        if member.type is Any and member.required:  # which is any JSON to msgspec
            self._line(f"if {text} is None: fall_back()")

    def _end(self, cls: type, made: str) -> None:
        if issubclass(cls, Response):
            self._line(f"{made}.response_metadata = None")
        self._line(f"{made}.__class__ = {cls.__name__}")

    def _use(self, cls: type) -> None:
        """Give the functions a class, and its mutable twin."""
        self.namespace |= {cls.__name__: cls, f"_{cls.__name__}": mutable_twin(cls)}

    def _call(self, of: Any, text: str) -> str:  # noqa: ANN401 - a class or union
        """Return the call of the function of a structure or union, which is written if there is none."""
        if of not in self._called and of not in self.written and of not in self._unwritten:
            self._unwritten.append(of)
        return f"decode_{_name(of)}({text})"

    def _is_inline(self, of: Any) -> bool:  # noqa: ANN401 - as above
        """Return whether a structure or union is converted where it is used, and not by a function.

        Whatever contains itself is used again, or is the class that was asked for.
        """
        if self._uses[of] != 1 or of is self._asked:
            return False
        return len(self._indent) < 4 * _DEEPEST and (self._is_in_place(of) or not isinstance(of, type))

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

    def _copied(self, member: Member, text: str) -> str:
        """Return the expression of a decoded member of a wire object."""
        of = member.type
        if member.required or self._is_final(of):
            return self._decoded(of, text, member)
        if self._is_text(of, member):
            return f"decode_optional_iso8601({text})"
        return f"None if {text} is None else {self._decoded(of, text, member)}"

    def _convert(self, of: Any, text: str, member: Member) -> None:  # noqa: ANN401 - any type form
        """Write the lines that decode the value of a variable or attribute: in place, or a new one."""
        part = without_none(get_args(of)[-1]) if get_origin(of) in (list, dict) else None
        if part is None and self._is_in_place(of):
            self._convert_structure(of, text)
        elif part is not None and self._is_in_place(part):
            item = self._variable()
            with self._block(f"for {item} in {text}{'.values()' if get_origin(of) is dict else ''}:"):
                self._convert(part, item, member)
        elif get_origin(of) is dict:
            # Nothing else uses the dict, and filling another one would take 7 % of the time of a page.
            key, item = self._variable(), self._variable()
            with self._block(f"for {key}, {item} in {text}.items():"):
                self._line(f"{text}[{key}] = {self._decoded(part, item, member)}")
        elif self._is_inline(of):  # a union, as a structure in place was converted above
            wire, made = self._variable(), self._variable()
            self._line(f"{wire} = {text}")
            self._choose(of, wire, made)
            self._line(f"{text} = {made}")
        else:
            self._line(f"{text} = {self._decoded(of, text, member)}")

    def _convert_structure(self, cls: type, text: str) -> None:
        """Write the lines that decode a structure in place."""
        if self._is_read(cls):
            self._end(cls, text)
            self.namespace[cls.__name__] = cls
        elif not self._is_inline(cls):
            self._line(self._call(cls, text))
        elif text.isidentifier():
            self._fill(cls, text)
        else:
            made = self._variable()
            self._line(f"{made} = {text}")
            self._fill(cls, made)

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
        return f"{found[1]}({text})" if found else self._call(of, text)

    def _is_final(self, of: Any) -> bool:  # noqa: ANN401 - any type form
        """Return whether a value as it is in the JSON is what the object holds."""
        if get_origin(of) in (list, dict):  # a key is a string or an enum
            return self._is_final(without_none(get_args(of)[-1]))
        if of is datetime or of in self._converted:
            return False
        return of in _PLAIN or (isinstance(of, type) and issubclass(of, OpenEnum))

    def _is_text(self, of: Any, member: Member) -> bool:  # noqa: ANN401 - any type form
        """Return whether a value is a timestamp that is ISO 8601 in the JSON."""
        return of is datetime and self._converted[member.timestamp_format][1] == "decode_iso8601"

    def _is_in_place(self, of: Any) -> bool:  # noqa: ANN401 - any type form
        """Return whether a value is decoded by changing the objects in it, so that it need not be replaced."""
        if get_origin(of) in (list, dict):
            return self._is_in_place(without_none(get_args(of)[-1]))
        return isinstance(of, type) and issubclass(of, Structure) and not issubclass(self._wire(of), msgspec.Struct)

    def _is_read(self, cls: type) -> bool:
        """Return whether an object that is decoded in place needs only its class, as msgspec has read its members."""
        found = self._members(cls)
        return all(self._is_final(each.type) and not (each.type is Any and each.required) for each in found)

    def _members(self, cls: type) -> list[Member]:
        if cls not in self._known:
            self._known[cls] = list(members(cls, is_botocore=False))
        return self._known[cls]

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


def _name(of: Any) -> str:  # noqa: ANN401 - a class or union
    return of.__name__ if isinstance(of, type) else f"{union_name(of)}"


def _parts(of: Any) -> Iterator[Any]:  # noqa: ANN401 - any type form
    """Yield the structure or union that a type has or is, if there is one."""
    if get_origin(of) in (list, dict):
        yield from _parts(without_none(get_args(of)[-1]))
    elif not isinstance(of, type) or issubclass(of, Structure):
        yield of
