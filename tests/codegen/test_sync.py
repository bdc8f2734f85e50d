"""`sync` takes the models from the installed botocore: facts only, the same each time, and says where they are from."""

from __future__ import annotations

import gzip
import hashlib
import json
import tomllib
from pathlib import Path

import botocore
import pytest

from codegen import drift, source
from codegen.errors import SourceError
from codegen.services import MODELS, SERVICES
from codegen.source import strip_prose
from tests.codegen.tree_copy import copy_tree
from tests.support import synthetic

RECORDED = tomllib.loads((MODELS / "SOURCES.toml").read_text())
KINDS = ("service-2", "paginators-1", "endpoint-rule-set-1")


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


@pytest.mark.skipif(
    RECORDED["botocore"] != botocore.__version__, reason="another botocore than the pinned model is from"
)
def test_it_gives_what_is_committed(tree):
    assert contents(tree.models) == contents(MODELS)


def test_the_committed_files_are_those_of_the_record():
    recorded = {name: entry["pinned_sha256"] for name, entry in RECORDED.items() if name != "botocore"}
    committed = {name: hashlib.sha256(data).hexdigest() for name, data in contents(MODELS).items()}
    committed.pop("SOURCES.toml")
    assert recorded == committed
    assert set(recorded) == {f"{c.name}/{c.api_version}/{kind}.json" for c in SERVICES for kind in KINDS}


def test_the_hashes_are_those_of_both_files(tree):
    recorded = tomllib.loads((tree.models / "SOURCES.toml").read_text())
    assert recorded.pop("botocore") == botocore.__version__
    assert len(recorded) == len(KINDS)
    for relative, entry in recorded.items():
        assert entry == {
            "source_sha256": hashlib.sha256(in_botocore(relative)).hexdigest(),
            "pinned_sha256": hashlib.sha256((tree.models / relative).read_bytes()).hexdigest(),
        }


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
    with pytest.raises(source.SourceError, match="botocore has no service-2 of golden-empty 2025-01-01"):
        source.sync([synthetic.config("empty")], tmp_path)


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
    monkeypatch.setattr("importlib.resources.files", tmp_path.joinpath)
    for read in (
        lambda: source.of_installed(config),
        lambda: source.sync([config], tmp_path / "models"),
        lambda: drift.of_installed(config, MODELS),
    ):
        with pytest.raises(SourceError, match=f"^the service-2 of {config.name} in the installed botocore {text}"):
            read()
