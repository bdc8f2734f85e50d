"""The client: a typed method for each operation, and one for each paginated operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import ir
from ..graph import only_sent
from .operations import item_annotation
from .structures import optional
from .types import Types
from .writer import Writer, quoted, sentence

if TYPE_CHECKING:
    from ..names import Names

_CLIENT_ERRORS = (
    "Create it with `connect` or `wrap`. If the service answers with an error, an operation raises `ServiceError`, a "
    "botocore `ClientError`, or one of the subclasses that the operation lists. `DecodeError` means that a response "
    "does not match the service model, `EncodeError` that an argument does not, and "
    "`botocore.exceptions.BotoCoreError` that no complete response arrived. Cancelling a call closes its connection; "
    "the service may still have executed it."
)
_CONNECT_DEFAULTS = (
    "The options are those of `aiopartnercentral.ConnectOptions`. Defaults: the default credential provider chain, "
    "{region}and botocore's `standard` retry mode, unless a `config`, the environment or the profile sets another."
)
_REGION = "region {}, "


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
            writer.docstring("The paginated operations, to collect one or many catalogs at once.")
            writer.line("return Paginate(self)")
        sent = only_sent(service)
        for operation in service.operations:
            writer.line()
            _method(types, operation, writer, is_only_sent=operation.input in sent)
    writer.lines(["", ""])
    _paginate_class(types, writer)
    writer.lines(["", ""])
    _openers(service, writer)
    return writer.render()


def _omissions(service: ir.Service) -> list[str]:
    """Return the docstring's section on operations that the client does not have."""
    if not service.omissions:
        return []
    return ["Omitted:", *(f"    {each}." for each in service.omissions)]


def _method(types: Types, operation: ir.Operation, writer: Writer, *, is_only_sent: bool) -> None:
    structure = types.service.structure(operation.input)
    fields = types.names.fields
    members = sorted(structure.members, key=lambda m: optional(types.service, structure, m))
    named = [(fields[structure.name, m.name], m) for m in members]
    annotations = [types.annotation(m.target, writer, argument=is_only_sent) for _, m in named]  # those of the request
    arguments = [
        f"{name}: {annotation} | None = None" if optional(types.service, structure, m) else f"{name}: {annotation}"
        for (name, m), annotation in zip(named, annotations, strict=True)
    ]
    signature = ", ".join(["self", *(["*"] if arguments else []), *arguments])
    response = types.reference(operation.output, writer)
    with writer.block(f"async def {types.names.methods[operation.name]}({signature}) -> {response}:"):
        errors = ", ".join(types.names.classes[e] for e in operation.errors)
        described = [f"    {name}: {types.described(structure.name, m)}" for name, m in named]
        writer.docstring(
            _summary(types, operation),
            types.about(operation.name, deprecated=operation.deprecated),
            ["Arguments:", *described] if named else [],
            ["Raises:", f"    ServiceError: {errors}, or a plain `ServiceError`."] if errors else [],
        )
        request = types.reference(operation.input, writer)
        values = ", ".join(f"{name}={name}" for name, _ in named)
        if types.service.operation_of_input(structure.name) is operation:
            writer.line(f"return await self.call({request}({values}))")
        else:  # several operations share the request class
            constant = types.names.constants[operation.name]
            writer.line(f"return await self.call_operation(operations.{constant}, {request}({values}))")


def _summary(types: Types, operation: ir.Operation) -> str:
    name, text = quoted(operation.name), types.service.texts.operations.get(operation.name)
    if text is None:
        return f"Call {name}{' (read-only)' if operation.readonly else ''}."
    return sentence(f"{text} ({name}{', read-only' if operation.readonly else ''})")


def _paginate_class(types: Types, writer: Writer) -> None:
    writer.use("aiopartnercentral._client", "ServicePaginate")
    with writer.block("class Paginate(ServicePaginate):"):
        writer.docstring(
            f"Paginators of the {types.service.full_name}, bound to a `Client`.",
            ["Their options are the filters of the listing in `listings`, and `aiopartnercentral.PaginateOptions`."],
        )
        for operation in types.service.operations:
            if operation.pagination is not None:
                writer.line()
                _paginate(types, operation, operation.pagination, writer)


def _paginate(types: Types, operation: ir.Operation, pagination: ir.Pagination, writer: Writer) -> None:
    page, item = types.reference(operation.output, writer), item_annotation(types, operation, pagination, writer)
    name, options = types.names.methods[operation.name], types.names.options[operation.name]
    writer.use("aiopartnercentral._pagination.paginator", "Paginator", typing_only=True)
    writer.use("typing", "Unpack", typing_only=True)
    writer.use(types.service.config.package, "listings")
    parameters = f"**options: Unpack[listings.{options}]"
    if pagination.fan_out is not None:
        writer.use("typing", "overload")
        writer.use("collections.abc", "Iterable", typing_only=True)
        target = types.service.structure(operation.input).member(pagination.fan_out).target
        catalog = types.annotation(target, writer, argument=True, typing_only=True)
        if isinstance(types.service.shapes[target], ir.Enum):
            catalog += " | str"  # catalogs are strings everywhere else
        for catalogs in (f"catalog: {catalog}", f"catalogs: {catalog} | Iterable[{catalog}]"):
            writer.line("@overload")
            writer.line(f"def {name}(self, *, {catalogs}, {parameters}) -> Paginator[{page}, {item}]: ...")
        parameters = "**options: object"
    with writer.block(f"def {name}(self, {parameters}) -> Paginator[{page}, {item}]:"):
        writer.docstring(
            f"Return a paginator of the items of {quoted(operation.name)}.",
            types.about(operation.name, deprecated=operation.deprecated),
            []
            if pagination.fan_out is not None
            else ["The operation has no catalog: with `async with`, the service's name is the key of each item."],
        )
        writer.line(f"return self._bound(listings.{name}, listings.{options}, {{**options}})")


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
            "Return a typed client that sends through an aiobotocore client, which the caller closes.",
            ["Calls that are made on the aiobotocore client itself work as before."],
            ["Raises:", "    TypeError: `client` is not an aiobotocore client of this service."],
        )
        writer.line("return wrap_client(Client, client)")
