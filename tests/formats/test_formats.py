"""Each release reads the files that earlier releases have written: those in `files/` are theirs."""

from __future__ import annotations

import gzip
import re
import shutil
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from tests.formats.runs import FILES, KINDS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio
STORED = sorted(path.name for path in FILES.iterdir())


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")


def copied(name: str, tmp_path: Path) -> Path:
    """Return a copy, which only its owner may read, as the library demands."""
    directory = tmp_path / name
    shutil.copytree(FILES / name, directory)
    for path in directory.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return directory


@pytest.mark.parametrize("name", STORED)
async def test_the_files_of_earlier_releases_are_read_and_continued(name: str, tmp_path: Path) -> None:
    await KINDS[name.rpartition("-")[0]].resume(copied(name, tmp_path))


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_written_today_is_stored_for_later_releases(kind: str, tmp_path: Path) -> None:
    """Otherwise run `python -m tests.formats.runs`, and keep reading the version before."""
    assert f"{kind}-{KINDS[kind].version}" in STORED
    await KINDS[kind].begin(tmp_path)
    stored = FILES / f"{kind}-{KINDS[kind].version}"
    assert {shape(path, stored) for path in files(stored)} == {shape(path, tmp_path) for path in files(tmp_path)}


def test_the_page_of_support_has_the_versions_of_today() -> None:
    page = (FILES.parents[2] / "docs" / "support.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| .* \| (\d+) \| `", page, re.MULTILINE)
    assert shown == [str(kind.version) for kind in KINDS.values()]


def files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file() and path.suffix != ".lock"]


def shape(path: Path, directory: Path) -> tuple[str, ...]:
    """Return the name of a file, and its text; each number, time, identifier and checksum in them is 0."""
    name, text = path.relative_to(directory).as_posix(), text_of(path.read_bytes())
    return tuple(re.sub(r"[\w+/=.:-]*\d[\w+/=.:-]*", "0", each) for each in (name, text))


def text_of(data: bytes) -> str:
    """Return the content of a file as text: that of Parquet and Arrow is the schema and the rows."""
    if data.startswith(b"PAR1"):
        return table_text(pq.read_table(pa.BufferReader(data)))
    if data.startswith(b"\xff\xff\xff\xff"):
        return table_text(pa.ipc.open_stream(data).read_all())
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        data = zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read()
    return (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode()


def table_text(table: pa.Table) -> str:
    return f"{table.schema.remove_metadata()} {table.to_pylist()}"
