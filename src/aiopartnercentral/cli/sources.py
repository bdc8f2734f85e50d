"""The sources of a run or of a sources file, with the command's message for each mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread

from aiopartnercentral._utils.text import clean, one_line
from aiopartnercentral.bulk import Source, load_sources
from aiopartnercentral.cli.runner import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from aiopartnercentral.cli.config import Config

__all__ = ["sources_of", "sources_of_file"]


async def sources_of(config: Config) -> Sequence[Source]:
    """Return the sources of the file, or one for each catalog.

    Raises:
        UsageError: an option or the file has an invalid value.
    """
    if config.sources is not None:
        return await sources_of_file(config.sources)
    try:
        return [
            Source(
                catalog,
                profile=config.profile,
                region_name=config.region,
                endpoint_url=config.endpoint_url,
                label=catalog,
            )
            for catalog in config.catalogs
        ]
    except ValueError as error:
        raise UsageError(one_line(str(error))) from None


async def sources_of_file(path: Path) -> Sequence[Source]:
    """Return the sources of a file.

    Raises:
        UsageError: the file cannot be read, or is not valid.
    """
    try:
        # In a thread, which Ctrl-C can abandon while it waits for the writer of a named pipe.
        return await anyio.to_thread.run_sync(load_sources, path, abandon_on_cancel=True)
    except OSError as error:
        raise UsageError(f"cannot read {clean(str(path))}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(one_line(str(error))) from None
