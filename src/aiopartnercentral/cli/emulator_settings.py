"""`emulator-set`: changes a running emulator over HTTP."""

from __future__ import annotations

import json
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp

from aiopartnercentral._utils.text import clean, one_line
from aiopartnercentral.cli.runner import FAILED, USAGE, CommandError, UsageError
from aiopartnercentral.cli.writer import STDOUT, Target, write_once
from aiopartnercentral.emulator import read_faults
from aiopartnercentral.emulator.faults.config_file import table_of
from aiopartnercentral.emulator.scenario import read_tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["change"]

_SECONDS = 30.0
_MOST_DIGITS = 15


async def change(
    url: str,
    *,
    scenario: str | None,
    faults: Path | None,
    quotas: Sequence[str],
    requests_per_second: float | None,
    advance: float | None,
    freeze_time: bool | None,
    codes: Sequence[str],
    reset: bool,
) -> int:
    """Change an emulator, print its situation, and return the exit code.

    All changes after the reset are made, or none.

    Arguments:
        url: its address.
        scenario: the name or path of a scenario; None for none.
        faults: a TOML file of faults; None to keep the present ones.
        quotas: `NAME=NUMBER` each.
        requests_per_second: the rate limit, 0 for none; None to keep the present one.
        advance: seconds to move its clock; None for none.
        freeze_time: whether its clock stands still; None to keep it as it is.
        codes: `EMAIL=CODE` each.
        reset: whether to restore first what it was started with.

    Raises:
        CommandError: an argument is wrong, the emulator cannot be reached, or it refuses a change.
    """
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise UsageError("URL must be the address of an emulator, such as http://127.0.0.1:8080")
    try:
        changes = {} if scenario is None else read_tables(scenario)[1]
        if faults is not None:
            changes["fault"] = [table_of(fault) for fault in read_faults(faults)]
        if numbers := {name: int(number) for name, number in map(partial(_pair, "--quota NAME=NUMBER"), quotas)}:
            changes["quotas"] = _table(changes, "quotas") | numbers
        if codes:
            pairs = map(partial(_pair, "--code EMAIL=CODE"), codes)
            changes["code"] = [{"email": email, "code": code} for email, code in pairs]
        if freeze_time is not None:
            changes["clock"] = _table(changes, "clock") | {"running": not freeze_time}
        if advance is not None:
            changes["clock"] = _table(changes, "clock") | {"advance_seconds": advance}
    except ValueError as error:
        raise UsageError(one_line(str(error))) from None
    if requests_per_second is not None:
        changes["requests_per_second"] = requests_per_second or None
    with await Target.open(STDOUT) as target:
        address = url.rstrip("/")
        if reset:
            await _sent(address, "reset", {"Everything": True})
        text = json.dumps(await _sent(address, "scenario", changes), indent=2)
        await write_once(target, f"{text}\n".encode())
    return 0


def _pair(option: str, entry: str) -> tuple[str, str]:
    """Return the two parts of the value of an option such as `--quota NAME=NUMBER`, or raise ValueError."""
    name, _, number = entry.rpartition("=")
    if not (name and number.isascii() and number.isdecimal() and len(number) <= _MOST_DIGITS):
        name, _, form = option.partition(" ")
        raise ValueError(f"{name} must be {form}, with at most {_MOST_DIGITS} digits")
    return name, number


def _table(changes: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a table of a scenario, empty if it is absent, or raise ValueError."""
    table = changes.get(name, {})
    if not isinstance(table, dict):
        raise ValueError(f"{name} must be a table")  # noqa: TRY004 - of a file
    return table


async def _sent(url: str, path: str, changes: dict[str, Any]) -> object:
    """Send changes to an emulator, all in one request, or ask it if there are none, and return the response."""
    body = json.dumps(changes, default=str) if changes else None
    # It is asked without the settings of the environment for proxies, and another host is not followed.
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as session:
        try:
            async with session.request(
                "GET" if body is None else "POST",
                f"{url}/_emulator/{path}",
                data=body,
                headers={"Content-Type": "application/json"},
                allow_redirects=False,
            ) as response:
                return await _check(response)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CommandError(f"cannot reach an emulator at {clean(url)}: {type(error).__name__}") from None


async def _check(response: aiohttp.ClientResponse) -> object:
    """Return the value of a response.

    Raises:
        CommandError: it is not that of an emulator, or is an error.
    """
    try:
        body = json.loads(await response.read())
    except ValueError:
        body = None
    if response.status == HTTPStatus.OK and isinstance(body, dict):
        return body
    reason = body.get("Message", body.get("message")) if isinstance(body, dict) else None
    if not isinstance(reason, str) or response.status == HTTPStatus.NOT_FOUND:
        raise CommandError(f"{clean(str(response.url))} is not an emulator: status {response.status}")
    # Otherwise, the emulator cannot write its state file, and nothing has changed.
    is_wrong = response.status == HTTPStatus.BAD_REQUEST
    raise CommandError(one_line(reason), exit_code=USAGE if is_wrong else FAILED)
