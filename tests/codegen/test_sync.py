"""`sync` takes the models from a botocore: facts only, the same each time, and says where they are from."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import tomllib
from pathlib import Path

import botocore
import pytest

from codegen import __main__ as command, botocore_data, source
from codegen.botocore_data import KINDS, strip_prose
from codegen.errors import SourceError
from codegen.project import drift, pinned
from codegen.services import MODELS, SERVICES
from tests.codegen.tree_copy import copy_tree
from tests.support import synthetic

RECORDED = tomllib.loads((MODELS / "SOURCES.toml").read_text())


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    tree = copy_tree(tmp_path_factory.mktemp("tree"))
    for path in tree.models.rglob("*.json"):
        path.unlink()
    (tree.models / "SOURCES.toml").unlink()
    done = tree.run("sync", seed="1")
    assert done.code == 0
    assert len(done.out.splitlines()) == len(KINDS) + 1
    return tree


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def strings_under(key, value):
    """Yield every string that stands under the key, at any depth."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inner:
        if name == key and isinstance(item, str):
            yield item
        yield from strings_under(key, item)


def in_botocore(relative):
    folder = Path(botocore.__file__).parent / "data"
    plain, packed = folder / relative, folder / f"{relative}.gz"
    return plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())


def test_it_is_deterministic(tree):
    before = contents(tree.models)
    assert tree.run("sync", seed="2").code == 0
    assert contents(tree.models) == before


def digests(recorded, which):
    """Return a digest of each file of SOURCES.toml."""
    return {f"{key}/{kind}.json": entry[kind][which] for key, entry in recorded.items() for kind in KINDS}


def test_the_committed_files_are_those_of_the_record():
    committed = {name: hashlib.sha256(data).hexdigest() for name, data in contents(MODELS).items()}
    committed.pop("SOURCES.toml")
    assert digests(RECORDED, "pinned_sha256") == committed
    assert list(RECORDED) == [f"{config.name}/{config.api_version}" for config in SERVICES]


def test_the_committed_files_are_written_as_sync_writes_them():
    for path in MODELS.rglob("*.json"):
        assert pinned.as_text(json.loads(path.read_bytes())) == path.read_text(encoding="utf-8")


def test_the_hashes_are_those_of_both_files(tree):
    recorded = tomllib.loads((tree.models / "SOURCES.toml").read_text())
    assert [entry.pop("botocore") for entry in recorded.values()] == [botocore.__version__]
    for which, content in (
        ("source_sha256", in_botocore),
        ("pinned_sha256", lambda name: (tree.models / name).read_bytes()),
    ):
        for name, digest in digests(recorded, which).items():
            assert digest == hashlib.sha256(content(name)).hexdigest()


def test_no_documentation_is_left(tree):
    for folder in (tree.models, MODELS):
        for path in folder.rglob("*.json"):
            model = json.loads(path.read_text())
            assert not list(strings_under("documentation", model))
            assert not list(strings_under("deprecatedMessage", model))
    original = json.loads(in_botocore(f"{SERVICES[0].name}/{SERVICES[0].api_version}/service-2.json"))
    assert list(strings_under("documentation", original))


def test_everything_but_the_documentation_is_left(tree):
    def without(value):
        if isinstance(value, dict):
            return {k: without(v) for k, v in value.items() if k != "documentation" or isinstance(v, dict)}
        return [without(v) for v in value] if isinstance(value, list) else value

    for path in tree.models.rglob("*.json"):
        original = json.loads(in_botocore(path.relative_to(tree.models).as_posix()))
        assert json.loads(path.read_text()) == without(original)


def test_a_member_called_documentation_is_no_documentation():
    structure = {
        "documentation": "<p>prose</p>",
        "type": "structure",
        "members": {
            "documentation": {"shape": "Text", "documentation": "<p>prose</p>"},
            "deprecatedMessage": {"shape": "Text", "deprecatedMessage": "prose"},
        },
        "required": ["documentation"],
        "enum": ["documentation"],
    }
    assert strip_prose([structure]) == [
        {
            "type": "structure",
            "members": {"documentation": {"shape": "Text"}, "deprecatedMessage": {"shape": "Text"}},
            "required": ["documentation"],
            "enum": ["documentation"],
        }
    ]


def test_a_service_that_botocore_does_not_have_is_named(tmp_path):
    with pytest.raises(SourceError, match="botocore has no service-2 of golden-empty 2025-01-01"):
        pinned.sync([synthetic.config("empty")], tmp_path, botocore_data.installed())


def as_package(root):
    return root / "botocore"


def as_wheel(root):
    return Path(shutil.make_archive(str(root), "zip", root)).rename(root.with_suffix(".whl"))


@pytest.fixture
def newer(tmp_path):
    """A directory from which a botocore can be imported, with a model of the second service alone."""
    root, config = tmp_path / "site-packages", SERVICES[1]
    shutil.copytree(MODELS / config.name, root / "botocore" / "data" / config.name)
    (root / "botocore" / "__init__.py").write_text("import os\n\n__version__ = '99.1.0'\n")
    path = root / "botocore" / "data" / config.name / config.api_version / "service-2.json"
    path.write_text(path.read_text().replace('"serviceFullName":"', '"documentation":"","serviceFullName":"The '))
    return root


@pytest.mark.parametrize("packed", [Path, as_package, as_wheel])
def test_a_botocore_that_is_not_installed_is_read_and_other_models_are_kept(
    newer, packed, tmp_path, monkeypatch, capsys
):
    models = shutil.copytree(MODELS, tmp_path / "models")
    monkeypatch.setattr("codegen.project.commands.MODELS", models)
    path = packed(newer)
    assert command.main(["sync", "--from", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("kept")] == [
        f"kept {config.name}: {path} does not have {config.api_version}" for config in SERVICES if config != SERVICES[1]
    ]
    for config in SERVICES:
        found = pinned.load(config, models)
        assert found.service["metadata"]["serviceFullName"].startswith("The ") == (config == SERVICES[1])
        assert (pinned.botocore_of(config, models) == "99.1.0") == (config == SERVICES[1])


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "does not contain botocore"), (b"PK", "is not a directory, a wheel or a zip file")]
)
def test_a_path_without_botocore_is_one_clear_error(tmp_path, content, reason, capsys):
    path = tmp_path / "there"
    path.write_bytes(content) if content else path.mkdir()
    before = contents(MODELS)
    assert command.main(["sync", "--from", str(path)]) == 1
    assert capsys.readouterr().err.startswith(f"error: {path} {reason}")
    assert contents(MODELS) == before


@pytest.mark.parametrize(
    ("file", "content", "text"),
    [
        ("service-2.json", b"no JSON", "is not JSON"),
        ("service-2.json", b"[" * 100_000, "is nested too deeply"),
        ("service-2.json", b"[]", "is not a JSON object"),
        ("service-2.json", b"null", "is not a JSON object"),
        ("service-2.json.gz", b"no archive", "is damaged"),
        ("service-2.json.gz", gzip.compress(b"{}", mtime=0)[:-4], "is damaged"),
        ("service-2.json.gz", gzip.compress(b"{}", mtime=0)[:10] + b"\xff" * 10, "is damaged"),
    ],
)
def test_a_damaged_file_of_botocore_is_one_clear_error(tmp_path, monkeypatch, file, content, text):
    config = SERVICES[0]
    path = tmp_path / "botocore" / "data" / config.name / config.api_version / file
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    (tmp_path / "botocore" / "__init__.py").write_text('__version__ = "1.2.3"')
    monkeypatch.setattr("importlib.resources.files", tmp_path.joinpath)
    for read in (
        lambda: source.of_installed(config),
        lambda: pinned.sync([config], tmp_path / "models", botocore_data.installed()),
        lambda: drift.against(config, MODELS, botocore_data.installed()),
    ):
        with pytest.raises(SourceError, match=f"^the service-2 of {config.name} in the installed botocore {text}"):
            read()
