"""Unmodified clients against the emulator: boto3 and the AWS CLI."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio.to_thread
import boto3
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.emulator import two_accounts
from tests.emulator.conformance import SERVICE_MODEL
from tests.emulator.dashboard_pages import without_a_page
from tests.emulator.scenario import Scenario

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.anyio


def without_metadata(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


async def test_boto3_plays_the_scenario(frozen):
    clients: dict[str, Any] = {}

    def call(account, operation, request):
        if account not in clients:
            session = boto3.session.Session(account, "any", region_name="us-east-1")
            clients[account] = session.client("partnercentral-account", endpoint_url=frozen.endpoint_url)
        method = getattr(clients[account], xform_name(operation))
        if "ClientToken" not in SERVICE_MODEL.operation_model(operation).input_shape.members:
            return method(**request)
        # What has a token is sent twice, and done once.
        request = {"ClientToken": f"{operation}-{len(frozen.requests)}", **request}
        answer = method(**request)
        assert without_metadata(method(**request)) == without_metadata(answer)
        return answer

    def refuse(account, operation, request):
        with pytest.raises(ClientError) as caught:
            getattr(clients[account], xform_name(operation))(**request)
        assert type(caught.value) is not ClientError
        return caught.value.response["Error"]["Code"]

    try:
        await anyio.to_thread.run_sync(Scenario(frozen.endpoint_url, call, refuse).play)
    finally:
        for client in clients.values():
            client.close()
    answered = {request.operation for request in frozen.requests if request.status == 200}
    assert answered == set(SERVICE_MODEL.operation_names)
    assert await anyio.to_thread.run_sync(without_a_page, frozen) == {}


@pytest.fixture
def aws_cli(frozen, tmp_path):
    """Return a function that runs an operation in the AWS CLI, and returns exit code, stdout and stderr."""
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("AWS_")}
    environment |= {"AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    environment |= {"AWS_SECRET_ACCESS_KEY": "any", "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "-m", "tests.emulator.aws_cli"]
    pipe = subprocess.PIPE

    def run(account, operation, request, service="partnercentral-account"):
        arguments = [service, xform_name(operation, "-"), "--cli-input-json", json.dumps(request)]
        options = ["--endpoint-url", frozen.endpoint_url, "--region", "us-east-1", "--output", "json"]
        process.stdin.write(json.dumps([account, [*arguments, *options]]) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        yield run
        process.stdin.close()


needs_aws_cli = pytest.mark.skipif(
    importlib.util.find_spec("awscli") is None, reason="the AWS command line is not installed"
)


@needs_aws_cli
async def test_the_aws_cli_plays_a_scenario_of_two_accounts_and_services(frozen, aws_cli):
    def call(account, service, operation, request):
        code, out, err = aws_cli(account, operation, request, service)
        assert code == 0, err
        return json.loads(out or "{}")

    def refuse(account, service, operation, request):
        _, _, err = aws_cli(account, operation, request, service)
        return re.search(r"\((\w+)\) when calling", err).group(1)

    await anyio.to_thread.run_sync(two_accounts.play, call, refuse)
    for service, operations in two_accounts.OPERATIONS.items():
        done = {each.operation for each in frozen.requests if (each.service, each.status) == (service, 200)}
        assert done == operations


@needs_aws_cli
async def test_the_aws_cli_plays_the_scenario(frozen, aws_cli):
    def call(account, operation, request):
        code, out, err = aws_cli(account, operation, request)
        assert code == 0, err
        return json.loads(out or "{}")

    def refuse(account, operation, request):
        code, _, err = aws_cli(account, operation, request)
        assert code > 0
        return re.search(r"\((\w+)\) when calling the (\w+) operation", err).group(1)

    await anyio.to_thread.run_sync(Scenario(frozen.endpoint_url, call, refuse).play)
    answered = {request.operation for request in frozen.requests if request.status == 200}
    assert answered == set(SERVICE_MODEL.operation_names)
