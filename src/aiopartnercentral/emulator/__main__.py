"""Run the emulator as `python -m aiopartnercentral.emulator`, with the options of `aiopartnercentral emulator`."""

from __future__ import annotations

import sys

from aiopartnercentral.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "emulator")
    sys.exit(main())
