"""Checks that the emulator, which is a distribution of its own, has the version of this library."""

from __future__ import annotations

from importlib import import_module

from aiopartnercentral import __version__

__all__ = ["check_version"]


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
        distribution = package.replace(".", "-")
        reason = f"{distribution} {built} does not work with aiopartnercentral {__version__}"
        install = f"pip install {distribution}=={__version__}, or in a clone: pip install ./emulator-package"
        raise ImportError(f"{reason}: {install}", name=package)
