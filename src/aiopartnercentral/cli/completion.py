"""The completion script for zsh, which completes at the first TAB."""

from __future__ import annotations

from typing import Final

from typer import _completion_shared
from typer._completion_classes import ZshComplete

__all__ = ["complete_at_first_tab"]

# zsh runs the file at the first TAB of a shell, as the body of the function that completes. typer's script only defines
# another function then, which completes from the second TAB on.
_FIRST_TAB: Final = """
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  %(complete_func)s "$@"
fi
"""


def complete_at_first_tab() -> None:
    """Extend typer's script for zsh, once; typer has no public way to do so."""
    script = ZshComplete.source_template
    if "loadautofunc" not in script:
        # The script that is installed or shown, and the one of the environment variable, whose first line must not be
        # empty: zsh takes only a file that begins with #compdef.
        ZshComplete.source_template = _completion_shared._completion_scripts["zsh"] = script.lstrip() + _FIRST_TAB  # noqa: SLF001
