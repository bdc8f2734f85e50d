"""The first page by boto3."""

import sys
from typing import Any

import boto3
from botocore.config import Config


def main(url: str, catalog: str) -> None:
    """Get one page."""
    client: Any = boto3.client(
        "partnercentral-account",
        region_name="us-east-1",
        endpoint_url=url,
        config=Config(retries={"mode": "standard"}),
    )
    page = client.list_connections(Catalog=catalog, MaxResults=100)
    if len(page["ConnectionSummaries"]) != 100:  # noqa: PLR2004 - what was asked for
        sys.exit("not a whole page")


main(*sys.argv[1:])
