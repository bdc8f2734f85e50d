"""The converters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .writer import Writer

if TYPE_CHECKING:
    from .. import ir
    from ..names import Names

_JSON = "the JSON on the wire"
_JSON_OF_OURS = "JSON of the same members, though the protocol has none"


def emit(service: ir.Service, _: Names) -> str:
    """Return the text of `converters.py`."""
    writer = Writer(f"The converters of the {service.full_name} between its classes and JSON or botocore's dicts.")
    writer.use("typing", "Final")
    writer.use("aiopartnercentral._serialization", "BotocoreConverter", "JsonConverter")
    writer.use(f"{service.config.package}.fast", "FAST")
    for form, cls in (("json", "JsonConverter"), ("botocore", "BotocoreConverter")):
        writer.lines(["", ""])
        with writer.block(f"def make_{form}_converter() -> {cls}:"):
            writer.docstring(
                f"Return a new `{cls}` for this service, to which hooks may be added without side effects."
            )
            writer.line(f"converter = {cls}()")
            writer.line("converter.use_fast(FAST)")
            writer.line("return converter")
    writer.lines(["", ""])
    json = _JSON if service.protocol.is_json else _JSON_OF_OURS
    writer.line("json_converter: Final = make_json_converter()")
    writer.docstring(f"Converts {json}; hooks added here take effect in every client without its own converter.")
    writer.line("botocore_converter: Final = make_botocore_converter()")
    writer.docstring(
        "Converts botocore's dicts; hooks added here take effect in every client without its own converter."
    )
    return writer.render()
