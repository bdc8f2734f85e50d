"""The command `aiopartnercentral`: a demo, the collection of a listing, a local Partner Central, what the API has.

app        what can be typed; imports nothing heavy
listings   a command for each paginated operation, derived from the generated client
job        what was asked for, all listings together, and what goes with what
collect    one collection, from the client to the output
bulk       one of many sources or listings, or into other files, through the bulk collections of the library
beside     malformed items in a file of their own
board      what the events of a bulk collection come to
watching   the board on stderr
demo       the same with everything embedded
serve      the emulator until a signal
describe   an operation or a type of the API, or the list of them
api        the pinned model beside the Python names, and what a typed name means
describing what the model says of it, read into facts
facts      what these are
documentation  what AWS says of it, from the installed botocore
markup     its HTML as text
sheet      the facts and texts as lines
layout     lines in the width that there is
running    coroutine -> exit code: signals, and faults as one line each
problems   what a fault means to the person at the terminal
output     bytes to a descriptor, and files that are whole or not there
progress   how far each catalog is
rows       items gathered for tables
tables     items and reports as text
grid       rows and columns in the width that there is
text       one safe line of a text that came from elsewhere
"""

from __future__ import annotations

import errno
import logging
import sys

from aiopartnercentral.cli.text import say

__all__ = ["main"]

_EXTRA = frozenset({"typer", "rich", "aiohttp"})
_FAILED = 1
_USAGE = 2
_INTERRUPTED = 130
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def main() -> int:
    """Run the command with the arguments of the process and return its exit code.

    Raises:
        SystemExit: the same exit code, where the parser of the arguments ends the process itself.
    """
    # What a library logs, with a traceback sometimes, is told in a line of ours; Python would print it otherwise.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        from aiopartnercentral.cli.app import app  # noqa: PLC0415 - the packages of the extra may be missing

        app(prog_name="aiopartnercentral")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRA:
            raise
        say(f"the package {package} is missing: install aiopartnercentral[cli]")
        return _USAGE
    except OSError as error:
        # The help and the version are printed by the parser of the arguments.
        if error.errno not in _FULL:
            raise
        say(f"cannot write standard output: {error.strerror}")
        # Python would try again at exit, and make that the exit code.
        sys.stdout = None
        return _FAILED
    except BaseException as error:
        # Before the command listens for signals itself, and where the system has none to listen for. Up to Python 3.11
        # an interrupt that comes while a class is made, as by an import, is the cause of a RuntimeError.
        if not isinstance(error, KeyboardInterrupt) and not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        say("stopped by SIGINT")
        return _INTERRUPTED
    return 0
