"""An observer for tasks of Spark, which import it by name: it notes the process that has fetched a page."""

from __future__ import annotations

import os
from pathlib import Path

from aiopartnercentral.bulk import Event, PageFetched


def note_process(event: Event) -> None:
    if isinstance(event, PageFetched):
        with Path(os.environ["NOTED_PROCESSES"]).open("a", encoding="utf-8") as file:
            file.write(f"{os.getpid()} {event.origin.label}\n")
