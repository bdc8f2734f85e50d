"""The first imports of the package, from several threads at once."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap

import pytest

# Holds the import of the package itself until another thread has begun to import a module of it.
BOTH_WAIT = """
import importlib
import sys
import threading
import time
from importlib.machinery import SourceFileLoader

failures = []


def load(module):
    try:
        importlib.import_module(module)
    except BaseException as error:
        failures.append(f"{module}: {type(error).__name__}: {error}")


def create(loader, spec):
    if spec.name == "aiopartnercentral" and other.ident is None:
        other.start()
        while "MODULE" not in importlib._bootstrap._module_locks:
            time.sleep(0.001)
        time.sleep(0.05)


other = threading.Thread(target=load, args=("MODULE",))
SourceFileLoader.create_module = create
load("aiopartnercentral")
other.join()
sys.exit("\\n".join(failures) or 0)
"""

# As if another thread cleared the cache each time that it has been read.
FORGOTTEN = """
import linecache

import aiopartnercentral.account.structures
from aiopartnercentral._utils.lazy_imports import lazy_imports


class Forgetful(dict):
    def __getitem__(self, key):
        return self.pop(key)


linecache.cache = Forgetful()
for _ in range(3):
    for package in (aiopartnercentral, aiopartnercentral.account.structures):
        assert lazy_imports(vars(package))[1]()
"""

# Every thread begins elsewhere.
ALL_AT_ONCE = """
import importlib
import sys
import threading

sys.setswitchinterval(1e-6)
modules = [
    "", ".account", "._utils.lazy_imports", ".account.structures", ".types", ".errors", ".account.client", ".bulk",
    ".sinks", ".emulator", ".account.fast", "._utils",
]
failures, start = [], threading.Barrier(len(modules))


def load(name):
    start.wait()
    try:
        try:
            module = importlib.import_module(f"aiopartnercentral{name}")
        except KeyError as error:
            # At the end of its load, importlib takes a package out of sys.modules for a moment, where another thread
            # may look for it.
            if error.args != ("aiopartnercentral",):
                raise
            module = importlib.import_module(f"aiopartnercentral{name}")
        for each in dir(module):
            getattr(module, each)
    except BaseException as error:
        failures.append(f"{name}: {type(error).__name__}: {error}")


threads = [threading.Thread(target=load, args=(name,)) for name in modules]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit("\\n".join(failures) or 0)
"""


def run(program):
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("module", ["._utils.lazy_imports", "._utils", ".account", ".types", ".errors", ".emulator"])
def test_no_module_waits_for_the_package_that_waits_for_it(module):
    run(BOTH_WAIT.replace("MODULE", f"aiopartnercentral{module}"))


def test_a_file_that_linecache_forgets_is_read():
    run(FORGOTTEN)


def test_any_module_can_be_the_first_in_any_thread():
    run(ALL_AT_ONCE)


OPTIONAL = ("dlt", "jinja2", "opentelemetry", "pandas", "polars", "pyarrow", "pyspark", "pytest", "rich", "ry", "typer")


@pytest.mark.parametrize(
    "module",
    ["bulk", "sinks", "emulator", "cli.notebook", "integrations.dlt", "integrations.spark", "pytest_plugin"],
)
def test_a_module_that_needs_a_package_says_what_to_install(module: str) -> None:
    """No public module ends with Python's bare message if its extra is not installed."""
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({OPTIONAL}))\n"
        f"try: import aiopartnercentral.{module}\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"(this needs (\w+): pip install \2( .*)?\n)?", done.stdout), done.stdout
