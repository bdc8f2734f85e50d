"""Says how to install the emulator, which is a distribution of its own.

It is in the wheel of aiopartnercentral as `aiopartnercentral/emulator.py`. Python, type checkers and editors use the
package `aiopartnercentral/emulator/` instead as soon as it is installed.
"""

from __future__ import annotations

import sys

from aiopartnercentral import __version__

_REASON = (
    f"this needs the emulator, which is not installed: pip install aiopartnercentral-emulator=={__version__}, "
    "or in a clone: pip install ./emulator-package"
)

if __name__ == "__main__":  # python -m aiopartnercentral.emulator
    from aiopartnercentral.cli.terminal import say

    say(_REASON)
    sys.exit(2)
raise ImportError(_REASON, name=__name__)
