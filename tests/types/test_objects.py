"""What every object of a generated class can do: be hashed, and become plain values without losing anything."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import attrs
import pytest

import aiopartnercentral
from aiopartnercentral import account

BODY = {
    "Catalog": "AWS",
    "Id": "pac-1",
    "Arn": "arn",
    "OtherParticipantAccountId": "1",
    "UpdatedAt": "2024-05-01T12:00:00.250000Z",
    "ConnectionTypes": {
        "SUBSIDIARY": {"Status": "NEW", "OtherParticipant": {"Account": {"Name": "ada"}}},
        "RESELLER": {"Status": "ACTIVE", "OtherParticipant": {"Robot": {"Wheels": [4, {"spare": None}]}}},
    },
}


def connection(**changes: Any) -> account.ConnectionSummary:
    return account.json_converter.loads(json.dumps(BODY | changes), account.ConnectionSummary)


def test_equal_objects_have_one_hash() -> None:
    assert {connection(), connection(), connection(Id="pac-2")} == {connection(), connection(Id="pac-2")}
    page = account.ListConnectionsResponse(connection_summaries=[connection()])
    metadata = aiopartnercentral.ResponseMetadata(request_id="r", http_status=200, attempts=1, http_headers={})
    assert hash(page) == hash(attrs.evolve(page, response_metadata=metadata))
    assert hash(metadata) == hash(attrs.evolve(metadata))
    assert hash(account.ParticipantUnknown("Robot", {"a": [1]})) == hash(
        account.ParticipantUnknown("Robot", {"a": [1.0]})
    )
    assert len({account.ParticipantUnknown("Robot", []), account.ParticipantUnknown("Robot", ()), 1}) == 3


def test_arguments_of_any_form_are_hashed() -> None:
    tags = [account.Tag(key="k", value="v")]
    for given in (tags, tuple(tags), MappingProxyType({"k": tags}), bytearray(b"x")):
        request: Any = account.TagResourceRequest(resource_arn="arn", tags=given)  # type: ignore[arg-type]
        assert hash(request) == hash(attrs.evolve(request))


def test_a_subclass_keeps_the_equality_and_the_hash_that_it_defines() -> None:
    class AnyCase(account.AccountSummary):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return isinstance(other, AnyCase) and self.name.lower() == other.name.lower()

        def __hash__(self) -> int:
            return hash(self.name.lower())

    @attrs.frozen(kw_only=True)
    class Labelled(AnyCase):
        label: str = attrs.field(eq=str.lower)

    class OnlyEqual(account.AccountSummary):  # noqa: PLW1641 - that is the point
        def __eq__(self, other: object) -> bool:
            return isinstance(other, OnlyEqual)

    @attrs.frozen(kw_only=True)
    class NotHashable(account.AccountSummary):
        __hash__ = None  # type: ignore[assignment]

    assert len({AnyCase(name="A"), AnyCase(name="a")}) == 1
    assert hash(Labelled(name="A", label="X")) == hash(Labelled(name="A", label="x"))
    for unhashable in (OnlyEqual(name="A"), NotHashable(name="A")):
        with pytest.raises(TypeError, match="unhashable"):
            hash(unhashable)


def test_a_subclass_is_hashed_with_its_own_fields() -> None:
    @attrs.frozen(kw_only=True)
    class Labelled(account.ListConnectionsResponse):
        labels: list[str]

    one, two = (Labelled(connection_summaries=[connection()], labels=labels) for labels in (["a"], ["b"]))
    assert len({one, two, attrs.evolve(one)}) == 2


@pytest.mark.parametrize(
    ("made", "plain"),
    [
        (connection(), BODY),
        (connection().connection_types["SUBSIDIARY"].other_participant, {"Account": {"Name": "ada"}}),
        (account.ParticipantUnknown("Robot", {"Wheels": 4}), {"Robot": {"Wheels": 4}}),
        (account.ThrottlingException(message="slow down"), {"Message": "slow down"}),
        (
            account.PartnerDomain(domain_name="x", registered_at=datetime(2024, 5, 1, tzinfo=UTC)),
            {"DomainName": "x", "RegisteredAt": "2024-05-01T00:00:00Z"},
        ),
    ],
)
def test_an_object_becomes_the_json_that_it_is_read_from(made: Any, plain: dict[str, Any]) -> None:
    assert aiopartnercentral.to_dict(made) == plain
    assert json.loads(aiopartnercentral.to_json(made)) == plain
    again = account.json_converter.loads(aiopartnercentral.to_json(made), type(made))
    assert str(again) == str(made)


@pytest.mark.parametrize("other", [{}, [connection()], None, account.ConnectionType.SUBSIDIARY, object()])
def test_what_is_not_of_a_generated_class_is_refused(other: Any) -> None:
    for convert in (aiopartnercentral.to_dict, aiopartnercentral.to_json):
        with pytest.raises(TypeError, match="expected an object of a generated class, got "):
            convert(other)
