"""A wrong clock of this machine is corrected by the service's, once for a call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import botocore.auth
import pytest
from aiobotocore.config import AioConfig

from aiopartnercentral import ServiceError, account
from aiopartnercentral.bulk import Collection, Limits, Source
from aiopartnercentral.emulator import Credential, Emulator
from tests.support.clients import session_with_models
from tests.support.servers import Reply

if TYPE_CHECKING:
    from tests.support.servers import ScriptedServer

pytestmark = pytest.mark.anyio

PAGE = Reply({"ConnectionSummaries": []})
KEYS: Any = {"aws_access_key_id": "AKIAADA", "aws_secret_access_key": "ada-secret"}


@pytest.fixture(params=[-3600, 3600, 86400])
def wrong_clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set this machine's clock wrong, as botocore and the library see it; the emulator sees the right one."""
    ahead, right = timedelta(seconds=request.param), botocore.auth.get_current_datetime
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *args: right(*args) + ahead)
    monkeypatch.setattr("aiopartnercentral._transport.clock_skew._now", lambda: datetime.now(UTC) + ahead)


@pytest.mark.usefixtures("wrong_clock")
async def test_calls_paginators_and_collections_get_over_a_wrong_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAADA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ada-secret")
    async with Emulator({"AWS": 30}, credentials={"AKIAADA": Credential("ada-secret", "111122223333")}) as emulator:
        async with account.connect(endpoint_url=emulator.endpoint_url) as client:
            with pytest.raises(ServiceError) as caught:
                await client.with_options(attempts=1).list_connections(catalog="AWS")
            assert (caught.value.attempts, caught.value.is_retryable) == (1, True)
        async with account.connect(endpoint_url=emulator.endpoint_url) as client:
            page = await client.list_connections(catalog="AWS")
            assert page.response_metadata.attempts == 2
            page = await client.list_connections(catalog="AWS")
            assert page.response_metadata.attempts == 1
            once = client.with_options(attempts=1)
            assert (await once.list_connections(catalog="AWS")).response_metadata.attempts == 1
            collected = await client.paginate.list_connections(catalog="AWS", page_size=10).collect()
            assert collected.report.retries == 0
        source = Source("AWS", endpoint_url=emulator.endpoint_url, label="a")
        listing = account.listings.list_connections(page_size=10)
        collected = await Collection(listing, source, limits=Limits(rate=10_000)).collect()
        assert (collected.report.complete, collected.report.retries) == (True, 1)


@pytest.mark.parametrize("code", ["RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"])
async def test_a_clock_that_cannot_be_corrected_is_tried_once(
    code: str, server: ScriptedServer, client: account.Client
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    server.replies(Reply({"__type": code}, status=403, headers={"Date": date}))
    with pytest.raises(ServiceError) as caught:
        await client.list_connections(catalog="AWS")
    assert (caught.value.code, caught.value.attempts, len(server.received)) == (code, 2, 2)
    first, second = (datetime.fromisoformat(each.headers["x-amz-date"]) for each in server.received)
    assert timedelta(hours=1, minutes=50) < second - first < timedelta(hours=2, minutes=10)


@pytest.mark.parametrize("headers", [{}, {"Date": "soon"}, {"Date": ""}, {"Date": "Fri, 31 Dec 9999 23:59:59 GMT"}])
async def test_a_wrong_secret_is_not_taken_for_a_wrong_clock(
    headers: dict[str, str], server: ScriptedServer, client: account.Client
) -> None:
    server.replies(Reply({"__type": "SignatureDoesNotMatch"}, status=403, headers=headers))
    with pytest.raises(ServiceError) as caught:
        await client.list_connections(catalog="AWS")
    assert caught.value.attempts == len(server.received) == 1


@pytest.mark.usefixtures("wrong_clock")
async def test_the_callers_other_calls_are_signed_as_before() -> None:
    config = AioConfig(retries={"mode": "standard"})
    async with (
        Emulator({"AWS": 3}, credentials={"AKIAADA": Credential("ada-secret", "111122223333")}) as emulator,
        session_with_models().create_client(
            "partnercentral-account", region_name="us-east-1", endpoint_url=emulator.endpoint_url, config=config, **KEYS
        ) as stock,
    ):
        await account.wrap(stock).list_connections(catalog="AWS")
        with pytest.raises(stock.exceptions.ClientError, match="Signature expired"):
            await stock.list_connections(Catalog="AWS")
