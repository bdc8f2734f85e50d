"""`demo`: collects two catalogs of a local Partner Central, and shows them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from aiopartnercentral import account
from aiopartnercentral._utils.text import clean
from aiopartnercentral.bulk import Collection, Limits, Source
from aiopartnercentral.cli.item_table import moment, tag
from aiopartnercentral.cli.progress import Progress, with_progress
from aiopartnercentral.cli.table import Column, Item, Part, encoded, named, render, report_text
from aiopartnercentral.cli.terminal import can_redraw, is_styled, say, width_of
from aiopartnercentral.cli.writer import STDOUT, Target, write_once
from aiopartnercentral.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["forget_environment", "show"]

_CATALOGS: Final[Mapping[str, int]] = {"AWS": 400, "Sandbox": 150}
_PAGE_SIZE = 50
_SAMPLE = 10
_RATE = 100.0  # requests per second: effectively unlimited
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
    """Remove all AWS settings from the environment of this process, and bypass proxies: the demo must run anywhere."""
    for name in list(os.environ):
        if name.upper().startswith("AWS_"):
            del os.environ[name]
    # Not a regular file, so botocore finds no config file, whatever the home directory contains.
    os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull, no_proxy="*")


async def show(latency: float) -> int:
    """Collect and print, and return the exit code; a cancellation closes the emulator.

    Arguments:
        latency: seconds to delay each response, so that progress can be seen.

    Raises:
        CommandError: stdout cannot be written.
    """
    samples: dict[str, list[account.ConnectionSummary]] = {catalog: [] for catalog in _CATALOGS}
    progress = Progress()

    async def collect() -> None:
        async with collection as stream:
            async for origin, connection in stream:
                if len(samples[origin.catalog]) < _SAMPLE:
                    samples[origin.catalog].append(connection)

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
            collection = Collection(
                account.listings.list_connections(page_size=_PAGE_SIZE),
                [Source(catalog, client=client, label=catalog) for catalog in _CATALOGS],
                limits=Limits(rate=_RATE),
                observer=progress.observe,
            )
            await with_progress(collect, progress, lambda origin: origin.label, live=can_redraw())
        width, styled = width_of(sys.stdout), is_styled(sys.stdout)
        rows = [_rows(one) for sample in samples.values() for one in sample]
        table = render(_COLUMNS, rows, width=width, styled=styled)
        note = f"(the first {_SAMPLE} connections of each)"
        report = progress.report
        shown = report_text(named(report, lambda origin: origin.label), width=width, styled=styled)
        text = f"{table}{note}\n\n{shown}"
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
    """Return the kind and the name of the participant."""
    match participant:
        case account.ParticipantPartnerProfile(profile):
            return "partner profile", clean(profile.name)
        case account.ParticipantSellerProfile(seller):
            return "seller profile", clean(seller.name)
        case account.ParticipantAccount(owner):
            return "account", clean(owner.name)
        case account.ParticipantUnknown():
            return tag(participant), ""
