"""The seeded data: deterministic, and made on demand."""

from __future__ import annotations

import hashlib
import tracemalloc

import pytest
from hypothesis import given, strategies as st

from aiopartnercentral.emulator.seed.items import SeededCatalog
from aiopartnercentral.emulator.seed.random import MAX_ITEMS, DeterministicRandom, index_of, make_identifier
from aiopartnercentral.emulator.state.catalog import AccountCatalog, encode

KINDS = ("connection", "invitation", "partner")


def digest(seed):
    items = [encode(getattr(seed, kind)(index)) for kind in KINDS for index in range(50)]
    return hashlib.sha256(b"".join([*items, encode(seed.preferences())])).hexdigest()


def test_the_same_seed_gives_the_same_data_on_every_machine_and_version():
    expected = "7aa9894b3106f3d77ca36d6b9c98830a4f50af0a236c9f2ec3bd56f065e8e1b9"
    assert digest(SeededCatalog(0, "AWS", "123456789012", 1000)) == expected


def test_seed_catalog_and_account_each_change_the_data():
    worlds = [
        SeededCatalog(0, "AWS", "123456789012", 1000),
        SeededCatalog(1, "AWS", "123456789012", 1000),
        SeededCatalog(0, "Sandbox", "123456789012", 1000),
        SeededCatalog(0, "AWS", "210987654321", 1000),
    ]
    assert len({digest(world) for world in worlds}) == len(worlds)


def test_an_item_does_not_depend_on_the_size_or_the_order_of_making():
    few, many = SeededCatalog(0, "AWS", "123456789012", 10), SeededCatalog(0, "AWS", "123456789012", 1000)
    assert [many.connection(index) for index in reversed(range(10))] == [few.connection(i) for i in reversed(range(10))]


@pytest.mark.parametrize(
    ("connections", "invitations", "partners"), [(0, 0, 0), (1, 1, 1), (120, 30, 12), (121, 31, 13)]
)
def test_invitations_and_partners_grow_with_the_connections(connections, invitations, partners):
    seed = SeededCatalog(0, "AWS", "123456789012", connections)
    assert (seed.invitations, seed.partners) == (invitations, partners)


@given(st.text(max_size=20), st.integers(0, MAX_ITEMS - 1))
def test_an_identifier_contains_its_index(key, index):
    assert index_of(make_identifier("pac", DeterministicRandom(key), index)) == index


def test_random_numbers_are_fair_enough_and_never_run_out():
    random = DeterministicRandom("key")
    rolls = [random.below(6) for _ in range(6000)]
    assert set(rolls) == set(range(6))
    assert all(850 < rolls.count(side) < 1150 for side in range(6))


def test_a_hundred_thousand_connections_are_not_made_before_they_are_needed():
    catalog = AccountCatalog.of(SeededCatalog(0, "AWS", "123456789012", 100_000))
    tracemalloc.start()
    try:
        assert len(catalog.connections.summaries(range(99_900, 100_000))) == 100
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < 1_000_000


def test_pages_are_made_once():
    made = []
    catalog = AccountCatalog.of(SeededCatalog(0, "AWS", "123456789012", 10))
    make = catalog.connections._make
    catalog.connections._make = lambda index: made.append(index) or make(index)
    first = catalog.connections.summaries(range(10))
    assert catalog.connections.summaries(range(10)) == first
    assert made == list(range(10))


def test_finding_makes_an_item_once_and_a_changed_item_never():
    collection = AccountCatalog.of(SeededCatalog(0, "AWS", "123456789012", 10)).connections
    item, _ = collection.item(3), collection.item(4)
    made, make = [], collection._make
    collection._make = lambda index: made.append(index) or make(index)
    assert collection.find(item["Id"]) == item
    assert made == [3]
    collection.change(item | {"UpdatedAt": "2025-10-01T00:00:00Z"})
    made.clear()
    assert collection.find(item["Id"])["UpdatedAt"] == "2025-10-01T00:00:00Z"
    assert collection.find(item["Id"][:-6] + item["Id"][-5:]) is None
    assert made == []


def test_the_results_of_filters_are_cached_and_the_oldest_dropped():
    collection = AccountCatalog.of(SeededCatalog(0, "AWS", "123456789012", 100)).connections
    active = frozenset({"SUBSIDIARY:ACTIVE"})
    assert collection.matching(active, frozenset()) is collection.matching(active, frozenset())
    remembered = collection.matching(active, frozenset())
    for number in range(100):
        collection.matching(frozenset(), frozenset({str(number)}))
    assert collection.matching(active, frozenset()) == remembered
    assert collection.matching(active, frozenset()) is not remembered
    assert len(collection._matches) < 100
