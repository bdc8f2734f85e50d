"""Programs that start, connect, fetch one page and end: their run time, CPU time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from time import perf_counter
from typing import TYPE_CHECKING

import attrs

from benchmarks.clients import BARE, CAPO, OURS, OURS_ON_RY, OURS_THROUGH_BOTOCORE, STOCK, missing
from benchmarks.clients.settings import clean_environment
from benchmarks.errors import BenchmarkError
from benchmarks.pages import BenchCatalog
from benchmarks.results import Figure, Panel, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.harness import Harness

KEY = "cold-start"
_TURNS_A_ROUND = 2
ROOT = Path(__file__).parents[2]
_PROGRAMS = Path(__file__).parents[1] / "cold_start"
_COMMANDS = {
    OURS: ("with_ours.py",),
    OURS_ON_RY: ("with_ours.py", "--ry"),
    OURS_THROUGH_BOTOCORE: ("with_ours.py", "--through-botocore"),
    CAPO: ("with_capo.py",),
    STOCK: ("with_aiobotocore.py",),
    "boto3": ("with_boto3.py",),
    BARE: ("with_aiohttp.py",),
    "python alone": ("nothing.py",),
}
_PROFILE, _LOGIN, _OTHER_PROFILE = f"{OURS}, profile", f"{OURS}, login", f"{OURS}, profile for botocore"
_STOCK_PROFILE, _STOCK_LOGIN = f"{STOCK}, profile", f"{STOCK}, login"
_WITH_A_PROFILE = {
    _PROFILE: (OURS, "keys"),
    _STOCK_PROFILE: (STOCK, "keys"),
    _LOGIN: (OURS, "login"),
    _STOCK_LOGIN: (STOCK, "login"),
    _OTHER_PROFILE: (OURS, "other"),
}
_LIMITS = (
    (OURS, STOCK, 0.6),
    (OURS_ON_RY, STOCK, 0.3),
    (_PROFILE, _STOCK_PROFILE, 1.05),
    (_LOGIN, _STOCK_LOGIN, 1.05),
    (_OTHER_PROFILE, _STOCK_PROFILE, 1.05),
)
_KEYS = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
_SECTIONS = """
[keys]
aws_access_key_id = any
aws_secret_access_key = any
[login]
credential_process = cat "{printed}"
[other]
aws_access_key_id = any
aws_secret_access_key = any
retry_mode = standard
"""
"""Profiles: with keys, with a program that prints them, and with keys and a setting that only botocore understands."""
_PRINTED = {"Version": 1, "AccessKeyId": "any", "SecretAccessKey": "any"}


@attrs.frozen
class _Ended:
    """What a program took: milliseconds of wall time and of CPU, and MiB of resident memory at its peak."""

    wall: float
    cpu: float
    memory: float


def measure(harness: Harness) -> Figure:
    """Measure the wall time, the CPU time and the memory of each program."""
    with _programs(harness) as turns:
        for warm_up in turns.values():
            warm_up()
        measured = harness.in_turn(KEY, turns, harness.rounds * _TURNS_A_ROUND)
    wall = Panel.of("wall time", "ms", measured, lambda each: each.wall)
    cpu = Panel.of("CPU", "ms", measured, lambda each: each.cpu)
    memory = Panel.of("peak of resident memory", "MiB", measured, lambda each: each.memory)
    return Figure(
        key=KEY,
        title="From the start of a process to the end of its first page",
        how=(
            "Files are in the system's cache, modules compiled by a run before; the page, of 100 items, is decoded. "
            "Credentials are in the environment, or in a profile where one is named. For the login, a program prints "
            "them; the profile for botocore has a setting that only botocore understands."
        ),
        panels=(wall, cpu, memory) if sys.platform == "linux" else (wall, cpu),
        targets=tuple(
            Target(what=f"time of {ours} / of {stock}", limit=limit, unit="x", value=wall.ratio(ours, stock))
            for ours, stock, limit in _LIMITS
            if ours not in missing()
        ),
    )


@contextmanager
def _programs(harness: Harness) -> Iterator[dict[str, Callable[[], _Ended]]]:
    """Yield a function for each program that runs it; they see no AWS settings but these credentials."""
    left_out = missing()
    with TemporaryDirectory(prefix="benchmarks-") as folder:
        profiles = Path(folder, "profiles")
        printed = Path(folder, "printed")
        printed.write_text(json.dumps(_PRINTED), encoding="utf-8")
        profiles.write_text(_SECTIONS.format(printed=printed), encoding="utf-8")
        with_profile = {"AWS_SHARED_CREDENTIALS_FILE": str(profiles)}
        cleaned = {name: value for name, value in clean_environment().items() if not name.startswith("AWS_")}
        cleaned.pop("PYTHONDONTWRITEBYTECODE", None)
        environment = {**cleaned, "HOME": folder, "PYTHONPYCACHEPREFIX": folder}
        arguments = (harness.http.url, BenchCatalog(pages=2).name)

        def turn(name: str, program: str, credentials: dict[str, str]) -> Callable[[], _Ended]:
            file, *flags = _COMMANDS[program]
            command = [sys.executable, str(_PROGRAMS / "launch.py"), str(_PROGRAMS / file), *arguments, *flags]
            return partial(_run, name, command, {**environment, **credentials})

        yield {
            **{name: turn(name, name, _KEYS) for name in _COMMANDS if name not in left_out},
            **{
                name: turn(name, program, {**with_profile, "AWS_PROFILE": profile})
                for name, (program, profile) in _WITH_A_PROFILE.items()
            },
        }


def _run(name: str, command: list[str], environment: dict[str, str]) -> _Ended:
    """Run a program to its end."""
    with TemporaryFile() as output:
        started = perf_counter()
        process = subprocess.Popen(  # noqa: S603 - a program of this package
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)  # otherwise `process` waits for it again
        output.seek(0)
        last = (output.read().decode().splitlines() or ["nothing on stderr"])[-1]
    if process.returncode:
        raise BenchmarkError(f"{name} failed to start, with exit code {process.returncode}: {last}")
    return _Ended(elapsed * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3, int(last) / 1024)
