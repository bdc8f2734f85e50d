"""The only place that loads ry.

ry 0.0.105 keeps memory that belongs to the thread that has loaded it: once this thread has ended, the next use of ry
crashes the process. The main thread does not end before the process does. Other threads do, such as those of
`blocking()`, of a test client and of Spark, so they leave the loading to a thread that never ends.

A forked process has none of ry's threads, so it cannot use the ry of its parent.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import Future
from typing import Any

from aiopartnercentral._utils.lazy_imports import import_optional
from aiopartnercentral._utils.loading import while_no_fork

__all__ = ["load_ry"]

_LOADED_IN: list[int] = []
"""The process that has loaded ry, whose threads a forked process does not have."""


def load_ry() -> Any:  # noqa: ANN401 - a module
    """Return ry, loaded first if necessary.

    Raises:
        ImportError: ry is not installed.
        RuntimeError: the process was forked after its parent had loaded ry.
    """
    if _LOADED_IN and _LOADED_IN[0] != os.getpid():
        raise RuntimeError(
            "a process that was forked after its parent had loaded the HTTP client ry cannot use it: "
            "start processes by spawn or forkserver"
        )
    if _is_loaded():
        return sys.modules["ry"]
    with while_no_fork():  # and only one thread at a time
        if not _is_loaded():
            is_in_main_thread = threading.current_thread() is threading.main_thread()
            ry = _import() if is_in_main_thread else _import_in_lasting_thread()
            _LOADED_IN[:] = [os.getpid()]
            return ry
    return sys.modules["ry"]


def _is_loaded() -> bool:
    return bool(_LOADED_IN) and sys.modules.get("ry") is not None


def _import() -> Any:  # noqa: ANN401 - a module
    return import_optional("ry", extra="ry")


def _import_in_lasting_thread() -> Any:  # noqa: ANN401 - a module
    """Return ry, loaded by a thread that never ends, unless the loading fails."""
    loaded: Future[Any] = Future()
    threading.Thread(target=_import_and_stay, args=[loaded], name="aiopartnercentral-ry", daemon=True).start()
    return loaded.result()


def _import_and_stay(loaded: Future[Any]) -> None:
    try:
        loaded.set_result(_import())
    except BaseException as error:  # noqa: BLE001 - raised where ry is needed
        loaded.set_exception(error)
        return
    threading.Event().wait()
