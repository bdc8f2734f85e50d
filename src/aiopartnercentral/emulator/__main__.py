"""Run the emulator as `python -m aiopartnercentral.emulator`, with the options of `aiopartnercentral emulator`."""

from __future__ import annotations

import sys

from aiopartnercentral._utils.distributions import check_version
from aiopartnercentral.cli import main
from aiopartnercentral.cli.terminal import say


def _main() -> int:
    try:
        check_version("aiopartnercentral.emulator")
    except ImportError as error:
        say(error.msg)
        return 2
    sys.argv.insert(1, "emulator")
    return main()


if __name__ == "__main__":
    sys.exit(_main())
