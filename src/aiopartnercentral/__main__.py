"""Run the command as `python -m aiopartnercentral`, for environments whose scripts are not on the path."""

from __future__ import annotations

import sys

from aiopartnercentral.cli import main

if __name__ == "__main__":
    sys.exit(main())
