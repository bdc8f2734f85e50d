"""Generate or check many packages in several processes, and skip those that cannot have changed."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from itertools import islice
from multiprocessing import connection, parent_process
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
import cattrs

from aiopartnercentral._serialization import members

from .. import botocore_data, check, names, source
from ..build import build
from ..errors import CodegenError, writing
from ..services import ServiceConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .. import ir

MANIFEST = ".codegen-manifest.json"


@attrs.frozen(kw_only=True)
class Result:
    """The result for one model.

    Attributes:
        service: botocore's name of the service.
        api_version: the version of its model.
        package: import name of the package.
        protocol: the protocol that botocore speaks with it; empty if it is unsupported.
        operations: how many operations its client has.
        types: how many structures, unions, enums and errors there are.
        omissions: what was omitted and why, one line for each; those of whole operations first.
        refused: how many of the omissions are operations; the others are paginators.
        error: why nothing was generated, or None.
        problems: the files that were written or removed or, where only checked, that differ.
    """

    service: str
    api_version: str
    package: str
    protocol: str = ""
    operations: int = 0
    types: int = 0
    omissions: tuple[str, ...] = ()
    refused: int = 0
    error: str | None = None
    problems: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class _Entry:
    """The manifest's entry for one package: digests of what went into it and what came out, and the result."""

    inputs: str
    files: str
    told: Result


_Done: TypeAlias = "tuple[Result, _Entry | None]"


def every(output: Path) -> list[ServiceConfig]:
    """Return the configuration for every model of the installed botocore; older ones have the version in their name."""
    return [
        ServiceConfig(
            name=service,
            api_version=version,
            package=names.package(service if version == versions[-1] else f"{service} {version}"),
            root=output,
            whole=False,
        )
        for service, versions in botocore_data.installed().versions().items()
        for version in versions
    ]


def run(
    configs: Iterable[ServiceConfig],
    output: Path,
    *,
    jobs: int,
    only_check: bool,
    progress: Callable[[Result, int, int], None],
) -> list[Result]:
    """Generate or check the packages below one directory; a model that is not supported does not stop the others.

    When interrupted, the processes finish the packages that they have begun, and the manifest includes these.

    Arguments:
        configs: what to generate.
        output: the directory, which also holds the manifest.
        jobs: how many processes to use.
        only_check: write nothing.
        progress: called with each result, the number of results so far, and the total.

    Raises:
        CodegenError: the manifest cannot be written, the formatter is missing, or a process was killed.
    """
    waiting = list(configs)
    entries = _manifest(output)
    work = partial(_work, generator=_generator_digest(), only_check=only_check)
    results: dict[str, Result] = {}
    begun: list[Future[_Done]] = []
    with (
        _interruptions_deferred() as interruptions,
        ProcessPoolExecutor(max_workers=jobs, initializer=_serve_parent_alone) as pool,
    ):
        try:
            left, running = iter(waiting), set[Future[_Done]]()
            while len(results) < len(waiting) and not interruptions:
                # Submit no more than are being worked on: the pool cannot cancel what it has queued.
                new = [pool.submit(work, each, entries.get(each.package)) for each in islice(left, jobs - len(running))]
                begun += new
                done, running = wait(running.union(new), return_when=FIRST_COMPLETED)
                for result, _ in (future.result() for future in done):
                    results[result.package] = result
                    progress(result, len(results), len(waiting))
        except BrokenProcessPool:
            raise CodegenError("a process was killed, perhaps because the memory is full") from None
        finally:
            pool.shutdown()
            if not only_check:
                _write_manifest(output, entries | _made(begun))
    return [results[config.package] for config in waiting]


@contextmanager
def _interruptions_deferred() -> Iterator[list[int]]:
    """Collect SIGINT in the `with` block, and raise `KeyboardInterrupt` at its end.

    An exception in the middle of submitting would lose a package that is begun.
    """
    received: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, _: received.append(number))
    try:
        yield received
    finally:
        signal.signal(signal.SIGINT, previous)
    if received:
        raise KeyboardInterrupt


def _made(begun: Iterable[Future[_Done]]) -> dict[str, _Entry]:
    """Return the manifest's entries for the packages that were made, whether or not they were reported."""
    made = (future.result() for future in begun if future.done() and future.exception() is None)
    return {result.package: entry for result, entry in made if entry is not None}


def _serve_parent_alone() -> None:
    """In a worker process: leave interruptions to the parent, and exit when the parent does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


def _work(config: ServiceConfig, entry: _Entry | None, *, generator: str, only_check: bool) -> _Done:
    """Generate or check one package; return the result, and the manifest's entry if it is new."""
    told = Result(service=config.name, api_version=config.api_version, package=config.package)
    try:
        inputs = _digest([generator.encode(), *_model(config), config.package.encode()])
        if entry is not None and entry.inputs == inputs and entry.files == _tree_digest(config.output):
            return entry.told, None
        service = build(source.of_installed(config))
        files = check.rendered(service)
        if only_check:
            problems: Iterable[object] = check.differences(files, config.output)
        else:
            problems = check.write(files, config.output, is_ours=False)
        told = attrs.evolve(told, **_facts(service))
        made = _Entry(inputs=inputs, files=_tree_digest(config.output), told=told)
    except CodegenError as error:
        return attrs.evolve(told, error=str(error)), None
    except Exception as error:  # noqa: BLE001 - for one model: the others continue
        return attrs.evolve(told, error=f"the generator failed: {type(error).__name__}: {error}"), None
    return attrs.evolve(told, problems=tuple(map(str, problems))), None if only_check else made


def _facts(service: ir.Service) -> dict[str, Any]:
    """Return the facts about a service for its result."""
    omissions = sorted(service.omissions, key=lambda omission: not omission.refused)
    kinds = (service.structures(), service.unions(), service.enums(), service.errors())
    return {
        "protocol": service.protocol.value,
        "operations": len(service.operations),
        "types": sum(1 for kind in kinds for _ in kind),
        "omissions": tuple(str(omission) for omission in omissions),
        "refused": sum(omission.refused for omission in omissions),
    }


def _model(config: ServiceConfig) -> list[bytes]:
    botocore = botocore_data.installed()
    return [botocore.original(config, kind) or b"" for kind in botocore_data.READ_KINDS]


def _digest(parts: Iterable[bytes]) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()


def _tree_digest(folder: Path) -> str:
    """Return a digest of the names and contents of all files of a package."""
    paths = sorted(check.files_of(folder))
    return _digest(part for path in paths for part in (path.relative_to(folder).as_posix().encode(), path.read_bytes()))


def _generator_digest() -> str:
    """Return a digest of everything except the model that the text of a package depends on."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - only this needs it

    modules = [*sorted(Path(__file__).parents[1].rglob("*.py")), Path(members.__file__)]
    try:
        formatter = version("ruff")
    except PackageNotFoundError:
        raise CodegenError("the formatter is missing: ruff is in the extra `codegen`") from None
    return _digest([formatter.encode(), *(path.read_bytes() for path in modules)])


def _manifest(output: Path) -> dict[str, _Entry]:
    """Read the manifest; without one, every package is made again."""
    try:
        return cattrs.structure(json.loads((output / MANIFEST).read_bytes()), dict[str, _Entry])
    except (OSError, ValueError, TypeError, AttributeError, cattrs.BaseValidationError):
        return {}


def _write_manifest(output: Path, entries: Mapping[str, _Entry]) -> None:
    text = json.dumps({package: attrs.asdict(entry) for package, entry in sorted(entries.items())})
    with writing():
        output.mkdir(parents=True, exist_ok=True)
        (output / MANIFEST).write_text(text, encoding="utf-8")
