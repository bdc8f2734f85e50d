"""The project's own texts: one for everything in the model, in the project's own words, and shown by editors."""

from __future__ import annotations

import ast
import inspect
import re
from collections import Counter
from functools import cache
from typing import Any

import attrs
import pytest

from aiopartnercentral import OpenEnum, ServiceError
from aiopartnercentral._utils.text import argument_texts, attribute_texts
from aiopartnercentral.types import Request, Structure, Variant
from codegen import __main__ as command, ir, texts
from codegen.build import build
from codegen.errors import SourceError
from codegen.project import pinned
from codegen.services import MODELS, SERVICES
from tests.support.botocore_texts import botocore_model
from tests.support.services import CONFIGS, package

CONFIG = SERVICES[0]
LONGEST = 90
RUN = 6  # words in a row that count as AWS's text


@cache
def built(name: str) -> ir.Service:
    return build(pinned.load(CONFIGS[name], MODELS))


@pytest.fixture(params=CONFIGS)
def service(request: pytest.FixtureRequest) -> ir.Service:
    return built(request.param)


def flat(service: ir.Service) -> dict[tuple[str, str], str]:
    """Return every text of a service, and where it is."""
    own = service.texts
    return {
        **{("operations", name): text for name, text in own.operations.items()},
        **{("shapes", name): text for name, text in own.shapes.items()},
        **{("shared", name): text for name, text in own.shared.items()},
        **{(shape, name): text for shape, found in own.members.items() for name, text in found.items()},
        **{(enum, value): text for enum, found in own.values.items() for value, text in found.items()},
    }


def generated(package: Any) -> list[Any]:
    classes = [one for name in dir(package) if inspect.isclass(one := getattr(package, name))]
    return [one for one in classes if issubclass(one, Structure | Variant | ServiceError | OpenEnum)]


def test_everything_has_a_text_and_every_text_is_used(service: ir.Service) -> None:
    assert texts.problems(service) == []


def test_every_text_has_the_style(service: ir.Service) -> None:
    for where, text in flat(service).items():
        assert len(text) <= LONGEST, where
        assert text.isascii(), where
        assert text.isprintable(), where
        assert text == " ".join(text.split()), where
        assert not text.endswith((".", ";", ",", ":")), where
        assert text[0].islower() or text.startswith(("AWS ", "ARN ", "`")), where
        assert text.count("`") % 2 == 0, where
        assert "``" not in text, where
        if where[0] == "shared" or where[0] in service.texts.members:
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


def test_no_text_is_taken_from_aws(service: ir.Service) -> None:
    theirs = all_documentation(botocore_model(service.config.name, service.config.api_version))
    assert len(theirs) > len(service.operations)
    taken = {run for text in theirs for run in runs(text)}
    whole = {tuple(words(text)) for text in theirs}
    for where, text in flat(service).items():
        assert not taken & runs(text), where
        assert tuple(words(text)) not in whole, where


@pytest.mark.parametrize("name", CONFIGS)
def test_every_attribute_has_a_text_that_editors_show(name: str) -> None:
    client = package(name).Client
    for cls in generated(package(name)):
        shown = attribute_texts(cls)
        if issubclass(cls, Request) and attrs.fields(cls):
            assert not shown, "in one place only"
            method = re.search(r"arguments of `Client\.(\w+)`", inspect.getdoc(cls) or "")
            assert method, cls
            shown = argument_texts(getattr(client, method[1]))
        if issubclass(cls, OpenEnum):
            assert shown.keys() <= cls.__members__.keys()
        elif issubclass(cls, ServiceError):
            assert list(shown) == list(inspect.signature(cls).parameters)[2:]
        else:
            own = [field.name for field in attrs.fields(cls) if not field.inherited]
            inherited = [field.name for field in attrs.fields(cls) if field.inherited]
            assert list(shown) == own + inherited
        assert "Attributes:" not in (inspect.getdoc(cls) or ""), "in one place only"
        for text in shown.values():
            assert text.endswith("."), cls
            assert "on the wire" not in text, cls


@pytest.mark.parametrize("name", CONFIGS)
def test_every_filter_has_a_text_that_editors_show(name: str) -> None:
    found = vars(package(name).listings)
    for cls in (one for each, one in found.items() if each.endswith("Filters")):
        classes = [cls, found[needed]] if (needed := f"_{cls.__name__}Required") in found else [cls]
        shown = {each for one in classes for each in attribute_texts(one)}
        assert shown == cls.__annotations__.keys() - {"max_items"}


def test_editors_find_the_end_of_each_piece_of_code(service: ir.Service) -> None:
    """Two backticks around a text with one garble the rest of the docstring."""
    strings = Counter[str]()
    for path in service.config.output.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                strings[node.value.value] += 1
    assert len(strings) > len(service.operations)
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
    assert f"{CONFIG.texts}: {problem}" in texts.problems(attrs.evolve(built("account"), texts=changed))


def test_the_command_lists_the_texts_that_are_missing(monkeypatch: Any, tmp_path: Any, capsys: Any) -> None:
    path = tmp_path / "texts.toml"
    path.write_text('[operations]\nListAll = "list everything"\n', encoding="utf-8")
    monkeypatch.setattr(pinned, "SERVICES", [attrs.evolve(CONFIG, texts=path)])
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
