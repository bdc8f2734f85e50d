"""A part of a file reads like a file that has only that part, also for each HTTP client."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

from aiopartnercentral._transport.file_part import FilePart, FileRange, checksum, opened

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

CONTENT = bytes(range(256)) * 4


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    made: Path = tmp_path_factory.mktemp("part") / "file"
    made.write_bytes(CONTENT)
    return made


steps = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(-1, 300)),
        st.tuples(st.just("seek"), st.integers(0, 300), st.just(os.SEEK_SET)),
        st.tuples(st.just("seek"), st.integers(0, 10), st.sampled_from([os.SEEK_CUR, os.SEEK_END])),
        st.tuples(st.just("tell")),
    )
)


@given(offset=st.integers(0, 1000), size=st.integers(0, 300), steps=steps)
def test_it_reads_as_a_file_of_its_own(path, offset: int, size: int, steps: Any) -> None:
    content = CONTENT[offset : offset + size]
    with FilePart(FileRange(path, offset, len(content))) as part, io.BytesIO(content) as expected:
        for name, *arguments in steps:
            assert getattr(part, name)(*arguments) == getattr(expected, name)(*arguments)


@pytest.mark.parametrize("kind", ["crc32", "md5"])
async def test_its_checksum_is_that_of_its_bytes_and_does_not_move_it(path, kind) -> None:
    async with opened(FileRange(path, 100, 300)) as part:
        assert await checksum(part, kind) == await checksum(CONTENT[100:400], kind)
        assert b"".join([chunk async for chunk in part]) == CONTENT[100:400]  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="closed file"):
        part.read()  # type: ignore[union-attr]


async def test_a_file_that_became_shorter_is_an_error(tmp_path) -> None:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    async with opened(FileRange(path, 1000, 24)) as part:
        path.write_bytes(CONTENT[:1000])
        with pytest.raises(OSError, match="became shorter while it was sent"):
            await checksum(part, "crc32")
