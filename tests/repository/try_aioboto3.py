"""Run by itself, where aioboto3 is installed, whose botocore lacks services. Not collected by pytest."""

from __future__ import annotations

import aioboto3
import aiobotocore
import anyio

from aiopartnercentral import account, add_models, benefits, channel, marketing, revenue, selling
from aiopartnercentral.emulator import Emulator

LISTINGS = {
    account: "list_connections",
    benefits: "list_benefits",
    channel: "list_relationships",
    marketing: "list_campaigns",
    revenue: "list_revenue_attributions",
    selling: "list_opportunities",
}


async def main() -> None:
    session = aioboto3.Session("AKIDEXAMPLE", "not-a-secret", region_name="us-east-1")
    services = {each.Client.service.name: each for each in (account, benefits, channel, marketing, revenue, selling)}
    lacking = services.keys() - set(session.get_available_services())
    assert services.keys() - lacking == {"partnercentral-selling"}, "docs/comparison.md says what its botocore knows"
    add_models(session)
    assert services.keys() <= set(session.get_available_services())
    async with Emulator({"AWS": 30}) as emulator:
        for name, package in services.items():
            async with session.client(name, endpoint_url=emulator.endpoint_url) as client:
                ours = package.wrap(client)
                assert ours.service.name == name
                listing = getattr(ours.paginate, LISTINGS[package])
                assert await listing(catalog="AWS").collect(), name
    versions = f"aioboto3 {aioboto3.__version__} with aiobotocore {aiobotocore.__version__}"
    print(f"{versions}: {len(services)} services, {len(lacking)} of them new to it")  # noqa: T201 - a script


anyio.run(main)
