"""Says how to install the emulator, which is a distribution of its own.

It is in the wheel of aiopartnercentral as `aiopartnercentral/emulator.py`. Python, type checkers and editors use the
package `aiopartnercentral/emulator/` instead as soon as it is installed.
"""

from __future__ import annotations

import sys

from aiopartnercentral._utils.distributions import missing_emulator

_REASON = missing_emulator()

if __name__ == "__main__":  # python -m aiopartnercentral.emulator
    from aiopartnercentral.cli.terminal import say

    say(_REASON)
    sys.exit(2)
raise ImportError(_REASON, name=__name__)
