"""What is particular to the features that only services beside the project's own have."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import golden_documents as documents
import golden_rest_json as rest
import golden_shared as shared
import golden_streams as streams
import golden_timestamps as timestamps
import golden_unions as unions
import pytest

from aiopartnercentral import DecodeError, EncodeError, to_dict
from aiopartnercentral._serialization import fast_encode
from tests.support.generated_package import FakeTransport, golden

SECRET = "hunter2"
MOMENT = datetime(2024, 5, 1, 12, tzinfo=UTC)


def operation(package, name):
    return next(each for each in package.Client.service.operations if each.name == name)


def test_a_sensitive_message_is_an_attribute_and_in_no_text():
    error = shared.Declined(message=SECRET, why="because")
    assert (error.message, error.why) == (SECRET, "because")
    assert SECRET not in str(error) + repr(error)
    assert error.response["Error"]["Message"] == SECRET
    assert SECRET in str(shared.Refused(message=SECRET))


def test_an_error_that_shares_its_code_is_that_of_the_operation():
    assert operation(shared, "Disable").own_codes == {"No": shared.Declined}
    assert operation(shared, "Enable").own_codes == {}
    assert shared.Client.service.errors["No"] is shared.Refused


@pytest.mark.anyio
async def test_operations_that_share_a_request_are_told_apart_by_the_method():
    transport = FakeTransport(golden("shared"), [{"Name": "a"}, {"Name": "b"}])
    client = shared.Client(transport)
    assert (await client.enable(name="x")).name == "a"
    assert (await client.disable(name="x")).name == "b"
    assert [name for name, _ in transport.asked] == ["Enable", "Disable"]
    with pytest.raises(TypeError, match="SwitchRequest is a request of Enable, Disable: call the method of one of"):
        await client.call(shared.SwitchRequest(name="x"))


def test_only_an_answer_that_is_all_body_is_decoded_here():
    flags = {each.name: each.all_in_body for each in rest.Client.service.operations}
    assert flags == {"PutThing": False, "GetThing": False, "ReplaceThing": False, "Plain": True, "Upload": False}


def test_a_member_beside_the_body_keeps_apart_from_one_in_it():
    request = rest.PutThingRequest(thing_id="1", http_method="GET", integration_method="POST")
    assert json.loads(rest.json_converter.dumps(request)) == {
        "ThingId": "1",
        "querystring:HttpMethod": "GET",
        "HttpMethod": "POST",
    }
    assert rest.botocore_converter.unstructure(request) == {
        "ThingId": "1",
        "HttpMethod": "GET",
        "IntegrationMethod": "POST",
    }


def test_each_time_is_spelled_as_the_model_says():
    request = timestamps.TellRequest(default=MOMENT, epoch=MOMENT.replace(microsecond=500_000), http=MOMENT, iso=MOMENT)
    assert json.loads(timestamps.json_converter.dumps(request)) == {
        "Default": 1714564800,
        "Epoch": 1714564800.5,
        "Http": "Wed, 01 May 2024 12:00:00 GMT",
        "Iso": "2024-05-01T12:00:00Z",
    }
    assert fast_encode.dumps(request) == timestamps.json_converter.dumps(request)
    converter = timestamps.make_json_converter()
    converter.register_unstructure_hook(datetime, lambda _: "mine")
    assert set(json.loads(converter.dumps(request)).values()) == {"mine"}


@pytest.mark.parametrize(
    ("value", "path", "text"),
    [
        ({"a": [1, {2}]}, "$.Any.a[1]", "expected a value that JSON can hold, got set"),
        ({1: "a"}, '$.Any["1"]', "expected str, got int"),
        ([float("nan")], "$.Any[0]", "got a float that is not a number"),
        (b"bytes", "$.Any", "expected a value that JSON can hold, got bytes"),
    ],
)
def test_what_is_no_document_is_reported_with_its_place(value, path, text):
    with pytest.raises(EncodeError, match=text) as caught:
        documents.json_converter.dumps(documents.KeepRequest(any=value))
    assert caught.value.path == path


@pytest.mark.anyio
@pytest.mark.parametrize("number", ["1E+999", "-" + "9" * 5000, "1" + "0" * 400 + ".5"])
async def test_a_document_keeps_a_number_that_no_float_can_hold(number):
    kept = documents.json_converter.loads(f'{{"Any":{{"a":[{number}]}}}}', documents.KeepResponse)
    assert documents.json_converter.dumps(kept) == f'{{"Any":{{"a":[{number}]}}}}'.encode()
    assert documents.json_converter.structure(to_dict(kept), documents.KeepResponse) == kept
    with pytest.raises(TypeError, match="Decimal is not JSON serializable"):  # as the docstring of `to_dict` says
        json.dumps(to_dict(kept))
    client = documents.Client(FakeTransport(golden("documents"), []))
    with pytest.raises(EncodeError, match=r"^Keep: \$\.Any: botocore cannot send a Decimal"):
        await client.keep(any=kept.any)


def test_null_is_a_value_of_documents_in_collections():
    kept = documents.json_converter.loads(
        b'{"Any": 1, "All": [null, 2], "ByName": {"a": null}, "Secret": "hunter2"}', documents.KeepResponse
    )
    assert (kept.all, kept.by_name) == ([None, 2], {"a": None})
    assert SECRET not in repr(kept)


@pytest.mark.parametrize("text", [b'{"Any": null}', b"{}"])
def test_a_required_document_is_missing_where_it_is_null(text):
    with pytest.raises(DecodeError, match="required member is missing") as caught:
        documents.json_converter.loads(text, documents.KeepResponse)
    assert caught.value.path == "$.Any"


@pytest.mark.parametrize("tags", [("Text", "Flag"), ("Flag", "Text"), ("Text", "Future"), ("Future", "Flag")])
def test_two_members_of_a_union_are_refused_on_the_fast_path_too(tags):
    values = {"Text": "a", "Flag": True, "Future": {}}
    both = {tag: values[tag] for tag in tags}
    response = golden("unions").service.structure("ChooseResponse")
    (member,) = [each for each in response.members if each.target == "Shape"][:1]
    for text, cls in ((both, unions.Shape), ({member.wire_name: both}, unions.ChooseResponse)):
        with pytest.raises(DecodeError, match="expected exactly one union member"):
            unions.json_converter.loads(json.dumps(text), cls)


def test_what_is_left_out_is_said_at_the_client():
    assert "golden-streams.Download: DownloadResponse.Body is a stream" in streams.Client.__doc__
    assert not hasattr(streams.Client, "download")
    assert not hasattr(streams, "DownloadResponse")
    assert not hasattr(streams.Paginate, "look")
