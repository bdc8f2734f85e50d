"""`python -m aiopartnercentral`, for where the script is not on the path."""

from __future__ import annotations

import sys

from aiopartnercentral.cli import main

if __name__ == "__main__":
    sys.exit(main())
