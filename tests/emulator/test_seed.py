"""The seeded world: the same again, different elsewhere, quick to make."""

from __future__ import annotations

import hashlib
import tracemalloc

import pytest
from hypothesis import given, strategies as st

from aiopartnercentral.emulator.seed.items import Seed
from aiopartnercentral.emulator.seed.random import MAX_ITEMS, Dice, index_of, make_identifier
from aiopartnercentral.emulator.state.catalog import Catalog, encode

KINDS = ("connection", "invitation", "partner")


def digest(seed):
    items = [encode(getattr(seed, kind)(index)) for kind in KINDS for index in range(50)]
    return hashlib.sha256(b"".join([*items, encode(seed.preferences())])).hexdigest()


def test_the_same_seed_is_the_same_data_on_every_machine_and_version():
    expected = "7aa9894b3106f3d77ca36d6b9c98830a4f50af0a236c9f2ec3bd56f065e8e1b9"
    assert digest(Seed(0, "AWS", "123456789012", 1000)) == expected


def test_seed_catalog_and_account_each_make_other_data():
    worlds = [
        Seed(0, "AWS", "123456789012", 1000),
        Seed(1, "AWS", "123456789012", 1000),
        Seed(0, "Sandbox", "123456789012", 1000),
        Seed(0, "AWS", "210987654321", 1000),
    ]
    assert len({digest(world) for world in worlds}) == len(worlds)


def test_an_item_does_not_depend_on_how_many_there_are_or_on_the_order_of_making():
    few, many = Seed(0, "AWS", "123456789012", 10), Seed(0, "AWS", "123456789012", 1000)
    assert [many.connection(index) for index in reversed(range(10))] == [few.connection(i) for i in reversed(range(10))]


@pytest.mark.parametrize(
    ("connections", "invitations", "partners"), [(0, 0, 0), (1, 1, 1), (120, 30, 12), (121, 31, 13)]
)
def test_invitations_and_partners_grow_with_the_connections(connections, invitations, partners):
    seed = Seed(0, "AWS", "123456789012", connections)
    assert (seed.invitations, seed.partners) == (invitations, partners)


@given(st.text(max_size=20), st.integers(0, MAX_ITEMS - 1))
def test_the_index_comes_back_out_of_the_identifier(key, index):
    assert index_of(make_identifier("pac", Dice(key), index)) == index


def test_dice_are_fair_enough_and_never_run_out():
    dice = Dice("key")
    rolls = [dice.roll(6) for _ in range(6000)]
    assert set(rolls) == set(range(6))
    assert all(850 < rolls.count(side) < 1150 for side in range(6))


def test_a_hundred_thousand_connections_cost_nothing_until_they_are_asked_for():
    catalog = Catalog.of(Seed(0, "AWS", "123456789012", 100_000))
    tracemalloc.start()
    try:
        assert len(catalog.connections.summaries(range(99_900, 100_000))) == 100
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < 1_000_000


def test_pages_are_made_once():
    made = []
    catalog = Catalog.of(Seed(0, "AWS", "123456789012", 10))
    make = catalog.connections._make
    catalog.connections._make = lambda index: made.append(index) or make(index)
    first = catalog.connections.summaries(range(10))
    assert catalog.connections.summaries(range(10)) == first
    assert made == list(range(10))


def test_an_item_is_made_once_to_be_found_and_not_at_all_once_it_was_changed():
    shelf = Catalog.of(Seed(0, "AWS", "123456789012", 10)).connections
    item = shelf.item(3)
    made, make = [], shelf._make
    shelf._make = lambda index: made.append(index) or make(index)
    assert shelf.find(item["Id"]) == item
    assert made == [3]
    shelf.change(item | {"UpdatedAt": "2025-10-01T00:00:00Z"})
    made.clear()
    assert shelf.find(item["Id"])["UpdatedAt"] == "2025-10-01T00:00:00Z"
    assert shelf.find(item["Id"][:-6] + item["Id"][-5:]) is None
    assert made == []


def test_a_filter_is_answered_once_and_the_oldest_is_forgotten():
    shelf = Catalog.of(Seed(0, "AWS", "123456789012", 100)).connections
    active = frozenset({"SUBSIDIARY:ACTIVE"})
    assert shelf.matching(active, frozenset()) is shelf.matching(active, frozenset())
    remembered = shelf.matching(active, frozenset())
    for number in range(100):
        shelf.matching(frozenset(), frozenset({str(number)}))
    assert shelf.matching(active, frozenset()) == remembered
    assert shelf.matching(active, frozenset()) is not remembered
    assert len(shelf._matches) < 100
