"""A service that once spoke the query protocol names an error twice: by its name, and by its code of that time."""

from __future__ import annotations

import json

import golden_query_compatible as package
import pytest
from botocore.exceptions import ClientError

from aiopartnercentral import ServiceError

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("name", "header", "cls", "code"),
    [
        ("Absent", "Old.Absent;Sender", package.Absent, "Old.Absent"),  # as SQS does, whose model lacks the code
        ("Absent", None, package.Absent, "Absent"),
        ("Absent", "Old.Absent", package.Absent, "Absent"),
        ("Absent", ";Sender", package.Absent, "Absent"),
        ("Renamed", "Old.Renamed;Sender", package.Renamed, "Old.Renamed"),
        ("Renamed", None, package.Renamed, "Renamed"),
        ("Renamed", "Old.Namesake;Sender", package.Namesake, "Old.Namesake"),  # botocore prefers the code
        ("Unheard", "Old.Unheard;Receiver", ServiceError, "Old.Unheard"),
        ("Unheard", "Old.Renamed;Sender", package.Renamed, "Old.Renamed"),
    ],
)
async def test_the_error_is_found_by_either(name, header, cls, code, connected):
    body = json.dumps({"__type": f"com.example#{name}", "message": "no", "Id": "7"}).encode()
    headers = {} if header is None else {"x-amzn-query-error": header}
    async with connected("query_compatible", 400, headers, body) as client:
        with pytest.raises(ServiceError) as caught:
            await client.fail(name="n")
        stock = client._api.transport.connection.botocore.client
        with pytest.raises(ClientError) as theirs:
            await stock.fail(Name="n")
    error = caught.value
    assert type(error) is cls
    assert error.code == theirs.value.response["Error"]["Code"] == code
    if cls is not ServiceError:
        assert error.message == "no"
    if cls is package.Absent:
        assert error.id == "7"
