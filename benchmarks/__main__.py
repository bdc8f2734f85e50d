"""The command `python -m benchmarks`.

Exit codes: 0 measured, whether or not the targets are met; 1 something failed; 2 wrong usage, or a package is not
installed; 130 Ctrl-C; 143 ended by SIGTERM.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

_NEEDED = ("aiohttp", "boto3", "cattrs", "matplotlib", "msgspec", "orjson", "rich", "trustme")

if __name__ == "__main__":
    for package in _NEEDED:
        if find_spec(package) is None:
            sys.stderr.write(f"python -m benchmarks: error: {package} is not installed; the extra `bench` has it\n")
            sys.exit(2)
    from benchmarks.command import main

    sys.exit(main())
