"""The project's own texts: one for everything in the model, in the project's own words, and shown by editors."""

from __future__ import annotations

import ast
import inspect
import re
from collections import Counter
from typing import Any

import attrs
import pytest

from aiopartnercentral import OpenEnum, ServiceError, account
from aiopartnercentral._utils.docstrings import attribute_texts
from aiopartnercentral.account import listings
from aiopartnercentral.types import Structure, Variant
from codegen import __main__ as command, source, texts
from codegen.build import build
from codegen.errors import SourceError
from codegen.services import MODELS, SERVICES
from tests.support.botocore_texts import botocore_model

CONFIG = SERVICES[0]
SERVICE = build(source.load(CONFIG, MODELS))
TEXTS = SERVICE.texts
FLAT = {
    **{("operations", name): text for name, text in TEXTS.operations.items()},
    **{("shapes", name): text for name, text in TEXTS.shapes.items()},
    **{("shared", name): text for name, text in TEXTS.shared.items()},
    **{(shape, name): text for shape, found in TEXTS.members.items() for name, text in found.items()},
    **{(enum, value): text for enum, found in TEXTS.values.items() for value, text in found.items()},
}
CLASSES = [one for name in dir(account) if inspect.isclass(one := getattr(account, name))]
GENERATED = [one for one in CLASSES if issubclass(one, Structure | Variant | ServiceError | OpenEnum)]
LONGEST = 90
RUN = 6  # words in a row that count as AWS's text


def test_everything_has_a_text_and_every_text_is_used() -> None:
    assert texts.problems(SERVICE) == []


def test_every_text_has_the_style() -> None:
    for where, text in FLAT.items():
        assert len(text) <= LONGEST, where
        assert text.isascii(), where
        assert text.isprintable(), where
        assert text == " ".join(text.split()), where
        assert not text.endswith((".", ";", ",", ":")), where
        assert text[0].islower() or text.startswith(("AWS ", "ARN ", "`")), where
        assert text.count("`") % 2 == 0, where
        assert "``" not in text, where
        if where[0] == "shared" or where[0] in TEXTS.members:
            assert ";" not in text, where  # the limits follow one


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", re.sub(r"<[^>]*>", " ", text).lower())


def runs(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[at : at + RUN]) for at in range(len(found) - RUN + 1)}


def all_documentation(value: Any) -> list[str]:
    """Return every text of a model."""
    if isinstance(value, dict):
        own = [text for key, text in value.items() if key == "documentation" and isinstance(text, str)]
        return own + [text for part in value.values() for text in all_documentation(part)]
    return [text for part in value for text in all_documentation(part)] if isinstance(value, list) else []


def test_no_text_is_taken_from_aws() -> None:
    theirs = all_documentation(botocore_model(CONFIG.name, CONFIG.api_version))
    assert len(theirs) > len(SERVICE.operations)
    taken = {run for text in theirs for run in runs(text)}
    whole = {tuple(words(text)) for text in theirs}
    for where, text in FLAT.items():
        assert not taken & runs(text), where
        assert tuple(words(text)) not in whole, where


@pytest.mark.parametrize("cls", GENERATED, ids=lambda cls: cls.__name__)
def test_every_attribute_has_a_text_that_editors_show(cls: Any) -> None:
    shown = attribute_texts(cls)
    if issubclass(cls, OpenEnum):
        assert shown.keys() <= cls.__members__.keys()
    elif issubclass(cls, ServiceError):
        assert list(shown) == list(inspect.signature(cls).parameters)[2:]
    else:
        assert list(shown) == [field.name for field in attrs.fields(cls)]
    assert "Attributes:" not in (inspect.getdoc(cls) or ""), "in one place only"
    for text in shown.values():
        assert text.endswith(".")
        assert "on the wire" not in text


@pytest.mark.parametrize("name", [name for name in vars(listings) if name.endswith("Filters")])
def test_every_filter_has_a_text_that_editors_show(name: str) -> None:
    cls = getattr(listings, name)
    assert attribute_texts(cls).keys() == cls.__annotations__.keys() - {"max_items"}


def test_editors_find_the_end_of_each_piece_of_code() -> None:
    """Two backticks around a text with one garble the rest of the docstring."""
    strings = Counter[str]()
    for path in CONFIG.output.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                strings[node.value.value] += 1
    assert len(strings) > len(FLAT)
    for text in strings:
        assert text.count("`") % 2 == 0, text
        assert "``" not in text, text


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda t: t.operations.pop("GetPartner"), "no text of operation GetPartner"),
        (lambda t: t.shapes.pop("Tag"), "no text of structure Tag"),
        (lambda t: t.shapes.pop("ValidationError"), "no text of union ValidationError"),
        (lambda t: t.shapes.pop("FieldValidationCode"), "no text of enum FieldValidationCode"),
        (lambda t: t.members["Tag"].pop("Key"), "no text of member Tag.Key"),
        (lambda t: t.members.pop("ThrottlingException"), "no text of member ThrottlingException.QuotaCode"),
        (lambda t: t.operations.update(ListAll="x"), "[operations] ListAll is unknown or not used"),
        (lambda t: t.shapes.update(Nothing="x"), "[shapes] Nothing is unknown or not used"),
        (lambda t: t.shapes.update(TagKey="x"), "[shapes] TagKey is unknown or not used"),
        (lambda t: t.shared.update(Key="x"), "[shared] Key is unknown or not used"),
        (lambda t: t.members.update(Nothing={"Key": "x"}), "[members.Nothing] Key is unknown or not used"),
        (lambda t: t.members["Tag"].update(Colour="x"), "[members.Tag] Colour is unknown or not used"),
        (lambda t: t.values["AccessType"].update(ASK="x"), "[values.AccessType] ASK is unknown or not used"),
    ],
)
def test_check_names_each_text_that_is_missing_or_too_many(change: Any, problem: str) -> None:
    changed = texts.load(CONFIG.texts)
    change(changed)
    assert f"{CONFIG.texts}: {problem}" in texts.problems(attrs.evolve(SERVICE, texts=changed))


def test_the_command_lists_the_texts_that_are_missing(monkeypatch: Any, tmp_path: Any, capsys: Any) -> None:
    path = tmp_path / "texts.toml"
    path.write_text('[operations]\nListAll = "list everything"\n', encoding="utf-8")
    monkeypatch.setattr(command, "SERVICES", [attrs.evolve(CONFIG, texts=path)])
    assert command.main(["check"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert f"{path}: no text of operation ListPartners" in lines
    assert f"{path}: [operations] ListAll is unknown or not used" in lines


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "is missing"),
        ("= no toml", "Invalid statement"),
        ("[operation]\n", "operation"),
        ("[operations]\nListPartners = 1\n", "expected str @ $.operations['ListPartners']"),
        ('[members]\nTag = "x"\n', "members"),
    ],
)
def test_a_file_of_another_form_is_one_clear_error(tmp_path: Any, content: str | None, reason: str) -> None:
    path = tmp_path / "texts.toml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=re.escape(str(path))) as caught:
        texts.load(path)
    assert reason in str(caught.value)
