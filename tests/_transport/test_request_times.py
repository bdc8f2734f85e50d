"""Times in requests keep their fractions of a second, with every version of botocore and on each path of a request."""

from __future__ import annotations

import calendar
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import cbor2
import pytest
from botocore.exceptions import ParamValidationError
from botocore.model import ServiceModel
from botocore.serialize import Serializer, create_serializer

from aiopartnercentral import revenue
from aiopartnercentral._transport.request_times import with_exact_times
from tests.support.clients import IDENTITY, session_with_models
from tests.support.servers import Reply, ScriptedServer

if TYPE_CHECKING:
    from aiobotocore.session import AioSession

CBOR = "smithy-rpc-v2-cbor"
TIMES = [
    datetime(2026, 7, 1, 12, 30, 15, 250_001, UTC),
    datetime(2026, 7, 1, 12, 30, 15, 999_999, timezone(timedelta(hours=-7))),
    datetime(2026, 7, 1, 12, 30, 15, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 500_000, UTC),
    datetime(1900, 1, 1, tzinfo=UTC),
]


@pytest.fixture(params=["this botocore", "an older one"])
def botocore_of_any_age(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore write whole seconds, as older versions do."""
    if request.param == "an older one":
        monkeypatch.setattr(
            Serializer, "_timestamp_unixtimestamp", lambda _, moment: calendar.timegm(moment.timetuple())
        )


def written(protocol: str, when: Any, *, validates: bool = True) -> Any:
    """Return what a request has for a time."""
    model = {
        "metadata": {"protocol": protocol, "serviceId": "Any", "targetPrefix": "Any", "jsonVersion": "1.0"},
        "operations": {"Send": {"name": "Send", "http": {"method": "POST"}, "input": {"shape": "Input"}}},
        "shapes": {
            "Input": {"type": "structure", "members": {"When": {"shape": "When"}}},
            "When": {"type": "timestamp", "timestampFormat": "unixTimestamp"},
        },
    }
    serializer = with_exact_times(create_serializer(protocol, include_validation=validates))
    request = serializer.serialize_to_request({"When": when}, ServiceModel(model, "any").operation_model("Send"))
    return (cbor2 if protocol == CBOR else json).loads(request["body"])["When"]


@pytest.mark.usefixtures("botocore_of_any_age")
@pytest.mark.parametrize("validates", [True, False])
@pytest.mark.parametrize("when", TIMES, ids=str)
def test_a_time_is_written_exactly(when: datetime, validates: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert written("json", when, validates=validates) == when.timestamp()
    assert type(written("json", when)) is (float if when.microsecond else int)
    assert written(CBOR, when, validates=validates) == when
    assert written(CBOR, when.isoformat(), validates=validates) == when


@pytest.mark.usefixtures("botocore_of_any_age")
@pytest.mark.parametrize("protocol", ["json", CBOR])
def test_parameters_are_validated_as_before(protocol: str) -> None:
    with pytest.raises(ParamValidationError):
        written(protocol, "not a time")


@pytest.fixture(params=["direct", "botocore"])
def session(request: pytest.FixtureRequest) -> AioSession | None:
    """Return the session of a client: with one that the caller has created, botocore sends all requests."""
    return session_with_models() if request.param == "botocore" else None


@pytest.mark.anyio
@pytest.mark.usefixtures("botocore_of_any_age")
@pytest.mark.parametrize("when", TIMES, ids=str)
async def test_a_service_gets_a_time_exactly(
    server: ScriptedServer, session: AioSession | None, when: datetime
) -> None:
    server.replies(Reply(cbor2.dumps({"RevenueAttributions": []})))
    options = {**IDENTITY} if session is None else {"session": session}
    async with revenue.connect(endpoint_url=server.url, **options) as client:
        await client.list_revenue_attributions(catalog="AWS", created_after=when)
    (received,) = server.received
    assert received.body["CreatedAfter"] == when
