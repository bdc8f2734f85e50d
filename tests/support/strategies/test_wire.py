from __future__ import annotations

import json
import re

import attrs
import pytest
from botocore.parsers import JSONParser
from botocore.validate import ParamValidator
from hypothesis import given, strategies as st

from tests.support.account_model import MODEL as ACCOUNT
from tests.support.strategies import CANONICAL, TOLERATED, Extras, WireStrategies
from tests.support.strategies.checker import ODDITIES, SERVICE, findings
from tests.support.strategies.sampling import FEW, reaches, sample

WIRE = WireStrategies(ACCOUNT)
SHAPES = sorted(ACCOUNT["shapes"])
FLAGS = [field.name for field in attrs.fields(Extras)]
REQUESTS = sorted({operation["input"]["shape"] for operation in ACCOUNT["operations"].values()})


def parsed(name, value):
    shape = SERVICE.shape_for(name)
    if shape.type_name != "structure" or shape.is_tagged_union:
        return JSONParser()._parse_shape(shape, value)
    response = {"body": json.dumps(value).encode(), "headers": {}, "status_code": 200}
    return JSONParser().parse(response, shape)


@pytest.mark.parametrize("name", SHAPES)
@FEW
@given(data=st.data())
def test_canonical_values_conform(name, data):
    value = data.draw(WIRE.shape(name))
    assert list(findings(SERVICE.shape_for(name), value)) == []
    assert json.loads(json.dumps(value)) == value
    parsed(name, value)


@pytest.mark.parametrize("name", REQUESTS)
@FEW
@given(data=st.data())
def test_canonical_requests_pass_botocores_validation(name, data):
    report = ParamValidator().validate(data.draw(WIRE.shape(name)), SERVICE.shape_for(name))
    assert report.generate_report() == ""


@pytest.mark.parametrize("name", SHAPES)
@FEW
@given(data=st.data())
def test_tolerated_values_are_odd_but_decodable(name, data):
    value = data.draw(WIRE.shape(name, extras=TOLERATED))
    assert {what for _, what in findings(SERVICE.shape_for(name), value)} <= ODDITIES
    parsed(name, value)


@pytest.mark.parametrize("flag", FLAGS)
def test_each_flag_mixes_in_its_own_oddity_and_no_other(flag):
    # Between them, the two have room for all: a map with enum keys, timestamps, unions, optional members.
    found = {
        what
        for name in ("ListConnectionsResponse", "ValidationException")
        for value in sample(WIRE.shape(name, extras=Extras(**{flag: True})), 30)
        for _, what in findings(SERVICE.shape_for(name), value)
    }
    assert found == {flag}


def participants(*flags):
    return WIRE.shape("Participant", extras=Extras(**dict.fromkeys(flags, True)))


@pytest.mark.parametrize("place", [0, -1])
def test_nulls_and_markers_stand_before_and_behind_the_member_of_a_union(place):
    assert reaches(participants("nulls"), lambda value: list(value.values())[place] is None)
    assert reaches(participants("type_markers"), lambda value: list(value)[place] == "__type")


@pytest.mark.parametrize("place", [0, -1])
def test_nulls_and_markers_stand_before_and_behind_an_unknown_member_too(place):
    known = set(ACCOUNT["shapes"]["Participant"]["members"])
    drawn = participants("nulls", "type_markers", "unknown_union_members")
    unknown = drawn.filter(lambda value: all(value.get(tag) is None for tag in known))
    assert reaches(unknown, lambda value: list(value)[place] in known)
    assert reaches(unknown, lambda value: list(value)[place] == "__type")


def test_an_unknown_union_member_carries_every_json_type_but_null():
    known = set(ACCOUNT["shapes"]["Participant"]["members"])
    unknown = participants("unknown_union_members").filter(lambda value: not known & set(value))
    for kind in (bool, int, float, str, list, dict):
        assert reaches(unknown, lambda value, kind=kind: type(value.popitem()[1]) is kind)


def test_null_map_values_and_null_optional_members():
    extras = Extras(nulls=True)
    assert reaches(WIRE.shape("ConnectionTypeSummaryMap", extras=extras), lambda value: None in value.values())
    pages = WIRE.shape("ListConnectionsResponse", extras=extras)
    assert reaches(pages, lambda page: page.get("NextToken", "absent") is None)


def test_lookalikes_of_known_members_are_among_the_unknown():
    drawn = WIRE.shape("PartnerProfileSummary", extras=Extras(unknown_members=True))
    for key in ("name", "nAME", "Name "):
        assert reaches(drawn, lambda value, key=key: key in value)


@given(WIRE.shape("ThrottlingException", extras=TOLERATED))
def test_an_error_has_no_second_message(value):
    assert "message" not in value


def test_longs_reach_the_edges_of_64_bits():
    assert set(sample(WIRE.shape("Revision"))) >= {-(2**63), 2**63 - 1, 2**53 + 1}


def test_timestamps_take_every_form():
    forms = [
        r"\d{4}-\d\d-\d\dT[\d:]{8}Z",
        r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z",
        r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}Z",
        r"\d{4}-\d\d-\d\dT[\d:]{8}[+-]\d\d:\d\d",
        r"\d{4}-\d\d-\d\dT[\d:]{8}",
        r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT",
        r"\d+",
        r"\d+\.\d{3}",
    ]
    drawn = sample(WIRE.shape("DateTime", extras=Extras(timestamp_forms=True)), 600)
    texts = [value for value in drawn if isinstance(value, str)]
    assert [form for form in forms if not any(re.fullmatch(form, text) for text in texts)] == []
    assert {type(value) for value in drawn} == {str, int, float}


def test_a_strategy_is_built_once_per_shape_and_extras():
    assert WIRE.shape("Connection") is WIRE.shape("Connection", extras=CANONICAL)
    assert WIRE.shape("Connection", extras=TOLERATED) is WIRE.shape("Connection", extras=attrs.evolve(TOLERATED))
    assert WIRE.shape("Connection") is not WIRE.shape("Connection", extras=TOLERATED)


def test_an_unknown_shape_is_a_key_error_that_names_it():
    with pytest.raises(KeyError, match="Nonsense"):
        WIRE.shape("Nonsense")
