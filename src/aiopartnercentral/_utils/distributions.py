"""Says how to install the emulator, a distribution of its own, and checks that it has the version of this library."""

from __future__ import annotations

from importlib import import_module

from aiopartnercentral import __version__

__all__ = ["check_version", "how_to_install", "missing_emulator"]

_EMULATOR = "aiopartnercentral-emulator"


def how_to_install() -> str:
    """Return how to install the emulator: from the clone that this library was installed from, if any.

    No command names only the distribution: no index has it, so anybody could publish another one of that name there.
    """
    # Only an error needs these, and the emulator starts without them.
    import json  # noqa: PLC0415
    import shlex  # noqa: PLC0415
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415
    from urllib.parse import urlsplit  # noqa: PLC0415
    from urllib.request import url2pathname  # noqa: PLC0415

    try:
        text = distribution("aiopartnercentral").read_text("direct_url.json")  # pip writes it, except for an index
    except PackageNotFoundError:
        text = None
    origin = json.loads(text) if text else {}
    if "dir_info" in origin:
        directory = Path(url2pathname(urlsplit(origin["url"]).path)) / "emulator-package"
        if directory.is_dir() and not origin["dir_info"].get("editable"):  # an editable one contains the emulator
            return f"pip install {shlex.quote(str(directory))}"
    return f"in a clone of aiopartnercentral {__version__}, run `pip install ./emulator-package`"


def missing_emulator() -> str:
    """Return why the emulator cannot be imported, and how to change that."""
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415 - only an error needs it

    try:
        distribution(_EMULATOR)
    except PackageNotFoundError:
        return f"this needs the emulator, which is not installed: {how_to_install()}"
    return (
        "this needs the emulator, which is in another directory of sys.path than aiopartnercentral: "
        "install both in the same directory, as pex does with --venv --venv-site-packages-copies"
    )


def check_version(package: str) -> None:
    """Return if a package of another distribution was built together with this version.

    The build writes the version to the package's module `_version`. A source tree, in which all packages belong
    together, does not have this module.

    Arguments:
        package: the name of the package, whose import calls this.

    Raises:
        ImportError: the package was built for another version; the message says what to install.
    """
    try:
        built: str = import_module(f"{package}._version").VERSION
    except ModuleNotFoundError:
        return
    if built != __version__:
        reason = f"{_EMULATOR} {built} does not work with aiopartnercentral {__version__}"
        raise ImportError(f"{reason}: {how_to_install()}", name=package)
