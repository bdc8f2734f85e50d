"""The pinned service models: taken from a botocore, stripped of prose, written deterministically."""

from __future__ import annotations

import hashlib
import json
import tomllib
from typing import TYPE_CHECKING, Any

from .. import texts
from ..botocore_data import KINDS, OPTIONAL_KINDS
from ..errors import SourceError
from ..services import MODELS, SERVICES
from ..source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from ..botocore_data import Botocore
    from ..services import ServiceConfig

SOURCES = "SOURCES.toml"
_HEADER = """\
# Written by `python -m codegen sync`: the botocore that each model is from, and the digests of its files.
# `source_sha256` is that of the file in botocore (uncompressed), `pinned_sha256` that of the file here, which holds
# the same facts without the documentation text.
"""


def sync(configs: Iterable[ServiceConfig], models: Path, botocore: Botocore) -> list[Path]:
    """Copy the models of a botocore into the directory `models`; returns the files written.

    A service that this botocore does not have keeps its pinned model, if there is one.

    Raises:
        SourceError: botocore does not have this service or version, and no model of it is pinned.
    """
    files: dict[Path, str] = {}
    records: dict[str, Mapping[str, Any]] = {}
    known = _recorded(models) if (models / SOURCES).exists() else {}
    for config in configs:
        key = _key(config)
        if key in known and not botocore.has(config):
            records[key] = known[key]
            continue
        record: dict[str, Any] = {"botocore": botocore.version}
        for kind in KINDS:
            original = botocore.original(config, kind)
            if original is not None:
                text = as_text(botocore.parsed(config, kind, original))
                files[_path(models, config, kind)] = text
                record[kind] = {"source_sha256": _digest(original), "pinned_sha256": _digest(text.encode())}
        records[key] = record
    files[models / SOURCES] = sources_text(records)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def as_text(model: Mapping[str, Any]) -> str:
    """Return a model as compact JSON with a line for each operation and shape, so that changes can be read."""
    parts = {
        name: _object(part, _compact) if isinstance(part, dict) else _compact(part) for name, part in model.items()
    }
    return _object(parts, str) + "\n"


def _object(entries: Mapping[str, Any], shown: Callable[[Any], str]) -> str:
    lines = ",\n".join(f"{json.dumps(name)}:{shown(value)}" for name, value in entries.items())
    return f"{{\n{lines}\n}}" if lines else "{}"


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True)


def sources_text(records: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the text of SOURCES.toml."""
    return _HEADER + "".join(_record(key, entry) for key, entry in records.items())


def _record(key: str, entry: Mapping[str, Any]) -> str:
    lines = [f'\n["{key}"]', f"botocore = {json.dumps(entry['botocore'])}"]
    for kind in (kind for kind in KINDS if kind in entry):
        digests = ", ".join(f'{name} = "{digest}"' for name, digest in entry[kind].items())
        lines.append(f"{kind} = {{ {digests} }}")
    return "\n".join(lines) + "\n"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _key(config: ServiceConfig) -> str:
    return f"{config.name}/{config.api_version}"


def _path(models: Path, config: ServiceConfig, kind: str) -> Path:
    return models / config.name / config.api_version / f"{kind}.json"


def botocore_of(config: ServiceConfig, models: Path) -> str:
    """Return the version of botocore that the pinned model of a service is from.

    Raises:
        SourceError: SOURCES.toml is missing or does not say.
    """
    version = _entry(_recorded(models), config).get("botocore")
    if not isinstance(version, str):
        raise SourceError(
            f"{models / SOURCES} does not say which botocore {config.name} is from; run `python -m codegen sync`"
        )
    return version


def file(config: ServiceConfig, models: Path, kind: str) -> Mapping[str, Any] | None:
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


def _entry(recorded: Mapping[str, Any], config: ServiceConfig) -> Mapping[str, Any]:
    entry = recorded.get(_key(config), {})
    return entry if isinstance(entry, dict) else {}


def _pinned(models: Path, config: ServiceConfig, kind: str, recorded: Mapping[str, Any]) -> Mapping[str, Any] | None:
    path, entry = _path(models, config, kind), _entry(recorded, config).get(kind)
    if entry is None and not path.exists():
        return None
    if entry is None or not path.exists():
        raise SourceError(f"{path} and {SOURCES} disagree about whether it exists; run `python -m codegen sync`")
    data = path.read_bytes()
    if not isinstance(entry, dict) or _digest(data) != entry.get("pinned_sha256"):
        raise SourceError(f"{path} does not match {SOURCES}; run `python -m codegen sync`")
    try:
        model: Mapping[str, Any] = json.loads(data)
    except ValueError as error:
        raise SourceError(f"{path} is not JSON: {error}") from error
    return model


def load_all() -> list[Source]:
    """Read the pinned models of the project's services; see `load`."""
    return [load(config, MODELS) for config in SERVICES]
