"""JSON text by functions made at first use: the same bytes as the converter's hooks give, or none at all."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st

from aiopartnercentral import account, selling
from aiopartnercentral._serialization import fast_encode, jsontext
from aiopartnercentral.errors import EncodeError

MOMENT = datetime(2026, 11, 29, 10, 30, tzinfo=UTC)
PARTICIPANT = account.ParticipantAccount(account.AccountSummary(name="Acme"))
DETAIL = account.ConnectionTypeSummary(status=account.ConnectionTypeStatus.ACTIVE, other_participant=PARTICIPANT)
CONNECTION = account.ConnectionSummary(
    catalog="AWS",
    id="pc-1",
    arn="arn:aws:partnercentral:us-east-1:111122223333:catalog/AWS/connection/pc-1",
    other_participant_account_id="111122223333",
    updated_at=MOMENT,
    connection_types={account.ConnectionType.SUBSIDIARY: DETAIL},
)


def exactly(obj: object) -> bytes:
    """Return the text by the converter's hooks."""
    return jsontext.dumps(account.json_converter.unstructure(obj))


class Moment(datetime):
    def isoformat(self, *_: Any) -> str:
        return "never"


class Word(str):
    __slots__ = ()


class Connection(account.ConnectionSummary):
    """A class of a user's own."""


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_utc_timestamp_is_spelled_alike(moment: datetime) -> None:
    connection = attrs.evolve(CONNECTION, updated_at=moment)
    assert fast_encode.dumps(connection) == exactly(connection)


@pytest.mark.parametrize(
    "changes",
    [
        {"updated_at": Moment(2026, 11, 29, tzinfo=UTC)},
        {"updated_at": MOMENT.astimezone(timezone(timedelta(hours=2)))},
        {"updated_at": MOMENT.replace(tzinfo=timezone(timedelta()))},
        {"updated_at": MOMENT.replace(tzinfo=None)},
        {"updated_at": "2026-11-29T10:30:00Z"},
        {"id": 5},
        {"id": None},
        {"id": Word("pc-1")},
        {"id": "\ud800"},
        {"id": account.ConnectionType.SUBSIDIARY},
        {"id": 'quotes " and \\ and \x00 and \u2028 and 😀'},
        {"connection_types": {"SUBSIDIARY": DETAIL}},
        {"connection_types": {"TOMORROW": DETAIL, account.ConnectionType("LATER"): DETAIL}},
        {"connection_types": {5: DETAIL}},
        {"connection_types": [DETAIL]},
        {"connection_types": {account.ConnectionType.SUBSIDIARY: None}},
        {"connection_types": {account.ConnectionType.SUBSIDIARY: attrs.evolve(DETAIL, status="ACTIVE")}},
        {"connection_types": {account.ConnectionType.SUBSIDIARY: attrs.evolve(DETAIL, status=b"ACTIVE")}},
        {"connection_types": {account.ConnectionType.SUBSIDIARY: attrs.evolve(DETAIL, other_participant=MOMENT)}},
        {
            "connection_types": {
                account.ConnectionType.SUBSIDIARY: attrs.evolve(
                    DETAIL, other_participant=account.ParticipantUnknown("Robot", {"Name": "R2"})
                )
            }
        },
    ],
    ids=repr,
)
def test_what_is_unusual_is_left_to_the_hooks(changes: dict[str, Any]) -> None:
    connection = attrs.evolve(CONNECTION, **changes)
    page = account.ListConnectionsResponse(connection_summaries=[connection])
    for obj in (connection, page):
        assert outcome(account.json_converter.dumps, obj) == outcome(exactly, obj)


def outcome(dumps: Any, obj: object) -> object:
    try:
        return dumps(obj)
    except EncodeError as error:
        return (error.path, str(error))


class Number(float):
    __slots__ = ()


def test_numbers_of_other_classes_are_numbers() -> None:
    """Such as those of NumPy."""
    value = selling.OpportunitySearchFilterValueDoubleValue(Number(1.5))
    assert selling.json_converter.dumps(value) == b'{"DoubleValue":1.5}'
    unknown = account.ParticipantUnknown("X", {"a": [Number(1.5)]})
    assert account.json_converter.dumps(unknown) == b'{"X":{"a":[1.5]}}'


@pytest.mark.parametrize("value", [math.nan, {1: 2}, {None: 1}, object(), {1, 2}, {"a": MOMENT}])
@pytest.mark.parametrize("converter", ["json_converter", "botocore_converter"])
def test_the_value_of_an_unknown_union_member_must_be_json(converter: str, value: Any) -> None:
    connection = attrs.evolve(DETAIL, other_participant=account.ParticipantUnknown("X", value))
    with pytest.raises(EncodeError) as caught:
        getattr(account, converter).unstructure(connection)
    assert caught.value.path.startswith("$.OtherParticipant.X")


def test_a_class_of_the_users_own_is_encoded_by_the_hooks() -> None:
    connection = Connection(**attrs.asdict(CONNECTION, recurse=False))
    assert fast_encode.dumps(connection) is None
    assert account.json_converter.dumps(connection) == exactly(CONNECTION)
    page = account.ListConnectionsResponse(connection_summaries=[connection])
    assert account.json_converter.dumps(page) == exactly(page)


def test_a_users_hook_is_used_for_the_text_too() -> None:
    converter = account.make_json_converter()
    converter.register_unstructure_hook(account.AccountSummary, lambda _: "mine")
    assert b'"Account":"mine"' in converter.dumps(CONNECTION)


@pytest.mark.parametrize("obj", [None, 5, "text", [CONNECTION], {"a": 1}, object, MOMENT, account.ConnectionType("X")])
def test_other_objects_are_not_theirs(obj: object) -> None:
    assert fast_encode.dumps(obj) is None


def test_an_object_that_only_claims_a_class_is_left_to_the_hooks() -> None:
    class Proxy:
        def __init__(self, wrapped: object) -> None:
            self._wrapped = wrapped

        def __getattr__(self, name: str) -> object:
            return getattr(self._wrapped, name)

        @property  # type: ignore[misc]
        def __class__(self) -> type:
            return type(self._wrapped)

    connections: Any = [Proxy(CONNECTION)]
    assert fast_encode.dumps(account.ListConnectionsResponse(connection_summaries=connections)) is None
