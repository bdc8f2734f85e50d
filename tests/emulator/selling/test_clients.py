"""boto3 sends every operation, and this library's client lists over two catalogs."""

from __future__ import annotations

from random import Random

import anyio.to_thread
import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from aiopartnercentral import Emulator, selling
from aiopartnercentral.emulator import Clock
from aiopartnercentral.emulator.operations.registry import HANDLERS
from aiopartnercentral.emulator.services import SELLING
from tests.emulator.conformance import botocore_session
from tests.emulator.model_values import ModelValues
from tests.emulator.selling.requests import opportunity, token

pytestmark = pytest.mark.anyio
ACCOUNT = {"aws_access_key_id": "123456789012", "aws_secret_access_key": "any"}


def boto3_client(url):
    session = boto3.session.Session(region_name="us-east-1", botocore_session=botocore_session(), **ACCOUNT)
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
    return session.client(SELLING.name, endpoint_url=url, config=config)


async def test_boto3_calls_every_operation():
    """A minimal valid request of each: whatever comes is an answer of the model."""

    def call_each(url):
        client, answered = boto3_client(url), {}
        for operation in HANDLERS[SELLING.name]:
            request = ModelValues(SELLING, Random(operation)).request(operation)
            try:
                client._make_api_call(operation, request)
            except ClientError as error:
                answered[operation] = error.response["Error"]["Code"]
        client.close()
        return answered

    async with Emulator({"AWS": 3, "Sandbox": 0}) as emulator:
        errors = await anyio.to_thread.run_sync(call_each, emulator.endpoint_url)
        assert {request.operation for request in emulator.requests} == set(HANDLERS[SELLING.name])
    assert set(errors.values()) <= {"ResourceNotFoundException", "ValidationException"}


async def test_boto3_creates_submits_and_pages():
    def work(url):
        client = boto3_client(url)
        made = client.create_opportunity(ClientToken=token(), **opportunity())
        client.submit_opportunity(Catalog="AWS", Identifier=made["Id"], InvolvementType="Co-Sell")
        status = client.get_opportunity(Catalog="AWS", Identifier=made["Id"])["LifeCycle"]["ReviewStatus"]
        pages = client.get_paginator("list_opportunities").paginate(Catalog="AWS", PaginationConfig={"PageSize": 7})
        found = [item["Id"] for page in pages for item in page["OpportunitySummaries"]]
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.get_opportunity(Catalog="AWS", Identifier="O0")
        client.close()
        return made["Id"], status, found

    async with Emulator({"AWS": 30}, clock=Clock(running=False)) as emulator:
        made, status, found = await anyio.to_thread.run_sync(work, emulator.endpoint_url)
    assert status == "Submitted"
    assert (len(set(found)), found[-1]) == (31, made)


async def test_the_librarys_client_lists_two_catalogs():
    async with (
        Emulator({"AWS": 250, "Sandbox": 40}) as emulator,
        selling.connect(endpoint_url=emulator.endpoint_url, **ACCOUNT) as client,
    ):
        found = {"AWS": set(), "Sandbox": set()}
        async with client.paginate.list_opportunities(catalogs=["AWS", "Sandbox"]) as stream:
            async for catalog, item in stream:
                assert item.catalog == catalog
                found[catalog].add(item.id)
        assert {name: len(ids) for name, ids in found.items()} == {"AWS": 250, "Sandbox": 40}
        engagement = (await client.list_engagements(catalog="AWS")).engagement_summary_list[0]
        told = await client.get_engagement(catalog="AWS", identifier=engagement.id)
        assert told.created_by == "123456789012"
        invitations = client.paginate.list_engagement_invitations(catalog="AWS", participant_type="RECEIVER")
        assert len([each async for each in invitations]) > 20
        solution = (await client.list_solutions(catalog="AWS", max_results=1)).solution_summaries[0]
        assert solution.status == "Active"
        opportunity_id = next(iter(found["AWS"]))
        with pytest.raises(selling.errors.ResourceNotFoundException):
            await client.get_opportunity(catalog="Sandbox", identifier=opportunity_id)
