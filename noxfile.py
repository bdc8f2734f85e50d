"""The checks of the project; `nox` without arguments runs those that must pass before a change is merged."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from collections import Counter
from pathlib import Path

import nox

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["lint", "typing", "tests", "build"]

ROOT = Path(__file__).parent
EMULATOR = "aiopartnercentral/emulator"
MOST_BYTES, MOST_BYTES_OF_EMULATOR = 950_000, 300_000
"""The parts of the wheel must be smaller: the library, and the emulator, which is as large as its six services."""
ENTRY_BYTES = 76  # of the headers of a file in a zip archive, which also contain its name twice
PROJECT = nox.project.load_toml("pyproject.toml")
PYTHON_CODE = ("src", "codegen", "tests", "benchmarks", "docs", "noxfile.py")


EXTRAS = ("arrow", "cli", "emulator", "otel", "pandas", "polars", "ry", "zstd")
"""Those for users of the library: `matrix` installs them."""
MATRIX_TOOLS = ("cloudpickle", "httpx2", "hypothesis", "pytest", "pytest-xdist", "trio", "trustme", "uvloop")
MATRIX_TESTS = (
    "tests/_utils/test_lazy_imports.py",
    "tests/_utils/test_threads.py",
    "tests/_serialization/test_cbor.py",
    "tests/_serialization/test_fast_decode.py",
    "tests/_serialization/test_round_trips.py",
    "tests/_pagination",
    "tests/_client",
    "tests/account/test_paginate.py",
    "tests/bulk/test_collection.py",
    "tests/bulk/test_pickled.py",
)
"""Imports, conversions, calls on each event loop against the emulator, pagination, and collections."""


@nox.session
def lint(session: nox.Session) -> None:
    """Check lint rules, formatting, and that the committed generated code is what the pinned model gives."""
    session.install("-e", ".[lint]")
    session.run("ruff", "check", *PYTHON_CODE)
    session.run("ruff", "format", "--check", *PYTHON_CODE)
    session.run("python", "-m", "codegen", "check")


@nox.session
def typing(session: nox.Session) -> None:
    """Run both type checkers on the package, the generator and the usage examples."""
    session.install("-e", ".[typing]")
    session.run("mypy")
    session.run("pyright")
    session.run("pyright", "--verifytypes", "aiopartnercentral", "--ignoreexternal")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the test suite with all optional dependencies; arguments are passed to pytest."""
    session.install("-e", ".[test,typing]")
    # Three, as many tests wait for a process; the long ones are not left to the end of one worker.
    session.run("pytest", "-n", "3", "--dist", "worksteal", *session.posargs)


@nox.session
@nox.parametrize("transport", ["botocore", "standalone"])
def transports(session: nox.Session, transport: str) -> None:
    """Run the tests of calls with botocore's request path alone, or with clients that start without botocore."""
    session.install("-e", ".[test,typing]")
    paths = [f"tests/{name}" for name in ("_transport", "_client", "account", "bulk")]
    own = [f"--ignore={path}" for path in sorted(Path("tests/_transport").glob("test_direct*.py"))]
    session.run("pytest", "-n", "3", "--dist", "worksteal", "--transport", transport, *own, *paths)


@nox.session
def oldest(session: nox.Session) -> None:
    """Run the tests of calls and of all services with the oldest aiobotocore that the project allows."""
    (aiobotocore,) = (each for each in _lowest() if each.startswith("aiobotocore=="))
    session.install("-e", ".[test]", aiobotocore.replace("==", "[httpx]=="))
    paths = [f"tests/{name}" for name in ("_client", "_transport", "account", "all_services")]
    session.run("pytest", "-n", "3", "--dist", "worksteal", *session.posargs, *paths)


@nox.session(python="3.11")
@nox.parametrize("version", ["4", "3.5"])
def spark(session: nox.Session, version: str) -> None:
    """Read listings with Spark, in one process and in a cluster; needs Java 17, and downloads 400 MB."""
    session.install("-e", ".[test,spark]" if version == "4" else ".[test]", f"pyspark[sql]=={version}.*")
    session.run(
        "pytest", "tests/integrations/test_spark.py", "tests/integrations/test_spark_scans.py", *session.posargs
    )


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation site, and check its links; a warning is an error. Open build/docs/html/index.html."""
    session.install("-e", ".[cli,codegen,docs]", "pytest")  # the last is what the reference's pytest plugin imports
    session.run("python", "-m", "docs._site", "build/docs")


@nox.session
def recipes(session: nox.Session) -> None:
    """Run the programs of docs/engines.md, with the engines that they need."""
    session.install("-e", ".[test]", "dask", "deltalake>=1.0", "pyiceberg[pyarrow,sql-sqlite]", "ray[data]")
    session.run("pytest", "-n", "2", "tests/repository/test_engines_page.py", *session.posargs, env={"RECIPES": "all"})


@nox.session(python=nox.project.python_versions(PROJECT))
@nox.parametrize("versions", ["lowest", "newest"])
def matrix(session: nox.Session, versions: str) -> None:
    """Run a quick part of the tests with a Python of the classifiers, and the lowest or newest dependencies."""
    constraints = Path(session.create_tmp()) / "constraints.txt"
    constraints.write_text("\n".join(_lowest() if versions == "lowest" else []), encoding="utf-8")
    extras = ",".join(EXTRAS)
    # Each aiobotocore has one of the two extras for HTTP clients on trio; pip only warns about the other.
    session.install("-c", str(constraints), "-e", f".[{extras}]", "aiobotocore[boto3,httpx,httpx2]", *MATRIX_TOOLS)
    session.run("python", "-m", "pip", "check")
    session.run("aiopartnercentral", "demo", env={"AWS_EC2_METADATA_DISABLED": "true"}, silent=True)
    # Old versions use what newer ones of their own dependencies deprecate, such as typer of click.
    warnings = ["-W", "ignore::DeprecationWarning"] if versions == "lowest" else []
    session.run("pytest", "-q", "-n", "2", "--dist", "worksteal", *warnings, *session.posargs, *MATRIX_TESTS)


@nox.session
def aioboto3(session: nox.Session) -> None:
    """Wrap clients of an aioboto3 session, which has an older aiobotocore than the library otherwise uses."""
    session.install("-e", ".[emulator]", "aioboto3>=15.5")
    session.run("python", "-I", "-W", "error::ResourceWarning", "tests/repository/try_aioboto3.py")


def _lowest() -> list[str]:
    """Return constraints that allow only the lowest versions of what the project and its extras for users need."""
    optional = PROJECT["project"]["optional-dependencies"]
    needed = [*PROJECT["project"]["dependencies"], *(each for extra in EXTRAS for each in optional[extra])]
    matches = (re.match(r"([\w.-]+)>=([\w.]+)", each) for each in needed)
    return [f"{match[1]}=={match[2]}" for match in matches if match]


@nox.session
def build(session: nox.Session) -> None:
    """Build sdist and wheel, and try the wheel outside this checkout."""
    session.install("build")
    output = Path(session.create_tmp()) / "dist"
    shutil.rmtree(output, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(output), ".", silent=True)
    (wheel,) = output.glob("*.whl")
    _check_size(session, wheel)
    session.install("--force-reinstall", f"aiopartnercentral[cli,codegen] @ {wheel.resolve().as_uri()}")
    scripts = [ROOT / "tests" / "repository" / name for name in ("try_wheel.py", "try_codegen.py")]
    elsewhere = Path(session.create_tmp()) / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    with session.chdir(elsewhere):
        for script in scripts:
            session.run("python", "-I", "-W", "error", str(script), env={"PYTHONPATH": ""})
        session.run("aiopartnercentral", "--version")
        session.run(
            "aiopartnercentral", "demo", env={"AWS_EC2_METADATA_DISABLED": "true"}, silent=bool(os.environ.get("CI"))
        )


def _check_size(session: nox.Session, wheel: Path) -> None:
    """Fail if the wheel is too large, and name its largest directories."""
    size = wheel.stat().st_size
    sizes: Counter[str] = Counter()
    with zipfile.ZipFile(wheel) as archive:
        for file in archive.infolist():
            directory = "/".join(file.filename.split("/")[:2])
            sizes[directory] += file.compress_size + ENTRY_BYTES + 2 * len(file.filename)
    largest = ", ".join(f"{directory} {part:,}" for directory, part in sizes.most_common(8))
    session.log(f"{wheel.name}: {size:,} bytes; {largest}")
    emulator = sizes[EMULATOR]
    for name, part, limit in (("library", size - emulator, MOST_BYTES), ("emulator", emulator, MOST_BYTES_OF_EMULATOR)):
        if part >= limit:
            session.error(f"the {name} has {part:,} bytes of {wheel.name}, and must stay below {limit:,}: {largest}")


@nox.session(name="all-services")
def all_services(session: nox.Session) -> None:
    """Generate a package for every model of botocore, and compare each with botocore; takes a quarter of an hour."""
    session.install("-e", ".[test,typing]")
    folder = ROOT / "build" / "all-services"
    summary = ROOT / "docs" / "all-services.md"
    session.run("python", "-m", "codegen", "generate", "--all", "--output", str(folder), "--summary", str(summary))
    session.run("python", "-m", "codegen", "check", "--all", "--output", str(folder))
    session.run("pytest", "-n", "2", "tests/all_services", *session.posargs, env={"ALL_SERVICES": str(folder)})


@nox.session
def bench(session: nox.Session) -> None:
    """Compare with other clients; arguments are passed to `python -m benchmarks`, such as `--quick`."""
    session.install("-e", ".[bench]")
    session.run("python", "-m", "benchmarks", *session.posargs)
