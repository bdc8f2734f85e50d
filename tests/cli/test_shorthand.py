"""The shorthand of structures, with the parser of the AWS CLI as the oracle."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import get_args

import pytest
from hypothesis import example, given, strategies as st

from aiopartnercentral._utils import model_data
from aiopartnercentral._utils.text import squashed
from aiopartnercentral.cli import services, subcommands
from aiopartnercentral.cli.shapes import Shapes
from aiopartnercentral.cli.shorthand import ShorthandError, parse, shorthand
from tests.cli.aws_cli_shorthand import aws_cli_shorthand
from tests.cli.service import value_of
from tests.support.servers import Reply, scripted_server

# A backslash before the closing quote is an escape of it for the AWS CLI if another quote follows.
TEXTS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])).filter(lambda text: text[-1:] != "\\")
NAMES = st.from_regex(r"[A-Za-z0-9_.#/:-]{1,3}", fullmatch=True)
VALUES = st.recursive(TEXTS, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=8)
LISTINGS = [(service, command) for service, found in services.summaries().items() for command in found]


@pytest.fixture(scope="module")
def aws_cli():
    with aws_cli_shorthand() as read:
        yield read


@given(value=st.dictionaries(NAMES, VALUES, min_size=1))
def test_every_structure_can_be_written_so_that_the_aws_cli_reads_it_too(aws_cli, value):
    text = shorthand(value)
    assert parse(text).value == aws_cli(text) == value


@given(text=st.text("ab=,[]{}'\"\\ é", max_size=14).map(lambda text: f"a={text}".strip()))
@example(text=r"a=\,b,c\,=d,e")
@example(text=r"a='b\'c\\d',e=\"f\",g")
@example(text="a=[b=c,{d=e,},[],,]")
@example(text="a=b=c,d,b ,c = e")
@example(text="a=]x,b=}y")
def test_a_text_means_what_it_means_to_the_aws_cli(aws_cli, text):
    with suppress(ShorthandError):
        assert parse(text).value == aws_cli(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SortBy=a,SortOrder=b", {"SortBy": "a", "SortOrder": "b"}),
        ("a=b,c,d=e", {"a": ["b", "c"], "d": "e"}),
        ("a=,b=c", {"a": "", "b": "c"}),
        ('a=\'b, c\',d="e=\\"f\\""', {"a": "b, c", "d": 'e="f"'}),
        (r"a=b\,c", {"a": "b,c"}),
        ("a={b=[c,{d=e}],f=g}", {"a": {"b": ["c", {"d": "e"}], "f": "g"}}),
        ("a = [ b , c ] , d = { e = f }\n", {"a": ["b", "c"], "d": {"e": "f"}}),
        ("a=2026-11-29T02:15:00Z", {"a": "2026-11-29T02:15:00Z"}),
    ],
)
def test_what_the_aws_cli_documents(aws_cli, text, value):
    assert parse(text).value == aws_cli(text.strip()) == value


@pytest.mark.parametrize("text", ["a", "=b", "a=b,", "a=b c=d,", "a=[b", "a={b}", "a={b=c", "a='b", "a=b,a=c", "a==b"])
def test_what_the_aws_cli_refuses(aws_cli, text):
    with pytest.raises(ShorthandError):
        parse(text)
    if text != "=b":  # a member without a name, which no structure has
        assert aws_cli(text) is None


def structures(service, command):
    """Yield each filter of a listing that is a structure, with its shape or, if it can be repeated, that of a value."""
    known = services.facts(service)
    (pagination,) = (one for one in known.paginations if one.method.replace("_", "-") == command)
    model = model_data.load(known.name, known.api_version)
    members = model["shapes"][model["operations"][pagination.operation.name]["input"]["shape"]]["members"]
    shapes = {squashed(name): member["shape"] for name, member in members.items()}
    for each in subcommands.subcommand(service, command).filters:
        shape = shapes[squashed(pagination.attributes.get(each.name, each.name))]
        if each.is_structure:
            found = model["shapes"][shape]
            yield each, found["member"]["shape"] if found["type"] == "list" else shape, model


@pytest.mark.parametrize(("service", "command"), LISTINGS)
def test_each_filter_is_the_same_in_shorthand_as_in_json(aws_cli, service, command):
    for each, shape, model in structures(service, command):
        option, value = get_args(each.option)[1], value_of(model["shapes"], shape)
        is_list = get_args(get_args(each.option)[0] or None)[:1] == (list[str],)
        texts = [[text] if is_list else text for text in (json.dumps(value), shorthand(value), snake(value))]
        in_json, in_shorthand, in_python = map(option.callback, texts)
        assert in_json == in_shorthand == in_python
        assert in_json
        theirs = aws_cli(shorthand(value), model, shape)
        assert theirs == value == Shapes(model["shapes"]).typed(parse(shorthand(value)).value, shape)


def snake(value):
    """Return shorthand with the names of Python."""
    names = r"(?<=[,{])\w+=|^\w+="
    return re.sub(names, lambda found: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", found[0]).lower(), shorthand(value))


MEMBERS = {"A": "Flag", "B": "Number", "C": "Real", "D": "List", "E": "Map", "a_b": "Text", "AB": "Text"}
SHAPES = Shapes(
    {
        "Text": {"type": "string"},
        "Many": {"type": "structure", "members": {name: {"shape": shape} for name, shape in MEMBERS.items()}},
        "Flag": {"type": "boolean"},
        "Number": {"type": "long"},
        "Real": {"type": "double"},
        "List": {"type": "list", "member": {"shape": "Number"}},
        "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Flag"}},
    }
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=true,B=-7,C=1.5e3,D=1", {"A": True, "B": -7, "C": 1500.0, "D": [1]}),
        ("A=FALSE,D=1,2,E={x=true}", {"A": False, "D": [1, 2], "E": {"x": True}}),
        ("A=yes,B=1.5,C=nan,D=x", {"A": "yes", "B": "1.5", "C": "nan", "D": ["x"]}),  # refused by the decoder
        ("b=1,d=[2]", {"B": 1, "D": [2]}),
        ("a_b=x,AB=y", {"a_b": "x", "AB": "y"}),
        ("ab=x", {"ab": "x"}),  # of which of the two?
    ],
)
def test_the_model_says_what_is_a_number(text, value):
    assert SHAPES.typed(parse(text).value, "Many") == value


RESOURCES = ["ResourceType=OPPORTUNITY,ResourceIdentifier='a,b'", "resource_type=BENEFIT_ALLOCATION"]
SENT = [{"ResourceType": "OPPORTUNITY", "ResourceIdentifier": "a,b"}, {"ResourceType": "BENEFIT_ALLOCATION"}]


@pytest.mark.parametrize(
    "options",
    [
        ["--associated-resource", *RESOURCES],
        ["--associated-resource", RESOURCES[0], "--associated-resource", RESOURCES[1]],
        [f"--associated-resource={RESOURCES[0]}", RESOURCES[1]],
        ["--associated-resource", RESOURCES[0], json.dumps(SENT[1:])],
        ["--associated-resource", json.dumps(SENT)],
        ["--associated-resource", "file://given"],
    ],
)
def test_several_structures_follow_an_option_as_in_the_aws_cli(run_here, tmp_path, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "given").write_text(f"\n{json.dumps(SENT)}\n")
    with scripted_server() as server:
        server.answer = lambda _: Reply({"BenefitApplicationSummaries": []})
        arguments = ["--catalog", "AWS", "--endpoint-url", server.url]
        ended = run_here("collect", "list-benefit-applications", *options, *arguments)
    assert (ended.code, ended.out, ended.err) == (0, b"", "")
    assert server.received[0].body["AssociatedResources"] == SENT


def test_a_file_has_shorthand_too_and_another_listing_can_follow(run_here, tmp_path):
    file = tmp_path / "order"
    file.write_text("SortBy=Identifier,\n  SortOrder=ASCENDING\n")
    results = {"ListOpportunities": "OpportunitySummaries", "ListSolutions": "SolutionSummaries"}
    with scripted_server() as server:
        server.answer = lambda received: Reply({results[received.operation]: []})
        listings = ["list-opportunities", "--sort", f"file://{file}", "list-solutions", "--sort"]
        arguments = ["sort_by=Name,sort_order=ASCENDING", "--catalog", "AWS", "--endpoint-url", server.url]
        ended = run_here("collect", *listings, *arguments)
    assert (ended.code, ended.out, ended.err) == (0, b"", "")
    assert {each.operation: each.body["Sort"] for each in server.received} == {
        "ListOpportunities": {"SortBy": "Identifier", "SortOrder": "ASCENDING"},
        "ListSolutions": {"SortBy": "Name", "SortOrder": "ASCENDING"},
    }


def test_a_file_that_is_not_text(run_here, tmp_path):
    (tmp_path / "x").write_bytes(b"\xff")
    ended = run_here("collect", "list-opportunities", "--sort", f"file://{tmp_path / 'x'}", "--catalog", "AWS")
    assert (ended.code, ended.out) == (2, b"")
    assert f"cannot read {tmp_path / 'x'}: it is not UTF-8" in ended.err
