"""The only place that turns a wire name into a Python name.

Every rule about keywords, shadowed builtins, names the generated class needs for itself, and two wire names that would
become one Python name stands here; an emitter only looks names up.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from itertools import takewhile
from typing import TYPE_CHECKING

import attrs

from . import ir
from .graph import contained, known_in_arguments, references, sole_users

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COMMON = "common"
"""The module of the shapes that the operations of several resources use."""

_SHAPES_TOGETHER = 24  # in a module for several resources

# Modules become attributes of their package, where one called like these would hide what loads them.
_TAKEN_IN_MODULES = frozenset({COMMON, "getattr", "globals", "import_module", "listings"})

# Names that generated annotations and bodies use: a member or method called like one would hide it in its class.
_USED_IN_CLASS_BODIES = frozenset(
    {
        *("bool", "bytes", "dict", "float", "int", "list", "object", "property", "str", "type", "self", "cls"),
        *("attrs", "datetime", "converting", "enums", "errors", "operations", "structures"),
        *("fast", COMMON),
        *("redacted", "super"),
    }
)
# Attributes that the generated or hand-written base class of an error has already.
_TAKEN_IN_ERRORS = frozenset(
    {
        *("add_note", "args", "made", "with_traceback", "MSG_TEMPLATE", "error_response", "operation_name", "response"),
        *("attempts", "code", "http_status", "is_retryable", "is_throttling", "message_is_sensitive", "problems"),
        *("is_corrected", "request_id"),
    }
)
_TAKEN_IN_STRUCTURES = frozenset({"response_metadata"})
_TAKEN_IN_PAGINATE = frozenset(
    {
        "buffer_pages",
        "catalog",
        "catalogs",
        "concurrency",
        "ignore_errors",
        "max_items",
        "on_error",
        "on_malformed",
        "ordered",
        "page_size",
    }
)
_TAKEN_IN_CLIENT = _USED_IN_CLASS_BODIES | {
    *("call", "call_operation", "close", "fast", "page_fetcher", "paginate", "service", "connect", "wrap"),
    *("max_connections", "transport", "with_options"),
}
# Services called like modules of the standard library of some Python, which their package would hide.
_STANDARD_MODULES = frozenset({"pipes"})
# Attributes of every StrEnum that an upper-case member name could meet.
_TAKEN_IN_ENUMS = frozenset({"mro", "name", "value", "is_unknown"} | {n for n in dir(str) if not n.startswith("_")})
# Names in the generated package itself, in addition to imported names and builtins.
_TAKEN_IN_PACKAGE = frozenset(
    {
        *("Client", "Paginate", "ServiceError", "Operation", "Pagination", "Service", "Any", "ClassVar", "TypeAlias"),
        *("JsonValue", "OpenEnum", "Request", "Response", "Structure", "UnknownMember", "Variant"),
        *("TYPE_CHECKING", "Final", "Sequence", "Mapping", "Iterable", "Paginator", "AttributeError", "Exception"),
        *("Literal", "auto", "True", "False", "None"),
    }
)

_WORDS = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")


@attrs.frozen(kw_only=True)
class Names:
    """The Python names of everything in one service; keys are wire names.

    Attributes:
        classes: of structures, unions, enums and errors, by shape.
        likes: of the types of arguments that are an enum, or a string with known values, by shape.
        variants: of the classes of a union's members, by union and member.
        unknowns: of the classes of members that the model does not know, by union.
        fields: of the attributes of structures and errors, by shape and member.
        enum_members: by enum and value.
        modules: of the modules that structures and unions are in, within a package of several, by shape.
        methods: of the client's methods, by operation.
        constants: of the descriptions of operations, by operation.
        pages: of the descriptions of how operations are paginated, by operation.
        arguments: of listings, by operation and request member.
        filters: of the classes of a listing's filters, by operation.
        options: of the same with how catalogs are collected.
    """

    classes: Mapping[str, str]
    likes: Mapping[str, str]
    variants: Mapping[tuple[str, str], str]
    unknowns: Mapping[str, str]
    fields: Mapping[tuple[str, str], str]
    enum_members: Mapping[tuple[str, str], str]
    modules: Mapping[str, str]
    methods: Mapping[str, str]
    constants: Mapping[str, str]
    pages: Mapping[str, str]
    arguments: Mapping[tuple[str, str], str]
    filters: Mapping[str, str]
    options: Mapping[str, str]

    def of(self, shape: ir.Structure | ir.Union | ir.Enum) -> list[str]:
        """Return the names of a shape's classes: its own, and of a union also its members' and the unknown one's."""
        names = [self.classes[shape.name]]
        if isinstance(shape, ir.Union):
            names += [self.variants[shape.name, member.name] for member in shape.members]
            names.append(self.unknowns[shape.name])
        return names


def snake(name: str) -> str:
    """Return the wire name in snake_case: `OtherParticipantID2` -> `other_participant_id2`."""
    return "_".join(_WORDS.findall(name)).lower()


def package(service_name: str) -> str:
    """Return the default name of a service's package: `lambda` -> `lambda_`."""
    made = _identifier(re.sub("[^0-9A-Za-z]+", "_", service_name).lower(), "service")
    return f"{made}_" if made in _STANDARD_MODULES else made


def name(service: ir.Service) -> Names:
    """Name everything in the service; two wire names never share one Python name in one scope."""
    classes = _Scope(_TAKEN_IN_PACKAGE)
    for shape in service.shapes.values():
        if isinstance(shape, ir.Structure | ir.Union | ir.Enum):
            classes.add(shape.name, _class_name(shape.name), "Shape")
    variants, unknowns = {}, {}
    for union in service.unions():
        for member in union.members:
            wanted = classes.names[union.name] + _class_name(member.name)
            variants[union.name, member.name] = classes.add((union.name, member.name), wanted, "Member")
        unknowns[union.name] = classes.add((union.name, None), f"{classes.names[union.name]}Unknown", "Member")
    known = known_in_arguments(service)
    likes = {
        shape: classes.add((shape, "like"), f"{classes.names.get(shape) or _class_name(shape)}Like", "Argument")
        for shape in service.shapes
        if shape in known
    }
    fields: dict[tuple[str, str], str] = {}
    for shape in service.shapes.values():
        if isinstance(shape, ir.Structure):
            fields |= _fields(shape)
    methods = _Scope(_TAKEN_IN_CLIENT)
    for operation in service.operations:
        methods.add(operation.name, _identifier(snake(operation.name), "operation"))
    constants = {o.name: methods.names[o.name].upper() for o in service.operations}
    pages = _Scope({"SERVICE", *constants.values()})
    for operation in service.operations:
        pages.add(operation.name, f"{constants[operation.name]}_PAGES")
    return Names(
        classes={s: classes.names[s] for s in service.shapes if s in classes.names},
        likes=likes,
        variants=variants,
        unknowns=unknowns,
        fields=fields,
        enum_members={key: python for enum in service.enums() for key, python in _enum_members(enum).items()},
        modules=_modules(service),
        methods={o.name: methods.names[o.name] for o in service.operations},
        constants=constants,
        pages={o.name: pages.names[o.name] for o in service.operations},
        arguments=_arguments(service, fields),
        filters={o.name: f"{_camel(methods.names[o.name])}Filters" for o in service.operations},
        options={o.name: f"{_camel(methods.names[o.name])}Options" for o in service.operations},
    )


class _Scope:
    """Hands out each Python name once; the first wire name to ask keeps the plain form."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)
        self.names: dict[object, str] = {}

    def add(self, key: object, wanted: str, suffix: str = "_") -> str:
        """Return `wanted`, or the first of `wanted` + suffix, `wanted` + suffix + 2, ... that is free."""
        candidate, count = wanted, 1
        while candidate in self.taken:
            candidate = f"{wanted}{suffix}" if count == 1 else f"{wanted}{suffix}{count}"
            count += 1
        self.taken.add(candidate)
        self.names[key] = candidate
        return candidate


def _identifier(text: str, fallback: str) -> str:
    """Make the text an identifier without a leading underscore, which attrs would drop from `__init__`."""
    if not text or text[0].isdigit():
        text = f"{fallback}_{text}" if text else fallback
    return f"{text}_" if keyword.iskeyword(text) else text


def _class_name(wire_name: str) -> str:
    text = "".join(word[:1].upper() + word[1:] for word in re.split(r"[^0-9A-Za-z]+", wire_name))
    # attrs and msgspec take an annotation that begins like this for that of a class variable, and leave it out.
    return text if text[:1].isalpha() and not text.startswith("ClassVar") else f"Shape{text}"


def _modules(service: ir.Service) -> dict[str, str]:
    """Name the module of each structure and union: its resource's if the operations of only one use it."""
    resources = {operation.name: _resource(operation.name) for operation in service.operations}
    spellings: dict[str, list[str]] = {}
    for name, resource in resources.items():
        spellings.setdefault(resource, []).append(_without_verb(name))
    scope = _Scope(_TAKEN_IN_MODULES)
    for resource, found in spellings.items():
        scope.add(resource, _identifier(min(found, key=len), "resource"))
    modules = {shape: scope.names[user] if user else COMMON for shape, user in sole_users(service, resources).items()}
    # A request's class names its response's, so both are in one module, and so is what they are made of.
    pairs = [(o.input, o.output) for o in service.operations if modules[o.input] != modules[o.output]]
    shared = contained(references(service.shapes), {shape for pair in pairs for shape in pair})
    modules = {shape: COMMON if shape in shared else module for shape, module in modules.items()}
    together = _together(Counter(module for module in modules.values() if module != COMMON))
    return {shape: together.get(module, module) for shape, module in modules.items()}


def _together(sizes: Mapping[str, int]) -> dict[str, str]:
    """Return the module that the shapes of each resource's module go to, by the number of shapes in it.

    Resources whose names begin alike share a module while it is small: the smallest first. It is named by the words
    that they have in common, or as one of them. A file of its own costs more than a few shapes in a wheel, but a shape
    that is not used costs time to create its class.
    """
    groups: list[list[str]] = []
    for module in sorted(sizes, key=lambda name: (_family(name), sizes[name], name)):
        last = groups[-1] if groups else []
        is_alike = bool(last) and _family(last[0]) == _family(module)
        if is_alike and sum(sizes[each] for each in last) + sizes[module] <= _SHAPES_TOGETHER:
            last.append(module)
        else:
            groups.append([module])
    named: dict[str, str] = {}
    taken = {*sizes, *_TAKEN_IN_MODULES, *keyword.kwlist, ""}
    for group in groups:
        words = zip(*(name.split("_") for name in group), strict=False)
        common = "_".join(each[0] for each in takewhile(lambda each: len(set(each)) == 1, words))
        own = min(group, key=lambda name: (len(name), name)) if common in taken else common
        taken.add(own)
        named |= dict.fromkeys(group, own)
    return named


def _family(module: str) -> str:
    """Return the first word of what a module is about: `resource` for `tags_for_resource`."""
    return module.rpartition("_for_")[2].partition("_")[0]


def _without_verb(operation: str) -> str:
    """Return what an operation is about: `ListOpportunities` -> `opportunities`."""
    verb, _, rest = snake(operation).partition("_")
    return rest or verb


def _resource(operation: str) -> str:
    """Return what an operation is about, in the singular. All operations of one resource have it in common."""
    about = _without_verb(operation)
    for plural, singular in (("ies", "y"), ("ss", "ss"), ("s", "")):
        if about.endswith(plural):
            return about.removesuffix(plural) + singular
    return about


def _fields(shape: ir.Structure) -> dict[tuple[str, str], str]:
    scope = _Scope(_USED_IN_CLASS_BODIES | (_TAKEN_IN_STRUCTURES if shape.fault is None else _TAKEN_IN_ERRORS))
    return {
        (shape.name, member.name): scope.add(member.name, _identifier(snake(member.name), "member"))
        for member in shape.members
    }


def _enum_members(enum: ir.Enum) -> dict[tuple[str, str], str]:
    scope = _Scope(_TAKEN_IN_ENUMS)
    named = {}
    for value in enum.values:
        words = re.sub(r"[^0-9A-Za-z]+", "_", value).strip("_")
        text = words if words.isupper() else snake(words)
        named[enum.name, value] = scope.add(value, _identifier(text.upper(), "VALUE" if value else "EMPTY"))
    return named


def _camel(method: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in method.split("_"))


def _arguments(service: ir.Service, fields: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Name the members of a paginated request once more, as arguments next to the options of the paginator."""
    named = {}
    for operation in service.operations:
        scope = _Scope(_TAKEN_IN_PAGINATE)
        if operation.pagination is not None:
            for member in service.structure(operation.input).members:
                named[operation.name, member.name] = scope.add(member.name, fields[operation.input, member.name])
    return named
