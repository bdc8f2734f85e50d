"""Drives botocore's own stack: a stock aiobotocore client of the same model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.compliance import comparing, values
from tests.compliance.suites import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.compliance.models import Mini
    from tests.compliance.server import Server
    from tests.compliance.suites import Case


@attrs.frozen
class Theirs:
    """The stock client of one small service.

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
            Exception: whatever went wrong.
        """
        told = case.told
        given = values.params(self.mini.operation_model(case).input_shape, told.get("params", {}))
        try:
            parsed = await getattr(self.client, xform_name(case.operation))(**given)
        except ClientError as error:
            return list(_error_problems(case, error))
        except Exception:
            if "decodeError" in told or "encodeError" in told:  # it has no errors of such names
                return []
            raise
        return list(self._answer_problems(case, parsed))

    def _answer_problems(self, case: Case, parsed: Mapping[str, Any]) -> Iterator[str]:
        told = case.told
        if case.kind is Kind.ERROR:
            yield "no error was raised"
        elif "decodeError" in told:
            yield "the response was not rejected"
        elif "encodeError" in told:
            yield "the request was not rejected"
        elif case.kind is Kind.INPUT:
            model = self.mini.operation_model(case)
            yield from comparing.problems(self.server.received[-1], told["serialized"], model)
        else:
            yield from _difference(_members(parsed), told["result"])


def _error_problems(case: Case, error: ClientError) -> Iterator[str]:
    if case.kind is not Kind.ERROR:
        yield f"{type(error).__name__} was raised: {error}"
        return
    told, found = case.told, _members(error.response)
    found["Error"] = {key: found.get("Error", {}).get(key, "") for key in ("Code", "Message")}
    expected = {"Code": told.get("errorCode", ""), "Message": told.get("errorMessage", "")}
    yield from _difference(found, {"Error": expected, **told["error"]})


def _members(parsed: Mapping[str, Any]) -> dict[str, Any]:
    return {key: values.spelled(value) for key, value in parsed.items() if key != "ResponseMetadata"}


def _difference(found: object, expected: object) -> Iterator[str]:
    if found != expected:
        yield f"response: expected {expected!r}, got {found!r}"
