"""Sources are divided among processes by account."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, strategies as st

from aiopartnercentral.bulk import Source, by_account

ACCOUNTS = st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=9)


def sources(accounts: list[str]) -> list[Source]:
    return [Source("AWS", account=account, label=f"{number}") for number, account in enumerate(accounts)]


@given(ACCOUNTS, st.integers(1, 4))
def test_accounts_stay_whole_and_groups_are_balanced(accounts: list[str], groups: int) -> None:
    whole = sources(accounts)
    divided = by_account(whole, groups)
    assert sorted((source for group in divided for source in group), key=whole.index) == whole
    assert all(list(group) == sorted(group, key=whole.index) for group in divided)
    homes = [{source.account for source in group} for group in divided]
    assert sum(map(len, homes)) == len(set(accounts))
    assert len(divided) == min(groups, len(set(accounts)))
    sizes = [accounts.count(account) for account in sorted(set(accounts))]
    best = min(
        max(sum(size for size, group in zip(sizes, chosen, strict=True) if group == each) for each in range(groups))
        for chosen in product(range(groups), repeat=len(sizes))
    )
    assert max(map(len, divided)) * 3 <= best * 4
    assert by_account(sources(accounts), groups) == divided


def test_plain_catalogs_are_of_one_account() -> None:
    assert by_account(["AWS", "Sandbox"], 2) == [(Source("AWS"), Source("Sandbox"))]


@pytest.mark.parametrize(
    ("given", "groups", "error", "text"),
    [
        ([], 1, ValueError, "sources must name at least one source"),
        (["AWS"], 0, ValueError, "groups must be an integer of at least 1"),
        (["AWS"], 1.0, TypeError, "groups must be"),
        ([1], 1, TypeError, r"sources\[0\] must be a catalog or a Source"),
    ],
)
def test_wrong_arguments(given, groups, error, text) -> None:
    with pytest.raises(error, match=text):
        by_account(given, groups)
