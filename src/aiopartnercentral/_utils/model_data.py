"""The pinned service models: in the package in a wheel, at the top of the repository in a checkout.

The package may be imported from a zip file, as Spark and PEX do with wheels.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from zipimport import zipimporter

_IN_WHEEL = Path(__file__).parents[1] / "service-model"
_IN_CHECKOUT = Path(__file__).parents[3] / "service-model"
_LOADER = __spec__.loader


@cache
def root() -> Path:
    """Return the directory that botocore's loader searches: `<root>/<service>/<api version>/service-2.json`.

    If the package is in a zip file, the models are unpacked into a directory that exists until the process ends.

    Raises:
        FileNotFoundError: the installation is damaged: neither the wheel's nor the checkout's directory exists.
        OSError: the models cannot be unpacked.
    """
    for candidate in (_IN_WHEEL, _IN_CHECKOUT):
        if candidate.is_dir():
            return candidate
    if isinstance(_LOADER, zipimporter):
        return _unpacked(_LOADER)
    raise FileNotFoundError(f"no service model in {_IN_WHEEL} or {_IN_CHECKOUT}: reinstall aiopartnercentral")


@cache
def load(service: str, api_version: str, kind: str = "service-2") -> dict[str, Any]:
    """Return one file of a service model as parsed JSON.

    Arguments:
        service: botocore's name of the service, such as `partnercentral-account`.
        api_version: the model's version, such as `2025-04-04`.
        kind: `service-2`, `paginators-1` or `endpoint-rule-set-1`.

    Raises:
        FileNotFoundError: this installation does not have the file.
    """
    file = Path(service, api_version, f"{kind}.json")
    if isinstance(_LOADER, zipimporter):  # without unpacking it
        model: dict[str, Any] = json.loads(_LOADER.get_data(str(_IN_WHEEL / file)))
    else:
        model = json.loads((root() / file).read_bytes())
    return model


def _unpacked(loader: zipimporter) -> Path:
    import atexit  # noqa: PLC0415 - rarely needed, as are the others
    import os  # noqa: PLC0415
    import shutil  # noqa: PLC0415
    import tempfile  # noqa: PLC0415
    import zipfile  # noqa: PLC0415

    directory, owner = tempfile.mkdtemp(prefix="aiopartnercentral-"), os.getpid()

    def remove() -> None:
        if os.getpid() == owner:  # a forked process may end first
            shutil.rmtree(directory, ignore_errors=True)

    atexit.register(remove)
    inside = _IN_WHEEL.relative_to(loader.archive).as_posix()
    with zipfile.ZipFile(loader.archive) as archive:
        archive.extractall(directory, [name for name in archive.namelist() if name.startswith(f"{inside}/")])
    return Path(directory, inside)
