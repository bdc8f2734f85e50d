"""The journal of a run that writes: what it survives, what it refuses, and what it never contains."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import stat
import string
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from hypothesis import given, settings, strategies as st

from aiopartnercentral import CheckpointError, selling
from aiopartnercentral.bulk import Source, Writes, write_journal
from aiopartnercentral.bulk.rows import RowEncoder, _token
from aiopartnercentral.bulk.write_journal import Journal, JournalEntry, JournalHeader, State, fingerprint
from codegen.project import pinned
from codegen.services import MODELS
from tests.support import services
from tests.support.opportunity_server import opportunity_server
from tests.support.services import CONFIGS

if TYPE_CHECKING:
    from pathlib import Path

ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "ç\u2028"]),
        st.sampled_from(State),
        st.dictionaries(st.sampled_from(["Id", "Arn"]), st.text(string.printable, max_size=8)),
    ),
    max_size=8,
)


def header(**changes: Any) -> JournalHeader:
    values = {"service": "s", "operation": "o", "source": "AWS", "catalog": "AWS", "run_id": "r"}
    return JournalHeader(**{**values, "began": datetime.now(UTC), **changes})


def line(row: str, state: State = State.SENDING, **values: Any) -> JournalEntry:
    return JournalEntry.of(row, state, "d", **values)


async def filled(path: Path, *entries: JournalEntry) -> bytes:
    journal = await Journal.open(path, header())
    for entry in entries:
        await journal.append(entry)
    await journal.close()
    return path.read_bytes()


async def read(path: Path, *rows: str) -> list[JournalEntry | None]:
    journal = await Journal.open(path, header())
    try:
        return [await journal.take(fingerprint(row)) for row in rows]
    finally:
        await journal.close()


@settings(deadline=None)
@given(entries=ENTRIES, data=st.data())
def test_whatever_is_cut_off_at_the_end_the_lines_before_count(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Any], data: st.DataObject
) -> None:
    async def check() -> None:
        path = tmp_path_factory.mktemp("journal") / "run"
        written = [line(row, state, ids=ids) for row, state, ids in entries]
        content = await filled(path, *written)
        start = content.index(b"\n") + 1
        size = data.draw(st.integers(start, len(content)))
        rest = data.draw(st.sampled_from([b"", b"\0" * 20, b"\0" * 9 + b"\n\0", b"0000"]))
        path.write_bytes(content[:size] + rest)
        kept = content[start:size].count(b"\n")
        last = {entry.row: entry for entry in written[:kept]}
        assert await read(path, "a", "b", "ç\u2028") == [last.get(row) for row in ("a", "b", "ç\u2028")]
        # It can be continued, and what was unfinished is gone.
        await filled(path, line("z", State.WRITTEN))
        assert [entry and entry.state for entry in await read(path, "z")] == ["written"]

    anyio.run(check)


@pytest.mark.anyio
async def test_a_line_that_is_damaged_before_others_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "run"
    content = await filled(path, line("first"), line("second"))
    path.write_bytes(content.replace(b"first", b"fjrst"))
    with pytest.raises(CheckpointError, match="damaged at byte"):
        await read(path)
    assert path.read_bytes() == content.replace(b"first", b"fjrst")


@pytest.mark.anyio
@pytest.mark.parametrize("content", [b"some notes\n", b'{"format": "aiopartnercentral checkpoint"}', b"\n"])
async def test_another_file_is_not_touched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="is not a checkpoint of rows"):
        await read(path)
    assert path.read_bytes() == content


@pytest.mark.anyio
async def test_an_empty_file_is_refused_as_its_lines_may_be_lost(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.touch()
    with pytest.raises(CheckpointError, match="is empty: delete it if no row was written with it"):
        await read(path)
    path.unlink()
    assert await read(path, "a") == [None]


@pytest.mark.anyio
async def test_a_hard_link_to_a_journal_in_use_is_refused(tmp_path: Path) -> None:
    path, link = tmp_path / "run", tmp_path / "elsewhere" / "link"
    link.parent.mkdir()
    journal = await Journal.open(path, header())
    link.hardlink_to(path)
    with pytest.raises(CheckpointError, match=f"{link} is in use by another run"):
        await Journal.open(link, header())
    assert list(link.parent.iterdir()) == [link]
    await journal.close()
    await (await Journal.open(link, header())).close()


@pytest.mark.anyio
async def test_nothing_is_sent_once_the_journal_is_deleted(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "run", header())
    await journal.append(line("first"))
    journal.path.unlink()
    with pytest.raises(CheckpointError, match="cannot be written: it was deleted"):
        await journal.append(line("second"))
    await journal.close()


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["service", "operation", "source", "catalog"])
async def test_the_journal_of_other_writes_is_refused(tmp_path: Path, name: str) -> None:
    await filled(tmp_path / "run")
    with pytest.raises(CheckpointError, match=f"its {name} is .*, not other"):
        await Journal.open(tmp_path / "run", header(**{name: "other"}))


@pytest.mark.anyio
async def test_another_version_a_missing_directory_and_a_second_run_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run"
    await filled(path)
    with monkeypatch.context() as patched:
        patched.setattr(write_journal, "_VERSION", 2)
        with pytest.raises(CheckpointError, match="has version 1, not 2"):
            await Journal.open(path, header())
    with pytest.raises(CheckpointError, match="its directory does not exist"):
        await Journal.open(tmp_path / "missing" / "run", header())
    journal = await Journal.open(path, header())
    with pytest.raises(CheckpointError, match="in use by another run"):
        await Journal.open(path, header())
    await journal.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.anyio
async def test_lines_that_are_appended_at_once_share_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    journal = await Journal.open(tmp_path / "run", header())
    monkeypatch.setattr(write_journal, "sync_data", lambda fd: synced.append(os.fstat(fd).st_size))
    async with anyio.create_task_group() as group:
        for index in range(50):
            group.start_soon(journal.append, line(str(index)))
    await journal.close()
    assert 1 <= len(set(synced)) < 10
    assert all(await read(tmp_path / "run", *map(str, range(50))))


@pytest.mark.anyio
async def test_a_full_disk_ends_the_run_and_leaves_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "run"
    journal = await Journal.open(path, header())
    await journal.append(line("first"))
    size, limits = path.stat().st_size, resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, limits[1]))
    try:
        with pytest.raises(CheckpointError, match="cannot be written: File too large"):
            await journal.append(line("second"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    with pytest.raises(CheckpointError):
        await journal.append(line("third"))
    await journal.close()
    assert path.stat().st_size == size


@pytest.mark.anyio
@pytest.mark.usefixtures("aws_environment")
async def test_the_journal_has_no_member_of_a_request_and_no_credentials(tmp_path: Path) -> None:
    path = tmp_path / "run"
    row = {"Project": {"Title": "confidential"}, "Customer": {"Contacts": [{"Email": "secret@example.com"}]}}
    rows = [("good", row), ("bad", {**row, "PrimaryNeedsFromAws": ["invalid"]})]
    with opportunity_server() as server:
        source = Source("AWS", endpoint_url=server.url)
        writes = Writes(selling.CreateOpportunityRequest, rows, source, checkpoint=path, on_error="report")
        report = await writes.run()
    text = path.read_text() + json.dumps(report.as_json()) + str(report) + repr(report)
    assert "O1" in text
    for secret in ("confidential", "secret@", "not-a-secret", "AKIDEXAMPLE"):
        assert secret not in text


@pytest.mark.parametrize("name", services.NAMES)
def test_every_idempotency_token_is_known_and_has_the_form_that_the_model_allows(name: str) -> None:
    service: Any = services.package(name).Client.service
    model = pinned.load(CONFIGS[name], MODELS).service
    for operation in service.operations:
        shape = model["shapes"][model["operations"][operation.name].get("input", {}).get("shape", "TagResourceRequest")]
        members = {key: {**model["shapes"][each["shape"]], **each} for key, each in shape["members"].items()}
        by_trait = {key for key, member in members.items() if member.get("idempotencyToken")}
        token = RowEncoder(operation.input).token
        assert by_trait <= {token}
        if token is not None:
            made = _token("run", "row", "digest")
            assert re.fullmatch(members[token].get("pattern", ".*"), made)
            assert members[token].get("min", 0) <= len(made) <= members[token].get("max", 255)


def test_a_token_depends_on_the_run_the_row_and_the_request() -> None:
    made = {_token(*each) for each in (("r", "k", "d"), ("s", "k", "d"), ("r", "l", "d"), ("r", "k", "e"))}
    assert len(made) == 4
    assert _token("r", "k", "d") == _token("r", "k", "d")
