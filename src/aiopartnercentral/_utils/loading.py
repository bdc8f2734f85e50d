"""Modules that are loaded in a thread, so that the event loop need not wait for them.

A process that is forked while such a module is loaded would wait for it forever: the process has the module's lock, but
not the thread that holds it. So a fork waits until the module is loaded.
"""

from __future__ import annotations

import os
import threading
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import ModuleType

__all__ = ["load_in_this_thread", "while_no_fork"]

_LOADING = threading.RLock()  # reentrant, as a module may fork the process while it is loaded

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_LOADING.acquire, after_in_parent=_LOADING.release, after_in_child=_LOADING.release)


def load_in_this_thread(name: str) -> ModuleType:
    """Return a module, loaded first if necessary; no other thread can fork the process until it is loaded."""
    with _LOADING:
        return import_module(name)


def while_no_fork() -> AbstractContextManager[object]:
    """Return a lock for a `with` block; while a thread holds it, no other thread can fork the process."""
    return _LOADING
