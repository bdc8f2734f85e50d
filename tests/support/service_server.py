"""A generated package of the library with what a server of its service sends."""

from __future__ import annotations

import base64
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import attrs
import cbor2

from codegen.project import pinned
from codegen.services import MODELS
from tests.support.generated_package import Executed, executed
from tests.support.sampler import Sampler
from tests.support.servers import Reply
from tests.support.services import CONFIGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.servers import Received


@cache
def loaded(name: str) -> Executed:
    return executed(pinned.load(CONFIGS[name], MODELS))


@attrs.frozen
class Service:
    """A service, and the values that its server sends."""

    package: Executed

    @property
    def model(self) -> Any:
        return self.package.botocore_model._shape_resolver._shape_map

    @property
    def is_cbor(self) -> bool:
        return self.package.service.protocol.value == "smithy-rpc-v2-cbor"

    def wire(self, shape: str, value: Any) -> Any:
        """Return what the protocol makes of JSON."""
        return _as_cbor(self.model, shape, value) if self.is_cbor else value

    def received(self, shape: str, value: Any) -> Any:
        """Return what a server gets of JSON that is sent."""
        return cbor2.loads(cbor2.dumps(self.wire(shape, value))) if self.is_cbor else value

    def error(self, shape: str, message: str) -> Reply:
        body = {name: message for name in self.model[shape]["members"] if name.lower() == "message"}
        return Reply({"__type": f"com.amazonaws.partnercentral#{shape}", **body}, status=400)


def _as_cbor(model: Any, name: str, value: Any) -> Any:
    shape = model[name]
    match shape["type"]:
        case "structure":
            inner = {key: member["shape"] for key, member in shape["members"].items()}
            return {key: _as_cbor(model, inner[key], each) if key in inner else each for key, each in value.items()}
        case "list":
            return [_as_cbor(model, shape["member"]["shape"], each) for each in value]
        case "map":
            return {key: _as_cbor(model, shape["value"]["shape"], each) for key, each in value.items()}
        case "timestamp":
            return cbor2.CBORTag(1, datetime.fromisoformat(value).timestamp())
        case "blob":
            return base64.b64decode(value)
    return value


def required_arguments(service: Service, operation: Any) -> dict[str, Any]:
    """Return a value of each argument that an operation needs, without the catalog."""
    members = service.package.service.structure(operation.input).members
    shapes = {each.name: service.model[each.target] for each in members if each.required and each.name != "Catalog"}
    return {
        service.package.names.fields[operation.input, name]: shape.get("enum", ["x" * shape.get("min", 1)])[0]
        for name, shape in shapes.items()
        if name != "catalog"
    }


def listings(service: Service) -> Iterator[Any]:
    return (operation for operation in service.package.service.operations if operation.pagination is not None)


def item_shape(service: Service, operation: Any) -> str:
    """Return the shape of a listing's items."""
    result = service.package.service.structure(operation.output).member(operation.pagination.result_key)
    shape: str = service.model[result.target]["member"]["shape"]
    return shape


def number_member(service: Service, operation: Any) -> str:
    """Return the member of an item that has its number if the items of `pages` are numbered: the first plain text."""
    members = service.model[item_shape(service, operation)]["members"].items()
    shapes = {name: service.model[member["shape"]] for name, member in members}
    return next(name for name, shape in shapes.items() if shape["type"] == "string" and "enum" not in shape)


def pages(
    service: Service, operation: Any, counts: tuple[int, ...], *, numbered: bool = False, delay: float = 0.0
) -> Callable[[Received], Reply]:
    """Return a server's answer: pages of so many items, equal ones or with the catalog and a number each."""
    pagination, sampler = operation.pagination, Sampler(service.model)
    result = service.package.service.structure(operation.output).member(pagination.result_key)
    item = sampler.fullest(item_shape(service, operation))
    smallest = sampler.smallest(operation.output)

    def answer(received: Received) -> Reply:
        number = int(received.body.get(pagination.input_token, 0))
        following = {pagination.output_token: str(number + 1)} if number + 1 < len(counts) else {}
        items = [item] * counts[number]
        if numbered:
            first, catalog = sum(counts[:number]), received.body[pagination.fan_out]
            member = number_member(service, operation)
            items = [{**item, member: f"{catalog}/{first + each}"} for each in range(counts[number])]
        page = {**smallest, result.name: items}
        page.pop(pagination.output_token, None)
        return Reply(service.wire(operation.output, {**page, **following}), delay=delay)

    return answer
