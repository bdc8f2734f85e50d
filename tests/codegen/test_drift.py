"""`drift` says what a newer botocore has, and what of it can break code that ran before."""

from __future__ import annotations

import copy
import json

import botocore
import pytest

from codegen.botocore_data import Botocore, installed
from codegen.errors import CodegenError
from codegen.project import drift
from codegen.services import MODELS, SERVICES
from tests.codegen.tree_copy import copy_tree, replace_model
from tests.support import synthetic

GONE = object()


def reference(shape, **traits):
    return {"shape": shape, **traits}


OLD = {
    "metadata": {"protocol": "json", "jsonVersion": "1.0"},
    "operations": {
        "List": {
            "name": "List",
            "input": reference("Asked"),
            "output": reference("Given"),
            "errors": [reference("No")],
        },
        "Stop": {"name": "Stop", "input": reference("Asked")},
        "Tell": {"name": "Tell", "input": reference("Told")},
    },
    "shapes": {
        "Asked": {
            "type": "structure",
            "required": ["Id"],
            "members": {"Id": reference("Id"), "Kind": reference("Kind"), "Ids": reference("Ids")},
        },
        "Told": {"type": "structure", "required": ["Id"], "members": {"Id": reference("Id")}},
        "Given": {
            "type": "structure",
            "required": ["Items"],
            "members": {"Items": reference("Items"), "Token": reference("Text"), "Kind": reference("Kind")},
        },
        "Items": {"type": "map", "key": reference("Text"), "value": reference("Item")},
        "Item": {"type": "structure", "required": ["Name"], "members": {"Name": reference("Name")}},
        "No": {"type": "structure", "exception": True, "error": {"code": "No"}, "members": {}},
        "Kind": {"type": "string", "enum": ["A", "B"]},
        "Id": {"type": "string", "min": 1, "max": 10, "pattern": "[a-z]+"},
        "Ids": {"type": "list", "member": reference("Id")},
        "Name": {"type": "string", "max": 10},
        "Text": {"type": "string"},
        "Count": {"type": "integer"},
    },
}


def changed(edit):
    """Return the changes that an edit of the model makes, each as one line, breaking ones marked."""
    new = copy.deepcopy(OLD)
    edit(new)
    return [f"{'! ' if change.breaking else ''}{change}" for change in drift.compare(OLD, new)]


def at(*path):
    """Return a function that sets what stands at a path of the model, or deletes it."""

    def put(value=GONE):
        def edit(model):
            level = model
            for key in path[:-1]:
                level = level[key]
            if value is GONE:
                del level[path[-1]]
            else:
                level[path[-1]] = value

        return edit

    return put


@pytest.mark.parametrize(
    ("edit", "lines"),
    [
        (at("metadata", "jsonVersion")("1.1"), ["changed jsonVersion metadata: 1.0 -> 1.1"]),
        (at("metadata", "protocol")("rest-json"), ["! changed protocol metadata: json -> rest-json"]),
        (at("operations", "Stop")(), ["! removed operation Stop"]),
        (at("operations", "Start")({"name": "Start"}), ["added operation Start"]),
        (at("operations", "Stop", "input")(reference("Item")), ["! changed input Stop: Asked -> Item"]),
        (at("operations", "Stop", "output")(reference("Item")), ["! changed output Stop: none -> Item"]),
        (at("operations", "Stop", "errors")([reference("No")]), ["added error Stop: No"]),
        (at("operations", "List", "errors")([]), ["removed error List: No"]),
        (at("operations", "Stop", "idempotent")(value=True), ["changed idempotent Stop: none -> True"]),
        (at("shapes", "New")({"type": "structure", "members": {}}), ["added shape New"]),
        (at("shapes", "No")(), ["! removed shape No"]),
        (at("shapes", "Count")(), ["removed shape Count"]),
        (at("shapes", "Item", "members", "Size")(reference("Count")), ["added member Item.Size"]),
        (at("shapes", "Item", "members", "Name")(), ["! removed member Item.Name"]),
        (at("shapes", "Item", "members", "Name")(reference("Text")), ["changed shape Item.Name: Name -> Text"]),
        (at("shapes", "Item", "members", "Name")(reference("Count")), ["! changed shape Item.Name: Name -> Count"]),
        (at("shapes", "Item", "members", "Name")(reference("Kind")), ["! changed shape Item.Name: Name -> Kind"]),
        (at("shapes", "Item", "required")([]), ["! changed presence Item.Name: required -> optional"]),
        (at("shapes", "Given", "required")(["Items", "Token"]), ["changed presence Given.Token: optional -> required"]),
        (at("shapes", "Asked", "required")([]), ["changed presence Asked.Id: required -> optional"]),
        (at("shapes", "Asked", "required")(["Id", "Kind"]), ["! changed presence Asked.Kind: optional -> required"]),
        (at("shapes", "Text", "enum")(["A"]), ["! changed type Text: string -> enum", "added enum value Text: 'A'"]),
        (
            at("operations", "Other")({"name": "Other", "input": reference("Told")}),
            ["added operation Other", "! changed number of operations of request Told: 1 -> 2"],
        ),
        (at("shapes", "Kind", "enum")(["A", "B", "C"]), ["added enum value Kind: 'C'"]),
        (at("shapes", "Kind", "enum")(["A"]), ["! removed enum value Kind: 'B'"]),
        (at("shapes", "Id", "max")(5), ["! changed max Id: 10 -> 5"]),
        (at("shapes", "Id", "max")(50), ["changed max Id: 10 -> 50"]),
        (at("shapes", "Id", "max")(), ["changed max Id: 10 -> none"]),
        (at("shapes", "Id", "min")(2), ["! changed min Id: 1 -> 2"]),
        (at("shapes", "Id", "min")(0), ["changed min Id: 1 -> 0"]),
        (at("shapes", "Id", "pattern")("[a-b]+"), ["! changed pattern Id: [a-z]+ -> [a-b]+"]),
        (at("shapes", "Id", "pattern")(), ["changed pattern Id: [a-z]+ -> none"]),
        (at("shapes", "Name", "max")(5), ["changed max Name: 10 -> 5"]),
        (at("shapes", "Text", "sensitive")(value=True), ["changed sensitive Text: none -> True"]),
        (at("shapes", "Item", "union")(value=True), ["! changed union Item: none -> True"]),
        (at("shapes", "No", "error", "code")("Nope"), ["! changed error No: {'code': 'No'} -> {'code': 'Nope'}"]),
        (at("shapes", "Ids", "member")(reference("Text")), ["changed shape Ids.member: Id -> Text"]),
        (at("shapes", "Items", "value")(reference("Text")), ["! changed shape Items.value: Item -> Text"]),
        (at("shapes", "Text", "type")("blob"), ["! changed type Text: string -> blob"]),
        (at("shapes", "Count", "type")("long"), ["changed type Count: integer -> long"]),
        (at("shapes", "Count", "type")("float"), ["! changed type Count: integer -> float"]),
        (at("shapes", "Ids", "sparse")(value=True), ["! changed sparse Ids: none -> True"]),
        (at("shapes", "Item", "document")(value=True), ["! changed document Item: none -> True"]),
        (at("metadata", "protocols")(["json"]), ["changed protocols metadata: none -> ['json']"]),
        (
            at("metadata", "protocols")(["smithy-rpc-v2-cbor"]),
            ["! changed protocols metadata: none -> ['smithy-rpc-v2-cbor']"],
        ),
        (at("metadata", "protocol")("grpc"), ["! changed protocol metadata: json -> grpc"]),
        (
            at("shapes", "No", "error", "httpStatusCode")(409),
            ["changed error No: {'code': 'No'} -> {'code': 'No', 'httpStatusCode': 409}"],
        ),
        (
            at("shapes", "Asked", "members", "Id", "idempotencyToken")(value=True),
            ["changed idempotencyToken Asked.Id: none -> True"],
        ),
        (at("shapes", "Ids", "member")(reference("Ids")), ["! changed shape Ids.member: Id -> Ids"]),
    ],
)
def test_each_change_is_one_line_and_breaking_ones_are_marked(edit, lines):
    found = changed(edit)
    assert [line for line in found if line in lines] == lines
    # A type that changes is a change of everything that refers to it, too.
    assert len(found) == len(lines) or lines[0].startswith("! changed type")


def test_a_required_member_that_is_added_breaks_requests_alone():
    def edit(model):
        for name in ("Asked", "Given"):
            model["shapes"][name]["members"]["New"] = reference("Text")
            model["shapes"][name]["required"].append("New")

    assert changed(edit) == ["! added required member Asked.New", "added required member Given.New"]


def test_a_required_token_may_be_left_out_until_it_is_no_longer_generated():
    def edit(model):
        asked = model["shapes"]["Told"]
        asked["members"]["Token"] = reference("Text", idempotencyToken=True)
        asked["required"].append("Token")

    assert changed(edit) == ["added required member Told.Token"]
    old, new = copy.deepcopy(OLD), copy.deepcopy(OLD)
    for model in (old, new):
        edit(model)
    del new["shapes"]["Told"]["members"]["Token"]["idempotencyToken"]
    assert [(str(change), change.breaking) for change in drift.compare(old, new)] == [
        ("changed idempotencyToken Told.Token: True -> none", True)
    ]


def test_a_token_in_the_request_of_several_operations_must_be_given():
    def edit(model):
        model["shapes"]["Asked"]["members"]["Token"] = reference("Text", idempotencyToken=True)
        model["shapes"]["Asked"]["required"].append("Token")

    assert changed(edit) == ["! added required member Asked.Token"]


def test_a_token_deeper_in_a_request_is_not_generated():
    def edit(model):
        model["shapes"]["Asked"]["members"]["Item"] = reference("Item")
        model["shapes"]["Item"]["members"]["Token"] = reference("Text", idempotencyToken=True)
        model["shapes"]["Item"]["required"].append("Token")

    assert changed(edit) == ["added member Asked.Item", "! added required member Item.Token"]


@pytest.mark.parametrize(
    ("path", "added", "line"),
    [
        (("shapes", "PutScalarsRequest", "members"), {"text": reference("Text")}, "PutScalarsRequest.Text: text -> "),
        (("operations",), {"putScalars": {"name": "putScalars"}}, "PutScalars: put_scalars -> "),
        (("shapes",), {"color": {"type": "structure", "members": {}}}, "Color: Color -> "),
    ],
)
def test_a_name_that_another_takes_over_breaks(path, added, line):
    old, new = synthetic.source("scalars"), synthetic.source("scalars")
    level = new.service
    for key in path[:-1]:
        level = level[key]
    level[path[-1]] = {**added, **level[path[-1]]}
    (change,) = drift.compare_names(old, new)
    assert change.breaking
    assert str(change).startswith(f"changed Python name {line}")
    assert drift.compare_names(old, old) == []


def test_a_model_that_cannot_be_generated_is_a_change():
    new = synthetic.source("scalars")
    new.service["shapes"]["Text"]["mood"] = "sour"
    (change,) = drift.compare_names(synthetic.source("scalars"), new)
    assert change.breaking
    assert str(change) == "added what cannot be generated, golden-scalars.Text: unknown trait 'mood'"


@pytest.mark.parametrize("text", [b"{}", b'{"metadata": {}, "operations": [], "shapes": {}}'])
def test_what_is_no_service_model_is_an_error(text, monkeypatch):
    real = Botocore.original
    monkeypatch.setattr(Botocore, "original", lambda *args: text if args[-1] == "service-2" else real(*args))
    with pytest.raises(CodegenError, match="not a service model"):
        drift.against(SERVICES[0], MODELS, installed())


def test_pagination():
    old = {"pagination": {"List": {"input_token": "Token", "output_token": "Token"}, "Stop": {}}}
    rest = {"output_token": "Token", "non_aggregate_keys": ["Total"]}
    new = {"pagination": {"List": {"input_token": "Next", **rest}, "Start": {}}}
    assert [(str(change), change.breaking) for change in drift.compare_pagination(old, new)] == [
        ("removed pagination of Stop", True),
        ("added pagination of Start", False),
        ("changed input_token List: Token -> Next", True),
        ("changed non_aggregate_keys List: none -> ['Total']", False),
    ]


def test_a_model_does_not_drift_from_itself():
    for config in SERVICES:
        model = json.loads((MODELS / config.name / config.api_version / "service-2.json").read_bytes())
        assert drift.compare(model, model) == []


@pytest.fixture
def older(tmp_path):
    """Return a copy of the tree whose pinned model is one that botocore has moved on from."""
    tree = copy_tree(tmp_path)
    assert tree.run("sync").code == 0
    (path,) = tree.models.glob("*/*/service-2.json")
    model = json.loads(path.read_text())
    del model["shapes"]["ListConnectionsRequest"]["members"]["MaxResults"]
    model["shapes"]["ConnectionType"]["enum"].append("GONE")
    replace_model(tree, path, json.dumps(model))
    return tree


def test_the_command_says_it_for_people(older):
    done = older.run("drift")
    assert (done.code, done.err) == (1, "")
    assert done.out.splitlines() == [
        f"installed: botocore {botocore.__version__}",
        f"partnercentral-account, pinned from botocore {botocore.__version__}: 2 change(s), 1 breaking",
        "! removed enum value ConnectionType: 'GONE'",
        "  added member ListConnectionsRequest.MaxResults",
    ]


def test_the_command_says_it_for_programs(older):
    done = older.run("drift", "--format", "json")
    assert done.code == 1
    document = json.loads(done.out)
    assert document["installed_botocore"] == botocore.__version__
    removed, added = document["services"]["partnercentral-account"]
    assert removed == {
        "kind": "removed",
        "what": "enum value",
        "where": "ConnectionType: 'GONE'",
        "before": None,
        "after": None,
        "breaking": True,
    }
    assert (added["where"], added["breaking"]) == ("ListConnectionsRequest.MaxResults", False)


def test_sync_and_generate_are_the_whole_upgrade(older):
    assert older.run("sync").code == 0
    assert older.run("drift").code == 0
    assert older.run("generate").code == 0
    assert older.run("check").code == 0


def test_a_pinned_model_that_is_not_the_recorded_one_is_an_error(older):
    (path,) = older.models.glob("*/*/service-2.json")
    path.write_text("{}")
    done = older.run("drift")
    assert (done.code, done.out) == (1, "")
    assert "does not match SOURCES.toml" in done.err


@pytest.mark.parametrize(
    ("version", "obstacle"), [("99.0.0", "it does not have 2025-04-04"), ("1.9.100", "it is older")]
)
def test_a_botocore_that_is_older_or_lacks_the_service_is_not_compared(tmp_path, version, obstacle):
    (tmp_path / "__init__.py").write_text(f"__version__ = '{version}'")
    assert drift.obstacle(SERVICES[0], MODELS, Botocore("it", tmp_path)) == obstacle


def test_the_command_says_what_it_does_not_compare(older):
    path = older.models / "SOURCES.toml"
    path.write_text(path.read_text().replace(f'"{botocore.__version__}"', '"99.0.0"'))
    done = older.run("drift")
    assert (done.code, done.out.splitlines()[1:]) == (
        0,
        ["partnercentral-account, pinned from botocore 99.0.0: not compared, the installed botocore is older"],
    )
