from __future__ import annotations

import re
from operator import attrgetter

import pytest
from hypothesis import given, strategies as st

from tests.support.account_model import MODEL as ACCOUNT
from tests.support.strategies import WireStrategies
from tests.support.strategies.checker import ODDITIES, SERVICE, findings
from tests.support.strategies.sampling import FEW, reaches, sample

WIRE = WireStrategies(ACCOUNT)


@pytest.mark.parametrize("name", sorted(ACCOUNT["shapes"]))
@FEW
@given(data=st.data())
def test_the_one_fault_is_of_the_kind_and_at_the_path_that_is_said(name, data):
    corruption = data.draw(WIRE.corruptions(name))
    found = findings(SERVICE.shape_for(name), corruption.value)
    assert [fault for fault in found if fault[1] not in ODDITIES] == [(corruption.path, corruption.kind)]


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("wrong_type", r"\$"),
        ("wrong_type", r"\$\.ConnectionSummaries\[[1-9]\]\.\w+"),
        ("missing_required", r"\$\.ConnectionSummaries\[\d\]\.ConnectionTypes\.\w+\.Status"),
        ("missing_required", r".*\.OtherParticipant\.\w+\.Name"),
        ("no_member", r".*\.ConnectionTypes\.\w+\.OtherParticipant"),
        ("two_members", r".*\.ConnectionTypes\.\w+\.OtherParticipant"),
    ],
)
def test_faults_are_found_deep_in_a_page(kind, path):
    corruptions = WIRE.corruptions("ListConnectionsResponse")
    assert reaches(corruptions, lambda found: found.kind == kind and re.fullmatch(path, found.path) is not None)


def test_a_required_member_is_taken_out_or_null():
    for wanted in ({}, {"Name": None}):
        assert reaches(WIRE.corruptions("AccountSummary"), lambda found, wanted=wanted: found.value == wanted)


def test_a_union_without_members_is_empty_or_full_of_nulls():
    values = WIRE.corruptions("Participant").filter(lambda found: found.kind == "no_member").map(attrgetter("value"))
    assert reaches(values, lambda value: value == {})
    assert reaches(values, lambda value: value != {} and all(item is None for item in value.values()))
    assert reaches(values, lambda value: "__type" in value)


def test_the_second_member_of_a_union_is_known_or_not():
    members = set(ACCOUNT["shapes"]["Participant"]["members"])
    found = sample(WIRE.corruptions("Participant"), 400)
    values = [each.value for each in found if each.kind == "two_members"]
    assert {len(value) for value in values} == {2}
    assert {len(members & set(value)) for value in values} == {1, 2}


def test_an_integer_is_no_boolean_fraction_or_text():
    assert {type(found.value) for found in sample(WIRE.corruptions("Revision"))} == {bool, float, str, list, dict}


@given(WIRE.corruptions("DateTime"))
def test_what_may_be_a_timestamp_is_not_taken_for_a_wrong_one(corruption):
    assert isinstance(corruption.value, bool | list | dict)
