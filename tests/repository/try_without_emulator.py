"""Run by itself, where only the library's wheel is installed: whatever needs the emulator says how to install it.

With `--another-version`, where both wheels are installed, it does so with an emulator built for another version.
Not collected by pytest.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import aiopartnercentral

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(aiopartnercentral.__file__).parent
VERSION = aiopartnercentral.__version__
INSTALL = f"in a clone of aiopartnercentral {VERSION}, run `pip install ./emulator-package`"
COMMANDS = (
    ["aiopartnercentral", "demo"],
    ["aiopartnercentral", "emulator", "--port", "0"],
    ["aiopartnercentral", "emulator-set", "http://127.0.0.1:9"],
)
MODULE = ["aiopartnercentral.emulator"]
IMPORTS = (
    "import aiopartnercentral.emulator",
    "from aiopartnercentral import Emulator",
    "from aiopartnercentral.emulator import Clock",
    "import aiopartnercentral; aiopartnercentral.Emulator",
)
TESTS = "def test_one(partnercentral_emulator): pass\ndef test_without_it(): pass\n"


def run(*arguments: str, code: int) -> str:
    """Run Python, check its exit code and that there is no traceback of ours, and return the whole output."""
    done = subprocess.run([sys.executable, "-I", *arguments], capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    assert done.returncode == code, (arguments, done)
    return text


def check(reason: str) -> None:
    line = f"{reason}: {INSTALL}"
    for arguments in COMMANDS:
        assert run("-m", *arguments, code=2) == f"aiopartnercentral: {line}\n", arguments
    text = run("-m", *MODULE, code=2)
    assert (line in text, "Traceback" in text) == (True, False), text
    for statement in IMPORTS:
        assert f"ImportError: {line}\n" in run("-c", statement, code=1), statement
    with TemporaryDirectory() as folder:
        (Path(folder) / "test_it.py").write_text(TESTS, encoding="utf-8")
        text = run("-m", "pytest", "-q", folder, code=1)
    assert "1 passed, 1 error" in text, text
    assert (line in text, "Traceback" in text) == (True, False), text


@contextmanager
def built_for_another_version() -> Iterator[None]:
    stamp = PACKAGE / "emulator" / "_version.py"
    text = stamp.read_text(encoding="utf-8")
    stamp.write_text(text.replace(f'"{VERSION}"', '"0.0.1"'), encoding="utf-8")
    try:
        yield
    finally:
        stamp.write_text(text, encoding="utf-8")


def main() -> None:
    assert PACKAGE.is_relative_to(sys.prefix), PACKAGE
    if "--another-version" in sys.argv:
        with built_for_another_version():
            check(f"aiopartnercentral-emulator 0.0.1 does not work with aiopartnercentral {VERSION}")
        return
    assert not (PACKAGE / "emulator").exists()
    check("this needs the emulator, which is not installed")
    assert "Emulator" not in dir(aiopartnercentral)
    run("-c", "from aiopartnercentral import *; modify, Report, account.Client", code=0)
    run("-m", "aiopartnercentral", "describe", "list-connections", code=0)
    print("without the emulator, everything says how to install it")  # noqa: T201 - a script


if __name__ == "__main__":
    main()
