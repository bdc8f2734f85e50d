"""An emulator for tests that block their thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio.from_thread import start_blocking_portal

from aiopartnercentral import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator


def serve_in_a_thread() -> Iterator[Emulator]:
    """Serve from another thread, for a fixture of a module."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(Emulator({"AWS": 35})) as emulator:
        yield emulator
