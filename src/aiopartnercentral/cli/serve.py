"""The emulator as a process of its own."""

from __future__ import annotations

import os
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import anyio
import attrs
import typer

from aiopartnercentral.cli.progress import is_terminal
from aiopartnercentral.cli.running import CommandError
from aiopartnercentral.cli.text import one_line, say
from aiopartnercentral.emulator import Clock, Emulator
from aiopartnercentral.emulator.server import DEFAULT_CATALOGS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Prepared", "prepare", "serve"]


@attrs.frozen(kw_only=True)
class Prepared:
    """An emulator that does not run yet.

    Attributes:
        emulator: the emulator.
        host: the address that it is to listen on.
        port: the port that it is to listen on.
        example: a catalog to try it with.
    """

    emulator: Emulator
    host: str
    port: int
    example: str


def prepare(
    catalogs: Sequence[str],
    *,
    host: str,
    port: int,
    freeze_time: bool,
    **options: Any,  # noqa: ANN401 - what Emulator takes
) -> Prepared:
    """Return an emulator that does not run yet.

    Arguments:
        catalogs: `NAME=NUMBER` each; none for the emulator's own choice.
        host: the address that it is to listen on.
        port: the port that it is to listen on.
        freeze_time: whether its time stands still.
        options: further arguments of `Emulator`.

    Raises:
        typer.BadParameter: an option has an impossible value.
    """
    sizes: dict[str, int] = {}
    for entry in catalogs:
        name, equals, count = entry.partition("=")
        if not (name and equals and count.isascii() and count.isdigit()):
            raise typer.BadParameter(f"{entry!a} is no NAME=NUMBER, such as AWS=1000", param_hint="'--catalog'")
        if name in sizes:
            raise typer.BadParameter(f"{name} is named twice", param_hint="'--catalog'")
        sizes[name] = int(count)
    try:
        emulator = Emulator(sizes or None, host=host, port=port, clock=Clock(running=not freeze_time), **options)
    except ValueError as error:
        raise typer.BadParameter(one_line(str(error))) from None
    example = min(sizes or DEFAULT_CATALOGS, key=lambda name: name in emulator.denied_catalogs)
    return Prepared(emulator=emulator, host=host, port=port, example=example)


async def serve(prepared: Prepared) -> int:
    """Run the emulator until cancelled, which sends what is held back and closes every socket.

    Raises:
        CommandError: it cannot listen at the address.
    """
    async with AsyncExitStack() as stack:
        try:
            emulator = await stack.enter_async_context(prepared.emulator)
        except (OSError, UnicodeError) as error:
            place = f"{one_line(prepared.host)} port {prepared.port}"
            raise CommandError(
                f"cannot listen on {place}: {_reason(error)}: choose another --port or --host"
            ) from error
        _announce(emulator.endpoint_url)
        if is_terminal(sys.stderr):
            # Only for a person: a program that starts this has nothing to learn from it.
            say(
                "any credentials do: AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any aiopartnercentral collect "
                f"list-connections --catalog {prepared.example} --endpoint-url {emulator.endpoint_url}"
            )
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
