"""A golden package, imported, beside the model and the names that it was generated from."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import attrs
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from aiopartnercentral.shapes import ResponseMetadata
from aiopartnercentral.transport import Answer
from codegen import names
from codegen.build import build
from tests.codegen import synthetic
from tests.strategies import WireStrategies

if TYPE_CHECKING:
    from types import ModuleType

    from codegen import ir

METADATA = ResponseMetadata(request_id="a-request", http_status=200, attempts=1, http_headers={})


@attrs.frozen
class Golden:
    """One feature's package and what is known about it."""

    feature: str
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

    def cls(self, shape: str) -> Any:
        """Return the class (or alias) generated for a shape."""
        return getattr(self.package, self.names.classes[shape])

    def parsed_by_botocore(self, shape: str, value: object) -> Any:
        """Return what botocore's own parser makes of the JSON of a shape."""
        # Its public `parse` cannot cope with a member called like the metadata that it adds.
        return create_parser("json")._parse_shape(self.botocore_model.shape_for(shape), value)

    def body_by_botocore(self, operation: str, params: dict[str, Any]) -> bytes:
        """Return the body that botocore's own serializer makes of a request."""
        serializer = create_serializer("json", include_validation=True)
        body = serializer.serialize_to_request(params, self.botocore_model.operation_model(operation))["body"]
        return body if isinstance(body, bytes) else body.encode()


@cache
def golden(feature: str) -> Golden:
    """Import the feature's golden package, once."""
    service = build(synthetic.source(feature))
    return Golden(
        feature=feature,
        package=import_module(f"golden_{feature}"),
        service=service,
        names=names.name(service),
        wire=WireStrategies(synthetic.model(feature), max_depth=3),
        botocore_model=ServiceModel(synthetic.model(feature), f"golden-{feature}"),
    )


@attrs.define
class FakeTransport:
    """Answers each call with the next body, and keeps what it was asked."""

    bodies: list[bytes]
    asked: list[tuple[str, dict[str, Any]]] = attrs.field(factory=list)

    async def send(self, operation: str, params: dict[str, Any], _: object = None) -> Answer:
        """Give the next answer."""
        self.asked.append((operation, params))
        return Answer(body=self.bodies.pop(0), parsed={}, metadata=METADATA)
