"""Options of lines, in files and in streams."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess

import anyio
import pytest

from tests.cli.service import connection, page, serving

pytestmark = pytest.mark.anyio

COLLECT = ("collect", "list-connections", "--catalog", "AWS")
FORMULA = connection(2).replace(b"Company 2", b"Acme;=1+2;")
WRONG = connection(7).replace(b'"2025-01-01T00:00:00Z"', b'"then"')


def rows_of(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


async def test_csv_on_standard_output(run, tmp_path):
    def answer(_, sent):
        return page(
            [connection(1), WRONG] if "NextToken" not in sent else [FORMULA], None if sent.get("NextToken") else "more"
        )

    options = ("--format", "csv", "--bom", "--columns", "source_label, id", "--malformed", tmp_path / "bad.ndjson")
    async with serving(answer) as url:
        ended = await run(*COLLECT, "--endpoint-url", url, *options)
    assert ended.code == 0
    assert "1 malformed item omitted" in ended.complaint
    assert ended.out.startswith(b'\xef\xbb\xbf"source_label","id"\n')
    assert rows_of(ended.out)[1:] == [["AWS", "pac-0000000000001"], ["AWS", "pac-0000000000002"]]
    assert WRONG in (tmp_path / "bad.ndjson").read_bytes()


@pytest.mark.parametrize("formulas", ["escape", "keep"])
async def test_csv_of_one_catalog_after_the_other_in_a_file(run, tmp_path, formulas):
    file = tmp_path / "items.csv"
    name = "connection_types.other_participant.account.name"
    async with serving(lambda _, sent: page([connection(1, sent["Catalog"]), FORMULA])) as url:
        ended = await run(
            *(*COLLECT, "--catalog", "B", "--ordered", "--endpoint-url", url, "--output", file),
            *("--explode", "connection_types", "--formulas", formulas),
            *("--columns", f"source_catalog,connection_types.key,{name}"),
        )
    assert (ended.code, ended.out, ended.err) == (0, b"", "")
    odd = "Acme;'=1+2;" if formulas == "escape" else "Acme;=1+2;"
    assert rows_of(file.read_bytes()) == [
        ["source_catalog", "connection_types.key", name],
        *([catalog, "SUBSIDIARY", text] for catalog in ("AWS", "B") for text in ("Company 1", odd)),
    ]


async def test_an_envelope_says_where_each_line_is_from(run):
    async with serving(lambda *_: page([connection(1)])) as url:
        ended = await run(*COLLECT, "--envelope", "--endpoint-url", url)
    assert (ended.code, ended.err) == (0, "")
    source = {"label": "AWS", "catalog": "AWS", "operation": "list_connections"}
    assert ended.items == [{**source, "item": json.loads(connection(1))}]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
async def test_csv_in_a_named_pipe(started, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    async with (
        serving(lambda *_: page([connection(1)])) as url,
        started(
            *(*COLLECT, "--endpoint-url", url, "--output", tmp_path / "pipe", "--format", "csv"),
            stdout=subprocess.DEVNULL,
        ) as process,
    ):
        data = await anyio.Path(tmp_path / "pipe").read_bytes()
        assert await process.wait() == 0
    assert [row[3] for row in rows_of(data)] == ["id", "pac-0000000000001"]
