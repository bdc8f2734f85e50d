"""A generated package, imported, beside the model and the names that it was generated from."""

from __future__ import annotations

import json
from functools import cache, cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

import attrs
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from aiopartnercentral._transport.responses import RawResponse
from aiopartnercentral.types import ResponseMetadata
from codegen import names
from codegen.build import build
from tests.support import synthetic
from tests.support.strategies import WireStrategies, json_form

if TYPE_CHECKING:
    from types import ModuleType

    from aiopartnercentral.types import Operation
    from codegen import ir
    from codegen.source import Source

METADATA = ResponseMetadata(request_id="a-request", http_status=200, attempts=1, http_headers={})


@attrs.frozen(slots=False)
class Executed:
    """A generated package and what is known about it.

    Attributes:
        botocore_model: as a JSON service, for botocore's own JSON parser and serializer: see `json_form`.
    """

    package: ModuleType
    service: ir.Service
    names: names.Names
    wire: WireStrategies
    botocore_model: ServiceModel

    @property
    def json(self) -> Any:
        """The converter of the JSON on the wire."""
        return self.package.json_converter

    @property
    def botocore(self) -> Any:
        """The converter of botocore's dicts."""
        return self.package.botocore_converter

    @cached_property
    def fast(self) -> Any:
        """The functions that decode and encode without the converter's hooks."""
        return import_module(f"{self.package.__name__}.fast").FAST

    @property
    def shapes(self) -> dict[str, Any]:
        """The shapes of the JSON form of the model."""
        shapes: dict[str, Any] = self.botocore_model._shape_resolver._shape_map
        return shapes

    @cached_property
    def structures(self) -> list[str]:
        """The structures of the model, unions and errors included."""
        return [name for name, shape in self.shapes.items() if shape["type"] == "structure" and "document" not in shape]

    @property
    def unions(self) -> list[str]:
        """The tagged unions of the model."""
        return [name for name in self.structures if self.shapes[name].get("union")]

    @property
    def sent(self) -> list[str]:
        """The requests of the operations."""
        return [each.input for each in self.service.operations if each.input in self.shapes]

    @property
    def received(self) -> list[str]:
        """The responses of the operations."""
        return [each.output for each in self.service.operations if each.output in self.shapes]

    @property
    def operations(self) -> list[str]:
        """The names of the operations."""
        return [operation.name for operation in self.service.operations]

    def is_error(self, shape: str) -> bool:
        """Return whether a shape is an error of the model."""
        return bool(self.shapes[shape].get("exception"))

    def decode(self, value: object, shape: str) -> Any:
        """Decode as the client does: from bytes."""
        return self.json.loads(json.dumps(value).encode(), self.cls(shape))

    def decode_exactly(self, value: object, shape: str) -> Any:
        """Decode by the converter's hooks, past the fast decoders."""
        return self.json.structure(value, self.cls(shape))

    def encode(self, obj: Any, shape: str) -> Any:
        """Encode to bytes, and read those with another library than ours."""
        text = self.json.dumps(obj)
        assert json.loads(text) == json.loads(json.dumps(self.json.get_unstructure_hook(self.cls(shape))(obj)))
        return json.loads(text)

    def cls(self, shape: str) -> Any:
        """Return the class (or alias) generated for a shape."""
        return getattr(self.package, self.names.classes[shape])

    def parsed_by_botocore(self, shape: str, value: object) -> Any:
        """Return what botocore's own parser makes of the JSON of a shape."""
        # Its public `parse` cannot cope with a member called like the metadata that it adds.
        return create_parser("json")._parse_shape(self.botocore_model.shape_for(shape), value)

    def body_by_botocore(self, operation: str, params: dict[str, Any], *, keeps_limits: bool = True) -> bytes:
        """Return the body that botocore's own serializer makes of a request, which may break the model's limits."""
        # Its validator takes no null in a sparse list or map, which its serializer writes.
        sparse = any(getattr(shape, "sparse", False) for shape in self.service.shapes.values())
        serializer = create_serializer("json", include_validation=keeps_limits and not sparse)
        body = serializer.serialize_to_request(params, self.botocore_model.operation_model(operation))["body"]
        return body if isinstance(body, bytes) else body.encode()


def executed(source: Source) -> Executed:
    """Import the package that was generated from this."""
    service = build(source)
    model = json_form(dict(source.service))
    return Executed(
        package=import_module(source.config.package),
        service=service,
        names=names.name(service),
        wire=WireStrategies(model, max_depth=3),
        botocore_model=ServiceModel(model, source.config.name),
    )


@cache
def golden(feature: str) -> Executed:
    """Import the feature's golden package, once."""
    return executed(synthetic.source(feature))


@attrs.define
class FakeTransport:
    """Answers each call with the next value: its JSON, or what botocore makes of it; keeps what it was asked."""

    package: Executed
    values: list[Any]
    asked: list[tuple[str, dict[str, Any]]] = attrs.field(factory=list)
    max_connections: int = 100

    def start_call(self, *_: object, **__: object) -> None:
        """Give the state of a call, of which there is none."""

    async def send(self, operation: Operation[Any, Any], params: dict[str, Any], _: object = None) -> RawResponse:
        """Give the next answer."""
        self.asked.append((operation.name, params))
        value = self.values.pop(0)
        if operation.all_in_body:
            return RawResponse(body=json.dumps(value).encode(), parsed={}, metadata=METADATA)
        shape = next(o.output for o in self.package.service.operations if o.name == operation.name)
        has_output = shape in self.package.botocore_model.shape_names
        parsed = self.package.parsed_by_botocore(shape, value) if has_output else {}
        return RawResponse(body=None, parsed=parsed, metadata=METADATA)
