"""All that a log may show of an error."""

from __future__ import annotations

import traceback

SECRET = "S3CR3T"
"""What is in an answer, and must not be shown."""


def shown(error):
    """Return all that a log may show of an error and of those that came with it."""
    chain, seen = [error], []
    while chain:
        if (each := chain.pop()) is not None:
            seen.append(each)
            chain += [each.__cause__, each.__context__]
    return "\n".join(f"{each!r} {vars(each)}" for each in seen) + "".join(traceback.format_exception(error, limit=0))
