"""The pinned service models: taken from the installed botocore, stripped of prose, written deterministically."""

from __future__ import annotations

import hashlib
import json
import tomllib
from typing import TYPE_CHECKING, Any

import attrs

from codegen import ir, texts
from codegen.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from codegen.services import ServiceConfig

KINDS = ("service-2", "paginators-1", "endpoint-rule-set-1")
READ_KINDS = ("service-2", "paginators-1")  # the files that the generator reads
OPTIONAL_KINDS = frozenset({"paginators-1"})
_NEEDED = frozenset({"metadata", "operations", "shapes"})
PROSE = frozenset({"documentation", "deprecatedMessage"})
SOURCES = "SOURCES.toml"


@attrs.frozen(kw_only=True)
class Source:
    """The JSON of one service's model, as `ir` reads it, and the project's own descriptions."""

    config: ServiceConfig
    service: Mapping[str, Any]
    paginators: Mapping[str, Any]
    texts: ir.Texts = attrs.field(factory=ir.Texts)


def strip_prose(value: Any) -> Any:  # noqa: ANN401 - a service model is arbitrary JSON
    """Return the JSON without documentation text; a *member* called `documentation` is not text and stays."""
    if isinstance(value, dict):
        return {k: strip_prose(v) for k, v in value.items() if not (k in PROSE and isinstance(v, str))}
    if isinstance(value, list):
        return [strip_prose(v) for v in value]
    return value


def sync(configs: Iterable[ServiceConfig], models: Path) -> list[Path]:
    """Copy the models of the installed botocore into the directory `models`; returns the files written.

    Raises:
        SourceError: botocore does not have this service or version.
    """
    import botocore  # noqa: PLC0415 - only this command needs it

    lines = [f"botocore = {json.dumps(botocore.__version__)}"]
    written = []
    for config in configs:
        for kind in KINDS:
            original = installed(config, kind)
            if original is None:
                continue
            text = json.dumps(parsed(config, kind, original), indent=2, ensure_ascii=True) + "\n"
            path = models / config.name / config.api_version / f"{kind}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            written.append(path)
            lines += [
                "",
                f'["{path.relative_to(models).as_posix()}"]',
                f'source_sha256 = "{hashlib.sha256(original).hexdigest()}"',
                f'pinned_sha256 = "{hashlib.sha256(text.encode()).hexdigest()}"',
            ]
    sources = models / SOURCES
    header = (
        "# Written by `python -m codegen sync`. `source_sha256` is that of the file in botocore (uncompressed),\n"
        "# `pinned_sha256` that of the file here, which holds the same facts without the documentation text.\n\n"
    )
    sources.write_text(header + "\n".join(lines) + "\n", encoding="utf-8")
    return [*written, sources]


def installed(config: ServiceConfig, kind: str) -> bytes | None:
    """Return botocore's file, uncompressed, or None if it is optional and does not exist.

    Raises:
        SourceError: botocore does not have this service or version, or the file cannot be unpacked.
    """
    import gzip  # noqa: PLC0415 - only `sync` and `drift` need it
    import zlib  # noqa: PLC0415
    from importlib.resources import files  # noqa: PLC0415

    folder = files("botocore") / "data" / config.name / config.api_version
    plain, packed = folder / f"{kind}.json", folder / f"{kind}.json.gz"
    if packed.is_file():
        try:
            return gzip.decompress(packed.read_bytes())
        except (OSError, EOFError, zlib.error) as error:
            raise SourceError(f"the {kind} of {config.name} in the installed botocore is damaged: {error}") from error
    if plain.is_file():
        return plain.read_bytes()
    if kind in OPTIONAL_KINDS:
        return None
    raise SourceError(f"the installed botocore has no {kind} of {config.name} {config.api_version}")


def parsed(config: ServiceConfig, kind: str, original: bytes | None) -> Mapping[str, Any]:
    """Return one of botocore's files without prose; an empty object if it does not exist.

    Raises:
        SourceError: it is not a JSON object, or one that lacks what every service model has.
    """
    file = f"the {kind} of {config.name} in the installed botocore"
    try:
        found = {} if original is None else strip_prose(json.loads(original))
    except ValueError as error:
        raise SourceError(f"{file} is not JSON: {error}") from error
    except RecursionError as error:
        raise SourceError(f"{file} is nested too deeply") from error
    if not isinstance(found, dict):
        raise SourceError(f"{file} is not a JSON object")
    absent = sorted(_NEEDED - found.keys()) if kind == "service-2" else []
    if absent:
        raise SourceError(f"{file} is not a service model: it has no {absent[0]!r}")
    return found


def installed_versions() -> dict[str, list[str]]:
    """Return the versions of each service's model in the installed botocore, oldest first."""
    from importlib.resources import files  # noqa: PLC0415 - only `generate` of other services needs it

    found: dict[str, list[str]] = {}
    for service in (files("botocore") / "data").iterdir():
        versions = [version.name for version in service.iterdir() if _is_model(version)] if service.is_dir() else []
        if versions:
            found[service.name] = sorted(versions)
    return dict(sorted(found.items()))


def _is_model(folder: Traversable) -> bool:
    return any((folder / f"service-2.json{suffix}").is_file() for suffix in (".gz", ""))


def of_installed(config: ServiceConfig) -> Source:
    """Read the model of a service in the installed botocore, without prose.

    Raises:
        SourceError: botocore does not have this service or version, or a file of it is not a JSON object.
    """
    found = {kind: parsed(config, kind, installed(config, kind)) for kind in READ_KINDS}
    # Some files describe operations that the model no longer has.
    operations = found["service-2"].get("operations", {})
    paginators = {k: v for k, v in found["paginators-1"].get("pagination", {}).items() if k in operations}
    return Source(config=config, service=found["service-2"], paginators=paginators)


def pinned_from(models: Path) -> str:
    """Return the version of botocore that the pinned models are from.

    Raises:
        SourceError: SOURCES.toml is missing or does not say.
    """
    version = _recorded(models).get("botocore")
    if not isinstance(version, str):
        raise SourceError(f"{models / SOURCES} does not say which botocore it is from; run `python -m codegen sync`")
    return version


def pinned(config: ServiceConfig, models: Path, kind: str) -> Mapping[str, Any] | None:
    """Return one pinned file, or None where an optional one does not exist.

    Raises:
        SourceError: a file is missing, is not JSON, or differs from what SOURCES.toml recorded.
    """
    return _pinned(models, config, kind, _recorded(models))


def load(config: ServiceConfig, models: Path) -> Source:
    """Read one pinned model after comparing it with SOURCES.toml.

    Raises:
        SourceError: a file is missing, is not JSON, or differs from what SOURCES.toml recorded; or the texts are not
            as they should be.
    """
    recorded = _recorded(models)
    # Those that only the runtime reads are compared as well.
    pinned = {kind: _pinned(models, config, kind, recorded) for kind in KINDS}
    for kind, model in pinned.items():
        if model is None and kind not in OPTIONAL_KINDS:
            raise SourceError(
                f"{models}: no {kind} of {config.name} {config.api_version}; run `python -m codegen sync`"
            )
    paginators = pinned["paginators-1"] or {}
    return Source(
        config=config,
        service=pinned["service-2"] or {},
        paginators=paginators.get("pagination", {}),
        texts=texts.load(config.texts),
    )


def _recorded(models: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads((models / SOURCES).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SourceError(f"{models / SOURCES} is missing; run `python -m codegen sync`") from error
    except ValueError as error:  # not TOML, or not UTF-8
        raise SourceError(f"{models / SOURCES} is not TOML: {error}") from error


def _pinned(models: Path, config: ServiceConfig, kind: str, recorded: Mapping[str, Any]) -> Mapping[str, Any] | None:
    path = models / config.name / config.api_version / f"{kind}.json"
    entry = recorded.get(path.relative_to(models).as_posix())
    if entry is None and not path.exists():
        return None
    if entry is None or not path.exists():
        raise SourceError(f"{path} and {SOURCES} disagree about whether it exists; run `python -m codegen sync`")
    data = path.read_bytes()
    if not isinstance(entry, dict) or hashlib.sha256(data).hexdigest() != entry.get("pinned_sha256"):
        raise SourceError(f"{path} does not match {SOURCES}; run `python -m codegen sync`")
    try:
        model: Mapping[str, Any] = json.loads(data)
    except ValueError as error:
        raise SourceError(f"{path} is not JSON: {error}") from error
    return model
