from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path
from typing import Any

import attrs
import pytest

import aiopartnercentral
from aiopartnercentral import account, errors
from aiopartnercentral._utils.lazy_imports import _type_checking_imports
from aiopartnercentral.errors import AioPartnerCentralError
from tests.support import services
from tests.support.fresh_interpreter import modules_after

SOURCE = Path(aiopartnercentral.__file__).parent
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "statement",
    [
        "import aiopartnercentral",
        "import aiopartnercentral.account",
        "from aiopartnercentral import account; dir(account)",
        "from aiopartnercentral.account import ConnectionSummary, Participant, ConnectionType",
    ],
)
def test_naming_a_type_builds_no_converter_and_imports_no_botocore(statement: str) -> None:
    loaded = modules_after(statement)
    assert loaded.isdisjoint({"botocore", "aiobotocore", "aiohttp", "cattrs", "msgspec", "anyio", "typer", "rich"})


def test_the_first_call_builds_no_converter_and_what_it_needs_alone() -> None:
    call = """if True:
        import asyncio
        from aiopartnercentral import account
        from tests.support.servers import Reply, scripted_server

        async def main(url):
            options = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
            async with account.connect(endpoint_url=url, **options) as client:
                await client.list_connections(catalog="AWS")

        with scripted_server() as server:
            server.replies(Reply({"ConnectionSummaries": []}))
            asyncio.run(main(server.url))
        import sys
        print("\\n".join(sys.modules))
    """
    done = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(done.stdout.split())
    assert loaded.isdisjoint({"cattrs", "aiopartnercentral._serialization.cbor"})
    shown = {"types.short_text", "types.item_html", "_utils.html"}  # what only a repr or a notebook needs
    assert loaded.isdisjoint({f"aiopartnercentral.{name}" for name in shown})
    transport = {name.removeprefix("aiopartnercentral._transport.") for name in loaded if "._transport." in name}
    assert transport.isdisjoint({"credential_errors", "mfa", "providers", "refreshable_credentials", "sessions", "sts"})
    generated = {name for name in loaded if name.startswith(f"{account.__name__}.")}
    assert {name.removeprefix(f"{account.__name__}.") for name in generated} == {
        *("client", "enums", "errors", "fast", "listings", "operations"),
        *("structures", "structures.common", "structures.connection"),
    }


@pytest.mark.parametrize(
    "reply",
    [
        'Reply({"ConnectionSummaries": [], "NextToken": 1})',
        'Reply({"__type": "AccessDeniedException", "Message": "no"}, status=400)',
    ],
)
def test_the_converters_are_loaded_beside_the_loop(reply: str) -> None:
    call = f"""if True:
        import anyio, builtins, sys, threading
        from aiopartnercentral import account
        from aiopartnercentral.errors import AioPartnerCentralError
        from tests.support.servers import Reply, scripted_server

        loaded_in = []

        class Watch:
            def find_spec(self, name, path=None, target=None):
                if name == "aiopartnercentral.account.converters":
                    loaded_in.append(threading.current_thread() is threading.main_thread())

        sys.meta_path.insert(0, Watch())

        async def main(url):
            options = {{"aws_access_key_id": "a", "aws_secret_access_key": "b"}}
            async with account.connect(endpoint_url=url, **options) as client:
                try:
                    await client.list_connections(catalog="AWS")
                except AioPartnerCentralError as error:
                    print(type(error).__name__)

        with scripted_server() as server:
            server.replies({reply})
            anyio.run(main, server.url)
        print(loaded_in)
    """
    done = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, check=True, cwd=ROOT)
    error, loaded_in = done.stdout.split()
    assert error in {"DecodeError", "AccessDeniedException"}
    assert loaded_in == "[False]"


def test_converting_needs_no_client() -> None:
    loaded = modules_after("from aiopartnercentral.account import json_converter")
    assert loaded.isdisjoint({"aiobotocore", "aiohttp", "typer", "rich"})


def test_a_sink_of_local_files_needs_no_client() -> None:
    loaded = modules_after("from aiopartnercentral.sinks import open_sink; open_sink('out.ndjson')")
    assert loaded.isdisjoint({"aiobotocore", "aiohttp", "aiopartnercentral._transport.s3_options"})


@pytest.mark.parametrize("module", [aiopartnercentral, *map(services.package, services.NAMES)])
def test_every_public_name_is_there(module: Any) -> None:
    assert dir(module) == module.__all__ == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        module.nothing  # noqa: B018


def test_the_tree_at_the_top_of_errors_holds_every_error() -> None:
    drawn = [line for line in (errors.__doc__ or "").splitlines() if "Error" in line]
    for name in [each for each in errors.__all__ if each.endswith("Error")] + ["SourcesFailedError"]:
        assert any(name in line for line in drawn), name
        assert issubclass(getattr(aiopartnercentral, name), AioPartnerCentralError)


@pytest.mark.parametrize("package", [services.package(name) for name in services.NAMES])
def test_annotations_of_every_generated_class_resolve_at_run_time(package: Any) -> None:
    for name in package.__all__:
        cls = getattr(package, name)
        if inspect.isclass(cls) and attrs.has(cls):
            assert all(not isinstance(a.type, str) for a in attrs.fields(attrs.resolve_types(cls)))


def imports_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


class WaitsFor(ast.NodeVisitor):
    """The modules of this package that the import of a module waits for, as it runs their code or needs their names."""

    def __init__(self, name: str, path: Path) -> None:
        self.found = {name.rpartition(".")[0]}
        self.visit(ast.parse(path.read_text(encoding="utf-8")))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Leave out what is imported by a call."""

    def visit_If(self, node: ast.If) -> None:
        is_for_types = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for each in node.orelse if is_for_types else [*node.body, *node.orelse]:
            self.visit(each)

    def visit_Import(self, node: ast.Import) -> None:
        self.found |= {alias.name for alias in node.names}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        package = node.module or ""
        path = SOURCE.parent.joinpath(*package.split("."), "__init__.py")
        lazy = _type_checking_imports(path.read_text(encoding="utf-8"), package) if path.exists() else {}
        for alias in node.names:
            self.found |= {package, f"{package}.{alias.name}", lazy.get(alias.name, package)}


def test_no_import_waits_for_itself_so_that_two_threads_cannot_deadlock() -> None:
    """Python locks a module and then its package, and whatever it imports, while another thread may begin elsewhere."""
    paths = {path.relative_to(SOURCE.parent).with_suffix(""): path for path in SOURCE.rglob("*.py")}
    modules = {".".join(name.parts).removesuffix(".__init__"): path for name, path in paths.items()}
    graph = {name: WaitsFor(name, path).found & modules.keys() for name, path in modules.items()}
    assert graph["aiopartnercentral.emulator.server"] > {"aiopartnercentral.emulator"}
    order = list(
        TopologicalSorter({name: found - {name} for name, found in graph.items()}).static_order()
    )  # or a cycle
    assert len(order) == len(modules)


def roots(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports_of(path)}


def test_every_package_that_is_imported_is_named_in_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = chain(project["dependencies"], *project["optional-dependencies"].values())
    named = {re.split(r"[^A-Za-z0-9_-]", requirement)[0].replace("-", "_") for requirement in needed}
    named |= {"aiopartnercentral", "botocore"}  # which aiobotocore brings in the one version that it goes with
    named |= {name.removesuffix("_api") for name in named}  # as opentelemetry-api is imported
    for path in SOURCE.rglob("*.py"):
        assert roots(path) - sys.stdlib_module_names <= named, path


def test_only_the_transport_calls_aiobotocore() -> None:
    transport = {path.relative_to(SOURCE).as_posix() for path in (SOURCE / "_transport").rglob("*.py")}
    typed_only = {"_client.py"}  # names the types of two options
    names_errors = {
        "errors.py",
        "_pagination/causes.py",
        "_pagination/explanations.py",
    }  # of which botocore's are the base, or some
    for path in SOURCE.rglob("*.py"):
        place = path.relative_to(SOURCE).as_posix()
        if place not in {*transport, *typed_only}:
            assert "aiobotocore" not in roots(path), place
        if place not in {*transport, *names_errors, "_serialization/timestamps.py"} and not place.startswith("cli/"):
            assert "botocore" not in roots(path), place


def test_generated_code_imports_attrs_the_standard_library_and_the_runtime_alone() -> None:
    allowed = sys.stdlib_module_names | {"attrs", "aiopartnercentral", "__future__"}
    for config in services.CONFIGS.values():
        for path in config.output.rglob("*.py"):
            assert roots(path) <= allowed, path


def test_everything_but_the_transport_runs_through_anyio() -> None:
    # Which loop runs is asked for the HTTP client. A call ahead of the consumer has no block that could wait for it.
    # The emulator's HTTP server and both HTTP clients run on asyncio alone. The command's runner does not wait for
    # asyncio's threads. A blocking client's loop waits for a future of other threads, which anyio cannot without one.
    allowed = {SOURCE / "_transport" / f"{name}.py" for name in ("event_loops", "prefetch", "standalone")}
    allowed |= {SOURCE / "emulator" / "http_server.py", SOURCE / "cli" / "runner.py", SOURCE / "_utils" / "blocking.py"}
    allowed |= {SOURCE / "_transport" / "http" / f"{name}.py" for name in ("asyncio_client", "connection", "ry_client")}
    for path in SOURCE.rglob("*.py"):
        assert "asyncio" not in roots(path) or path in allowed, path


def test_hand_written_files_are_no_longer_than_400_lines() -> None:
    hand_written = [p for p in SOURCE.rglob("*.py") if p.relative_to(SOURCE).parts[0] not in services.NAMES]
    codegen = list((SOURCE.parents[1] / "codegen").rglob("*.py"))
    assert codegen
    for path in [*hand_written, *codegen]:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path
