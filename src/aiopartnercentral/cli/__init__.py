"""The command `aiopartnercentral`.

app            the commands and their options
help           the layout of --help
completion     completions of names of the API, and the completion script for zsh
services       the services and the names of their listings
subcommands    the listings that `collect` knows, derived from the generated packages
filters        the options of the filters of one listing
shapes         the shapes of a service's model, and the values of filters that are structures
shorthand      the AWS CLI's shorthand for structures
each           the values that collect below each item of another listing
options        the options of every listing
option_values  enums, validators and completions of the values of options
config         the options of one run together, with config_checks (combines and checks them)
file_checks    refuses files that cannot be written, before anything is requested
collect        runs a collection into the output
sources        the sources of a sources file
check          tries each source with one request for each listing, with check_command (its options)
progress       its progress on stderr
notebook       the same progress in a notebook
writer         stdout and files
sinks          the sinks of standard output, devices, pipes, and malformed items
table          rows and reports as tables, and what the command prints at the end of a run
item_table     items of the service as tables
report_file    the report, as JSON or a page, and the earlier one from which an incremental run continues
write          sends the rows of a file, with write_command (its options)
describe       an operation or a type of the API
emulator       a local Partner Central, with emulator_command (its options) and emulator_settings (changes one that
               runs)
demo           collects two catalogs of a local Partner Central
recording      forwards the emulator's requests to AWS
runner         runs a coroutine, and returns the exit code
messages       the message for each error, and the lines about all failures of a run
log            the log on stderr or in a file
terminal       the width and the styles of a terminal, and lines on stderr
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from contextlib import suppress

__all__ = ["main"]

_EXTRA = ("aiohttp", "jinja2", "rich", "typer")
_EMULATOR = "aiopartnercentral.emulator"
_NEED_EMULATOR = frozenset({"demo", "emulator", "emulator-set"})
_FAILED = 1
_USAGE = 2
_INTERRUPTED = 130
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def main() -> int:
    """Run the command with the arguments of the process and return its exit code.

    Raises:
        SystemExit: the same exit code, if the argument parser ends the process.
    """
    if sys.platform != "win32" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)
    try:
        import logging  # noqa: PLC0415 - takes a while, in which Ctrl-C may arrive

        # Otherwise Python prints the log of libraries, with tracebacks; the command prints its own messages.
        logging.getLogger().addHandler(logging.NullHandler())
        from aiopartnercentral.cli.app import app  # noqa: PLC0415 - the packages of the extra may be missing

        app(prog_name="aiopartnercentral")
    except ImportError as error:
        if error.name == _EMULATOR:  # not installed, or of another version
            _say(error.msg)
            return _USAGE
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRA or not isinstance(error, ModuleNotFoundError):
            raise
        _say(f"this needs {package}: pip install {' '.join(_EXTRA)} (the extra 'cli' of aiopartnercentral)")
        if _NEED_EMULATOR & {*sys.argv[1:2]}:
            _say_if_emulator_is_missing()
        return _USAGE
    except OSError as error:
        # The argument parser exits after printing the help, the version or a usage error.
        if error.errno not in _FULL:
            raise
        _say(f"cannot write standard output: {error.strerror}")
        # Otherwise Python writes again at exit, and its failure becomes the exit code.
        sys.stdout = None
        return _FAILED
    except BaseException as error:
        # Ctrl-C on a system without signals. Up to Python 3.11, an interrupt while a class is created, as in an
        # import, is the cause of a RuntimeError.
        if not isinstance(error, KeyboardInterrupt) and not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        _say("stopped by SIGINT")
        return _INTERRUPTED
    return 0


def _stop(_number: int, _frame: object) -> None:
    """End the process at once: the handler of Ctrl-C until the command has its own, as nothing is written by then.

    Python's own handler raises an exception, which is lost or changed within some callbacks and imports.
    """
    if sys.stderr is not None:  # otherwise its descriptor may be another file's
        with suppress(OSError):
            os.write(2, b"aiopartnercentral: stopped by SIGINT\n")
    os._exit(_INTERRUPTED)


def _say_if_emulator_is_missing() -> None:
    try:
        import aiopartnercentral.emulator  # noqa: F401, PLC0415 - only to see whether it is there
    except ImportError as error:
        if error.name == _EMULATOR:
            _say(error.msg)


def _say(message: str) -> None:
    # Imported here, as a package that imports its own modules can deadlock with a thread that imports one of them.
    from aiopartnercentral.cli.terminal import say  # noqa: PLC0415

    say(message)
