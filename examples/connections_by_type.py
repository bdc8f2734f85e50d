"""Counts the connections of two catalogs by type, and names the participants of the first ones.

    python connections_by_type.py [CATALOG ...]

The exit code is 1 if a catalog could not be collected completely.
"""

from __future__ import annotations

import sys
from collections import Counter

import anyio

from aiopartnercentral import SourcesFailedError, account


def name_of(participant: account.Participant) -> str:
    match participant:
        case account.ParticipantPartnerProfile(profile):
            return profile.name
        case account.ParticipantSellerProfile(seller):
            return seller.name
        case account.ParticipantAccount(owner):
            return owner.name
        case account.ParticipantUnknown(tag):  # AWS has added a kind of participant since this library was made
            return f"({tag})"


async def main(catalogs: list[str]) -> int:
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    async with account.connect() as client, client.paginate.list_connections(catalogs=catalogs) as connections:
        try:
            async for catalog, connection in connections:
                for kind, detail in connection.connection_types.items():
                    counts[f"{catalog} {kind}"] += 1
                    names.setdefault(f"{catalog} {kind}", name_of(detail.other_participant))
        except SourcesFailedError as error:
            print(error, file=sys.stderr)
        for key, number in sorted(counts.items()):
            print(f"{key}: {number}, such as {names[key]}")
        return 0 if connections.report.complete else 1


if __name__ == "__main__":
    sys.exit(anyio.run(main, sys.argv[1:] or ["AWS", "Sandbox"]))
