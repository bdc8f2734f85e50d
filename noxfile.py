"""The checks of the project; `nox` without arguments runs those that must pass before a change is merged."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from collections import Counter
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir

import nox

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["lint", "typing", "tests", "build", "docs"]

ROOT = Path(__file__).parent
DISTRIBUTIONS = {"aiopartnercentral": (".", 1_000_000), "aiopartnercentral_emulator": ("emulator-package", 350_000)}
"""The directory of each project, and the size below which its wheel must stay."""
ENTRY_BYTES = 76  # of the headers of a file in a zip archive, which also contain its name twice
PROJECT = nox.project.load_toml("pyproject.toml")
PYTHON_CODE = ("src", "codegen", "emulator-package", "examples", "tests", "benchmarks", "docs", "noxfile.py")


EXTRAS = ("arrow", "cli", "emulator", "otel", "pandas", "polars", "ry", "zstd")
"""Those for users of the library: `matrix` installs them."""
MATRIX_TOOLS = (
    "boto3",
    "cloudpickle",
    "httpx2",
    "hypothesis",
    "opentelemetry-sdk",
    "pytest",
    "pytest-xdist",
    "trio",
    "trustme",
    "uvloop",
)
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
    "tests/cli/test_command.py",
    "tests/emulator/test_lifecycle.py",
)
"""Imports, conversions, calls on each event loop against the emulator, pagination, collections, and the command."""


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
    extras = {"4": ".[test,spark]", "3.5": ".[test]"}[version]
    # Spark 3.5 needs NumPy 1, which newer releases of pyarrow refuse when they are imported, and not when installed.
    older = ["pyarrow<23"] if version == "3.5" else []
    session.install("-e", extras, f"pyspark[sql]=={version}.*", *older)
    session.run(
        "pytest", "tests/integrations/test_spark.py", "tests/integrations/test_spark_scans.py", *session.posargs
    )


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation site, and check its links; a warning is an error. Open build/docs/html/index.html."""
    session.install("-e", ".[cli,codegen,docs]", "mypy>=1.15", "pytest")  # the reference has the pytest plugin
    session.run("mypy", "docs/_site")
    session.run("python", "-m", "docs._site", "build/docs")


@nox.session
def recipes(session: nox.Session) -> None:
    """Run the programs of docs/engines.md, with the engines that they need; Airflow has an environment of its own."""
    session.install("-e", ".[test]", "dask", "deltalake>=1.0", "pyiceberg[pyarrow,sql-sqlite]", "ray[data]")
    airflow = Path(session.create_tmp()).resolve() / "airflow"
    session.run("python", "-m", "venv", str(airflow))
    python = str(airflow / "bin" / "python")
    session.run(python, "-m", "pip", "install", "-q", "-e", ".", "apache-airflow>=3", external=True)
    # Ray refuses to keep temporary files in a virtual environment, as nox's TMPDIR does.
    env = {"RECIPES": "all", "AIRFLOW": python, "TMPDIR": gettempdir()}
    session.run("pytest", "-n", "2", "tests/repository/test_engines_page.py", *session.posargs, env=env)


@nox.session(python=nox.project.python_versions(PROJECT))
@nox.parametrize("versions", ["lowest", "newest"])
def matrix(session: nox.Session, versions: str) -> None:
    """Run a quick part of the tests with a Python of the classifiers, and the lowest or newest dependencies."""
    constraints = Path(session.create_tmp()) / "constraints.txt"
    constraints.write_text("\n".join(_lowest() if versions == "lowest" else []), encoding="utf-8")
    extras = ",".join(EXTRAS)
    # The lowest aiobotocore has only the first of the two extras; pip warns about the other.
    session.install("-c", str(constraints), "-e", f".[{extras}]", "aiobotocore[httpx,httpx2]", *MATRIX_TOOLS)
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
    """Build sdists and wheels of the library and the emulator, and try the wheels outside this checkout."""
    session.install("build", *PROJECT["build-system"]["requires"])
    output = Path(session.create_tmp()) / "dist"
    shutil.rmtree(output, ignore_errors=True)
    for directory, _ in DISTRIBUTIONS.values():
        _build(session, ROOT / directory, output)
    _check_reproducible(session, output)
    library, emulator = (next(output.glob(f"{name}-*.whl")).resolve() for name in DISTRIBUTIONS)
    files = [_checked_files(session, wheel) for wheel in (library, emulator)]
    if shared := files[0] & files[1]:
        session.error(f"both wheels have the files {sorted(shared)}")
    session.run("python", "-m", "pip", "uninstall", "-qy", "aiopartnercentral", "aiopartnercentral-emulator")
    session.install("--force-reinstall", f"aiopartnercentral[cli,codegen] @ {library.as_uri()}", "pytest")
    _try(session, "try_without_emulator.py")
    _try(session, "try_codegen.py")
    session.install(str(emulator))
    _try(session, "try_wheel.py")
    _try(session, "try_without_emulator.py", "--another-version")


def _build(session: nox.Session, directory: Path, output: Path, *options: str) -> None:
    """Build an sdist, and a wheel from it unless the options say otherwise; times in them are hatchling's constant."""
    arguments = ["--no-isolation", "--outdir", str(output), *options, str(directory)]
    session.run("python", "-m", "build", *arguments, env={"SOURCE_DATE_EPOCH": None}, silent=True)


def _check_reproducible(session: nox.Session, output: Path) -> None:
    """Fail unless a copy of the checkout, with other times and permissions, gives equal archives."""
    other = Path(session.create_tmp()).resolve() / "another checkout"
    shutil.rmtree(other, ignore_errors=True)
    caches = shutil.ignore_patterns(".git", ".nox", ".venv*", ".*_cache", ".hypothesis", "__pycache__", "build", "dist")
    shutil.copytree(ROOT, other, ignore=caches, symlinks=True)
    for path in [path for path in other.rglob("*") if path.is_file()]:
        path.chmod(path.stat().st_mode & 0o700)
        os.utime(path, (1_000_000_000, 1_000_000_000))
    umask = os.umask(0o077)
    try:
        for directory, _ in DISTRIBUTIONS.values():
            _build(session, other / directory, other / "dist", "--sdist", "--wheel")
    finally:
        os.umask(umask)
    built, again = (
        {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
        for folder in (output, other / "dist")
    )
    if different := [name for name in built.keys() | again.keys() if built.get(name) != again.get(name)]:
        session.error(f"the builds of two copies differ: {', '.join(sorted(different))}")
    for name, digest in sorted(built.items()):
        session.log(f"{digest}  {name}")


def _checked_files(session: nox.Session, wheel: Path) -> set[str]:
    """Return the files of a wheel; fail if it is too large, and name its largest directories."""
    size, limit = wheel.stat().st_size, DISTRIBUTIONS[wheel.name.partition("-")[0]][1]
    sizes: Counter[str] = Counter()
    with zipfile.ZipFile(wheel) as archive:
        for file in archive.infolist():
            directory = "/".join(file.filename.split("/")[:2])
            sizes[directory] += file.compress_size + ENTRY_BYTES + 2 * len(file.filename)
        largest = ", ".join(f"{directory} {part:,}" for directory, part in sizes.most_common(8))
        session.log(f"{wheel.name}: {size:,} bytes; {largest}")
        if size >= limit:
            session.error(f"{wheel.name} has {size:,} bytes, and must stay below {limit:,}: {largest}")
        return set(archive.namelist())


def _try(session: nox.Session, script: str, *arguments: str) -> None:
    """Run a script of tests/repository where nothing of this checkout can be imported."""
    elsewhere = Path(session.create_tmp()) / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    path = ROOT / "tests" / "repository" / script
    with session.chdir(elsewhere):
        session.run("python", "-I", "-W", "error", str(path), *arguments, env={"PYTHONPATH": ""})


@nox.session
def requirements(session: nox.Session) -> None:
    """Write the hashes of CI's own tools, nox and what it needs, to .github/requirements.txt."""
    folder = Path(session.create_tmp()) / "requirements"
    shutil.rmtree(folder, ignore_errors=True)
    session.run("python", "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--dest", str(folder), "nox")
    lines = ["# Written by `nox -s requirements`: nox and what it needs, for CI."]
    for wheel in sorted(folder.glob("*-none-any.whl")):
        name, version = wheel.name.split("-")[:2]
        lines += [
            f"{name.replace('_', '-')}=={version} \\",
            f"    --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}",
        ]
    (ROOT / ".github" / "requirements.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")


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


@nox.session
def container(session: nox.Session) -> None:
    """Do what the Dockerfile says in a new directory and a new environment, without a container engine."""
    session.run("python", "tests/repository/try_container.py")
