"""One client's way to the service and back: encodes a request, sends it, decodes the answer or the error."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from aiopartnercentral._serialization import jsontext
from aiopartnercentral._serialization.conversion_errors import hook_failed
from aiopartnercentral.errors import DecodeError, EncodeError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral._serialization.codec import Codec
    from aiopartnercentral._transport import Answer, ErrorAnswerError, Pause, Transport
    from aiopartnercentral.types import JsonValue, Operation, Pagination, Service

__all__ = ["Exchange"]

ResponseT = TypeVar("ResponseT")
ConversionT = TypeVar("ConversionT", DecodeError, EncodeError)


class Exchange:
    """Encodes, sends and decodes for one client."""

    def __init__(self, service: Service, transport: Transport, codec: Codec) -> None:
        """Send by the transport and convert by the codec."""
        self._service = service
        self._transport = transport
        self._codec = codec

    @property
    def endpoint_url(self) -> str:
        """Where calls go, as far as the configuration tells."""
        return self._transport.endpoint_url

    async def params(self, operation: Operation[Any, Any], request: object) -> Mapping[str, JsonValue]:
        """Encode a request into botocore's parameters.

        Raises:
            EncodeError: the request is not what the service model says.
        """
        try:
            params: Mapping[str, JsonValue] = await self._codec.encode(request, operation.input)
        except EncodeError as error:
            _in_call(error, operation)
            raise
        except Exception as error:
            raise _in_call(hook_failed(error, EncodeError), operation) from error
        return params

    async def answer(self, operation: Operation[Any, Any], request: object, pause: Pause | None = None) -> Answer:
        """Send a request and return the answer before it is decoded; raises what `call` does.

        A `DecodeError` is raised here only about an answer that botocore takes apart.
        """
        from aiopartnercentral._transport import ErrorAnswerError  # noqa: PLC0415 - loads botocore, at the first call

        params = await self.params(operation, request)
        try:
            return await self._transport.send(operation, params, pause)
        except ErrorAnswerError as answer:
            failure = await self._service_error(operation, answer)
        if failure.request_id:
            failure.add_note(f"request id {failure.request_id}")
        raise failure

    async def decoded(self, operation: Operation[Any, ResponseT], answer: Answer) -> ResponseT:
        """Decode an answer.

        Raises:
            DecodeError: it is not what the service model says.
        """
        cls = operation.output
        try:
            if answer.body is None:
                response: ResponseT = await self._codec.structure(answer.parsed, cls)
            else:
                response = await self._codec.decode(answer.body or b"{}", cls)
        except DecodeError as error:
            _in_call(error, operation, answer)
            raise
        except Exception as error:
            raise _in_call(hook_failed(error, DecodeError), operation, answer) from error
        if type(response) is cls:  # a hook of the user's may have made something else of it
            # The object is frozen, but nobody has seen it yet: its making ends here.
            object.__setattr__(response, "response_metadata", answer.metadata)
        return response

    async def encoded(self, response: object) -> bytes:
        """Return the JSON of a response."""
        return (await self._codec.json()).dumps(response)

    async def split(
        self, pagination: Pagination[Any, Any, Any], answer: Answer, body: bytes
    ) -> tuple[list[bytes], str | None]:
        """Return the items of a page, each as its own JSON, and the next page's token.

        Raises:
            DecodeError: the body is no page.
        """
        split = partial(
            jsontext.split_page,
            result_key=pagination.result_key,
            token_key=pagination.output_token,
            more_key=pagination.more_results,
            may_lack_items=pagination.may_lack_items,
        )
        try:
            return await self._codec.off_the_event_loop(split, body)
        except DecodeError as error:
            _in_call(error, pagination.operation, answer)
            raise

    async def _service_error(self, operation: Operation[Any, Any], answer: ErrorAnswerError) -> ServiceError:
        """Return the typed error for botocore's; a member that cannot be decoded does not hide the error."""
        response, name = answer.error.response, operation.name
        code = str(response.get("Error", {}).get("Code", ""))
        cls = operation.own_codes.get(code) or self._service.errors.get(code)
        if cls is None:
            return ServiceError(response, name)
        decoder = await self._codec.error_decoder(cls, of_json=answer.body is not None)
        try:
            members = response if answer.body is None else jsontext.loads(answer.body)
        except DecodeError:
            members = {}
        error = decoder.tolerantly(members, response, name)
        for problem in error.problems:
            problem.operation, problem.request_id = name, error.request_id
        return error


def _in_call(error: ConversionT, operation: Operation[Any, Any], answer: Answer | None = None) -> ConversionT:
    """Say in an error which call it happened in."""
    error.operation = operation.name
    error.request_id = answer.metadata.request_id if answer is not None else None
    return error
