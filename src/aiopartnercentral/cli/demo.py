"""Two catalogs of an embedded Partner Central, collected at once and shown."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from aiopartnercentral import account
from aiopartnercentral.cli.collect import drain
from aiopartnercentral.cli.grid import Column, Item, Part, render
from aiopartnercentral.cli.progress import can_be_live, width_of
from aiopartnercentral.cli.table import encoded, moment, report_text, tag
from aiopartnercentral.cli.text import clean, say
from aiopartnercentral.cli.writer import STDOUT, Target, write_once
from aiopartnercentral.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["forget_environment", "show"]

_CATALOGS: Final[Mapping[str, int]] = {"AWS": 400, "Sandbox": 150}
_PAGE_SIZE = 50
_SAMPLE = 10
_COLUMNS = (
    Column("catalog", 3),
    Column("id", 0),
    Column("type", 1, part=Part.KEY),
    Column("status", 2, part=Part.ENTRY),
    Column("participant", 6, part=Part.ENTRY),
    Column("name", 4, part=Part.ENTRY, prose=True),
    Column("updated", 5),
)


def forget_environment() -> None:
    """Take everything of AWS out of the environment of this process, and bypass proxies: the demo must run anywhere."""
    for name in list(os.environ):
        if name.upper().startswith("AWS_"):
            del os.environ[name]
    # A path that is no regular file counts as an absent one, whatever the home directory holds.
    os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull, no_proxy="*")


async def show(latency: float) -> int:
    """Collect and print, and return the exit code; cancelling it closes the emulator.

    Arguments:
        latency: seconds that each answer is held back, without which there would be little to see.

    Raises:
        CommandError: stdout cannot be written.
    """
    samples: dict[str, list[account.ConnectionSummary]] = {catalog: [] for catalog in _CATALOGS}

    async def sample(connection: account.ConnectionSummary) -> None:
        if len(samples[connection.catalog]) < _SAMPLE:
            samples[connection.catalog].append(connection)

    with await Target.open(STDOUT) as target:
        async with (
            Emulator(_CATALOGS, latency=latency) as emulator,
            account.connect(
                endpoint_url=emulator.endpoint_url,
                aws_access_key_id="demo",
                aws_secret_access_key="demo",  # noqa: S106 - the emulator checks none
            ) as client,
        ):
            say(f"collecting {' and '.join(_CATALOGS)} at once from {emulator.endpoint_url}")
            connections = client.paginate.list_connections(catalogs=list(_CATALOGS), page_size=_PAGE_SIZE)
            report = await drain(connections, sample, live=can_be_live())
        width = width_of(sys.stdout)
        table = render(_COLUMNS, [_rows(one) for sample in samples.values() for one in sample], width=width)
        note = f"(the first {_SAMPLE} connections of each)"
        text = f"{table}{note}\n\n{report_text(report.catalogs, elapsed=report.elapsed, width=width)}"
        await write_once(target, encoded(text, terminal=width is not None))
    return 0 if report.complete else 1


def _rows(connection: account.ConnectionSummary) -> Item:
    """Return a row for each type of the connection."""
    return [
        [
            clean(connection.catalog),
            clean(connection.id),
            clean(kind),
            clean(detail.status),
            *_participant(detail.other_participant),
            moment(connection.updated_at),
        ]
        for kind, detail in connection.connection_types.items()
    ]


def _participant(participant: account.Participant) -> tuple[str, str]:
    """Return what kind of participant it is and its name."""
    match participant:
        case account.ParticipantPartnerProfile(profile):
            return "partner profile", clean(profile.name)
        case account.ParticipantSellerProfile(seller):
            return "seller profile", clean(seller.name)
        case account.ParticipantAccount(owner):
            return "account", clean(owner.name)
        case account.ParticipantUnknown():
            return tag(participant), ""
