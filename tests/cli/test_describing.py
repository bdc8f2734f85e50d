"""What is read of each operation and type, held against the generated package."""

from __future__ import annotations

import inspect
import re
from datetime import datetime
from typing import get_args, get_origin, get_type_hints

import attrs
import pytest

from aiopartnercentral import account
from aiopartnercentral.account import enums, errors, operations, structures, unions
from aiopartnercentral.account.client import Client, Paginate
from aiopartnercentral.cli import api, sheet
from aiopartnercentral.cli.api import Kind
from aiopartnercentral.cli.describing import describe
from aiopartnercentral.types import Operation, Pagination

API = api.load()
NAMES = [*API.operations, *API.shapes]
# What `eval` turns the types that are told into: those of the package.
TYPES = {name: getattr(account, name) for name in account.__all__} | {"datetime": datetime}


def described_types(members):
    return {member.name: eval(member.type, dict(TYPES)) for member in members}  # noqa: S307 - types of the package


def check_members(cls, members):
    """Hold members against those of a generated structure, which come in another order, and its docstring."""
    fields = {field.name: field for field in attrs.fields(cls) if field.name != "response_metadata"}
    hints = get_type_hints(cls)
    assert {member.name for member in members} == set(fields)
    for name, kind in described_types(members).items():
        assert hints[name] in (kind, kind | None)
    said = " ".join(cls.__doc__.split())
    for member in members:
        assert member.required == (fields[member.name].default is attrs.NOTHING)
        assert member.sensitive == (fields[member.name].repr is not True)
        check_said(said, member)


def check_said(said, member):
    """Hold what is told of a member against its sentence in a generated docstring."""
    sentence = said[said.index(f" {member.name}: ") :].partition(" on the wire")
    assert sentence[0].endswith(f"`{member.wire_name}`")
    told = sheet._facts(member).partition(" on the wire")[2]
    for check in sheet._checks(member.constraints):
        assert check in told
        assert check.removeprefix("pattern ") in sentence[2]
    assert ("generated where left out" in told) == member.generated


@pytest.mark.parametrize("name", API.operations)
def test_every_operation_is_described_as_it_was_generated(name):
    facts = describe(API, name)
    made = {value.name: value for value in vars(operations).values() if isinstance(value, Operation)}[name]
    method = getattr(Client, facts.python.removeprefix("client."))
    assert inspect.iscoroutinefunction(method)
    assert method.__doc__.startswith(f"Call `{name}`")
    assert ("only reads" in method.__doc__) == facts.readonly
    assert facts.reference in method.__doc__.split()
    assert facts.readonly == made.readonly
    assert facts.idempotent == (made.readonly or made.idempotent)
    assert list(facts.errors) == [error.__name__ for error in made.errors]
    for body, cls in ((facts.request, made.input), (facts.response, made.output)):
        assert getattr(account, body.python.removeprefix("account.")) is cls
        check_members(cls, body.members)


def test_the_paginated_operations_are_those_of_the_paginator():
    made = {v.operation.name: v for v in vars(operations).values() if isinstance(v, Pagination)}
    found = {name: describe(API, name).pages for name in API.operations}
    assert {name for name, pages in found.items() if pages} == set(made)
    for name, pagination in made.items():
        pages = found[name]
        method = getattr(Paginate, pages.python.removeprefix("client.paginate."))
        assert f"`{name}`" in method.__doc__
        assert ("catalogs" in inspect.signature(method).parameters) == pages.over_catalogs
        assert ("page_size" in inspect.signature(method).parameters) == (pages.page_size is not None)
        assert (pages.items, pages.output_token) == (pagination.result_key, pagination.output_token)


@pytest.mark.parametrize("name", API.shapes)
def test_every_type_is_described_as_it_was_generated(name):
    facts = describe(API, name)
    found = eval(facts.python, {"account": account, **TYPES})  # noqa: S307 - types of the package
    match facts.kind:
        case Kind.STRUCTURE:
            assert found.__module__.startswith(structures.__name__)
            assert facts.reference in found.__doc__
            check_members(found, facts.members)
        case Kind.ENUM:
            assert found is getattr(enums, found.__name__)
            assert facts.reference in found.__doc__
            assert list(facts.values) == [member.value for member in found]
        case Kind.UNION:
            assert found is getattr(unions, facts.python.removeprefix("account."))
            *variants, unknown = get_args(found)
            assert [member.name for member in facts.members] == [variant.__name__ for variant in variants]
            assert facts.unknown == unknown.__name__
            for variant, kind in zip(variants, described_types(facts.members).values(), strict=True):
                assert get_type_hints(variant)["value"] == kind
            assert all(member.required is None for member in facts.members)
        case Kind.ERROR:
            given = inspect.signature(found.__init__).parameters.values()
            names = [one.name for one in given if one.kind is inspect.Parameter.KEYWORD_ONLY]
            assert sorted(member.name for member in facts.members) == sorted(names)
            assert facts.reference in found.__doc__
            hints = get_type_hints(found.__init__, vars(errors) | {"enums": enums, "unions": unions, "Mapping": dict})
            for attribute, kind in described_types(facts.members).items():
                assert hints[attribute] == kind | None
        case Kind.LIST | Kind.MAP:
            assert get_origin(found) is {Kind.LIST: list, Kind.MAP: dict}[facts.kind]
            assert [eval(API.type(entry), dict(TYPES)) for entry in facts.entries] == list(get_args(found))  # noqa: S307
        case _:
            assert found in (str, int, float, bool, bytes, datetime)


def test_every_use_is_told_at_what_is_used():
    for operation in API.operations:
        facts = describe(API, operation)
        assert operation in describe(API, facts.request.name).used_by.requests
        assert operation in describe(API, facts.response.name).used_by.responses
        assert all(operation in describe(API, error).used_by.errors for error in facts.errors)
        for member in facts.response.members:
            assert operation in describe(API, member.shape).used_by.responses
    for name in API.shapes:
        facts = describe(API, name)
        for member in facts.members:
            holders = {holder.name: holder.members for holder in describe(API, member.shape).used_by.types}
            assert member.name in holders[name]
        for entry in facts.entries:
            assert name in {holder.name for holder in describe(API, entry).used_by.types}
    used = describe(API, "ConnectionSummary").used_by
    assert used.responses == ("ListConnections",)
    assert [(holder.name, holder.members) for holder in used.types] == [
        ("ConnectionSummaryList", ()), ("ListConnectionsResponse", ("connection_summaries",)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        *((each, "ListConnections") for each in ("ListConnections", "list_connections", "list-connections")),
        *((each, "ListConnections") for each in ("LISTCONNECTIONS", "client.paginate.list_connections()")),
        *((each, "ConnectionSummary") for each in ("connection_summary", "account.ConnectionSummary")),
        *((each, "Participant") for each in ("Participant", "ParticipantPartnerProfile", "participant-unknown")),
        *((each, "ConnectionId") for each in ("ConnectionId", "connection-id")),
        ("throttling_exception", "ThrottlingException"),
        ("", None),
        ("-", None),
        ("client.", None),
    ],
)
def test_a_name_is_found_in_any_spelling(typed, name):
    assert API.find(typed) == name


@pytest.mark.parametrize("name", NAMES)
def test_no_name_is_hidden_by_another(name):
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    spellings = [name, name.lower(), name.upper(), snake, snake.replace("_", "-")]
    assert {API.find(each) for each in spellings} == {name}
    python = describe(API, name).python
    assert not python.startswith(("client.", "account.")) or API.find(python) == name
