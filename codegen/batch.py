"""Generates or checks many packages in processes of their own, and leaves alone what cannot have changed."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import islice
from multiprocessing import connection, parent_process
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
import cattrs

from codegen import check, source
from codegen.build import build
from codegen.errors import CodegenError, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from codegen import ir
    from codegen.services import ServiceConfig

MANIFEST = ".codegen-manifest.json"


@attrs.frozen(kw_only=True)
class Result:
    """What became of one model.

    Attributes:
        service: botocore's name of the service.
        api_version: the version of its model.
        package: import name of the package.
        protocol: the protocol that botocore speaks with it; empty if it was refused.
        operations: how many operations its client has.
        types: how many structures, unions, enums and errors there are.
        omissions: what was left out and why, a line each; those of whole operations first.
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
    """What the manifest says of one package: what went into it, what came out, and what there is to tell of it."""

    inputs: str
    files: str
    told: Result


_Done: TypeAlias = "tuple[Result, _Entry | None]"


def run(
    configs: Iterable[ServiceConfig],
    output: Path,
    *,
    jobs: int,
    only_check: bool,
    progress: Callable[[Result, int, int], None],
) -> list[Result]:
    """Generate or check the packages below one folder; a model that cannot be honoured does not stop the others.

    An interruption lets the processes finish the packages that they have begun: the manifest speaks of these as well.

    Arguments:
        configs: what to generate.
        output: the folder, which holds the manifest as well.
        jobs: how many processes to use.
        only_check: write nothing.
        progress: called for each result as it comes, with how many there are by then and will be.

    Raises:
        CodegenError: the manifest cannot be written, the formatter is missing, or a process was ended from outside.
    """
    waiting = list(configs)
    entries = _manifest(output)
    work = partial(_work, generator=_generator_digest(), only_check=only_check)
    results: dict[str, Result] = {}
    begun: list[Future[_Done]] = []
    with ProcessPoolExecutor(max_workers=jobs, initializer=_serve_parent_alone) as pool:
        try:
            left, running = iter(waiting), set[Future[_Done]]()
            while len(results) < len(waiting):
                # No more than are worked on: what the pool holds beyond them cannot be called back.
                new = [pool.submit(work, each, entries.get(each.package)) for each in islice(left, jobs - len(running))]
                begun += new
                done, running = wait(running.union(new), return_when=FIRST_COMPLETED)
                for result, _ in (future.result() for future in done):
                    results[result.package] = result
                    progress(result, len(results), len(waiting))
        except BrokenProcessPool:
            raise CodegenError("a process was ended from outside, perhaps because the memory is full") from None
        finally:
            pool.shutdown()
            if not only_check:
                _write_manifest(output, entries | _made(begun))
    return [results[config.package] for config in waiting]


def _made(begun: Iterable[Future[_Done]]) -> dict[str, _Entry]:
    """Return what the manifest shall say of the packages that were made, whether or not they were told of."""
    made = (future.result() for future in begun if future.done() and future.exception() is None)
    return {result.package: entry for result, entry in made if entry is not None}


def _serve_parent_alone() -> None:
    """In a process of its own: leave it to the parent to heed an interruption, and end with it however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


def _work(config: ServiceConfig, entry: _Entry | None, *, generator: str, only_check: bool) -> _Done:
    """Generate or check one package; gives what the manifest shall say of it, if that is new."""
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
    except Exception as error:  # noqa: BLE001 - of one model alone: the others go on
        return attrs.evolve(told, error=f"the generator failed: {type(error).__name__}: {error}"), None
    return attrs.evolve(told, problems=tuple(map(str, problems))), None if only_check else made


def _facts(service: ir.Service) -> dict[str, Any]:
    """Return what there is to tell of a service that could be read."""
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
    return [source.installed(config, kind) or b"" for kind in source.READ_KINDS]


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
    """Return a digest of everything beside the model that the text of a package depends on."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - only this needs it

    modules = sorted(Path(__file__).parent.rglob("*.py"))
    try:
        formatter = version("ruff")
    except PackageNotFoundError:
        raise CodegenError("the formatter is missing: ruff is in the extra `lint`") from None
    return _digest([formatter.encode(), *(path.read_bytes() for path in modules)])


def _manifest(output: Path) -> dict[str, _Entry]:
    """Read the manifest; one that is missing or unreadable only costs time."""
    try:
        return cattrs.structure(json.loads((output / MANIFEST).read_bytes()), dict[str, _Entry])
    except (OSError, ValueError, TypeError, AttributeError, cattrs.BaseValidationError):
        return {}


def _write_manifest(output: Path, entries: Mapping[str, _Entry]) -> None:
    text = json.dumps({package: attrs.asdict(entry) for package, entry in sorted(entries.items())})
    with writing():
        output.mkdir(parents=True, exist_ok=True)
        (output / MANIFEST).write_text(text, encoding="utf-8")
