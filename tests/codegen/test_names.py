"""Python names of whatever a service may call its parts: valid, unique in their scope, and not moved by additions."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import example, given, strategies as st

from codegen import ir, names
from codegen.build import build
from codegen.names import snake
from codegen.source import Source
from tests.support import synthetic

LIMITS = ir.Constraints()
AWKWARD = (
    *("from", "class", "None", "self", "Self", "SELF", "", "_", "__", "__init__", "1", "1st", "é", "a-b", "a_b", "aB"),
    *(
        "AB",
        "Ab",
        "ab",
        "a b",
        "str",
        "Str",
        "list",
        "Client",
        "Request",
        "catalogs",
        "Catalogs",
        "args",
        "Code",
        "ids",
    ),
    *("IDs", "ARNs", "URL", "EC2", "value", "Value", "VALUE", "mro", "name", "response_metadata", "Shape", "Unknown"),
)
WORDS = st.sampled_from(AWKWARD) | st.text("abAB_-1é ", max_size=5) | st.text(max_size=4)


def scopes(words):
    return st.lists(words, max_size=12, unique=True)


def service(*, members=(), values=(), shapes=(), variants=(), operations=()):
    """Return a service with these wire names in each of its scopes."""

    def of(found):
        return tuple(ir.Member(name=name, wire_name=name, target="Text!") for name in found)

    text = ir.Scalar(name="Text!", kind=ir.Kind.STRING, constraints=LIMITS, sensitive=False)
    fault = ir.Fault(code="Bad!", server=False, http_status=None, retryable=False)
    found = [
        text,
        ir.Structure(name="Owner!", members=of(members)),
        ir.Structure(name="Bad!", members=of(members), fault=fault),
        ir.Enum(name="Enum!", values=tuple(values), constraints=LIMITS, sensitive=False),
        ir.Union(name="Union!", members=of(variants)),
        *(ir.Structure(name=name, members=()) for name in shapes),
    ]
    pagination = ir.Pagination(
        input_token="", output_token="", limit_key=None, more_results=None, result_key="", fan_out=""
    )
    calls = [
        ir.Operation(
            name=name,
            input="Owner!",
            output="Owner!",
            errors=(),
            all_in_body=True,
            readonly=False,
            idempotent=False,
            deprecated=False,
            pagination=pagination,
        )
        for name in operations
    ]
    return ir.Service(
        config=synthetic.config("names"),
        full_name="Names",
        protocol=ir.Protocol.JSON,
        uid="names",
        shapes={shape.name: shape for shape in found},
        operations=tuple(calls),
    )


def check_scope(found, count):
    assert len(found) == count
    assert len(set(found)) == count
    for name in found:
        assert name.isidentifier()
        assert name.isascii()
        assert not keyword.iskeyword(name)
        assert not name.startswith("_")


@given(words=scopes(WORDS))
@example(words=list(AWKWARD))
def test_members(words):
    named = names.name(service(members=words))
    for owner, taken in (("Owner!", names._TAKEN_IN_STRUCTURES), ("Bad!", names._TAKEN_IN_ERRORS)):
        fields = [named.fields[owner, word] for word in words]
        check_scope(fields, len(words))
        assert not set(fields) & (taken | names._USED_IN_CLASS_BODIES)
        assert fields == [field.lower() for field in fields]


@given(words=scopes(WORDS))
@example(words=list(AWKWARD))
def test_enum_values(words):
    named = names.name(service(values=words))
    found = [named.enum_members["Enum!", word] for word in words]
    check_scope(found, len(words))
    assert found == [name.upper() for name in found]


@given(shapes=scopes(WORDS), variants=scopes(WORDS))
@example(shapes=["UnionUnknown", "Unionab", "UnionAb", "union", *AWKWARD], variants=list(AWKWARD))
@example(shapes=["Tag", "tag", "TagShape", "tag_"], variants=["Unknown", "unknown"])
def test_classes(shapes, variants):
    named = names.name(service(shapes=shapes, variants=variants))
    classes = [*named.classes.values(), *named.variants.values(), *named.unknowns.values()]
    check_scope(classes, 4 + len(shapes) + len(variants) + 1)
    assert not set(classes) & names._TAKEN_IN_PACKAGE


@given(operations=scopes(WORDS), members=scopes(WORDS))
@example(operations=["A", "APages", "A_PAGES", "Service", *AWKWARD], members=list(AWKWARD))
def test_operations_and_their_arguments(operations, members):
    named = names.name(service(operations=operations, members=members))
    methods = [named.methods[name] for name in operations]
    check_scope(methods, len(operations))
    assert not set(methods) & names._TAKEN_IN_CLIENT
    constants = [named.constants[name] for name in operations]
    check_scope(["SERVICE", *constants, *(named.pages[name] for name in operations)], 1 + 2 * len(operations))
    for operation in operations:
        arguments = [named.arguments[operation, member] for member in members]
        check_scope(arguments, len(members))
        assert not set(arguments) & names._TAKEN_IN_PAGINATE


@given(words=scopes(WORDS).filter(bool))
@example(words=list(AWKWARD))
def test_what_is_appended_renames_nothing(words):
    before, after = (
        names.name(service(members=found, values=found, variants=found, operations=found))
        for found in (words[:-1], words)
    )
    for mapping in ("fields", "enum_members", "variants", "methods", "constants", "arguments"):
        old, new = getattr(before, mapping), getattr(after, mapping)
        assert {key: new[key] for key in old} == old
        assert len(new) > len(old)


@pytest.mark.parametrize(
    ("wire", "python"),
    [
        ("OtherParticipantID2", "other_participant_id2"),
        ("AwsTrainingURL", "aws_training_url"),
        ("URLs", "urls"),
        ("ARNsOfThings", "arns_of_things"),
        ("HTTPStatusCode", "http_status_code"),
        ("simple", "simple"),
        ("with-dash and_space", "with_dash_and_space"),
        ("EC2Instance", "ec2_instance"),
        ("", ""),
    ],
)
def test_snake_case(wire, python):
    assert snake(wire) == python


def test_the_unknown_variant_of_a_source_is_named_last():
    from codegen.build import build  # noqa: PLC0415 - only here

    model = synthetic.model("unions")
    model["shapes"]["Inner"]["members"]["Unknown"] = {"shape": "Text"}
    named = names.name(build(Source(config=synthetic.config("unions"), service=model, paginators={})))
    assert named.variants["Inner", "Unknown"] == "InnerUnknown"
    assert named.unknowns["Inner"] == "InnerUnknownMember"


def test_what_an_argument_takes_for_an_enum_is_named_last():
    from codegen.build import build  # noqa: PLC0415 - only here

    model = synthetic.model("scalars")
    model["shapes"]["ColorLike"] = {"type": "string", "enum": ["any"]}
    operation = next(iter(model["operations"].values()))
    members = model["shapes"][operation["input"]["shape"]]["members"]
    members["Alike"] = {"shape": "ColorLike"}
    named = names.name(build(Source(config=synthetic.config("scalars"), service=model, paginators={})))
    assert (named.classes["ColorLike"], named.likes["ColorLike"]) == ("ColorLike", "ColorLikeLike")
    assert named.likes["Color"] == "ColorLikeArgument"


def test_operations_of_one_resource_share_a_module():
    assert {
        names._resource(operation) for operation in ("GetOpportunity", "ListOpportunities", "SearchOpportunities")
    } == {"opportunity"}
    assert names._resource("Describe") == "describe"
    assert names._resource("GetAccess") == "access"
    modules = names.name(build(synthetic.source("pagination"))).modules
    assert modules["ListNamesRequest"] == modules["ListNamesResponse"] == "names"
