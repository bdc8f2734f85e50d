"""The modelled errors: one exception class each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .types import Types
from .writer import Writer, quoted, sentence

if TYPE_CHECKING:
    from .. import ir
    from ..names import Names


def emit(service: ir.Service, names: Names) -> str:
    """Return the text of `errors.py`."""
    writer = Writer(f"The modelled errors of the {service.full_name}; all are also botocore `ClientError`s.")
    types = Types(service, names, "errors")
    for error in service.errors():
        _error(types, error, writer)
    return writer.render()


def _error(types: Types, error: ir.Structure, writer: Writer) -> None:
    writer.use("aiopartnercentral.errors", "ServiceError")
    writer.use("collections.abc", "Mapping", typing_only=True)
    writer.use("typing", "Any")
    fields = [
        (types.names.fields[error.name, m.name], types.annotation(m.target, writer, typing_only=True), m)
        for m in error.members
    ]
    code = error.fault.code if error.fault is not None else error.name
    with writer.block(f"class {types.names.classes[error.name]}(ServiceError):"):
        writer.docstring(
            sentence(f"{types.summary(error)} (code {quoted(code)})"),
            types.about(error.name, deprecated=error.deprecated),
            _facts(error.fault),
            ["A member is None if the response lacks it, as responses of gateways do."],
        )
        writer.line()
        if any(m.sensitive and _is_message(m) for _, _, m in fields):
            writer.use("typing", "ClassVar")
            writer.lines(["message_is_sensitive: ClassVar[bool] = True", ""])
        keywords = [f"{name}: {annotation} | None = None" for name, annotation, _ in fields]
        signature = ["self", "error_response: Mapping[str, Any] | None = None", "operation_name: str = ''"]
        star = ["*"] if keywords else []
        with writer.block(f"def __init__({', '.join([*signature, *star, *keywords])}) -> None:"):
            message = next((name for name, _, m in fields if _is_message(m)), None)
            detail = f"'Message': {message} or ''" if message else "'Message': ''"
            writer.docstring("Create the error from botocore's parsed response, or only from its members.")
            writer.line(f"made = {{'Error': {{'Code': {code!r}, {detail}}}}}")
            writer.line("super().__init__(made if error_response is None else error_response, operation_name)")
            for name, _, member in fields:
                writer.line(f"self.{name} = {name}")
                writer.attribute_docstring(types.described(error.name, member))
    writer.line()
    writer.line()


def _facts(fault: ir.Fault | None) -> list[str]:
    """Return the facts about an error, without its members."""
    if fault is None:
        return []
    facts = [
        *(["the service's fault"] if fault.server else []),
        *([] if fault.http_status is None else [f"HTTP status {fault.http_status}"]),
        *(["retryable"] if fault.retryable else []),
    ]
    return [f"By the model: {', '.join(facts)}."] if facts else []


def _is_message(member: ir.Member) -> bool:
    """Return whether the member is the exception's text in botocore, which decides by the wire name."""
    return "message" in (member.name.lower(), member.wire_name.lower())
