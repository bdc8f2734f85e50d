"""Rooms import to the right alone, and no modules import each other in a circle; type-only imports count too."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import aiopartnercentral
from tests.support.services import NAMES

SOURCE = Path(aiopartnercentral.__file__).parent
ROOT = aiopartnercentral.__name__

CHAIN = (
    "cli",
    "bulk",
    "account",
    "_client",
    "_pagination",
    "_transport",
    "_serialization",
    "types",
    "errors",
    "_utils",
)
ALLOWED = {room: set(CHAIN[number + 1 :]) for number, room in enumerate(CHAIN)}
ALLOWED |= dict.fromkeys(NAMES, ALLOWED["account"])
ALLOWED["_modification"] = ALLOWED["_client"] | {"_client"}
ALLOWED["cli"] |= {"sinks", "emulator"}
ALLOWED["bulk"] |= {"sinks"}
ALLOWED["_pagination"] |= {"sinks"}
ALLOWED["integrations"] = ALLOWED["bulk"] | {"bulk"}
# A sink of S3 needs credentials as the clients do; `_transport` opens its client, as no other room calls aiobotocore.
ALLOWED["sinks"] = ALLOWED["_transport"] | {"_transport"}
ALLOWED["emulator"] = {"_utils"}
ALLOWED["pytest_plugin"] = {"emulator", *NAMES}
ALLOWED["__main__"] = {"cli", "_utils"}


def module_of(path: Path) -> str:
    parts = [ROOT, *path.relative_to(SOURCE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in sorted(SOURCE.rglob("*.py"))}


def room_of(module: str) -> str:
    """Return the room of a module; the package itself is none, and only gives others its version."""
    if module.endswith(".__main__"):  # of `python -m`, which nothing imports
        return "__main__"
    return module.split(".")[1] if "." in module else ""


@cache
def imports_of(module: str) -> dict[str, int]:
    """Return the modules of the package that a module imports, each with the line where."""
    found: dict[str, int] = {}
    path = MODULES[module]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            target = name if name in MODULES else name.rpartition(".")[0]
            if target in MODULES and target != module:
                found.setdefault(target, node.lineno)
    return found


def test_every_room_is_known() -> None:
    assert {room_of(module) for module in MODULES} - {""} == set(ALLOWED)


def test_rooms_import_to_the_right_alone() -> None:
    wrong = [
        f"{MODULES[module].relative_to(SOURCE)}:{line}: {target.removeprefix(f'{ROOT}.')}"
        for module in MODULES
        for target, line in imports_of(module).items()
        if room_of(module) and room_of(target) not in {"", room_of(module)} | ALLOWED[room_of(module)]
    ]
    assert not wrong, "\n".join(["", *wrong])


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {module: imports_of(module).keys() - {ROOT} for module in MODULES if module != ROOT}
    circles = []
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = error.args[1][::-1]
            circles.append(" -> ".join(module.removeprefix(f"{ROOT}.") for module in circle))
            graph[circle[0]].remove(circle[1])
        else:
            break
    assert not circles, "\n".join(["", *circles])
