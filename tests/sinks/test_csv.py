from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, strategies as st

from aiopartnercentral import account
from aiopartnercentral.account.enums import ConnectionType
from aiopartnercentral.sinks import CsvSink, Page, open_sink
from tests.sinks.files import written
from tests.sinks.readers import content, query
from tests.sinks.sample_pages import CLS, item, page, wire
from tests.support.account_model import WIRE, decode
from tests.support.generated_package import golden
from tests.support.strategies import LOSSLESS

pytestmark = pytest.mark.anyio
PARTICIPANT = "connection_types.other_participant"


async def text_of(tmp_path_factory, items, cls, **options):
    path = tmp_path_factory.mktemp("csv") / "out.csv"
    await written_items(path, items, cls, **options)
    return path.read_bytes().decode()


async def written_items(path, items, cls, **options):
    sink = CsvSink(path, cls, **options)
    await sink.open()
    await sink.write(Page("acme", "AWS", "any", items))
    await sink.commit()
    return sink


def unescaped(cell):
    """Undo what is done to formulas, as `docs/sinks.md` says."""
    return re.sub(r"(\A|[;\t\r\n])'", r"\1", cell)


OPERATORS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
DANGEROUS = st.text(st.sampled_from("=-\uff20;\t\r\n,\"' a")) | st.text(st.characters(exclude_categories=["Cs"]))


async def test_a_row_for_each_item(tmp_path):
    path = tmp_path / "out.csv"
    await written(path, page(0, 9))
    header, *rows = csv.reader(io.StringIO(path.read_text(), newline=""))
    assert header == [
        *("source_label", "source_catalog", "catalog", "id", "arn", "other_participant_account_id", "updated_at"),
        "connection_types",
    ]
    for number, row in enumerate(rows):
        sent = wire(number)
        when = datetime.fromisoformat(sent["UpdatedAt"]).astimezone(UTC)
        assert row[:6] == ["acme/AWS", "AWS", "AWS", sent["Id"], sent["Arn"], sent["OtherParticipantAccountId"]]
        assert datetime.fromisoformat(row[6]) == when
        assert row[6].endswith("Z")
        assert json.loads(row[7]) == sent["ConnectionTypes"]
    assert len(rows) == 9


async def test_a_row_for_each_entry(tmp_path):
    path = tmp_path / "out.csv"
    await written(path, page(0, 30), explode="connection_types")
    rows = list(csv.DictReader(io.StringIO(path.read_text(), newline="")))
    assert list(rows[0])[7:] == [
        *("connection_types.key", "connection_types.status", f"{PARTICIPANT}.tag"),
        *(f"{PARTICIPANT}.partner_profile.id", f"{PARTICIPANT}.partner_profile.name"),
        *(f"{PARTICIPANT}.seller_profile.id", f"{PARTICIPANT}.seller_profile.name"),
        *(f"{PARTICIPANT}.account.name", f"{PARTICIPANT}.unknown"),
    ]
    expected = [
        (sent["Id"], kind, entry["Status"], *next(iter(entry["OtherParticipant"].items())))
        for sent in map(wire, range(30))
        for kind, entry in (sent["ConnectionTypes"] or {"": {"Status": "", "OtherParticipant": {"": {}}}}).items()
    ]
    columns = {"Account": "account", "PartnerProfile": "partner_profile", "SellerProfile": "seller_profile"}
    for row, (identity, kind, status, tag, payload) in zip(rows, expected, strict=True):
        found = [row["id"], row["connection_types.key"], row["connection_types.status"], row[f"{PARTICIPANT}.tag"]]
        assert found == [identity, kind, status, tag]
        for known, column in columns.items():
            name = unescaped(row[f"{PARTICIPANT}.{column}.name"])
            assert name == (payload["Name"] if tag == known else "")
        assert row[f"{PARTICIPANT}.unknown"] == (
            json.dumps(payload, separators=(",", ":"), ensure_ascii=False) if tag == "Robot" else ""
        )


@given(names=st.lists(DANGEROUS, min_size=1))
@example(names=["Acme;=1+2;", "Acme\t=1+2", 'Acme;"=1+2;', "a;'b", "a\r\nb", "\n=1"])
async def test_every_text_comes_back_and_none_is_a_formula(tmp_path_factory, names):
    items = [account.AccountSummary(name=name) for name in names]
    text = await text_of(tmp_path_factory, items, account.AccountSummary)
    _, *rows = csv.reader(io.StringIO(text, newline=""))
    assert [unescaped(row[2]) for row in rows] == names
    for delimiter in ",;\t":
        cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) for cell in row]
        assert not [cell for cell in cells if cell.startswith(OPERATORS)]
    assert not any(row[2].startswith(("\t", "\r", "\n")) for row in rows)
    kept = await text_of(tmp_path_factory, items, account.AccountSummary, formulas="keep", source=False)
    # A table of a single column has no empty lines, which would be no rows.
    assert [row[0] for row in csv.reader(io.StringIO(kept, newline=""))] == ["name", *names]


@given(texts=st.lists(DANGEROUS, min_size=1))
@example(texts=["Acme;=1+2;", "a\\;@b", ';"=1'])
async def test_no_json_has_a_formula(tmp_path_factory, texts):
    text = await text_of(tmp_path_factory, [texts], list[str])
    assert json.loads(next(csv.DictReader(io.StringIO(text, newline="")))["value"]) == texts
    cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=";") for cell in row]
    assert not [cell for cell in cells if cell.startswith(OPERATORS)]


@given(values=st.lists(WIRE.shape("GetVerificationResponse", extras=LOSSLESS), min_size=1, max_size=5))
async def test_every_row_has_all_columns(tmp_path_factory, values):
    cls = account.GetVerificationResponse
    text = await text_of(tmp_path_factory, [decode(value, "GetVerificationResponse") for value in values], cls)
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert len(rows) == len(values)
    for row, value in zip(rows, values, strict=True):
        cells = dict(zip(header, row, strict=True))
        ((tag, _),) = value["VerificationResponseDetails"].items()
        assert unescaped(cells["verification_response_details.tag"]) == tag
        assert unescaped(cells["verification_status"]) == value["VerificationStatus"]


async def test_nothing_is_told_from_an_empty_text(tmp_path):
    cls = account.ListConnectionsRequest
    items = [cls(catalog="", next_token=None, connection_type="", max_results=0), cls(catalog="AWS")]
    path = tmp_path / "out.csv"
    await written_items(path, items, cls, source=False)
    assert path.read_text().splitlines() == [
        '"catalog","next_token","connection_type","max_results","other_participant_identifiers"',
        '"",,"",0,',
        "AWS,,,,",
    ]
    found = query("select * from read_csv(?, header = true, auto_detect = true)", path)
    assert found[0][1] is None


async def test_cells_of_every_kind(tmp_path):
    package = golden("scalars")
    values = {
        "Text": "a", "Flag": True, "Count": -1, "Big": 2**63 - 1, "Ratio": 0.5, "Precise": 1e300, "Moment": 0,
        "Bytes": "AQI=", "Color": "PINK", "Texts": ["x", ""], "Moments": [], "Grid": [[1], []], "ByText": {"=a": 1},
        "ByColor": {}, "BySecret": {"s": 1}, "Colors": [],
    }  # fmt: skip
    cls = package.cls("PutScalarsResponse")
    await written_items(tmp_path / "out.csv", [package.json.structure(values, cls)], cls)
    (row,) = csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(), newline=""))
    assert [row[name] for name in ("flag", "count", "big", "ratio", "precise", "bytes_", "color")] == [
        *("true", "-1", "9223372036854775807", "0.5", "1e+300", "AQI=", "PINK"),
    ]
    assert (row["moment"], row["texts"], row["grid"]) == ("1970-01-01T00:00:00Z", '["x",""]', "[[1],[]]")
    assert (row["by_text"], row["by_secret"], row["maybe_count"]) == ('{"=a":1}', '{"s":1}', "")


async def test_recursion_and_documents_are_json(tmp_path):
    package = golden("recursion")
    value = {"Name": "a", "Next": {"Name": "b", "Next": {"Name": "c"}}, "Choice": {"Not": {"Leaf": "x"}}}
    await written_items(tmp_path / "out.csv", [package.json.structure(value, package.cls("Node"))], package.cls("Node"))
    (row,) = csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(), newline=""))
    assert json.loads(row["next"]) == value["Next"]
    assert (row["choice.tag"], json.loads(row["choice.not"])) == ("Not", {"Leaf": "x"})


async def test_a_list_may_be_exploded_too(tmp_path):
    package = golden("recursion")
    cls = package.cls("Node")
    value = {"Name": "a", "Children": [{"Name": "b"}, {"Name": "c"}]}
    await written_items(tmp_path / "out.csv", [package.json.structure(value, cls)], cls, explode="children")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(), newline="")))
    assert [(row["name"], row["children.index"], json.loads(row["children.value"])) for row in rows] == [
        ("a", "0", {"Name": "b"}),
        ("a", "1", {"Name": "c"}),
    ]


@pytest.mark.parametrize("explode", ["nothing", "id"])
def test_what_cannot_be_exploded(tmp_path, explode):
    with pytest.raises(ValueError, match=f"explode must be 'connection_types', not '{explode}'"):
        CsvSink(tmp_path / "out.csv", CLS, explode=explode)


async def test_duckdb_reads_what_was_written(tmp_path):
    path = tmp_path / "out.csv.gz"
    await written(path, *(page(n, 5) for n in range(0, 50, 5)), flushes=True)
    assert content(path).count(b"\n") > 50
    found = query(
        "select id, updated_at, connection_types->>'$.SUBSIDIARY.Status' from read_csv(?, header = true)", path
    )
    wanted = [
        (
            each.id,
            each.updated_at.replace(tzinfo=None),
            "ACTIVE" if ConnectionType.SUBSIDIARY in each.connection_types else None,
        )
        for each in map(item, range(50))
    ]
    assert [(a, b.astimezone(UTC).replace(tzinfo=None) if b.tzinfo else b, c) for a, b, c in found] == wanted


async def test_half_a_surrogate_pair_is_marked(tmp_path):
    await written_items(tmp_path / "out.csv", [account.AccountSummary(name="a\ud800b")], account.AccountSummary)
    assert (tmp_path / "out.csv").read_text().endswith("acme,AWS,a\ufffdb\n")
    sink = open_sink(tmp_path / "other.csv", cls=account.AccountSummary)
    await sink.open()
    await sink.write(Page("\ud800", "AWS", "any", [account.AccountSummary(name="a")]))
    await sink.commit()
    assert (tmp_path / "other.csv").read_text().endswith("\n\ufffd,AWS,a\n")


@pytest.mark.parametrize(
    ("cls", "items", "cells"),
    [
        (str, ["https://queue/1", "=1+1"], ["https://queue/1", "'=1+1"]),
        (str | None, ["a", None], ["a", ""]),
        (int, [2**53 + 1], ["9007199254740993"]),
        (ConnectionType, [ConnectionType("NEW")], ["NEW"]),
        (list[str], [["a", "b"]], ['["a","b"]']),
        (dict[str, account.AccountSummary], [{"a": account.AccountSummary(name="x")}], ['{"a":{"Name":"x"}}']),
    ],
)
async def test_items_that_are_not_structures_have_a_column(tmp_path, cls, items, cells):
    sink = await written_items(tmp_path / "out.csv", items, cls)
    assert sink.columns == ("source_label", "source_catalog", "value")
    _, *rows = csv.reader(io.StringIO((tmp_path / "out.csv").read_text(), newline=""))
    assert rows == [["acme", "AWS", cell] for cell in cells]


@pytest.mark.parametrize(
    ("options", "header", "row"),
    [
        ({"columns": ["id", "source_label"]}, ["id", "source_label"], ["pac-0000000000001", "acme/AWS"]),
        ({"columns": ("source_catalog",)}, ["source_catalog"], ["AWS"]),
        ({"columns": ["source_catalog"], "explode": "connection_types"}, ["source_catalog"], ["AWS"]),
        (
            {"columns": [f"{PARTICIPANT}.tag", "id", "connection_types.key"], "explode": "connection_types"},
            [f"{PARTICIPANT}.tag", "id", "connection_types.key"],
            ["PartnerProfile", "pac-0000000000001", "SUBSIDIARY"],
        ),
    ],
)
async def test_columns_are_chosen_and_ordered(tmp_path, options, header, row):
    sink = await written(tmp_path / "out.csv", page(1, 2), **options)
    assert sink.columns == tuple(header)
    found = list(csv.reader(io.StringIO((tmp_path / "out.csv").read_text(), newline="")))
    assert found[:2] == [header, row]
    assert len(found) == (4 if "explode" in options else 3)


async def test_a_single_chosen_column_has_no_empty_lines(tmp_path):
    cls = account.ListConnectionsRequest
    await written_items(tmp_path / "out.csv", [cls(catalog="AWS"), cls(catalog="AWS")], cls, columns=["next_token"])
    assert (tmp_path / "out.csv").read_text() == '"next_token"\n""\n""\n'


@pytest.mark.parametrize("formulas", ["escape", "keep"])
async def test_kept_text_is_unchanged(tmp_path, formulas):
    items = [account.AccountSummary(name="a;=1\t@b")]
    await written_items(tmp_path / "out.csv", items, account.AccountSummary, source=False, formulas=formulas)
    expected = "a;'=1\t'@b" if formulas == "escape" else "a;=1\t@b"
    assert (tmp_path / "out.csv").read_text() == f'"name"\n"{expected}"\n'
