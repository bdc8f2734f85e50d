"""boto3's client of the service `selling`."""

from __future__ import annotations

import boto3
from botocore.config import Config

from aiopartnercentral.emulator.services import SELLING
from tests.emulator.conformance import botocore_session

ACCOUNT = {"aws_access_key_id": "123456789012", "aws_secret_access_key": "any"}


def boto3_client(url, *, parameter_validation=False):
    session = boto3.session.Session(region_name="us-east-1", botocore_session=botocore_session(), **ACCOUNT)
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=parameter_validation)
    return session.client(SELLING.name, endpoint_url=url, config=config)
