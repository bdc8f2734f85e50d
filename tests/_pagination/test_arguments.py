from __future__ import annotations

import pytest

from tests._pagination.fakes import service


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"catalogs": []}, ValueError, "catalogs must not be empty"),
        ({"catalogs": ["A", "B", "A"]}, ValueError, "catalogs must not contain 'A' twice"),
        ({"catalogs": 3}, TypeError, "catalogs must be a string or an iterable of strings, not an integer"),
        ({"catalogs": ["A", 3]}, TypeError, r"catalogs\[1\] must be a string, not an integer"),
        ({"concurrency": 0}, ValueError, "concurrency must be an integer of at least 1, not 0"),
        ({"concurrency": True}, TypeError, "concurrency must be an integer of at least 1, not a boolean"),
        ({"concurrency": None}, TypeError, "concurrency must be an integer of at least 1, not None"),
        ({"buffer_pages": -1}, ValueError, "buffer_pages must be an integer of at least 0, not -1"),
        ({"ordered": 1}, TypeError, "ordered must be a boolean, not an integer"),
        ({"on_error": "ignore"}, ValueError, "on_error must be 'raise', 'finish' or 'report', not 'ignore'"),
        ({"on_error": None}, TypeError, "on_error must be 'raise', 'finish' or 'report', not None"),
    ],
)
def test_a_wrong_argument_is_named_at_construction(options, error, message):
    with pytest.raises(error, match=message):
        service(A=[1], B=[1]).paginator(**options)


@pytest.mark.anyio
async def test_one_string_is_one_catalog():
    fake = service(AWS=[2], A=[1])
    assert await fake.paginator(catalogs="AWS").collect() == fake.items("AWS")


@pytest.mark.anyio
async def test_an_iterator_of_catalogs_is_read_once():
    fake = service(A=[2], B=[1])
    paginator = fake.paginator(catalogs=iter(["A", "B"]), ordered=True)
    assert await paginator.collect() == await paginator.collect() == fake.items("A", "B")


def test_the_repr_does_not_show_what_the_fetch_is_bound_to():
    paginator = service(A=[1]).paginator()
    assert "fetch" not in repr(paginator)
    assert "Service" not in repr(paginator)
