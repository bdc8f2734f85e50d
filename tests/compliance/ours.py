"""Drives the generated client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.errors import DecodeError, EncodeError, ServiceError
from tests.compliance import comparing, values
from tests.compliance.suites import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from codegen import ir
    from tests.compliance.models import Mini
    from tests.compliance.server import Server
    from tests.compliance.suites import Case


@attrs.frozen
class Ours:
    """The generated client of one small service.

    Attributes:
        mini: the service.
        client: its client.
        server: what the client calls.
    """

    mini: Mini
    client: Any
    server: Server

    async def problems(self, case: Case) -> list[str]:
        """Make the call of a case and return what is not as expected.

        Raises:
            DecodeError: the answer was refused, and the case does not want that.
            EncodeError: the request was refused, and the case does not want that.
            Exception: whatever else went wrong.
        """
        told, operation = case.told, self.mini.operation(case)
        given = values.params(self.mini.operation_model(case).input_shape, told.get("params", {}))
        request = self.mini.package.botocore_converter.structure(given, operation.input)
        try:
            response = await self.client.call_operation(operation, request)
        except DecodeError as error:
            return list(_refusal_problems(error, told, "decodeError"))
        except EncodeError as error:
            return list(_refusal_problems(error, told, "encodeError"))
        except ServiceError as error:
            return list(self._error_problems(case, error))
        if case.kind is Kind.INPUT:
            return list(self._request_problems(case, request))
        if case.kind is Kind.ERROR:
            return ["no error was raised"]
        return list(self._response_problems(case, operation, response))

    def _request_problems(self, case: Case, request: object) -> Iterator[str]:
        if "encodeError" in case.told:
            yield "the request was not rejected"
            return
        model, expected = self.mini.operation_model(case), case.told["serialized"]
        yield from comparing.problems(self.server.received[-1], expected, model)
        if self._is_json_body(case) and expected.get("body"):
            made = json.loads(self.mini.package.json_converter.dumps(request))
            wanted = self._without_tokens(case, request, json.loads(expected["body"]))
            if made != wanted:
                yield f"json_converter: expected {wanted!r}, got {made!r}"

    def _response_problems(self, case: Case, operation: Any, response: Any) -> Iterator[str]:
        told, form = case.told, self._form(response)
        if "result" not in told:
            yield "the response was not rejected"
            return
        yield from _form_problems("response", form, told, "typedResult", "result")
        if operation.all_in_body and self.mini.service.protocol.is_json:
            yield from self._json_problems(told, response)
        paths = list(values.unknown(response))
        if paths != (wanted := told.get("unknown", paths)):
            yield f"unknown: expected {wanted!r}, got {paths!r}"

    def _json_problems(self, told: Mapping[str, Any], response: Any) -> Iterator[str]:
        """Yield what is wrong with what the JSON converter makes of the body, and of the object that came of it."""
        converter, form = self.mini.package.json_converter, self._form(response)
        loaded = self._form(converter.loads(self.server.reply.body or b"{}", type(response)))
        if loaded != form:
            yield f"json_converter: expected {form!r}, got {loaded!r}"
        text = converter.dumps(response)
        if (again := self._form(converter.loads(text, type(response)))) != form:
            yield f"json_converter, there and back: expected {form!r}, got {again!r}"
        if (made := json.loads(text)) != (wanted := told.get("json", made)):
            yield f"json: expected {wanted!r}, got {made!r}"

    def _error_problems(self, case: Case, error: ServiceError) -> Iterator[str]:
        told = case.told
        if case.kind is not Kind.ERROR:
            yield f"{type(error).__name__} was raised: {error}"
            return
        shape = self._error_shape(case)
        cls = ServiceError if shape is None else self.mini.cls(shape.name)
        if type(error) is not cls:
            yield f"class: expected {cls.__name__}, got {type(error).__name__}"
        if error.code != told.get("errorCode", ""):
            yield f"code: expected {told.get('errorCode', '')}, got {error.code}"
        message = error.response.get("Error", {}).get("Message", "")
        if message != told.get("errorMessage", ""):
            yield f"message: expected {told.get('errorMessage', '')!r}, got {message!r}"
        members = {} if shape is None or type(error) is not cls else self._members(shape, error)
        yield from _form_problems("members", members, told, "typedError", "error")
        found = [problem.path for problem in error.problems]
        if found != (wanted := told.get("problems", [])):
            yield f"problems: expected {wanted!r}, got {found!r}"

    def _error_shape(self, case: Case) -> ir.Structure | None:
        """Return the error that is expected: the one named, or the operation's of that code, or None."""
        told, service = case.told, self.mini.service
        if "errorClass" in told:
            return None if told["errorClass"] is None else service.structure(told["errorClass"])
        own = [service.structure(each["shape"]) for each in case.given.get("errors", ())]
        code = told.get("errorCode")
        candidates = [error for error in (*own, *service.errors()) if error.fault is not None]
        return next((error for error in candidates if code in (error.fault.code, error.name)), None)

    def _members(self, shape: ir.Structure, error: ServiceError) -> dict[str, Any]:
        found = {member.name: getattr(error, self.mini.field(shape.name, member.name)) for member in shape.members}
        return {name: self._form(value) for name, value in found.items() if value is not None}

    def _form(self, value: Any) -> Any:
        """Return what botocore's dicts would hold, as the files spell it."""
        return values.spelled(self.mini.package.botocore_converter.unstructure(value))

    def _is_json_body(self, case: Case) -> bool:
        """Tell whether the request is JSON in which all members are."""
        shape, model = self._input(case), self.mini.operation_model(case).input_shape
        has_payload = model is not None and "payload" in model.serialization
        in_body = not has_payload and all(member.location is None for member in shape.members)
        return self.mini.service.protocol.is_json and in_body

    def _without_tokens(self, case: Case, request: object, body: dict[str, Any]) -> dict[str, Any]:
        """Return a body without the idempotency tokens that botocore generates: an object does not have them."""
        shape = self._input(case)
        tokens = [member for member in shape.members if member.idempotency_token]
        generated = {
            member.wire_name for member in tokens if getattr(request, self.mini.field(shape.name, member.name)) is None
        }
        return {key: value for key, value in body.items() if key not in generated}

    def _input(self, case: Case) -> ir.Structure:
        service = self.mini.service
        operation = next(each for each in service.operations if each.name == case.operation)
        return service.structure(operation.input)


def _form_problems(what: str, form: object, told: Mapping[str, Any], typed: str, plain: str) -> Iterator[str]:
    """Yield what is wrong with the members of an answer, by what a case says of them in botocore's dicts.

    These have no payload of unknown union members, so that it counts only where the case says it of a typed client.
    """
    found, expected = (form, told[typed]) if typed in told else (values.without_payloads(form), told[plain])
    if found != expected:
        yield f"{what}: expected {expected!r}, got {found!r}"


def _refusal_problems(error: DecodeError | EncodeError, told: Mapping[str, Any], key: str) -> Iterator[str]:
    """Yield what is wrong with a refusal that a case wants; raise one that it does not want."""
    if key not in told:
        raise error
    expected = told[key]
    if error.path != expected["path"]:
        yield f"path: expected {expected['path']}, got {error.path}"
    if expected.get("reason", "") not in error.reason:
        yield f"reason: expected {expected['reason']}, got {error.reason}"
