"""Calls operations as one account, over raw HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.emulator.services import ACCOUNT
from tests.emulator.conformance import assert_answer_conforms
from tests.emulator.raw_requests import request_of

if TYPE_CHECKING:
    import httpx2

    from aiopartnercentral.emulator.services import Service


def reason_of(body: Any) -> Any:
    """Return the reason of an error, or of a ValidationException the names or codes of what is wrong.

    Errors of some services have no reason: it is their name.
    """
    if "ErrorList" in body:
        return {(problem.get("FieldName"), problem["Code"]) for problem in body["ErrorList"]}
    for name in ("FieldList", "fieldList"):
        if name in body:
            return {(problem.get("Name", problem.get("name")), problem.get("Code", problem.get("code")))
                    for problem in body[name]}  # fmt: skip
    details = body.get("ErrorDetails")
    if details is None:
        return body.get("Reason", body["__type"].rpartition("#")[2])
    fields = [detail.get("FieldValidationError", detail.get("BusinessValidationError")) for detail in details]
    return {(field["Name"], field["Code"]) if "Name" in field else field["Code"] for field in fields}


@attrs.frozen
class Caller:
    """One account, as `await caller(operation, member=...)`; every answer is held against the model."""

    account: str
    url: str
    http: httpx2.AsyncClient
    service: Service = ACCOUNT

    async def send(self, operation: str, request: dict[str, Any]) -> tuple[int, Any]:
        sent = request_of(self.service, operation, self.account, request)
        response = await self.http.post(self.url + sent.pop("url"), **sent)
        body = self.service.decode(response.content)
        assert_answer_conforms(operation, response.status_code, body, self.service.name)
        return response.status_code, body

    async def __call__(self, operation: str, /, **request: Any) -> Any:
        status, body = await self.send(operation, request)
        assert status == 200, body
        return body

    async def refused(self, operation: str, /, **request: Any) -> Any:
        """Return why; see `reason_of`."""
        status, body = await self.send(operation, request)
        assert 400 <= status < 500, body
        return reason_of(body)
