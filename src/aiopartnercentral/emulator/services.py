"""The six services: their pinned models, and the form that each gives to requests, responses and errors."""

from __future__ import annotations

import re
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec

from aiopartnercentral._utils import model_data
from aiopartnercentral.emulator import cbor
from aiopartnercentral.emulator.validation import ModelValidator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral.emulator.errors import EmulatedServiceError

JSON_CONTENT_TYPE: Final = "application/x-amz-json-1.0"

_encode_json = msgspec.json.Encoder().encode

_REAL_HOST: Final = re.compile(r"(?P<prefix>partnercentral-[a-z]+)(-fips)?\.[a-z0-9-]+\.(api\.aws|amazonaws\.com)")
# A page of 100 items has about 50 kB.
_CACHED_BODIES: Final = 64
# What a service calls a reason or a code whose name it does not have.
_ALTERNATIVES: Final[Mapping[str, tuple[str, ...]]] = {
    "REQUEST_VALIDATION_FAILED": ("FIELD_VALIDATION_FAILED", "fieldValidationFailed"),
    "BUSINESS_VALIDATION_FAILED": ("OTHER",),
    "DUPLICATE_VALUE": ("DUPLICATE_KEY_VALUE", "INVALID_VALUE"),
    "INVALID_STRING_FORMAT": ("PATTERN_MISMATCH", "INVALID_VALUE"),
}


@attrs.frozen
class Service:
    """One of the services of Partner Central.

    Arguments:
        name: botocore's name of the service, such as `partnercentral-selling`.
        api_version: the version of its pinned model.
    """

    name: str
    api_version: str

    @cached_property
    def validator(self) -> ModelValidator:
        """The validator of the service's model, which is read when it is first needed."""
        return ModelValidator(model_data.load(self.name, self.api_version))

    @property
    def shapes(self) -> Mapping[str, Any]:
        """The shapes of the model by name."""
        shapes: Mapping[str, Any] = self.validator.model["shapes"]
        return shapes

    @cached_property
    def is_cbor(self) -> bool:
        """Whether the service speaks Smithy RPC v2 CBOR; otherwise it speaks AWS JSON 1.0."""
        return bool(self.validator.is_cbor)

    @property
    def content_type(self) -> str:
        """The Content-Type of requests and responses."""
        return cbor.CONTENT_TYPE if self.is_cbor else JSON_CONTENT_TYPE

    @property
    def headers(self) -> dict[str, str]:
        """Further headers of every response."""
        return {cbor.PROTOCOL_HEADER: cbor.PROTOCOL} if self.is_cbor else {}

    @property
    def endpoint_variable(self) -> str:
        """The environment variable that directs the clients of AWS to an endpoint of this service alone."""
        service_id: str = self.validator.model["metadata"]["serviceId"]
        return f"AWS_ENDPOINT_URL_{service_id.replace(' ', '_').upper()}"

    def decode(self, body: bytes) -> object:
        """Return the value of a body.

        Raises:
            ValueError: the body is not JSON or CBOR.
        """
        if self.is_cbor:
            return cbor.decode(body)
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ValueError("the body is not JSON") from None

    def encode(self, value: object) -> bytes:
        """Return a value as a body."""
        return cbor.encode(value) if self.is_cbor else _encode_json(value)

    def response_body(self, operation: str, response: bytes) -> bytes:
        """Return the body of a response, from the JSON that a handler returned."""
        if not self.is_cbor:
            return response
        return _as_cbor(self, self.output_shape(operation), response)

    def output_shape(self, operation: str) -> str | None:
        """Return the name of the shape of an operation's response; None if there is none."""
        shape: str | None = self.validator.operations.get(operation, {}).get("output", {}).get("shape")
        return shape

    def member(self, shape: str | None, name: str) -> str | None:
        """Return a member of a structure by its name in any case, such as `nextToken` for `NextToken`; None if absent.

        Arguments:
            shape: the name of the structure.
            name: the name of the member in PascalCase.
        """
        members = {} if shape is None else self.shapes[shape]["members"]
        return next((found for found in (name, f"{name[0].lower()}{name[1:]}") if found in members), None)

    def page_token(self, operation: str) -> str | None:
        """Return the member of an operation's request that has a page token; None if it is not a listing."""
        return _input_member(self, operation, "NextToken")

    def input_member(self, operation: str, name: str) -> str | None:
        """Return a member of an operation's request by its name in PascalCase; None if it does not have it."""
        return _input_member(self, operation, name)

    def error_status(self, error: EmulatedServiceError) -> int:
        """Return the HTTP status of an error."""
        shape = self.shapes.get(error.shape, {})
        default = 500 if shape.get("fault") else 400
        status: int = error.status or shape.get("error", {}).get("httpStatusCode", default)
        return status

    def error_body(self, error: EmulatedServiceError) -> dict[str, Any]:
        """Return the value of the body of an error: of its facts, those that the model gives it."""
        # The protocol wants the absolute identifier of a shape, and AWS publishes no namespace of these services.
        namespace = f"com.amazonaws.{self.name.replace('-', '')}#" if self.is_cbor else ""
        return {"__type": f"{namespace}{error.shape}", **self._error_members(error)}

    def _error_members(self, error: EmulatedServiceError) -> dict[str, Any]:
        shape = self.shapes.get(error.shape, {})
        if not shape.get("exception"):
            style = "message" if "message" in self.shapes["ValidationException"]["members"] else "Message"
            return {style: error.message}
        given = {"Message": error.message, "Reason": error.reason, **error.details}
        members = {}
        for name, member in shape["members"].items():
            described = self.shapes[member["shape"]]
            if described["type"] == "list":
                value: object = self._problems(described["member"]["shape"], error)
            else:
                value = _known(described, given.get(f"{name[0].upper()}{name[1:]}"))
                if value is None and name in shape.get("required", ()):
                    value = described.get("enum", ["unknown"])[0]
            if value:
                members[name] = value
        return members

    def _problems(self, item: str, error: EmulatedServiceError) -> list[dict[str, Any]]:
        """Return the problems of a request, in the form that the service lists them."""
        fields = [
            {"Name": each.name, "FieldName": each.name, "Message": each.message, "Code": each.code}
            for each in error.problems
        ]
        rules = [{"Message": message, "Code": code} for code, message in error.rules.items()]
        members = self.shapes[item]["members"]
        if not self.shapes[item].get("union"):
            return [self._problem(item, each) for each in (*fields, *rules)]
        kinds = (("FieldValidationError", fields), ("BusinessValidationError", rules))
        return [{kind: self._problem(members[kind]["shape"], each)} for kind, listed in kinds for each in listed]

    def _problem(self, item: str, facts: Mapping[str, str]) -> dict[str, Any]:
        members = {}
        for name, member in self.shapes[item]["members"].items():
            value = _known(self.shapes[member["shape"]], facts.get(f"{name[0].upper()}{name[1:]}"))
            if value is not None:
                members[name] = value
        return members


@lru_cache(maxsize=_CACHED_BODIES)
def _as_cbor(service: Service, shape: str | None, response: bytes) -> bytes:
    """Return a response as CBOR; converting a page takes ten times as long as finding its items in the cache."""
    value = msgspec.json.decode(response)
    return cbor.encode(value if shape is None else cbor.as_wire(service.shapes, shape, value))


@cache
def _input_member(service: Service, operation: str, name: str) -> str | None:
    described = service.validator.operations.get(operation, {})
    return service.member(described.get("input", {}).get("shape"), name)


def _known(shape: Mapping[str, Any], value: str | None) -> str | None:
    """Return a value of an enum, or what the service calls it; None if the enum does not have it."""
    if value is None or "enum" not in shape:
        return value
    candidates = (value, *_ALTERNATIVES.get(value, ()))
    fallback = "INVALID_VALUE" if "INVALID_VALUE" in shape["enum"] else None
    return next((each for each in candidates if each in shape["enum"]), fallback)


ACCOUNT: Final = Service("partnercentral-account", "2025-04-04")
SELLING: Final = Service("partnercentral-selling", "2022-07-26")
BENEFITS: Final = Service("partnercentral-benefits", "2018-05-10")
CHANNEL: Final = Service("partnercentral-channel", "2024-03-18")
MARKETING: Final = Service("partnercentral-marketing", "2026-05-31")
REVENUE: Final = Service("partnercentral-revenue-measurement", "2022-07-26")

SERVICES: Final[Mapping[str, Service]] = {
    service.name: service for service in (ACCOUNT, SELLING, BENEFITS, CHANNEL, MARKETING, REVENUE)
}
"""The services by name."""


@cache
def services_by_target() -> Mapping[tuple[bool, str], Service]:
    """Return the services by protocol, whether it is CBOR, and by the name that requests have in target or path."""
    return {(service.is_cbor, service.validator.target_prefix): service for service in SERVICES.values()}


def service_of_host(host: str) -> Service | None:
    """Return the service whose real endpoint, in some region, has a host name; None for any other name."""
    found = _REAL_HOST.fullmatch(host)
    if found is None:
        return None
    prefixes = {each.validator.model["metadata"]["endpointPrefix"]: each for each in SERVICES.values()}
    return prefixes.get(found["prefix"])
