"""Modules that are loaded in a thread, lest the event loop wait for them.

A process that is forked meanwhile would wait for such a module forever: it has the module's lock, but not the thread
that holds it. So a fork waits until the modules are loaded.
"""

from __future__ import annotations

import os
import threading
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["load_in_this_thread"]

_LOADING = threading.RLock()  # which the thread that loads a module may hold when it forks itself

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_LOADING.acquire, after_in_parent=_LOADING.release, after_in_child=_LOADING.release)


def load_in_this_thread(name: str) -> ModuleType:
    """Return a module, which is loaded if it is not; it blocks, and no other thread can fork the process meanwhile."""
    with _LOADING:
        return import_module(name)
