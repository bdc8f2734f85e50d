"""What is particular to each feature: names, reprs, errors and paths of the golden packages."""

from __future__ import annotations

import importlib
import json
import pickle
from datetime import UTC, datetime
from itertools import permutations

import attrs
import golden_collisions as collisions
import golden_empty as empty
import golden_errors as errors
import golden_location_names as renamed
import golden_recursion as recursion
import golden_reserved as reserved
import golden_scalars as scalars
import golden_unions as unions
import pytest
from golden_recursion import fast as recursion_fast

from aiopartnercentral import DecodeError, EncodeError, ServiceError
from aiopartnercentral._client import ServiceClient
from aiopartnercentral._serialization.decode import decode_float
from aiopartnercentral._serialization.fast import Fast
from codegen import check, names
from tests.support import synthetic
from tests.support.generated_package import golden

SECRET = "hunter2"


def test_members_called_like_keywords_builtins_and_locals_of_generated_code():
    word = reserved.ImportRequest(
        from_="a",
        class_="b",
        self_="c",
        list_="d",
        none="e",
        response_metadata_="f",
        response_metadata_2="g",
        to_list="h",
    )
    assert json.loads(reserved.json_converter.dumps(word)) == {
        "from": "a",
        "class": "b",
        "self": "c",
        "list": "d",
        "None": "e",
        "response_metadata": "f",
        "ResponseMetadata": "g",
        "ToList": "h",
    }
    # `Redacted` is a member here, and the function of that name still hides the secret.
    assert repr(reserved.ImportRequest(from_="", class_="", redacted_="x", secret=SECRET)).count(SECRET) == 0


def test_a_structure_with_an_error_in_it_is_left_to_the_converters(tmp_path, monkeypatch):
    made = attrs.evolve(synthetic.source("errors"), config=synthetic.config("contained", tmp_path))
    shapes = made.service["shapes"]
    shapes["SucceedResponse"] = {"type": "structure", "members": {"Last": {"shape": "NotFound"}}}
    made.service["operations"]["Succeed"]["output"] = {"shape": "SucceedResponse"}
    check.write(check.render(made), made.config.output, is_ours=True)
    monkeypatch.syspath_prepend(str(tmp_path))
    package = importlib.import_module("golden_contained")
    decoded = package.json_converter.loads(b'{"Last": {"Message": "gone", "ResourceId": "r"}}', package.SucceedResponse)
    assert type(decoded.last) is package.NotFound
    fast = importlib.import_module("golden_contained.fast").FAST
    assert fast.decoder(package.SucceedResponse) is None


def test_enum_values_that_are_no_python_names():
    members = {member.value: member.name for member in reserved.Value}
    assert members == {
        "None": "NONE",
        "mro": "MRO",
        "name": "NAME",
        "1st": "VALUE_1_ST",
        "": "EMPTY",
        "a-b": "A_B",
        "a_b": "A_B_",
        "A_B_": "A_B_2",
        "value": "VALUE",
        "is_unknown": "IS_UNKNOWN",
        "é": "VALUE_",
        "True": "TRUE",
        "lower": "LOWER",
    }
    assert not any(member.is_unknown for member in reserved.Value)
    assert reserved.Value("new").is_unknown
    assert reserved.Value.MRO.name == "MRO"


def test_an_error_keeps_its_own_attributes_beside_members_of_the_same_name():
    error = reserved.ExceptionShape(args_="a", code_="c", message="m", made_=["x"], super_="s", response_="r")
    assert (error.args_, error.code_, error.message, error.made_, error.super_) == ("a", "c", "m", ["x"], "s")
    assert error.code == "Exception"
    assert error.response == {"Error": {"Code": "Exception", "Message": "m"}}
    assert isinstance(error, ServiceError)


def test_what_the_runtime_classes_have_is_taken():
    public = {name for name in {*dir(ServiceClient), *ServiceClient.__annotations__} if not name.startswith("_")}
    public |= {"paginate"}  # in every generated client
    assert public <= names._TAKEN_IN_CLIENT
    error = {name for name in {*dir(ServiceError), *vars(ServiceError({}, ""))} if not name.startswith("_")}
    assert error - {"message"} <= names._TAKEN_IN_ERRORS  # a member of that name is the message
    assert {n for n in dir(reserved.Client) if not n.startswith("_")} - public == {
        *("import_", "call_", "paginate_", "paginator", "list_", "structures_", "service_", "close_", "self_"),
        *("fast_", "list_words", "list_words_pages", "getattr", "globals", "import_module"),
    }


def test_shapes_and_members_that_differ_only_in_case_stay_apart():
    package = golden("collisions")
    assert package.names.classes["Tag"] == "Tag"
    assert package.names.classes["tag"] == "TagShape"
    assert package.names.classes["Tag_"] == "TagShape2"
    tag = collisions.Tag(key="1", key_="2", key_2="3", k_e_y="4", k_ey="5")
    assert json.loads(collisions.json_converter.dumps(tag)) == {
        "Key": "1",
        "key": "2",
        "KEY": "3",
        "k_e_y": "4",
        "KEy": "5",
    }
    assert collisions.json_converter.loads(b'{"Value": "x"}', collisions.TagShape) == collisions.TagShape(value="x")
    assert {member.name: member.value for member in collisions.Shade} == {
        "DARK": "dark",
        "DARK_": "DARK",
        "DARK_2": "Dark",
        "DARK_3": "dark-",
        "DARK_4": "DARK_",
    }


def test_a_variant_never_takes_the_class_of_a_shape():
    assert collisions.FooUnknown(shade=collisions.Shade("dark")).shade == "dark"
    assert collisions.FooBar is not collisions.FooBarMember
    assert collisions.FooUnknownMember("text").value == "text"
    unknown = collisions.json_converter.loads(b'{"new": 1}', collisions.Foo)
    assert unknown == collisions.FooUnknownMember2("new", 1)


def test_recursion_goes_through_lists_maps_unions_and_each_other():
    value = {"Name": "a"}
    for _ in range(20):
        value = {
            "Name": "b",
            "Next": value,
            "Children": [value],
            "Nested": [[value]],
            "Named": {"k": {"Name": "c"}},
            "Choice": {"Both": [{"Not": {"Branch": {"Name": "d"}}}]},
        }
        value = {"Name": "e", "Next": value["Next"], "Choice": value["Choice"], "Named": value["Named"]}
    node = recursion.json_converter.structure(value, recursion.Node)
    assert recursion.json_converter.unstructure(node) == value
    assert node.choice == recursion.ChoiceBoth([recursion.ChoiceNot(recursion.ChoiceBranch(recursion.Node(name="d")))])
    egg = recursion.Egg(hatches=recursion.Chicken(lays=recursion.Egg(carton={"a": recursion.Egg()})))
    assert recursion.botocore_converter.structure(recursion.botocore_converter.unstructure(egg), recursion.Egg) == egg


RECURSIVE = {
    "Node": {
        "Name": "a",
        "Next": {"Name": "b"},
        "Nested": [[{"Name": "c", "Choice": {"Both": [{"Not": {"Branch": {"Name": "d"}}}, {"Leaf": "e"}]}}]],
    },
    "Chicken": {"Lays": {"Carton": {"k": {"Hatches": {"Lays": {}}}}}},
    "Egg": {"Hatches": {"Lays": {"Hatches": {}, "Carton": {"k": {}}}}},
    "WalkResponse": {"Chicken": {"Lays": {"Hatches": {}}}, "Failure": {"Both": [{"Not": {"Leaf": "a"}}]}},
}


@pytest.mark.parametrize("names", list(permutations(RECURSIVE)))
def test_fast_decoders_may_be_made_in_any_order(names):
    """Where a class is used decides whether it needs a function, and functions that were made before are used again."""
    fast = Fast("golden_recursion", recursion_fast.FAST.facts)
    for name in (*names, *names):
        cls, value = getattr(recursion, name), RECURSIVE[name]
        decoded = fast.decode(json.dumps(value).encode(), cls)
        assert decoded == recursion.json_converter.structure(value, cls)
        assert recursion.json_converter.unstructure(decoded) == value
        for wrong in ({"Failure": {}}, {"Failure": {"Leaf": "a", "Not": {"Leaf": "b"}}}):
            assert name != "WalkResponse" or fast.decode(json.dumps(wrong).encode(), cls) is None


def test_a_fault_deep_in_a_recursion_has_its_whole_path():
    body = b'{"Name": "a", "Named": {"x y": {"Name": "b", "Choice": {"Both": [{"Leaf": 1}]}}}}'
    with pytest.raises(DecodeError, match="expected string, got number") as caught:
        recursion.json_converter.loads(body, recursion.Node)
    assert caught.value.path == '$.Named["x y"].Choice.Both[0].Leaf'


def test_structures_without_members_and_operations_without_structures():
    assert empty.json_converter.loads(b'{"anything": 1}', empty.Nothing) == empty.Nothing()
    assert empty.json_converter.dumps(empty.PingRequest()) == b"{}"
    assert empty.json_converter.loads(b"{}", empty.PingResponse).response_metadata is None
    with pytest.raises(DecodeError, match="expected object, got array"):
        empty.json_converter.loads(b"[]", empty.Nothing)
    assert [name for name in vars(empty.Paginate) if not name.startswith("_")] == []


def test_scalars_refuse_what_they_are_not():
    base = {
        "Text": "a",
        "Flag": True,
        "Count": 1,
        "Big": 2**40,
        "Ratio": 0.5,
        "Precise": 1.0,
        "Color": "RED",
        "Moment": "2024-01-01T00:00:00Z",
        "Bytes": "YQ==",
        "Texts": ["a"],
        "Moments": [],
        "Grid": [[1], [2]],
        "ByText": {"a": 1},
        "ByColor": {"RED": ["a"]},
        "BySecret": {"k": 1},
        "Colors": ["new"],
    }
    made = scalars.json_converter.structure(base, scalars.PutScalarsResponse)
    assert (made.bytes_, made.moment, made.grid) == (b"a", datetime(2024, 1, 1, tzinfo=UTC), [[1], [2]])
    assert made.colors[0].is_unknown
    wrong = {"Text": 1, "Flag": 1, "Count": True, "Big": "1", "Ratio": "x", "Color": 1, "Moment": [], "Bytes": "§"}
    for member, value in wrong.items():
        with pytest.raises(DecodeError) as caught:
            scalars.json_converter.structure({**base, member: value}, scalars.PutScalarsResponse)
        assert caught.value.path == f"$.{member}"
        with pytest.raises(DecodeError, match="required member is missing"):
            scalars.json_converter.structure({**base, member: None}, scalars.PutScalarsResponse)


def test_the_key_of_a_map_is_in_a_path_unless_it_is_secret():
    for member, path in (("ByText", f"$.ByText.{SECRET}"), ("BySecret", "$.BySecret")):
        with pytest.raises(EncodeError) as caught:
            golden("scalars").json.unstructure(scalars.PutScalarsRequest(**scalar_arguments(member)))
        assert caught.value.path == path


def scalar_arguments(broken):
    """Return arguments of the right types, but for one map whose value is of the wrong one."""
    good = {
        "text": "a",
        "flag": True,
        "count": 1,
        "big": 1,
        "ratio": 0.5,
        "precise": 1.0,
        "bytes_": b"",
        "texts": [],
        "moment": datetime.now(UTC),
        "color": scalars.Color.RED,
        "moments": [],
        "grid": [],
        "colors": [],
        "by_text": {},
        "by_color": {},
        "by_secret": {},
    }
    return good | {{"ByText": "by_text", "BySecret": "by_secret"}[broken]: {SECRET: "no number"}}


def test_errors_are_found_by_their_code_and_are_botocore_errors():
    from golden_errors.operations import FAIL, SERVICE  # noqa: PLC0415 - not part of the package's public names

    # A code that is not the error's name does not take the name away.
    assert set(SERVICE.errors) == {"ResourceNotFoundFault", "NotFound", "Broken", "Bare", "Spelled", "Detailed"}
    assert SERVICE.errors["NotFound"] is SERVICE.errors["ResourceNotFoundFault"]
    assert SERVICE.errors["ResourceNotFoundFault"] is errors.NotFound
    assert set(FAIL.errors) == set(SERVICE.errors.values())
    made = errors.NotFound(message="gone", resource_id="r-1")
    assert made.code == "ResourceNotFoundFault"
    assert str(made).startswith("An error occurred (ResourceNotFoundFault)")
    assert errors.Bare().code == "Bare"
    spelled = errors.Spelled(message="loud", error_message="quiet")
    assert (spelled.message, spelled.error_message, spelled.response["Error"]["Message"]) == ("loud", "quiet", "loud")
    copy = pickle.loads(pickle.dumps(made))
    assert (type(copy), copy.resource_id, str(copy)) == (errors.NotFound, "r-1", str(made))


def test_an_error_without_members_is_an_object_all_the_same():
    assert isinstance(errors.json_converter.loads(b"{}", errors.Bare), errors.Bare)
    with pytest.raises(DecodeError, match=r"\$: expected object, got array"):
        errors.json_converter.loads(b"[]", errors.Bare)


def test_an_integer_that_no_float_can_hold_is_said_to_be_one():
    with pytest.raises(DecodeError, match=r"expected number, got one out of range"):
        decode_float(10**400)


def test_an_error_is_decoded_as_far_as_it_goes():
    hook = errors.json_converter.get_structure_hook(errors.Detailed)
    body = {"Kind": "NEW", "Details": [{"Field": "f"}, {"Other": 1}], "Count": "no number", "message": "lower"}
    error = hook.tolerantly(body, {"Error": {"Code": "Detailed"}}, "Fail")
    assert error.kind.is_unknown
    assert error.details == [errors.DetailField("f"), errors.DetailUnknown("Other", 1)]
    assert (error.message, error.count) == ("lower", None)
    assert [problem.path for problem in error.problems] == ["$.Count"]
    assert hook.tolerantly("<html>", {}, "Fail").kind is None
    with pytest.raises(DecodeError, match=r"\$\.Kind: required member is missing"):
        errors.json_converter.structure({}, errors.Detailed)


@pytest.mark.parametrize(
    ("json_form", "dict_form", "shape"),
    [
        ({"part-id": "1", "Same": "s"}, {"Id": "1", "Same": "s"}, "Part"),
        ({"aPart": {"part-id": "1"}}, {"Part": {"Id": "1"}}, "Choice"),
        ({"aText": "t"}, {"Text": "t"}, "Choice"),
        ({"Plain": "t"}, {"Plain": "t"}, "Choice"),
        ({"Part": {"part-id": "1"}}, {"SDK_UNKNOWN_MEMBER": {"name": "Part", "value": {"part-id": "1"}}}, "Choice"),
        ({"thePart": {"part-id": "1"}}, {"Part": {"Id": "1"}}, "Renamed"),
        (
            {"thePart": {"part-id": "1"}, "Swap": "other", "Other": "swap"},
            {"Part": {"Id": "1"}, "Other": "other", "Swap": "swap"},
            "RenameResponse",
        ),
    ],
)
def test_a_member_has_its_wire_name_in_json_and_its_own_in_dicts(json_form, dict_form, shape):
    package = golden("location_names")
    cls = package.cls(shape)
    from_json, from_dict = package.json.structure(json_form, cls), package.botocore.structure(dict_form, cls)
    for decoded in (from_json, from_dict):
        assert package.json.get_unstructure_hook(cls)(decoded) == json_form
        assert package.botocore.get_unstructure_hook(cls)(decoded) == dict_form


def test_a_required_member_is_missed_under_its_wire_name():
    with pytest.raises(DecodeError, match=r"\$\.part-id: required member is missing"):
        renamed.json_converter.structure({"Id": "1"}, renamed.Part)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"Text": "a"}, "ShapeText('a')"),
        ({"Secret": SECRET}, "ShapeSecret(<redacted>)"),
        ({"Secrets": [SECRET]}, "ShapeSecrets(<redacted>)"),
        ({"Texts": ["a"]}, "ShapeTexts(['a'])"),
        ({"Counts": {"a": 1}}, "ShapeCounts({'a': 1})"),
        ({"Empty": {}}, "ShapeEmpty(Empty())"),
        ({"Kind": "SMALL"}, "ShapeKind('SMALL')"),
        ({"Inner": {"Only": "x"}}, "ShapeInner(InnerOnly('x'))"),
        ({"Many": [{"Itself": {"Count": 0}}]}, "ShapeMany([ShapeItself(ShapeCount(0))])"),
        ({"Flag": False}, "ShapeFlag(False)"),
        ({"New": SECRET}, "ShapeUnknown(tag='New', value=<redacted>)"),
    ],
)
def test_a_union_is_the_variant_of_its_member(value, shown):
    decoded = unions.json_converter.structure(value, unions.Shape)
    assert repr(decoded) == shown
    assert unions.json_converter.unstructure(decoded) == value


@pytest.mark.parametrize("value", [{}, {"Text": None}, {"Text": "a", "Count": 1}, {"Text": "a", "New": 1}, [], "Text"])
def test_a_union_has_exactly_one_member(value):
    with pytest.raises(DecodeError, match=r"\$\.Shapes\[0\]: expected (exactly one union member|object)"):
        unions.json_converter.structure({"Shape": {"Count": 1}, "Shapes": [value]}, unions.ChooseResponse)
