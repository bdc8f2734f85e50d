"""Calls operations as one account, over raw HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from tests.emulator.conformance import assert_answer_conforms
from tests.emulator.raw_requests import headers

if TYPE_CHECKING:
    import httpx2


@attrs.frozen
class Caller:
    """One account, as `await caller(operation, member=...)`; every answer is held against the model."""

    account: str
    url: str
    http: httpx2.AsyncClient

    async def send(self, operation: str, request: dict[str, Any]) -> tuple[int, Any]:
        response = await self.http.post(self.url, headers=headers(operation, self.account), json=request)
        body = response.json()
        assert_answer_conforms(operation, response.status_code, body)
        return response.status_code, body

    async def __call__(self, operation: str, /, **request: Any) -> Any:
        status, body = await self.send(operation, request)
        assert status == 200, body
        return body

    async def refused(self, operation: str, /, **request: Any) -> Any:
        """Return why: a reason, or of a ValidationException the names or codes of what is wrong."""
        status, body = await self.send(operation, request)
        assert status == 400, body
        details = body.get("ErrorDetails")
        if details is None:
            return body["Reason"]
        fields = [detail.get("FieldValidationError", detail.get("BusinessValidationError")) for detail in details]
        return {(field["Name"], field["Code"]) if "Name" in field else field["Code"] for field in fields}
