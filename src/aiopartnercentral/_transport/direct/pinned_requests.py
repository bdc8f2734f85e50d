"""Request templates from the pinned model, for connections that work without botocore.

They are equal to the templates that botocore's own requests would give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral._transport.call_context import CBOR
from aiopartnercentral._transport.direct.model import operation_model
from aiopartnercentral._transport.direct.request import RequestTemplate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiopartnercentral._transport.botocore_client import BotocoreClient
    from aiopartnercentral._transport.call_context import CallContext
    from aiopartnercentral._transport.direct.model import OperationModel
    from aiopartnercentral._transport.direct.request import Keys
    from aiopartnercentral._transport.http.response import HttpResponse
    from aiopartnercentral.types import JsonValue, Operation

__all__ = ["PinnedRequests"]

_ORDER = (
    *("smithy-protocol", "Accept", "X-Amz-Target", "Content-Type", "User-Agent", "X-Amzn-Trace-Id"),
    *(
        "X-Amz-Date",
        "X-Amz-Security-Token",
        "Authorization",
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "Content-Length",
    ),
)
"""The headers, in the order in which botocore sends them."""
_CBOR = "application/cbor"
_DIFFERING = ("X-Amz-Date", "Authorization", "amz-sdk-invocation-id", "Content-Length")
_UNSIGNED = frozenset({"User-Agent", "X-Amzn-Trace-Id", "Authorization", "Content-Length"})


@attrs.define(kw_only=True, eq=False, repr=False)
class PinnedRequests:
    """The requests of a service by its pinned model.

    Attributes:
        description: the JSON of the model.
        protocol: the protocol: `json` or CBOR's.
        endpoint_url: the URL of the endpoint, without a path.
        region: the region that they are signed for.
        user_agent: their user agent.
        keys: botocore's credentials.
        opened_botocore: returns botocore's client, which is opened if it is not open.
        after_call: what tells the retry quota of that client about a success, once it is open.
    """

    description: Mapping[str, Any]
    protocol: str
    endpoint_url: str
    region: str
    user_agent: str
    keys: Any
    opened_botocore: Callable[[], Awaitable[BotocoreClient]] | None = None
    after_call: list[Any] = attrs.field(factory=list)

    def operation(self, operation: Operation[Any, Any]) -> OperationModel:
        """Return what the service model says about an operation."""
        model = operation_model(self.description, operation.name, self.protocol)
        description = self.description["operations"][operation.name]
        http = description["http"]
        is_usual = (http["method"], http["requestUri"]) == ("POST", "/") and operation.all_in_body
        if not is_usual or not {"auth", "authtype", "staticContextParams"}.isdisjoint(description):
            return attrs.evolve(model, obstacle="its requests are of an unusual form")
        return model

    async def serialize(self, name: str, params: Mapping[str, JsonValue]) -> bytes:
        """Return the body of a request as botocore serializes it.

        Raises:
            botocore.exceptions.ParamValidationError: a parameter is missing or invalid.
        """
        if self.opened_botocore is None:
            raise RuntimeError("requests without botocore's client")
        return (await self.opened_botocore()).serialize(name, params)

    @property
    def credentials(self) -> Any:  # noqa: ANN401 - botocore's, without types
        """The credentials."""
        return self.keys

    def succeeded(self, response: HttpResponse) -> None:
        """Tell botocore's retry quota about a success; it is full until botocore has repeated a request."""
        for handler in self.after_call:
            handler(context={}, http_response=response)

    async def template(
        self,
        operation: Operation[Any, Any],
        params: Mapping[str, JsonValue],  # noqa: ARG002 - the same for all
        call: CallContext,  # noqa: ARG002 - as above
        keys: Keys,
        trace: str | None,
    ) -> tuple[RequestTemplate | None, bool]:
        """Return the template of requests with or without a session token and trace header, which may be kept."""
        metadata = self.description["metadata"]
        url = f"{self.endpoint_url}/"
        values: dict[str, str] = dict.fromkeys(_DIFFERING, "")
        if self.protocol == CBOR:
            url += f"service/{metadata['targetPrefix']}/operation/{operation.name}"
            values |= {"smithy-protocol": "rpc-v2-cbor", "Accept": _CBOR, "Content-Type": _CBOR}
        else:
            values["X-Amz-Target"] = f"{metadata['targetPrefix']}.{operation.name}"
            values["Content-Type"] = f"application/x-amz-json-{metadata['jsonVersion']}"
        values |= {"User-Agent": self.user_agent, "amz-sdk-request": "attempt=1"}
        if keys.token:
            values["X-Amz-Security-Token"] = ""
        if trace is not None:
            values["X-Amzn-Trace-Id"] = ""
        headers = {name: values[name] for name in _ORDER if name in values}
        signed = {name.lower() for name in headers if name not in _UNSIGNED and not name.startswith("amz-sdk-")}
        names = ";".join(sorted({*signed, "host"}))
        service = metadata.get("signingName", metadata["endpointPrefix"])
        return RequestTemplate(url, headers, self.region, service, names), True
