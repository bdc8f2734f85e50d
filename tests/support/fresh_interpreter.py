"""Statements in an interpreter of their own."""

from __future__ import annotations

import subprocess
import sys


def modules_after(statement: str) -> set[str]:
    """Return what is loaded after a statement in a fresh interpreter."""
    code = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}
