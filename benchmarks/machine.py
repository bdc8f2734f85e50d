"""Facts about the machine and the software; without names or paths of the machine."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "aiopartnercentral",
    "aiobotocore",
    "botocore",
    "boto3",
    "capo-partnercentral-account",
    "capo-partnercentral-revenue-measurement",
    "aiohttp",
    "anyio",
    "attrs",
    "cattrs",
    "msgspec",
    "orjson",
    "uvloop",
)


def facts() -> dict[str, str]:
    """Return the date, the machine and the versions."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{_processor()}, {_cores()} cores",
        "system": _system(),
        "load": f"{os.getloadavg()[0]:.2f} on average in the minute before",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
    }


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _system() -> str:
    system = f"{platform.system()} {platform.release()}"
    with suppress(OSError):
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {system}"
    return system


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
