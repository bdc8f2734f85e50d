"""The client: a typed method for each operation, and one for each paginated operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen import ir
from codegen.emit.operations import item_annotation
from codegen.emit.structures import optional
from codegen.emit.types import Types
from codegen.emit.writer import Writer

if TYPE_CHECKING:
    from codegen.names import Names

_CLIENT_ERRORS = (
    "Make it with `connect` or `wrap`. Every operation raises `ServiceError` (a botocore `ClientError`) or one of its "
    "subclasses named at the operation when the service says no, `DecodeError` when an answer is not what the model "
    "says, `EncodeError` when an argument is not, and `botocore.exceptions.BotoCoreError` when no answer comes. "
    "Cancelling a call drops its connection; the service may have carried it out all the same."
)
_CONNECT_DEFAULTS = (
    "Takes what `aiopartnercentral.ConnectOptions` names, as keywords: the usual AWS credential chain, {region}retries "
    "in botocore's `standard` mode unless a `config`, the environment or the profile says otherwise."
)
_REGION = "region {} unless `region_name` says otherwise, "
_PAGINATE_ARGUMENTS = (
    ("max_items", "int | None", "None", "at most so many items of each {fan_out}; None for all."),
    ("ordered", "bool", "False", "give the {fan_out}s in the order named, not as their pages arrive."),
    ("max_concurrency", "int", "10", "how many {fan_out}s are collected at once."),
    ("buffer_pages", "int", "0", "how many pages may wait beside the one that each {fan_out} holds ready."),
    (
        "on_error",
        "OnError",
        "'raise'",
        "`raise` at the first failure, `finish` the others and raise then, or only `report` it.",
    ),
    (
        "on_malformed",
        "OnMalformed",
        "'raise'",
        "`raise` what is wrong with an item, or leave the item out and `report` it.",
    ),
    (
        "ignore_errors",
        "Collection[str]",
        "()",
        "error codes that make a {fan_out} a skipped one, not a failed one.",
    ),
)
_OF_ONE_SOURCE = frozenset({"max_items", "buffer_pages", "on_error", "on_malformed", "ignore_errors"})


def emit(service: ir.Service, names: Names) -> str:
    """Return the text of `client.py`."""
    writer = Writer(f"The typed client of the {service.full_name}.")
    types = Types(service, names, "client")
    writer.use("typing", "ClassVar")
    writer.use("aiopartnercentral._client", "ServiceClient", "open_client", "wrap_client")
    writer.use("aiopartnercentral._serialization.fast", "Fast", typing_only=True)
    writer.use("aiopartnercentral.types", "Service", typing_only=True)
    writer.use(service.config.package, "operations")
    writer.use(f"{service.config.package}.fast", "FAST")
    with writer.block("class Client(ServiceClient):"):
        writer.docstring(
            f"The {service.full_name}: one coroutine for each operation.",
            [_CLIENT_ERRORS],
            _omissions(service),
        )
        writer.line()
        writer.line("service: ClassVar[Service] = operations.SERVICE")
        writer.line("fast: ClassVar[Fast] = FAST")
        writer.line()
        writer.line("@property")
        with writer.block("def paginate(self) -> Paginate:"):
            writer.docstring("The operations that answer in pages, collected over one or many catalogs at once.")
            writer.line("return Paginate(self)")
        for operation in service.operations:
            writer.line()
            _method(types, operation, writer)
    writer.lines(["", ""])
    with writer.block("class Paginate:"):
        writer.docstring(f"The paginated operations of a `Client` of the {service.full_name}.")
        writer.line()
        with writer.block("def __init__(self, client: Client) -> None:"):
            writer.docstring("Collect with the given client.")
            writer.line("self._client = client")
        for operation in service.operations:
            if operation.pagination is not None:
                writer.line()
                _paginate(types, operation, operation.pagination, writer)
    writer.lines(["", ""])
    _openers(service, writer)
    return writer.render()


def _omissions(service: ir.Service) -> list[str]:
    """Return the section that tells what the model has and the client has not."""
    if not service.omissions:
        return []
    return ["Left out:", *(f"    {each}." for each in service.omissions)]


def _argument(types: Types, structure: ir.Structure, member: ir.Member, writer: Writer, name: str) -> tuple[str, str]:
    """Return one argument's declaration, and the expression that makes the request's attribute out of it."""
    annotation = types.annotation(member.target, writer, argument=True)
    target = types.service.shapes[member.target]
    value = name
    if isinstance(target, ir.List):
        writer.use("aiopartnercentral._client", "to_list")
        value = f"to_list({name})"
    elif isinstance(target, ir.Map):
        writer.use("aiopartnercentral._client", "to_dict")
        value = f"to_dict({name})"
    elif isinstance(target, ir.Enum):
        writer.use("aiopartnercentral._client", "to_enum")
        value = f"to_enum({types.reference(member.target, writer)}, {name})"
    if optional(types.service, structure, member):
        return f"{name}: {annotation} | None = None", value
    return f"{name}: {annotation}", value


def _method(types: Types, operation: ir.Operation, writer: Writer) -> None:
    structure = types.service.structure(operation.input)
    fields = types.names.fields
    members = sorted(structure.members, key=lambda m: optional(types.service, structure, m))
    named = [(fields[structure.name, m.name], m) for m in members]
    arguments = [(name, *_argument(types, structure, m, writer, name)) for name, m in named]
    signature = ", ".join(["self", *(["*"] if arguments else []), *(declared for _, declared, _ in arguments)])
    response = types.reference(operation.output, writer)
    with writer.block(f"async def {types.names.methods[operation.name]}({signature}) -> {response}:"):
        errors = ", ".join(types.names.classes[e] for e in operation.errors)
        writer.docstring(
            f"Call `{operation.name}`{', which only reads' if operation.readonly else ''}.",
            types.about(operation.name, deprecated=operation.deprecated),
            ["Arguments:", *(f"    {name}: {types.facts(m)}" for name, m in named)] if named else [],
            ["Raises:", f"    ServiceError: as {errors}, or unspecific."] if errors else [],
        )
        request = types.reference(operation.input, writer)
        values = ", ".join(f"{name}={value}" for name, _, value in arguments)
        if types.service.operation_of_input(structure.name) is operation:
            writer.line(f"return await self.call({request}({values}))")
        else:  # the class of the request does not tell the operation
            constant = types.names.constants[operation.name]
            writer.line(f"return await self.call_operation(operations.{constant}, {request}({values}))")


def _paginate(types: Types, operation: ir.Operation, pagination: ir.Pagination, writer: Writer) -> None:
    structure = types.service.structure(operation.input)
    fields, names = types.names.fields, types.names.arguments
    page, item = types.reference(operation.output, writer), item_annotation(types, operation, pagination, writer)
    writer.use("aiopartnercentral._pagination.paginator", "OnError", "OnMalformed", "Paginator", typing_only=True)
    writer.use("collections.abc", "Collection", typing_only=True)
    paging = {pagination.fan_out, pagination.input_token, pagination.limit_key}
    filters = sorted((m for m in structure.members if m.name not in paging), key=lambda m: not m.required)
    arguments = [(m, *_argument(types, structure, m, writer, names[operation.name, m.name])) for m in filters]
    fan_out = None if pagination.fan_out is None else fields[structure.name, pagination.fan_out]
    if fan_out:
        writer.use("collections.abc", "Iterable", typing_only=True)
    own = _PAGINATE_ARGUMENTS if fan_out else [each for each in _PAGINATE_ARGUMENTS if each[0] in _OF_ONE_SOURCE]
    declared = [
        *(["catalogs: str | Iterable[str]"] if fan_out else []),
        *(declaration for _, declaration, _ in arguments),
        *(["page_size: int | None = None"] if pagination.limit_key is not None else []),
        *(f"{name}: {kind} = {default}" for name, kind, default, _ in own),
    ]
    head = f"def {types.names.methods[operation.name]}(self, *, {', '.join(declared)}) -> Paginator[{page}, {item}]:"
    with writer.block(head):
        facts = [f"    {names[operation.name, m.name]}: {types.facts(m)}" for m in filters]
        if pagination.limit_key is not None:
            facts.append(f"    page_size: {types.facts(structure.member(pagination.limit_key))}")
        facts += [f"    {name}: {text.format(fan_out=fan_out or 'listing')}" for name, _, _, text in own]
        if fan_out:
            facts.insert(0, f"    catalogs: one {fan_out} or several, each listed once.")
        writer.docstring(
            f"Collect the items of all pages of `{operation.name}`.",
            types.about(operation.name, deprecated=operation.deprecated),
            [] if fan_out else ["There is nothing to fan out over: every entry comes beside the service's name."],
            ["Arguments:", *facts],
            [
                "Raises:",
                "    ValueError: an argument of the collection itself is out of range.",
                "    TypeError: an argument of the collection itself is of the wrong type.",
            ],
        )
        request = types.reference(operation.input, writer)
        values = [f"{fields[structure.name, pagination.input_token]}=_token"]
        if fan_out:
            values.insert(0, f"{fan_out}=_catalog")
        if pagination.limit_key is not None:
            values.append(f"{fields[structure.name, pagination.limit_key]}=page_size")
        for member, _, value in arguments:
            name = names[operation.name, member.name]
            if value != name:
                writer.line(f"_given_{name} = {value}")
                value = f"_given_{name}"  # noqa: PLW2901 - converted once, not for each page
            values.append(f"{fields[structure.name, member.name]}={value}")
        writer.line()
        with writer.block(f"def _request(_catalog: str, _token: str | None) -> {request}:"):
            writer.line(f"return {request}({', '.join(values)})")
        writer.line()
        passed = ", ".join(f"{name}={name}" for name, *_ in own)
        catalogs = "catalogs" if fan_out else "operations.SERVICE.name"
        writer.line(
            f"return self._client.paginator(operations.{types.names.pages[operation.name]}, _request, "
            f"catalogs={catalogs}, {passed})"
        )


def _openers(service: ir.Service, writer: Writer) -> None:
    writer.use("contextlib", "AbstractAsyncContextManager", typing_only=True)
    writer.use("typing", "Unpack", typing_only=True)
    writer.use("aiopartnercentral._client", "AiobotocoreClient", "ConnectOptions", typing_only=True)
    region = service.config.region
    with writer.block("def connect(**options: Unpack[ConnectOptions]) -> AbstractAsyncContextManager[Client]:"):
        writer.docstring(
            f"Open a client of the {service.full_name}, closed at the end of its `async with` block.",
            [_CONNECT_DEFAULTS.format(region="" if region is None else _REGION.format(region))],
        )
        writer.line("return open_client(Client, **options)")
    writer.lines(["", ""])
    with writer.block("def wrap(client: AiobotocoreClient) -> Client:"):
        writer.docstring(
            "Return the typed client over an aiobotocore client that the caller owns and closes.",
            ["The client goes on working as before for calls made on it directly."],
            ["Raises:", "    TypeError: it is no aiobotocore client of this service."],
        )
        writer.line("return wrap_client(Client, client)")
