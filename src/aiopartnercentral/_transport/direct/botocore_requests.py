"""Request templates from botocore, which makes an operation's first request: the template of all others."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral._transport.call_context import Parameters
from aiopartnercentral._transport.direct.eligibility import operation_obstacle, quota_handlers
from aiopartnercentral._transport.direct.handover import RequestCapturedError
from aiopartnercentral._transport.direct.model import operation_model
from aiopartnercentral._transport.direct.request import Keys, RequestTemplate, UnsupportedRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral._transport.botocore_client import BotocoreClient
    from aiopartnercentral._transport.call_context import CallContext
    from aiopartnercentral._transport.direct.model import OperationModel
    from aiopartnercentral._transport.http.response import HttpResponse
    from aiopartnercentral.types import JsonValue, Operation

__all__ = ["BotocoreRequests"]

_LOGGER = logging.getLogger("aiopartnercentral.transport")


class BotocoreRequests:
    """The requests of an eligible aiobotocore client.

    Arguments:
        botocore: the client.
    """

    def __init__(self, botocore: BotocoreClient) -> None:
        self._botocore = botocore
        self._client = client = botocore.client
        self._after_call = quota_handlers(client)

    def operation(self, operation: Operation[Any, Any]) -> OperationModel:
        """Return what the service model says about an operation."""
        description = self._client.meta.service_model._service_description  # noqa: SLF001 - nothing else has it
        model = operation_model(description, operation.name, self._botocore.protocol)
        obstacle = model.obstacle or operation_obstacle(self._client, operation)
        return attrs.evolve(model, obstacle=obstacle)

    async def serialize(self, name: str, params: Mapping[str, JsonValue]) -> bytes:
        """Return the body of a request.

        Raises:
            botocore.exceptions.ParamValidationError: a parameter is missing or invalid.
        """
        return self._botocore.serialize(name, params)

    @property
    def credentials(self) -> Any:  # noqa: ANN401 - as above
        """The client's credentials."""
        return self._client._request_signer._credentials  # noqa: SLF001 - as above

    def succeeded(self, response: HttpResponse) -> None:
        """Tell botocore's retry quota about a success."""
        for handler in self._after_call:
            handler(context={}, http_response=response)

    async def template(
        self,
        operation: Operation[Any, Any],
        params: Mapping[str, JsonValue],
        call: CallContext,
        keys: Keys,
        trace: str | None,  # noqa: ARG002 - botocore finds it itself
    ) -> tuple[RequestTemplate | None, bool]:
        """Return the template of requests like botocore's for a call, or None, and whether that may be kept.

        It may not if the credentials have changed meanwhile.
        """
        request = await self._request(operation, params, call)
        if not await self._has_still(keys, call):
            return None, False
        template, obstacle = None, None
        try:
            template = RequestTemplate.like(request, keys)
        except UnsupportedRequestError as error:
            obstacle = str(error)
        _LOGGER.debug("%s is sent %s", operation.name, "directly" if template else f"by botocore: {obstacle}")
        return template, True

    async def _has_still(self, keys: Keys, call: CallContext) -> bool:
        """Return whether these are still the keys. The call has keys, so a failure to obtain others is not its own."""
        try:
            return Keys.of(await (call.credentials or self.credentials).get_frozen_credentials()) == keys
        except Exception:  # noqa: BLE001 - as above
            return False

    async def _request(self, operation: Operation[Any, Any], params: Mapping[str, JsonValue], call: CallContext) -> Any:  # noqa: ANN401 - as above
        """Return the request that botocore would send for a call."""
        parameters = Parameters(params)
        parameters.call = attrs.evolve(call, pause=None, limits_attempts=False, is_captured=True)
        try:
            await self._client._make_api_call(operation.name, parameters)  # noqa: SLF001 - as above
        except RequestCapturedError as captured:
            return captured.request
        raise RuntimeError("botocore has not sent a request")
