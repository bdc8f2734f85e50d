"""Completions of names of the API and of scenarios, and the script for zsh, which completes at the first TAB."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from typer import _completion_shared
from typer._completion_classes import ZshComplete

from aiopartnercentral.cli.option_values import one_of
from aiopartnercentral.cli.services import SERVICES, facts, load

__all__ = ["api_names", "complete_at_first_tab", "scenarios", "written_operations"]

_CLIENTS: Final = ("Client", "Paginate")
_ALIAS: Final = "Like"  # ends the names of the types of arguments that are enums


def api_names(incomplete: str) -> list[str]:
    """Return the services, operations and types that begin like this, after their service if it is given."""
    return [*one_of(SERVICES)(incomplete), *_completed(incomplete, has_types=True)]


def written_operations(incomplete: str) -> list[str]:
    """Return the operations that begin like this and do more than read."""
    return _completed(incomplete, has_types=False)


def _completed(incomplete: str, *, has_types: bool) -> list[str]:
    service, dot, begin = incomplete.rpartition(".")
    found = dict[str, None]()
    for each in (service,) if service in SERVICES else SERVICES:
        operations = [one for one in facts(each).operations if has_types or not one.readonly]
        if begin[:1].isupper():  # wire names, and names of types, which are not imported for that
            names = [one.name for one in operations]
            names += [name for name in dir(load(each)) if has_types and _is_type(name)]
        else:
            keys = {id(one): key.lower() for key, one in vars(load(each, "operations")).items()}
            names = [keys[id(one)] if "_" in begin else keys[id(one)].replace("_", "-") for one in operations]
        found |= dict.fromkeys(f"{service}{dot}{name}" for name in sorted(names))
    return one_of(found)(incomplete)


def _is_type(name: str) -> bool:
    return name[:1].isupper() and name not in _CLIENTS and not name.endswith(_ALIAS)


def scenarios(incomplete: str) -> list[str]:
    """Return the scenarios of the library that begin like this; if there is none, shells complete files."""
    try:
        found = [file.name for file in (files("aiopartnercentral.emulator") / "scenarios").iterdir()]
    except (ImportError, OSError):  # the emulator is not installed
        return []
    return one_of(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))(incomplete)


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
