"""What the account model does not have: recursion, other scalars, and shapes that cannot be drawn."""

from __future__ import annotations

import pytest
from botocore.model import ServiceModel
from hypothesis import given, strategies as st

from tests.support.strategies import WireStrategies
from tests.support.strategies.checker import ODDITIES, findings
from tests.support.strategies.sampling import reaches, sample


def structure(members, **traits):
    return {"type": "structure", "members": {name: {"shape": shape} for name, shape in members.items()}, **traits}


MODEL = {
    "metadata": {"protocol": "json", "jsonVersion": "1.0"},
    "operations": {},
    "shapes": {
        "Text": {"type": "string"},
        "Node": structure({"Name": "Text", "Next": "Node", "Nodes": "Nodes", "ByName": "NodeMap"}, required=["Name"]),
        "Nodes": {"type": "list", "member": {"shape": "Node"}},
        "NodeMap": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Node"}},
        "Expression": structure({"Not": "Negation", "All": "Pair", "Term": "Text"}, union=True),
        "Negation": structure({"Of": "Expression"}, required=["Of"]),
        "Pair": {"type": "list", "member": {"shape": "Expression"}, "min": 2, "max": 2},
        "Blob": {"type": "blob", "min": 1, "max": 9},
        "Flag": {"type": "boolean"},
        "Single": {"type": "float"},
        "Double": {"type": "double", "min": 0, "max": 1},
        "Integer": {"type": "integer"},
        "Epoch": {"type": "timestamp"},
        "Rfc": {"type": "timestamp", "timestampFormat": "rfc822"},
        "Anything": structure({}, document=True),
        "Empty": structure({}),
        "All": structure(
            {
                "Blob": "Blob",
                "Flag": "Flag",
                "Single": "Single",
                "Double": "Double",
                "Integer": "Integer",
                "Epoch": "Epoch",
                "Rfc": "Rfc",
                "Anything": "Anything",
                "Empty": "Empty",
                "Node": "Node",
            },
            required=["Blob", "Flag", "Single", "Double", "Integer", "Epoch", "Rfc", "Empty"],
        ),
    },
}
SERVICE = ServiceModel(MODEL, "synthetic")
WIRE = WireStrategies(MODEL, max_depth=3)


def depth(value):
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth, inner), default=0)
    return 0


@pytest.mark.parametrize("name", sorted(MODEL["shapes"]))
@given(data=st.data())
def test_values_conform(name, data):
    value = data.draw(WIRE.shape(name))
    assert list(findings(SERVICE.shape_for(name), value)) == []


@pytest.mark.parametrize("name", sorted(set(MODEL["shapes"]) - {"Anything"}))
@given(data=st.data())
def test_corruptions_have_one_fault(name, data):
    corruption = data.draw(WIRE.corruptions(name))
    found = findings(SERVICE.shape_for(name), corruption.value)
    assert [fault for fault in found if fault[1] not in ODDITIES] == [(corruption.path, corruption.kind)]


@pytest.mark.parametrize("name", ["Node", "Expression"])
def test_recursion_is_drawn_and_bounded(name):
    # Three recursive shapes inside each other, and the shallowest value there is at the end.
    assert max(map(depth, sample(WIRE.shape(name)))) <= 6
    assert reaches(WIRE.shape(name), lambda value: depth(value) >= 3)
    assert reaches(WireStrategies(MODEL, max_depth=6).shape(name), lambda value: depth(value) > 6)


def test_recursion_goes_through_members_lists_and_maps():
    nodes = WIRE.shape("Node")
    assert reaches(nodes, lambda node: "Next" in node.get("Next", {}))
    assert reaches(nodes, lambda node: any(inner.keys() - {"Name"} for inner in node.get("Nodes", ())))
    assert reaches(nodes, lambda node: any(inner.keys() - {"Name"} for inner in node.get("ByName", {}).values()))


def test_map_keys_that_are_no_names_are_quoted_in_the_path():
    for start in ('$["', "$."):
        assert reaches(WIRE.corruptions("NodeMap"), lambda found, start=start: found.path.startswith(start))


def with_shapes(**shapes):
    return {"shapes": shapes}


def test_a_shape_without_a_finite_value_is_refused():
    endless = with_shapes(Loop=structure({"Loop": "Loop"}, required=["Loop"]))
    with pytest.raises(ValueError, match="no finite value satisfies: Loop"):
        WireStrategies(endless)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"type": "bigdecimal"}, "shape Bad: its type 'bigdecimal'"),
        ({"type": "string", "pattern": r"\p{Alpha}+"}, "shape Bad: pattern .* is not a regular expression for Python"),
        ({"type": "string", "pattern": "[0-9]{3}", "min": 4}, "shape Bad: pattern .* has no match of length 4"),
        ({"type": "timestamp", "timestampFormat": "lunar"}, "shape Bad: timestamp format 'lunar'"),
    ],
)
def test_a_shape_that_is_not_understood_is_named(shape, message):
    wire = WireStrategies(with_shapes(Bad=shape, List={"type": "list", "member": {"shape": "Bad"}}))
    with pytest.raises(ValueError, match=message):
        wire.shape("List")


def test_a_document_cannot_be_corrupted():
    assert WIRE.corruptions("Anything").is_empty
