from __future__ import annotations

import json
from typing import Annotated

import attrs
import cattrs
import pydantic
import pydantic_core
import pytest
from fastapi import Body, FastAPI
from fastapi.testclient import TestClient
from hypothesis import given, settings, strategies as st

from aiopartnercentral import account
from aiopartnercentral.account import converters
from codegen import ir
from tests.support.generated_package import golden
from tests.support.schemas import references
from tests.support.strategies import LOSSLESS

FEW = settings(max_examples=2)
FEATURES = ("documents", "recursion", "scalars", "sensitive", "sparse", "timestamps", "unions")
CONTACT = {"FirstName": "Ada", "LastName": "Lovelace", "Email": "ada@example.com", "BusinessTitle": "Countess"}


@pytest.mark.parametrize("feature", FEATURES)
@FEW
@given(data=st.data())
def test_classes_of_other_services_are_fields(feature, data):
    package = golden(feature)
    for shape in package.service.shapes.values():
        if not isinstance(shape, ir.Structure | ir.Union) or getattr(shape, "fault", None):
            continue
        if shape.name in package.botocore_model.shape_names:
            wire = json.dumps(data.draw(package.wire.shape(shape.name, extras=LOSSLESS)))
            obj = package.json.loads(wire, package.cls(shape.name))
            field = pydantic.TypeAdapter(package.cls(shape.name))
            assert field.validate_json(wire) == obj
            assert json.dumps(field.dump_python(obj, mode="json")) == json.dumps(package.json.unstructure(obj))
            assert references(field.json_schema()) <= field.json_schema().get("$defs", {}).keys()


def test_the_json_schema_of_each_kind_of_member():
    schema = pydantic.TypeAdapter(account.ConnectionSummary).json_schema()
    assert schema["properties"]["UpdatedAt"] == {"type": "string", "format": "date-time"}
    assert schema["properties"]["ConnectionTypes"] == {
        "type": "object",
        "propertyNames": {"$ref": "#/$defs/ConnectionType"},
        "additionalProperties": {"$ref": "#/$defs/ConnectionTypeSummary"},
    }
    assert schema["$defs"]["ConnectionType"] == {
        "title": "ConnectionType",
        "description": account.ConnectionType.__doc__.partition("\n")[0],
        "anyOf": [{"enum": ["OPPORTUNITY_COLLABORATION", "SUBSIDIARY"], "type": "string"}, {"type": "string"}],
    }
    assert schema["$defs"]["ConnectionTypeSummary"]["properties"]["OtherParticipant"] == {
        "anyOf": [
            {"$ref": f"#/$defs/{name}"}
            for name in ("ParticipantPartnerProfile", "ParticipantSellerProfile", "ParticipantAccount")
        ]
        + [{"$ref": "#/$defs/ParticipantUnknown"}]
    }
    unknown = schema["$defs"]["ParticipantUnknown"]
    assert (unknown["type"], unknown["minProperties"], unknown["maxProperties"]) == ("object", 1, 1)
    node = pydantic.TypeAdapter(golden("recursion").cls("Node")).json_schema()
    assert node["$defs"]["Node"]["properties"]["Next"] == {"$ref": "#/$defs/Node"}


class Partner(pydantic.BaseModel):
    kind: account.ConnectionType
    participants: dict[account.ConnectionType, account.Participant]
    contact: account.AllianceLeadContact | None = None


def test_unknown_values_are_kept():
    wire = {"kind": "NEW", "participants": {"NEWER": {"Robot": {"Serial": [1]}}, "NEW": {"Account": {"Name": "a"}}}}
    partner = Partner.model_validate(wire)
    assert partner.kind.is_unknown
    assert partner.participants == {
        "NEWER": account.ParticipantUnknown("Robot", {"Serial": [1]}),
        "NEW": account.ParticipantAccount(account.AccountSummary(name="a")),
    }
    assert json.loads(partner.model_dump_json()) == {**wire, "contact": None}


@pytest.mark.parametrize(
    ("wire", "location", "reason"),
    [
        ({**CONTACT, "LastName": 1815}, ("contact", "LastName"), "expected string, got number"),
        ({"FirstName": "Ada"}, ("contact", "LastName"), "required member is missing"),
        ("Ada", ("contact",), "expected object, got string"),
    ],
)
def test_an_error_has_place_and_reason_and_never_the_value(wire, location, reason):
    with pytest.raises(pydantic.ValidationError) as caught:
        Partner.model_validate({"kind": "SUBSIDIARY", "participants": {}, "contact": wire})
    (error,) = caught.value.errors(include_url=False)
    assert (error["type"], error["loc"], error["msg"]) == ("decode_error", location, reason)
    assert "Ada" not in str(caught.value) + repr(caught.value.errors())


def test_a_location_has_keys_and_indices():
    field = pydantic.TypeAdapter(account.ListConnectionsResponse)
    types = {"two words": {"Status": "ACTIVE", "OtherParticipant": {"Account": {"Name": 1}}}}
    summary = {"Catalog": "AWS", "Id": "i", "Arn": "a", "OtherParticipantAccountId": "1", "UpdatedAt": 0}
    with pytest.raises(pydantic.ValidationError) as caught:
        field.validate_python({"ConnectionSummaries": [{**summary, "ConnectionTypes": types}]})
    assert caught.value.errors()[0]["loc"] == (
        *("ConnectionSummaries", 0, "ConnectionTypes", "two words", "OtherParticipant", "Account", "Name"),
    )


@pytest.mark.parametrize("wire", [{"Account": {"Name": 1}}, {}, {"Account": {"Name": "a"}, "Robot": 1}, 3])
def test_a_malformed_known_member_does_not_pass_for_an_unknown_one(wire):
    for cls in (account.Participant, account.ParticipantUnknown):
        with pytest.raises(pydantic.ValidationError):
            pydantic.TypeAdapter(cls).validate_python(wire)
    with pytest.raises(pydantic.ValidationError, match="a union member that the model does not know"):
        pydantic.TypeAdapter(account.ParticipantUnknown).validate_python({"Account": {"Name": "a"}})


class Contact(account.AllianceLeadContact):
    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


@attrs.frozen(kw_only=True)
class Noted(account.AllianceLeadContact):
    note: str = ""


def test_a_derived_class_is_a_field():
    field = pydantic.TypeAdapter(Contact)
    contact = field.validate_python(CONTACT)
    assert (type(contact), contact.name) == (Contact, "Ada Lovelace")
    assert field.dump_python(contact) == CONTACT


def test_a_derived_class_with_fields_of_its_own_is_refused():
    with pytest.raises(cattrs.StructureHandlerNotFoundError, match="Noted differs from AllianceLeadContact in note"):
        pydantic.TypeAdapter(Noted)


def test_hooks_of_the_converter_are_used(monkeypatch):
    contact = account.json_converter.loads(json.dumps(CONTACT), account.AllianceLeadContact)
    converter = account.make_json_converter()
    converter.register_unstructure_hook(account.AllianceLeadContact, lambda contact: {"Email": contact.email})
    monkeypatch.setattr(converters, "json_converter", converter)
    converter.register_structure_hook(account.AllianceLeadContact, lambda value, _: {}[value["Email"]])
    field = pydantic.TypeAdapter(account.AllianceLeadContact)
    assert field.dump_python(contact) == {"Email": "ada@example.com"}
    with pytest.raises(pydantic.ValidationError, match="a converter hook raised KeyError") as caught:
        field.validate_python(CONTACT)
    assert "ada@example.com" not in str(caught.value)


def test_fastapi_serves_and_takes_generated_classes():
    app = FastAPI()
    kinds = {
        "NEW": account.ConnectionTypeSummary(status="ODD", other_participant=account.ParticipantUnknown("Robot", [1]))
    }
    wire = {"Catalog": "AWS", "Id": "i", "Arn": "a", "OtherParticipantAccountId": "1", "ConnectionTypes": {}}
    summary = account.json_converter.loads(
        json.dumps({**wire, "UpdatedAt": "2024-05-01T12:00:00Z"}), account.ConnectionSummary
    )

    @app.get("/connections")
    async def connections() -> list[account.ConnectionSummary]:
        return [attrs.evolve(summary, connection_types=kinds)]

    @app.put("/contact")
    async def contact(body: Annotated[account.AllianceLeadContact, Body()]) -> account.AllianceLeadContact:
        return body

    client = TestClient(app)
    assert client.get("/connections").json() == [
        {
            **wire,
            "UpdatedAt": "2024-05-01T12:00:00Z",
            "ConnectionTypes": {"NEW": {"Status": "ODD", "OtherParticipant": {"Robot": [1]}}},
        }
    ]
    assert client.put("/contact", json=CONTACT).json() == CONTACT  # sensitive members included
    refused = client.put("/contact", json={**CONTACT, "Email": None})
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["body", "Email"]
    assert "Countess" not in refused.text
    document = client.get("/openapi.json").json()
    answer = document["paths"]["/connections"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer["items"] == {"$ref": "#/components/schemas/ConnectionSummary"}
    assert "ConnectionTypeSummary" in document["components"]["schemas"]
    body = document["paths"]["/contact"]["put"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["$ref"] == "#/components/schemas/AllianceLeadContact"


UNICODE = "expected Unicode text, got a lone surrogate"
RANGE = "expected number, got one out of range"


@pytest.fixture(scope="module")
def echo() -> TestClient:
    app = FastAPI()

    @app.put("/unknown")
    async def unknown(body: Annotated[account.ParticipantUnknown, Body()]) -> account.ParticipantUnknown:
        return body

    @app.put("/contact")
    async def contact(body: Annotated[account.AllianceLeadContact, Body()]) -> account.AllianceLeadContact:
        return body

    @app.get("/decoded")
    async def decoded(text: str) -> account.ParticipantUnknown:
        return account.json_converter.loads(text, account.ParticipantUnknown)

    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("path", "text", "location", "reason"),
    [
        ("/unknown", '{"Robot": [1e400]}', ["body", "Robot"], RANGE),
        ("/unknown", '{"Robot": {"secret": NaN}}', ["body", "Robot"], RANGE),
        ("/unknown", '{"Robot": "\\ud800"}', ["body", "Robot"], UNICODE),
        ("/unknown", '{"Robot": {"\\ud800": 1}}', ["body", "Robot"], UNICODE),
        ("/contact", json.dumps({**CONTACT, "Email": "\ud800"}), ["body", "Email"], UNICODE),
        ("/contact", json.dumps({**CONTACT, "\ud800": 1}), ["body"], UNICODE),
    ],
)
def test_input_that_no_json_response_can_repeat_is_a_validation_error(echo, path, text, location, reason):
    answer = echo.put(path, content=text, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    (problem,) = answer.json()["detail"]
    assert (problem["loc"], problem["msg"]) == (location, reason)


@pytest.mark.parametrize("number", [str(10**400), "-1", "0.1", str(2**64)])
def test_numbers_are_repeated_exactly(echo, number):
    text = f'{{"Robot":[{number}]}}'
    answer = echo.put("/unknown", content=text, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.text) == (200, text)


def test_what_the_service_sent_is_returned_exactly_or_not_at_all(echo):
    answer = echo.get("/decoded", params={"text": '{"Robot": 1.5e400}'})
    assert answer.text == f'{{"Robot":{15 * 10**399}}}'
    for value in ("1e5000", f"{10**309}.5", '"\\ud800"'):
        assert echo.get("/decoded", params={"text": f'{{"Robot": {value}}}'}).status_code == 500
    unknown = account.json_converter.loads('{"Robot": {"secret": "\\ud800"}}', account.ParticipantUnknown)
    field = pydantic.TypeAdapter(account.ParticipantUnknown)
    with pytest.raises(pydantic_core.PydanticSerializationError, match=rf"EncodeError: \$\.Robot: {UNICODE}"):
        field.dump_json(unknown)
    assert field.dump_python(unknown) == {"Robot": {"secret": "\ud800"}}
