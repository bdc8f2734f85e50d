"""The progress of a run in a notebook: the lines that the command shows in a terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from aiopartnercentral._utils.html import Html, text
from aiopartnercentral._utils.lazy_imports import import_optional
from aiopartnercentral.bulk import RunFinished, RunStarted

import_optional("rich", extra="cli")  # which the progress needs
from aiopartnercentral.cli.progress import Progress, progress_lines  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiopartnercentral.bulk import Event, Observer

__all__ = ["show_progress"]

_SECONDS = 0.25


def show_progress() -> Observer:
    """Return an observer that shows the progress of a run below the cell of a notebook, redrawn in place.

        report = await Collection(..., observer=show_progress()).into(sink)

    It can observe several runs one after the other; each has a display of its own.

    Raises:
        RuntimeError: this is not a notebook.
    """
    # A kernel has imported it.
    ipython: Any = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        raise RuntimeError("show_progress() needs a notebook; in a terminal, the command shows its progress")
    return _Display(ipython.display.display)


class _Display:
    """Counts the events of a run, and shows its lines a few times a second."""

    def __init__(self, display: Callable[..., Any]) -> None:
        """Start before the first run.

        Arguments:
            display: shows something below the cell, and returns a handle to replace it.
        """
        self._display = display
        self._progress = Progress()
        self._handle: Any = None
        self._shown = 0.0

    def __call__(self, event: Event) -> None:
        """Count an event, and show the lines if it is time to."""
        if isinstance(event, RunStarted):
            self._progress, self._handle = Progress(), None
        self._progress.observe(event)
        now = time.monotonic()
        if self._handle is None or isinstance(event, RunFinished) or now - self._shown >= _SECONDS:
            self._shown = now
            self._show()

    def _show(self) -> None:
        lines = progress_lines(self._progress)
        shown = Html("\n".join(text(line, limit=500) for line in lines))
        bundle = {"text/plain": "\n".join(lines), "text/html": f"<pre>{shown}</pre>"}
        if self._handle is None:
            self._handle = self._display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
