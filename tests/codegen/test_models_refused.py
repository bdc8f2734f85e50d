"""What the generator does not know how to honour is an error that names the service, the shape and the trait."""

from __future__ import annotations

import json
import re
from pathlib import Path

import attrs
import pytest
from hypothesis import given, strategies as st

from codegen import emit, ir, names, source, traits
from codegen.build import build
from codegen.errors import ModelError
from codegen.project import pinned
from codegen.services import MODELS, SERVICES
from tests.support import synthetic

SERVICE = "demo"
PAGINATOR = {"input_token": "Next", "output_token": "Next", "limit_key": "Max", "result_key": "Items"}


def structure(*required, **members):
    return {"type": "structure", "required": list(required), "members": {k: {"shape": v} for k, v in members.items()}}


def demo():
    """Return a small model with every level that has traits."""
    return {
        "version": "2.0",
        "metadata": {"protocol": "json", "serviceFullName": "Demo", "uid": "demo-1"},
        "operations": {
            "List": {"name": "List", "input": {"shape": "In"}, "output": {"shape": "Out"}, "errors": [{"shape": "Bad"}]}
        },
        "shapes": {
            "Text": {"type": "string"},
            "Kind": {"type": "string", "enum": ["A", "B"]},
            "Flag": {"type": "boolean"},
            "Number": {"type": "integer"},
            "Long": {"type": "long"},
            "Float": {"type": "float"},
            "Double": {"type": "double"},
            "Time": {"type": "timestamp", "timestampFormat": "iso8601"},
            "Bytes": {"type": "blob"},
            "Items": {"type": "list", "member": {"shape": "Text"}},
            "Pairs": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Number"}},
            "Either": {**structure(One="Text", Two="Number"), "union": True},
            "In": structure("Catalog", Catalog="Text", Next="Text", Max="Number", Pairs="Pairs", Either="Either"),
            "Out": structure("Items", Items="Items", Next="Text", Kind="Kind"),
            "Bad": {**structure(Message="Text"), "exception": True, "error": {"code": "BadThing"}},
        },
    }


def refused(model, paginators=None):
    """Return the text of the error that the model is refused with."""
    config = attrs.evolve(synthetic.config("demo"), name=SERVICE)
    paginators = {"List": PAGINATOR} if paginators is None else paginators
    with pytest.raises(ModelError) as caught:
        build(source.Source(config=config, service=model, paginators=paginators))
    assert str(caught.value) == f"{caught.value.where}: {caught.value.reason}"
    return str(caught.value)


def at(model, *path):
    for key in path:
        model = model[key]
    return model


def changed(*path, **entries):
    """Return the model with entries added to one level; None removes one."""
    model = demo()
    level = at(model, *path)
    for key, value in entries.items():
        level.pop(key, None)
        if value is not None:
            level[key] = value
    return model


def test_the_demo_itself_is_accepted():
    config = synthetic.config("demo")
    assert build(source.Source(config=config, service=demo(), paginators={"List": PAGINATOR})).operations[0].pagination


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ((), "demo"),
        (("metadata",), "demo.metadata"),
        (("operations", "List"), "demo.List"),
        (("operations", "List", "input"), "demo.List.input"),
        (("operations", "List", "output"), "demo.List.output"),
        (("operations", "List", "errors", 0), "demo.List.errors"),
        (("shapes", "In", "members", "Catalog"), "demo.In.Catalog"),
        (("shapes", "Either", "members", "One"), "demo.Either.One"),
        (("shapes", "Bad", "members", "Message"), "demo.Bad.Message"),
        (("shapes", "Bad", "error"), "demo.Bad.error"),
        (("shapes", "Items", "member"), "demo.Items.member"),
        (("shapes", "Pairs", "key"), "demo.Pairs.key"),
        (("shapes", "Pairs", "value"), "demo.Pairs.value"),
        *(((("shapes", name)), f"demo.{name}") for name in demo()["shapes"]),
    ],
)
def test_an_unknown_trait_is_named(path, where):
    assert refused(changed(*path, someTrait=True)) == f"{where}: unknown trait 'someTrait'"


def test_an_unknown_trait_of_a_paginator_is_named():
    text = refused(demo(), {"List": {**PAGINATOR, "py_input_token": "More"}})
    assert text == "demo.List.pagination: unknown trait 'py_input_token'"


@pytest.mark.parametrize(
    ("shape", "trait"),
    [
        *(("Text", trait) for trait in ("streaming", "eventstream", "document", "sparse", "jsonvalue")),
        *(("In", trait) for trait in ("streaming", "sparse", "jsonvalue", "min")),
        *(("Items", trait) for trait in ("streaming", "document", "payload", "pattern")),
        *(("Bytes", trait) for trait in ("eventstream", "document", "sparse", "pattern", "jsonvalue")),
    ],
)
def test_a_trait_of_other_kinds_of_shapes_is_unknown(shape, trait):
    assert refused(changed("shapes", shape, **{trait: True})) == f"demo.{shape}: unknown trait '{trait}'"


@pytest.mark.parametrize(
    ("path", "trait"),
    [
        (("shapes", "Items", "member"), "box"),
        (("shapes", "Pairs", "key"), "idempotencyToken"),
        (("operations", "List", "input"), "resultWrapper"),
        (("operations", "List", "errors", 0), "code"),
        (("shapes", "In", "members", "Next"), "sensitive"),
        (("metadata",), "deprecated"),
        (("shapes", "Flag"), "pattern"),
        (("shapes", "Number"), "enum"),
        (("shapes", "Text"), "timestampFormat"),
    ],
)
def test_a_trait_is_known_only_where_it_is_honoured(path, trait):
    assert refused(changed(*path, **{trait: True})).endswith(f"unknown trait '{trait}'")


def test_the_first_of_several_unknown_traits_is_named():
    assert refused(changed("shapes", "Text", zebra=1, ant=2)).endswith("unknown trait 'ant'")


@pytest.mark.parametrize(
    ("path", "key", "where"),
    [
        ((), "metadata", "demo"),
        ((), "shapes", "demo"),
        ((), "operations", "demo"),
        (("metadata",), "protocol", "demo.metadata"),
        (("metadata",), "serviceFullName", "demo.metadata"),
        (("shapes", "Items"), "member", "demo.Items"),
        (("shapes", "Pairs"), "key", "demo.Pairs"),
        (("shapes", "Pairs"), "value", "demo.Pairs"),
        (("shapes", "In"), "members", "demo.In"),
        (("shapes", "In", "members", "Next"), "shape", "demo.In.Next"),
        (("operations", "List", "errors", 0), "shape", "demo.List.errors"),
    ],
)
def test_what_a_level_cannot_do_without_is_named(path, key, where):
    assert refused(changed(*path, **{key: None})) == f"{where}: '{key}' is missing"


@pytest.mark.parametrize("key", ["input_token", "output_token", "result_key"])
def test_what_a_paginator_cannot_do_without_is_named(key):
    text = refused(demo(), {"List": {k: v for k, v in PAGINATOR.items() if k != key}})
    assert text == f"demo.List.pagination: '{key}' is missing"


@pytest.mark.parametrize("kind", ["bigdecimal", "byte", "short", "", None])
def test_an_unknown_shape_kind_is_named(kind):
    assert refused(changed("shapes", "Text", type=kind)).startswith(f"demo.Text: unknown shape kind {kind!r}")


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (("operations", "List", "input"), "demo.List.input"),
        (("operations", "List", "output"), "demo.List.output"),
        (("operations", "List", "errors", 0), "demo.List.errors"),
        (("shapes", "In", "members", "Next"), "demo.In.Next"),
        (("shapes", "Items", "member"), "demo.Items.member"),
        (("shapes", "Pairs", "key"), "demo.Pairs.key"),
        (("shapes", "Pairs", "value"), "demo.Pairs.value"),
    ],
)
def test_a_dangling_reference_is_named(path, where):
    text = refused(changed(*path, shape="Ghost"))
    assert text == f"{where}: refers to the shape 'Ghost', which the model does not have"


@pytest.mark.parametrize(
    ("path", "entries", "text"),
    [
        (("metadata",), {"protocol": "soap"}, "demo.metadata: unknown protocol 'soap'"),
        (("metadata",), {"protocols": ["soap", "wsdl"]}, "demo.metadata: unknown protocol 'soap'"),
        (("shapes", "Time"), {"timestampFormat": "julian"}, "demo.Time: unknown timestampFormat 'julian'"),
        (("shapes", "In"), {"payload": "Ghost"}, "demo.In: requires members that it does not have: Ghost"),
        (
            ("shapes", "In"),
            {"required": ["Ghost", "Ape"]},
            "demo.In: requires members that it does not have: Ape, Ghost",
        ),
        (("shapes", "Either"), {"required": ["One"]}, "demo.Either: a union needs members, none of them required"),
        (("shapes", "Either"), {"members": {}}, "demo.Either: a union needs members"),
        (("shapes", "Either"), {"exception": True}, "demo.Either: a union .* cannot be an error"),
        (
            ("shapes", "Either", "members", "One"),
            {"locationName": "__type"},
            "demo.Either: a union's member cannot be '__type'",
        ),
        (("shapes", "Pairs", "key"), {"shape": "Number"}, "demo.Pairs.key: a map's key must be a string, not integer"),
        (("shapes", "Items", "member"), {"shape": "Items"}, "demo.Items: more than 8 lists and maps within each other"),
        (("shapes", "Pairs", "value"), {"shape": "Pairs"}, "demo.Pairs: more than 8 lists and maps within"),
        (("shapes", "Kind"), {"enum": ["A", "B", "A"]}, "demo.Kind: has the enum value 'A' twice"),
        (
            ("shapes", "In", "members", "Next"),
            {"locationName": "Max"},
            "demo.In: has the member name on the wire 'Max' twice",
        ),
        (("operations", "List", "errors", 0), {"shape": "Out"}, "demo.List.errors: Out is not an error shape"),
        (("operations", "List", "errors", 0), {"shape": "Text"}, "demo.List.errors: Text is not an error shape"),
        (("operations", "List", "input"), {"shape": "Either"}, "demo.List.input: Either is not a structure"),
        (("operations", "List", "output"), {"shape": "Text"}, "demo.List.output: Text is not a structure"),
    ],
)
def test_what_cannot_be_honoured_is_named(path, entries, text):
    assert re.match(text, refused(changed(*path, **entries)))


def test_an_enum_without_values_is_a_string():
    model = changed("shapes", "Kind", enum=[])
    shapes = build(source.Source(config=synthetic.config("demo"), service=model, paginators={})).shapes
    assert isinstance(shapes["Kind"], ir.Scalar)
    assert shapes["Kind"].kind is ir.Kind.STRING


def nested(kinds):
    """Return a model with lists and maps of the given kinds within each other, the outermost in a response."""
    model = demo()
    for number, kind in enumerate(kinds):
        inner = {"shape": f"Nested{number + 1}" if number + 1 < len(kinds) else "Time"}
        made = {"type": "list", "member": inner, "sparse": True}
        if kind == "map":
            made = {"type": "map", "key": {"shape": "Kind"}, "value": inner, "sparse": True}
        model["shapes"][f"Nested{number}"] = made
    model["shapes"]["Out"]["members"]["Nested"] = {"shape": "Nested0"}
    return model


@pytest.mark.parametrize("kinds", [["list"] * 10_000, ["list"] * 9, ["map"] * 9, ["map", "list", "list"] * 3])
def test_collections_that_are_nested_too_deeply_are_named(kinds):
    text = refused(nested(kinds))
    assert re.match(r"demo\.Nested0: more than 8 lists and maps within each other, without a structure", text)


@pytest.mark.parametrize("kinds", [["list"] * 8, ["map"] * 8, ["map", "list"] * 4])
def test_as_many_as_are_allowed_compile(kinds):
    config = attrs.evolve(synthetic.config("demo"), name=SERVICE)
    service = build(source.Source(config=config, service=nested(kinds), paginators={}))
    for name, text in emit.texts(service, names.name(service)).items():
        compile(text, name, "exec")


def test_an_unknown_location_is_named():
    model = changed("metadata", protocol="rest-json")
    model["shapes"]["In"]["members"]["Next"]["location"] = "cookie"
    assert refused(model) == "demo.In.Next: unknown location 'cookie'"


def streaming(end, **shape):
    """Return the model of a REST service of which one message is one stream."""
    model = changed("metadata", protocol="rest-json")
    model["shapes"]["Stream"] = shape
    model["shapes"]["Whole"] = {**structure(Body="Stream"), "payload": "Body"}
    model["operations"]["List"][end] = {"shape": "Whole"}
    return model


@pytest.mark.parametrize(
    ("end", "shape", "reason"),
    [
        ("output", {"type": "blob", "streaming": True}, "Whole.Body is a stream (trait 'payload' on a blob)"),
        ("output", {"type": "blob"}, "Whole.Body is a stream (trait 'payload' on a blob)"),
        ("output", {**structure(), "eventstream": True}, "Whole.Body is a stream of events (trait 'eventstream')"),
        ("input", {**structure(), "eventstream": True}, "Whole.Body is a stream of events (trait 'eventstream')"),
    ],
)
def test_an_operation_that_streams_is_refused_alone_where_a_service_need_not_be_whole(end, shape, reason):
    model = streaming(end, **shape)
    assert refused(model, {}) == f"demo.List: {reason}"
    config = attrs.evolve(synthetic.config("demo"), name=SERVICE, whole=False)
    service = build(source.Source(config=config, service=model, paginators={}))
    assert service.omissions == (ir.Omission(where="demo.List", reason=reason, refused=True),)
    assert service.operations == ()
    assert not {"Whole", "Stream"} & service.shapes.keys()
    # Errors stay, whichever operation raises them.
    assert {"Bad"} <= service.shapes.keys()


def test_what_a_shape_without_an_operation_is_made_of_stays_with_it():
    model = streaming("output", type="blob")
    model["shapes"]["Whole"]["members"]["Part"] = {"shape": "Part"}
    model["shapes"] |= {"Part": structure(), "Unused": structure(Part="Part")}
    config = attrs.evolve(synthetic.config("demo"), name=SERVICE, whole=False)
    service = build(source.Source(config=config, service=model, paginators={}))
    assert {"Unused", "Part"} <= service.shapes.keys()
    assert "Whole" not in service.shapes


def test_a_pagination_is_left_out_alone_where_a_service_need_not_be_whole():
    config = attrs.evolve(synthetic.config("demo"), name=SERVICE, whole=False)
    paginators = {"List": {**PAGINATOR, "result_key": ["Items", "Kind"]}}
    service = build(source.Source(config=config, service=demo(), paginators=paginators))
    assert [operation.pagination for operation in service.operations] == [None]
    assert [(each.where, each.refused) for each in service.omissions] == [("demo.List.pagination", False)]


def test_the_name_of_an_absent_output_is_free():
    model = changed("shapes", ListResponse={"type": "string"}, EmptyListResponse={"type": "string"})
    del model["operations"]["List"]["output"]
    service = build(source.Source(config=synthetic.config("demo"), service=model, paginators={}))
    assert service.operations[0].output == "EmptyEmptyListResponse"


@pytest.mark.parametrize(
    ("paginators", "text"),
    [
        ({"Ghost": PAGINATOR}, "demo.Ghost: is paginated but is not an operation"),
        ({"List": {**PAGINATOR, "result_key": "Kind"}}, "demo.List.pagination: result_key Kind is not a list"),
        (
            {"List": {**PAGINATOR, "result_key": "Ghost"}},
            "demo.List.pagination: result_key must name one member of Out",
        ),
        (
            {"List": {**PAGINATOR, "result_key": ["Items", "Kind"]}},
            "demo.List.pagination: result_key must name one member",
        ),
        (
            {"List": {**PAGINATOR, "input_token": "Ghost"}},
            "demo.List.pagination: input_token must name one member of In",
        ),
        ({"List": {**PAGINATOR, "limit_key": "Items"}}, "demo.List.pagination: limit_key must name one member of In"),
        (
            {"List": {**PAGINATOR, "output_token": "a || b"}},
            "demo.List.pagination: output_token must name one member of Out",
        ),
        ({"List": {**PAGINATOR, "input_token": "Max"}}, "input_token Max of In must be a plain string"),
        ({"List": {**PAGINATOR, "output_token": "Kind"}}, "output_token Kind of Out must be a plain string"),
        ({"List": {**PAGINATOR, "more_results": "Next"}}, "more_results Next of Out must be a plain boolean"),
    ],
)
def test_a_pagination_that_cannot_be_followed_is_named(paginators, text):
    assert text in refused(demo(), paginators)


def test_a_page_size_that_is_no_number_is_a_filter_like_any_other():
    paginators = {"List": {**PAGINATOR, "limit_key": "Next"}}
    service = build(source.Source(config=synthetic.config("demo"), service=demo(), paginators=paginators))
    assert service.operations[0].pagination.limit_key is None


def test_an_operation_without_the_member_to_fan_out_over_is_one_listing():
    model = changed("shapes", "In", "members", Catalog=None)
    model["shapes"]["In"]["required"] = []
    service = build(source.Source(config=synthetic.config("demo"), service=model, paginators={"List": PAGINATOR}))
    assert service.operations[0].pagination.fan_out is None


def test_the_member_to_fan_out_over_cannot_take_the_page_token():
    paginators = {"List": {**PAGINATOR, "input_token": "Catalog"}}
    assert "fan-out Catalog of In takes the page token" in refused(demo(), paginators)


def test_the_member_to_fan_out_over_must_be_a_string_or_an_enum():
    assert "fan-out Catalog of In must be a string or an enum" in refused(
        changed("shapes", "In", "members", Catalog={"shape": "Number"})
    )


@pytest.mark.parametrize(
    ("shape", "edit", "text"),
    [
        ("Kind", {"enum": ["A", 1]}, "demo.Kind: an enum value is not a string: 1"),
        ("Kind", {"enum": [None]}, "demo.Kind: an enum value is not a string: None"),
        ("Text", {"pattern": 3}, "demo.Text: pattern is not a string: 3"),
        ("Items", {"min": "1"}, "demo.Items: min is not a number: '1'"),
        ("Number", {"max": [1]}, "demo.Number: max is not a number: [1]"),
        (
            "In",
            {"members": {"Catalog": {"shape": "Text", "locationName": 5}}},
            "demo.In: locationName is not a string: 5",
        ),
    ],
)
def test_what_is_of_another_type_than_everywhere_is_named(shape, edit, text):
    assert text in refused(changed("shapes", shape, **edit), {})


def levels(model):
    """Return the path of every level of a service model whose keys are traits."""
    found = [(), ("metadata",)]
    for name, operation in model["operations"].items():
        found.append(("operations", name))
        found += [("operations", name, end) for end in ("input", "output") if end in operation]
        found += [("operations", name, "errors", index) for index in range(len(operation.get("errors", ())))]
    for name, shape in model["shapes"].items():
        found.append(("shapes", name))
        found += [("shapes", name, "members", member) for member in shape.get("members", ())]
        found += [("shapes", name, part) for part in ("member", "key", "value", "error") if part in shape]
    return found


ACCOUNT = pinned.load(SERVICES[0], MODELS)
LEVELS = levels(ACCOUNT.service)
KNOWN = json.dumps(ACCOUNT.service) + Path(traits.__file__).read_text(encoding="utf-8")
NAMES = st.text(min_size=1).filter(lambda name: name not in KNOWN)


@given(path=st.sampled_from(LEVELS), name=NAMES, value=st.none() | st.booleans() | st.text() | st.just({}))
def test_an_unknown_trait_anywhere_in_the_account_model_is_named(path, name, value):
    model = json.loads(json.dumps(ACCOUNT.service))
    at(model, *path)[name] = value
    with pytest.raises(ModelError) as caught:
        build(attrs.evolve(ACCOUNT, service=model))
    assert caught.value.reason == f"unknown trait {name!r}"
    owner = path[1] if len(path) > 1 else "metadata" if path else "partnercentral-account"
    assert caught.value.where.startswith("partnercentral-account")
    assert owner in caught.value.where


def test_every_level_of_the_account_model_is_tried():
    assert len(LEVELS) > 34 * 3 + 192
    assert sum(1 for path in LEVELS if path[0:1] == ("shapes",) and len(path) == 2) == 192
