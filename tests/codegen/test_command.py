"""`generate` and `check` as they are typed, in a copy of the tree."""

from __future__ import annotations

import json
import shutil

import pytest

from codegen import check
from codegen.emit.writer import FORMER_HEADER
from tests.codegen.tree_copy import copy_tree, replace_model

GENERATED = ("operations.py", "structures/common.py", "structures/connection.py")


@pytest.fixture
def tree(tmp_path):
    return copy_tree(tmp_path)


def edit(path):
    content = path.read_bytes()
    path.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def append(path):
    path.write_bytes(path.read_bytes() + b"\n")


def create(path):
    path.parent.mkdir(exist_ok=True)
    path.write_text("")


def test_what_is_committed_is_what_is_generated(tree):
    assert tree.run("check").code == 0
    before = tree.files()
    done = tree.run("generate")
    assert (done.code, done.out.strip()) == (0, "partnercentral-account: 0 file(s) changed")
    assert tree.files() == before


@pytest.mark.parametrize(
    ("name", "spoil", "problem"),
    [
        *(pytest.param(name, edit, "stale", id=f"edit {name}") for name in GENERATED),
        pytest.param("converters.py", cut, "stale", id="cut the last byte"),
        pytest.param("client.py", append, "stale", id="append a byte"),
        pytest.param("__init__.py", lambda path: path.unlink(), "missing", id="delete the package's own module"),
        pytest.param("operations.py", lambda path: path.unlink(), "missing", id="delete a module"),
        pytest.param("structures/partner.py", lambda path: path.unlink(), "missing", id="delete a module of a package"),
        pytest.param("structures/extra.py", create, "orphaned", id="add a module to a package"),
        pytest.param("extra.py", create, "orphaned", id="add a module"),
        pytest.param("notes.txt", create, "orphaned", id="add a text file"),
        pytest.param(".hidden", create, "orphaned", id="add a hidden file"),
        pytest.param("deeper/enums.py", create, "orphaned", id="add a file in a subfolder"),
    ],
)
def test_check_finds_every_difference_and_generate_repairs_it(tree, name, spoil, problem):
    before, path = tree.files(), tree.package / name
    spoil(path)
    done = tree.run("check")
    assert done.code == 1
    assert done.err.splitlines() == [f"{path}: {problem}", "run `python -m codegen generate`, with the same options"]
    repaired = tree.run("generate")
    assert repaired.code == 0
    assert f"{'removed' if problem == 'orphaned' else 'wrote'} {path}" in repaired.out
    assert tree.files() == before


def test_check_names_all_differences_at_once(tree):
    edit(tree.package / "operations.py")
    (tree.package / "enums.py").unlink()
    create(tree.package / "extra.py")
    assert [line.rpartition("/")[2] for line in tree.run("check").err.splitlines()[:-1]] == [
        "enums.py: missing",
        "extra.py: orphaned",
        "operations.py: stale",
    ]


def test_a_package_that_is_not_there_at_all_is_generated(tree):
    before = tree.files()
    shutil.rmtree(tree.package)
    done = tree.run("check")
    assert (done.code, done.err.count(": missing")) == (1, len(before))
    assert tree.run("generate").code == 0
    assert tree.files() == before


@pytest.mark.parametrize(("spoil", "problem"), [(append, "stale"), (lambda path: path.unlink(), "missing")])
def test_the_page_about_a_service_is_checked_and_written(tree, spoil, problem):
    before = tree.page.read_text()
    spoil(tree.page)
    done = tree.run("check")
    assert (done.code, done.err.splitlines()[0]) == (1, f"{tree.page}: {problem}")
    assert f"wrote {tree.page}" in tree.run("generate").out
    assert tree.page.read_text() == before


def test_compiled_files_are_no_difference(tree):
    create(tree.package / "__pycache__" / "enums.cpython-311.pyc")
    assert tree.run("check").code == 0


def service_model(tree):
    return next(tree.models.glob("*/*/service-2.json"))


def sources(tree):
    return tree.models / "SOURCES.toml"


def tampered(tree):
    edit(service_model(tree))


def reformatted(tree):
    path = service_model(tree)
    path.write_text(json.dumps(json.loads(path.read_text())))


def no_json(tree):
    replace_model(tree, service_model(tree), "{")


def unknown_trait(tree):
    path = service_model(tree)
    replace_model(tree, path, path.read_text().replace('"idempotent":true', '"impotent":true', 1))


@pytest.mark.parametrize("command", ["check", "generate"])
@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (tampered, "service-2.json does not match SOURCES.toml; run `python -m codegen sync`"),
        (reformatted, "service-2.json does not match SOURCES.toml"),
        (no_json, "service-2.json is not JSON"),
        (unknown_trait, "unknown trait 'impotent'"),
        (lambda tree: service_model(tree).unlink(), "service-2.json and SOURCES.toml disagree about whether it exists"),
        (lambda tree: shutil.rmtree(tree.models), "SOURCES.toml is missing; run `python -m codegen sync`"),
        (lambda tree: sources(tree).unlink(), "SOURCES.toml is missing"),
        (lambda tree: sources(tree).write_text("= no toml"), "SOURCES.toml is not TOML"),
        (lambda tree: sources(tree).write_bytes(b"\xff"), "SOURCES.toml is not TOML"),
        (lambda tree: sources(tree).write_text(""), "disagree about whether it exists"),
        (
            lambda tree: sources(tree).write_text('["partnercentral-account/2025-04-04"]\nservice-2 = "text"'),
            "does not match SOURCES.toml",
        ),
    ],
)
def test_a_spoiled_model_is_one_clear_line(tree, command, spoil, text):
    before = tree.files()
    spoil(tree)
    done = tree.run(command)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    assert text in done.err
    assert tree.files() == before


@pytest.mark.parametrize("arguments", [(), ("nonsense",), ("check", "more")])
def test_wrong_usage_is_explained(tree, arguments):
    done = tree.run(*arguments)
    assert done.code == 2
    assert "usage: python -m codegen" in done.err


@pytest.mark.parametrize("seed", ["0", "1", "42", "4294967295"])
def test_the_hash_seed_changes_no_byte(tree, seed):
    committed = tree.files()
    shutil.rmtree(tree.package)
    assert tree.run("generate", seed=seed).code == 0
    assert tree.files() == committed


@pytest.mark.parametrize(
    "spoil", [lambda path: path.write_text("{}"), lambda path: path.unlink()], ids=["edit", "delete"]
)
@pytest.mark.parametrize("kind", ["service-2", "paginators-1", "endpoint-rule-set-1"])
def test_every_pinned_file_is_compared_with_the_record(tree, kind, spoil):
    (path,) = tree.models.rglob(f"{kind}.json")
    spoil(path)
    done = tree.run("check")
    assert done.code == 1
    assert done.err.startswith("error: ")
    assert f"{kind}.json" in done.err


def test_what_cannot_be_written_is_named(tree):
    shutil.rmtree(tree.package)
    tree.package.write_text("mine")
    done = tree.run("generate")
    assert (done.code, done.err.strip()) == (1, f"error: cannot write {tree.package}: File exists")
    assert tree.package.read_text() == "mine"


@pytest.mark.parametrize(
    "shapes", [[], {"A": None}, {"A": {"type": ["string"]}}, {"A": {"type": "structure", "members": []}}]
)
def test_what_is_no_service_model_is_one_line(tree, shapes):
    (path,) = tree.models.rglob("service-2.json")
    replace_model(tree, path, json.dumps({**json.loads(path.read_text()), "shapes": shapes}))
    done = tree.run("check")
    assert done.code == 1
    assert done.err.startswith("error: partnercentral-account")
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("content", [FORMER_HEADER + "\n", FORMER_HEADER[:20]])
def test_a_package_with_the_former_header_is_replaced(tmp_path, content):
    path = tmp_path / "package"
    path.mkdir()
    (path / "__init__.py").write_text(content)
    files = {"__init__.py": b"new"}
    assert check.write(files, path, is_ours=False) == [path / "__init__.py"]
    assert (path / "__init__.py").read_bytes() == b"new"
