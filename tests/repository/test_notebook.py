"""The tutorial notebook and the page about notebooks run in a kernel; what is committed is what the notebook shows.

`UPDATE_GOLDEN=1` writes the outputs into the notebook.
"""

from __future__ import annotations

import json
import os
import re
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from matplotlib.image import imread

from tests.support.doc_blocks import BLOCKS
from tests.support.html_text import HtmlText
from tests.support.notebooks import kernel, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

PATH = Path(__file__).parents[2] / "docs" / "tutorial.ipynb"


def code_cells(notebook: dict[str, Any]) -> Sequence[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def committed() -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return notebook


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    notebook, directory = committed(), tmp_path_factory.mktemp("notebook")
    with kernel(directory) as running:
        for number, cell in enumerate(code_cells(notebook), start=1):
            cell["outputs"] = [_as_in_file(each) for each in running.run("".join(cell["source"]))]
            cell["execution_count"] = number
            assert "error" not in kinds(cell), cell["outputs"]
    assert {path.name for path in directory.iterdir()} == {"connections.parquet", "run.html"}
    if os.environ.get("UPDATE_GOLDEN"):
        PATH.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return notebook


def _as_in_file(output: dict[str, Any]) -> dict[str, Any]:
    """Return an output whose texts are lists of lines, as Jupyter writes them."""
    lines = {key: value.splitlines(keepends=True) for key, value in output.items() if key == "text"}
    data = {
        kind: value.splitlines(keepends=True) if kind.startswith("text/") else value.strip()
        for kind, value in output.get("data", {}).items()
    }
    return {**output, **lines, **({"data": data} if data else {})}


def kinds(cell: dict[str, Any]) -> list[str]:
    """Return the type of each output of a cell, and the richest form that it has."""
    return [f"{each['output_type']} {[*each.get('data', {})]}" for each in cell["outputs"]]


MEASURED = (
    r"<td[^>]*>[\d.]*</td>(<td[^>]*>\d+</td>){2}(?=<td[^>]*>[^<]*</td></tr>)",  # items/s, retries and throttled
    r"\bin [\d:.]+( s)?",
    r"[\d.]+ pages/s",
    r"throttled \d+ times?",
    r"\d+ retries",
    r"· [\d.]+ s\b",
    r"(?<=request id )[\w-]+",
)
"""What a run of the cells shows that differs from the next one's, in text and in HTML."""


def shown(output: dict[str, Any]) -> dict[str, str]:
    """Return the forms of an output without what was measured; of a picture, that it is one."""
    forms = {kind: "".join(value) for kind, value in output.get("data", {"stream": output.get("text", "")}).items()}
    for kind, text in forms.items():
        if kind == "image/png":
            forms[kind] = b64decode(text)[:8].hex()
        else:
            forms[kind] = re.sub("|".join(MEASURED), "~", text)
        if "Report of" in text and kind == "text/html":  # the slowest source is first
            rows = re.findall("<tr>.*?</tr>", forms[kind])
            forms[kind] = re.sub("<tr>.*?</tr>", "", forms[kind]) + "".join(sorted(rows))
    return forms


def picture_of(cell: dict[str, Any]) -> Any:
    """Return the pixels of the picture of a cell."""
    (data,) = [each["data"]["image/png"] for each in cell["outputs"]]
    return imread(BytesIO(b64decode(data)))


def test_it_shows_what_is_committed(executed: dict[str, Any]) -> None:
    """The data is the same on every machine; only times, rates and retries differ."""
    for cell, other in zip(code_cells(executed), code_cells(committed()), strict=True):
        assert kinds(cell) == kinds(other), "".join(cell["source"])
        assert [shown(each) for each in cell["outputs"]] == [shown(each) for each in other["outputs"]]


@pytest.mark.parametrize("number", [5, 6])
def test_the_pictures_of_the_data_are_those_committed(executed: dict[str, Any], number: int) -> None:
    """Another version of the library that draws may move a line by a pixel; other data changes more."""
    drawn, there = (picture_of(code_cells(each)[number]) for each in (executed, committed()))
    height, width = (min(sizes) for sizes in zip(drawn.shape[:2], there.shape[:2], strict=True))
    assert max(*drawn.shape[:2], *there.shape[:2]) < 1.1 * max(height, width)
    assert abs(drawn[:height, :width] - there[:height, :width]).mean() < 0.02


TAMPERED = {
    "text": (4, "text/plain", "5 complete", "4 complete"),
    "page": (1, "text/html", "connection_summaries: 3", "nothing"),
    "outcome": (4, "text/html", ">failed<", ">complete<"),
    "items": (4, "text/html", ">250<", ">251<"),
    "progress": (3, "text/html", "680 items", "68 items"),
    "figure": (5, "text/plain", "1 Axes", "2 Axes"),
}


@pytest.mark.parametrize(("cell", "kind", "part", "other"), TAMPERED.values(), ids=TAMPERED)
def test_another_output_would_be_noticed(cell: int, kind: str, part: str, other: str) -> None:
    (output,) = code_cells(committed())[cell]["outputs"]
    text = "".join(output["data"][kind])
    assert part in text
    assert shown({"data": {kind: text.replace(part, other, 1)}}) != shown({"data": {kind: text}})


def test_it_shows_tables_progress_and_pictures(executed: dict[str, Any]) -> None:
    outputs = [cell["outputs"] for cell in code_cells(executed)]
    page, item, progress, report = (text_of(each, "text/html") for each in outputs[1:5])
    assert HtmlText(page).text.count("\nAWS|pac-") == 3
    assert re.search(r"other_participant [A-Z]\w+ (id|name) ", HtmlText(item).text)
    assert "6 of 6 sources finished (1 failed)" in progress
    assert "throttled" in progress
    rows = HtmlText(report).rows
    assert rows[2][:2] == ["eve/Sandbox ListConnections", "failed"]
    assert "AccessDenied" in rows[2][-1]
    assert sum(row[1:2] == ["complete"] for row in rows) == 5
    pictures = [each["data"]["image/png"] for cell in outputs for each in cell if "image/png" in each.get("data", {})]
    assert len(pictures) == 3
    assert all(b64decode(picture).startswith(b"\x89PNG") for picture in pictures)


def test_what_is_committed_is_small_and_names_no_machine() -> None:
    text = PATH.read_text(encoding="utf-8")
    assert len(text) < 150_000
    assert not re.search(r"/(home|root|tmp|Users|opt)/|127\.0\.0\.1|localhost", text)
    assert all(cell["execution_count"] for cell in code_cells(json.loads(text)))
    assert '"error"' not in text


@pytest.mark.usefixtures("partnercentral_emulator")
def test_the_cells_of_the_page_run_one_after_the_other(tmp_path: Path) -> None:
    blocks = [block for (page, _), block in BLOCKS.items() if page == "docs/notebooks.md"]
    with kernel(tmp_path) as running:
        outputs = {block.partition("\n")[0]: running.run(block) for block in blocks}
    for cell, each in outputs.items():
        assert not [output for output in each if output["output_type"] == "error"], (cell, each)
    assert "{'Name': 'Acme'}" in text_of(outputs["# cell 1"])
    assert "connection_summaries: 20" in text_of(outputs["# cell 3"], "text/html")
    assert "Collected: " in text_of(outputs["# cell 5"], "text/html")
    assert "image/png" in outputs["# cell 6"][-1]["data"]
    assert "2 of 2 sources finished" in text_of(outputs["# cell 7"])
    assert "image/png" in outputs["# cell 8"][0]["data"]
    assert (tmp_path / "run.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
