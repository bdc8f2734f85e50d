"""What an enum that the service may extend does with known, unknown and other values."""

from __future__ import annotations

import copy
import pickle

import pytest

from aiopartnercentral import EncodeError, account, to_json
from aiopartnercentral.account import ConnectionTypeStatus

NEW = ConnectionTypeStatus("PENDING")


@pytest.mark.parametrize(
    ("value", "is_known"),
    [
        ("ACTIVE", True),
        (ConnectionTypeStatus.ACTIVE, True),
        ("PENDING", False),
        (NEW, False),
        ("", False),
        (None, False),
        (1, False),
        ([], False),
    ],
)
def test_an_enum_contains_the_values_that_the_model_knows(value: object, *, is_known: bool) -> None:
    """Without a method of its own, Python 3.11 refuses strings, and 3.13 finds every string."""
    assert (value in ConnectionTypeStatus) is is_known


def test_an_unknown_value_is_like_its_string() -> None:
    assert (NEW, NEW.value, hash(NEW), NEW.is_unknown) == ("PENDING", "PENDING", hash("PENDING"), True)
    assert [member.value for member in ConnectionTypeStatus] == ["ACTIVE", "CANCELED"]
    assert pickle.loads(pickle.dumps(NEW)) == copy.deepcopy(NEW) == NEW


def test_the_member_that_only_type_checkers_see_does_not_exist() -> None:
    assert not hasattr(ConnectionTypeStatus, "_UNKNOWN")
    assert account.ConnectionTypeLike.__args__[0] is account.ConnectionType


def test_a_request_takes_what_arguments_take_and_is_decoded_to_members_and_lists() -> None:
    cls = account.UpdateConnectionPreferencesRequest
    given = {"catalog": "AWS", "revision": 1, "excluded_participant_identifiers": ("a",)}
    text = to_json(cls(access_type="DENY_ALL", **given))
    assert text == to_json(cls(access_type=account.AccessType.DENY_ALL, **given))
    decoded = account.json_converter.loads(text, cls)
    assert decoded.access_type is account.AccessType.DENY_ALL
    assert decoded.excluded_participant_identifiers == ["a"]
    with pytest.raises(EncodeError, match=r"\$\.AccessType: expected str, got int"):
        to_json(cls(access_type=3, **given))
