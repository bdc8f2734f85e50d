"""The emulator as a process of its own."""

from __future__ import annotations

import os
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import anyio
import typer

from aiopartnercentral.cli.running import CommandError
from aiopartnercentral.cli.text import one_line
from aiopartnercentral.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["prepare", "serve"]


def prepare(catalogs: Sequence[str], **options: Any) -> Emulator:  # noqa: ANN401 - what Emulator takes
    """Return an emulator that does not run yet.

    Arguments:
        catalogs: `NAME=COUNT` each; none for the emulator's own choice.
        options: further arguments of `Emulator`.

    Raises:
        typer.BadParameter: an option has an impossible value.
    """
    sizes: dict[str, int] = {}
    for entry in catalogs:
        name, equals, count = entry.partition("=")
        if not (name and equals and count.isascii() and count.isdigit()):
            raise typer.BadParameter(f"{entry!a} is no NAME=COUNT, such as AWS=1000", param_hint="'--catalog'")
        if name in sizes:
            raise typer.BadParameter(f"{name} is named twice", param_hint="'--catalog'")
        sizes[name] = int(count)
    try:
        return Emulator(sizes or None, **options)
    except ValueError as error:
        raise typer.BadParameter(one_line(str(error))) from None


async def serve(emulator: Emulator, host: str, port: int) -> int:
    """Run the emulator until cancelled, which sends what is held back and closes every socket.

    Raises:
        CommandError: it cannot listen at the address.
    """
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(emulator)
        except (OSError, UnicodeError) as error:
            place = f"{one_line(host)} port {port}"
            raise CommandError(
                f"cannot listen on {place}: {_reason(error)}: choose another --port or --host"
            ) from error
        _announce(emulator.endpoint_url)
        await anyio.sleep_forever()
    return 0


def _reason(error: OSError | UnicodeError) -> str:
    # asyncio puts a sentence of its own, address included, where the system's reason is expected.
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return "it is no address of this machine"


def _announce(url: str) -> None:
    """Say that it is ready; that nobody listens to this keeps nobody from using it."""
    try:
        if sys.stdout is not None:
            os.write(sys.stdout.fileno(), f"listening on {url}\n".encode())
    except OSError:
        return
