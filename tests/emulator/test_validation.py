"""Requests that the model forbids, over HTTP and against a small model with every type of shape."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from aiopartnercentral.emulator.errors import validation_failed
from aiopartnercentral.emulator.services import ACCOUNT, SELLING, SERVICES
from aiopartnercentral.emulator.validation import ModelValidator, compiled

MODEL = {
    "metadata": {"targetPrefix": "Tiny"},
    "operations": {"Do": {"input": {"shape": "Root"}}},
    "shapes": {
        "Root": {
            "type": "structure",
            "required": ["Name"],
            "members": {
                "Name": {"shape": "Name"},
                "Colour": {"shape": "Colour"},
                "Count": {"shape": "Count"},
                "Big": {"shape": "Big"},
                "Flag": {"shape": "Flag"},
                "When": {"shape": "When"},
                "Names": {"shape": "Names"},
                "Table": {"shape": "Table"},
                "Choice": {"shape": "Choice"},
                "Child": {"shape": "Root"},
                "Odd": {"shape": "Odd"},
            },
        },
        "Name": {"type": "string", "min": 2, "max": 4, "pattern": "[a-z]+"},
        "Colour": {"type": "string", "enum": ["RED", "BLUE"]},
        "Count": {"type": "integer", "min": 1, "max": 100},
        "Big": {"type": "long"},
        "Flag": {"type": "boolean"},
        "When": {"type": "timestamp", "timestampFormat": "iso8601"},
        "Names": {"type": "list", "member": {"shape": "Name"}, "min": 1, "max": 2},
        "Table": {"type": "map", "key": {"shape": "Colour"}, "value": {"shape": "Name"}, "max": 2},
        "Choice": {
            "type": "structure",
            "union": True,
            "members": {"A": {"shape": "Name"}, "B": {"shape": "Count"}},
        },
        "Odd": {"type": "blob"},
    },
}
ROOT = {"Name": "abc"}


@pytest.mark.parametrize(
    ("request_body", "expected"),
    [
        (ROOT, []),
        ({}, [("Name", "REQUIRED_FIELD_MISSING")]),
        ({"Name": None}, [("Name", "REQUIRED_FIELD_MISSING")]),
        ([], [("$", "INVALID_VALUE")]),
        ({"Name": 5}, [("Name", "INVALID_VALUE")]),
        ({"Name": "a"}, [("Name", "INVALID_STRING_FORMAT")]),
        ({"Name": "abcde"}, [("Name", "INVALID_STRING_FORMAT")]),
        ({"Name": "ABC"}, [("Name", "INVALID_STRING_FORMAT")]),
        ({"Name": "abc\n"}, [("Name", "INVALID_STRING_FORMAT")]),
        ({"Name": "A"}, [("Name", "INVALID_STRING_FORMAT")] * 2),
        (ROOT | {"Colour": "GREEN"}, [("Colour", "INVALID_ENUM_VALUE")]),
        (ROOT | {"Colour": None, "Count": None, "Unknown": object()}, []),
        *((ROOT | {"Count": good}, []) for good in (1, 100)),
        *((ROOT | {"Count": bad}, [("Count", "INVALID_VALUE")]) for bad in (0, 101, -1, True, 5.0, "5", 10**30)),
        (ROOT | {"Big": 2**40}, []),
        (ROOT | {"Flag": False}, []),
        (ROOT | {"Flag": 0}, [("Flag", "INVALID_VALUE")]),
        *((ROOT | {"When": f"2025-02-03T04:05:06{tail}"}, []) for tail in ("Z", ".1Z", ".123456Z")),
        *((ROOT | {"When": bad}, [("When", "INVALID_STRING_FORMAT")]) for bad in (1, "2025", "2025-13-01T00:00:00Z")),
        (ROOT | {"Names": ["ab", "cd"]}, []),
        (ROOT | {"Names": []}, [("Names", "INVALID_VALUE")]),
        (ROOT | {"Names": "ab"}, [("Names", "INVALID_VALUE")]),
        (ROOT | {"Names": ["ab"] * 3}, [("Names", "TOO_MANY_VALUES")]),
        (ROOT | {"Names": ["ab", "X9"]}, [("Names[1]", "INVALID_STRING_FORMAT")]),
        (ROOT | {"Names": ["ab", None]}, [("Names[1]", "INVALID_VALUE")]),
        (ROOT | {"Table": {"RED": "ab"}}, []),
        (ROOT | {"Table": 1}, [("Table", "INVALID_VALUE")]),
        (ROOT | {"Table": {"RED": "AB"}}, [("Table.RED", "INVALID_STRING_FORMAT")]),
        (ROOT | {"Table": {"secret": 1}}, [("Table.key[0]", "INVALID_ENUM_VALUE"), ("Table[0]", "INVALID_VALUE")]),
        (ROOT | {"Choice": {"A": "ab"}}, []),
        (ROOT | {"Choice": {"A": None, "B": 1}}, []),
        (ROOT | {"Choice": {}}, [("Choice", "INVALID_VALUE")]),
        (ROOT | {"Choice": {"A": "ab", "B": 1}}, [("Choice", "INVALID_VALUE")]),
        (ROOT | {"Choice": {"B": 0}}, [("Choice.B", "INVALID_VALUE")]),
        (
            ROOT | {"Child": {"Child": {}}},
            [("Child.Name", "REQUIRED_FIELD_MISSING"), ("Child.Child.Name", "REQUIRED_FIELD_MISSING")],
        ),
    ],
)  # fmt: skip
def test_each_type_of_shape(request_body, expected):
    found = ModelValidator(MODEL).request_problems("Do", request_body)
    assert [(problem.name, problem.code) for problem in found] == expected


def test_an_unknown_type_of_shape_is_an_error():
    with pytest.raises(NotImplementedError, match="Odd is a blob"):
        ModelValidator(MODEL).request_problems("Do", ROOT | {"Odd": "AA=="})


def test_every_request_of_the_service_can_be_validated():
    validator = ACCOUNT.validator
    for operation in validator.operations:
        required = {problem.name for problem in validator.request_problems(operation, {})}
        shape = validator.model["shapes"][validator.operations[operation]["input"]["shape"]]
        assert required == set(shape.get("required", ()))
    kinds = {shape["type"] for shape in validator.model["shapes"].values()}
    assert kinds <= {"structure", "list", "map", "string", "integer", "long", "boolean", "timestamp"}


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        ("CompanyWebsiteUrl", "https://www.a-b.example/c.d?e=f", "a" + ".a" * 120 + " "),
        ("SenderContactEmail", "a.b@c-d.example", "a@" + "a" * 70 + " "),
    ],
)
def test_a_text_that_does_not_match_takes_no_exponential_time(shape, good, bad):
    pattern = SELLING.shapes[shape]["pattern"]
    assert re.fullmatch(pattern, good)
    assert compiled(pattern).fullmatch(good)
    assert not compiled(pattern).fullmatch(bad)  # with the pattern of the model, this would take longer than any test


@given(
    st.text(alphabet="a1.-@(/ \n", min_size=1, max_size=12),
    st.sampled_from(["CompanyWebsiteUrl", "SenderContactEmail"]),
)
def test_faster_patterns_match_the_same_texts(text, shape):
    pattern = SELLING.shapes[shape]["pattern"]
    for each in (text, f"a@{text}", f"aa.{text}"):
        assert bool(compiled(pattern).fullmatch(each)) == bool(re.fullmatch(pattern, each))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from([*MODEL["shapes"]["Root"]["members"], "A"]), inner)
        ),
    )
)
def test_any_json_gets_a_response(value):
    for problem in ModelValidator({**MODEL, "shapes": {**MODEL["shapes"], "Odd": {"type": "string"}}}).request_problems(
        "Do", value
    ):
        assert problem.message.startswith(("must ", "is required"))


@pytest.mark.anyio
async def test_all_problems_of_a_request_are_listed(emulator, in_thread):
    def job(client):
        with pytest.raises(client.exceptions.ValidationException) as caught:
            client.list_connection_invitations(
                NextToken="",
                MaxResults=101,
                ConnectionType="FRIENDSHIP",
                OtherParticipantIdentifiers=["ok", "not ok"] + ["x"] * 99,
            )
        return caught.value.response

    response = await in_thread(emulator.endpoint_url, job)
    assert response["Reason"] == "REQUEST_VALIDATION_FAILED"
    found = {(e["FieldValidationError"]["Name"], e["FieldValidationError"]["Code"]) for e in response["ErrorDetails"]}
    assert found == {
        ("Catalog", "REQUIRED_FIELD_MISSING"),
        ("NextToken", "INVALID_STRING_FORMAT"),
        ("MaxResults", "INVALID_VALUE"),
        ("ConnectionType", "INVALID_ENUM_VALUE"),
        ("OtherParticipantIdentifiers", "TOO_MANY_VALUES"),
        ("OtherParticipantIdentifiers[1]", "INVALID_STRING_FORMAT"),
    }
    assert "not ok" not in str(response)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("type_filter", "code"),
    [
        ("SUBSIDIARY:", "INVALID_STRING_FORMAT"),
        ("a b", "INVALID_STRING_FORMAT"),
        ("FRIENDSHIP", "INVALID_ENUM_VALUE"),
        ("FRIENDSHIP:ACTIVE", "INVALID_ENUM_VALUE"),
        ("SUBSIDIARY:PENDING", "INVALID_ENUM_VALUE"),
        ("subsidiary", "INVALID_ENUM_VALUE"),
    ],
)
async def test_wrong_type_filters_are_refused(type_filter, code, emulator, post):
    response = await post(emulator.endpoint_url, "ListConnections", {"Catalog": "AWS", "ConnectionType": type_filter})
    (detail,) = response.json()["ErrorDetails"]
    assert (detail["FieldValidationError"]["Name"], detail["FieldValidationError"]["Code"]) == ("ConnectionType", code)


def test_a_member_with_several_problems_is_named_once():
    request = {"Catalog": "AWS", "Identifier": "?", "Revision": "?" * 2000}
    problems = SERVICES["partnercentral-revenue-measurement"].validator.request_problems(
        "GetRevenueAttribution", request
    )
    assert [problem.name for problem in problems].count("Identifier") == 2
    message = validation_failed(problems).message
    assert re.findall(r"\w+", message).count("Identifier") == 1
    assert "Identifier (2)" in message
    assert message.startswith(f"The request has {len(problems)} problems: ")
