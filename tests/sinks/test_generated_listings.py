"""Files and frames of listings that another service than the project's own may have.

As in API Gateway, the list is `item` on the wire and `items` in the model and in Python. The items are structures, or
text, numbers or maps.
"""

from __future__ import annotations

import csv
import importlib
import sys

import attrs
import pyarrow.parquet as pq
import pytest

from aiopartnercentral.sinks import Page, item_class, open_sink
from codegen import check
from tests.support import synthetic
from tests.support.generated_package import FakeTransport, executed

pytestmark = pytest.mark.anyio

BIG = 2**53 + 1
SHAPES = {
    "Key": {
        "type": "structure",
        "members": {
            "value": {"shape": "Text", "locationName": "val"},
            "items": {"shape": "NameItems", "locationName": "item"},
        },
    },
    "Name": {"type": "string"},
    "Count": {"type": "long"},
    "Tags": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Name"}},
}
ITEMS = {
    "Key": [{"val": "a", "item": ["x"]}, {"val": "b"}, {}],
    "Name": ["a", "", "c"],
    "Count": [BIG, 0, -1],
    "Tags": [{"k": "v"}, {}, {"k": "w"}],
}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """Return the generated service, which has an operation for each kind of item."""
    folder = tmp_path_factory.mktemp("service")
    made = attrs.evolve(synthetic.source("listing"), config=synthetic.config("item_wire", folder))
    operations, shapes = made.service["operations"], made.service["shapes"]
    shapes |= SHAPES | {"ListRequest": {"type": "structure", "members": {"position": {"shape": "Text"}}}}
    operations.clear()
    made.paginators.clear()
    for kind in SHAPES:
        name = f"List{kind}"
        members = {"items": {"shape": f"{kind}Items", "locationName": "item"}, "position": {"shape": "Text"}}
        shapes[f"{kind}Items"] = {"type": "list", "member": {"shape": kind}}
        shapes[f"{name}Response"] = {"type": "structure", "members": members}
        shapes[f"{name}Request"] = shapes["ListRequest"]
        ends = {"input": {"shape": f"{name}Request"}, "output": {"shape": f"{name}Response"}}
        operations[name] = {"name": name, "http": {"method": "POST", "requestUri": "/"}, **ends}
        made.paginators[name] = {"input_token": "position", "output_token": "position", "result_key": "items"}
    check.write(check.render(made), made.config.output, is_ours=True)
    sys.path.insert(0, str(folder))
    yield executed(made)
    sys.path.remove(str(folder))


@pytest.mark.parametrize("kind", SHAPES)
async def test_a_listing_has_files_and_frames(service, tmp_path, kind):
    wire = ITEMS[kind]
    transport = FakeTransport(service, [{"item": wire[:2], "position": "more"}, {"item": wire[2:]}])
    client = service.package.Client(transport)
    collected = await getattr(client.paginate, f"list_{kind.lower()}")().collect()
    items = [item for _, item in collected]
    pages = getattr(importlib.import_module(f"{service.package.__name__}.operations"), f"LIST_{kind.upper()}_PAGES")
    for extension in ("csv", "parquet"):
        sink = open_sink(tmp_path / f"a.{extension}", cls=item_class(pages), source=False)
        await sink.open()
        await sink.write(Page("a", "AWS", kind, items))
        await sink.commit()
    expected = [each.get("val") for each in wire] if kind == "Key" else wire
    table = pq.read_table(tmp_path / "a.parquet")
    assert kind != "Key" or table.column("items").to_pylist() == [["x"], None, None]
    stored = table.column("value").to_pylist()
    assert [dict(each) for each in stored] == expected if kind == "Tags" else stored == expected
    with (tmp_path / "a.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == (["value", "items"] if kind == "Key" else ["value"])
    assert len(rows) == 3
    assert rows[0] == {"Key": ["a", '["x"]'], "Tags": ['{"k":"v"}']}.get(kind, [str(expected[0])])
    assert collected.to_arrow().column("value").to_pylist() == stored
    assert len(collected.to_pandas()["value"]) == len(collected.to_polars()["value"]) == 3
