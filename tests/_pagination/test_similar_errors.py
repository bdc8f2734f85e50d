"""Errors of many sources that differ only in ARNs and account ids have one text."""

from __future__ import annotations

import pytest

from aiopartnercentral._pagination.similar_errors import common_texts
from aiopartnercentral._utils.text import one_line

STS = (
    "role arn:aws:iam::{0}:role/{1} cannot be assumed: AccessDenied: User: {2} is not authorized to perform: "
    "sts:AssumeRole on resource: arn:aws:iam::{0}:role/{1}: the caller needs permission to make this call, and the "
    "role's trust policy must allow the caller"
)
USER = "arn:aws:iam::999999999999:user/nightly"
ACCOUNTS = [f"{number:012}" for number in range(3)]


def shown(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(common_texts(texts).values()))


def test_a_role_of_many_accounts_has_one_text_that_names_what_they_have_in_common() -> None:
    assert shown([STS.format(account, "partners", USER) for account in ACCOUNTS]) == [STS.format("*", "partners", USER)]
    assert shown([STS.format(account, f"p{account}", USER) for account in ACCOUNTS]) == [STS.format("*", "*", USER)]
    assert shown([STS.format(ACCOUNTS[0], name, USER) for name in "ab"]) == [STS.format(ACCOUNTS[0], "*", USER)]


def test_a_text_that_is_like_no_other_stays_as_it_is() -> None:
    texts = [STS.format(ACCOUNTS[0], "partners", USER), "no profile 'ada'", "no profile 'bob'", ""]
    assert shown([*texts, *texts]) == texts


@pytest.mark.parametrize(
    ("resources", "pattern"),
    [
        (["assumed-role/reader/a", "assumed-role/reader/b"], "assumed-role/reader/*"),
        (["role/team/reader", "role/reader"], "role/*"),
        (["role/reader", "user/reader"], "*/reader"),
        (["root", "user/reader"], "*"),
    ],
)
def test_a_part_of_an_arn_that_differs_is_a_star(resources: list[str], pattern: str) -> None:
    texts = [f"User: arn:aws:sts::{ACCOUNTS[0]}:{resource}, is denied." for resource in resources]
    assert shown(texts) == [f"User: arn:aws:sts::{ACCOUNTS[0]}:{pattern}, is denied."]


def test_account_ids_outside_of_an_arn_count_too() -> None:
    assert shown([f"account {account} is not registered" for account in ACCOUNTS]) == ["account * is not registered"]
    assert shown(["{1234567890123} items", "{1234567890124} items"]) == [
        "{1234567890123} items",
        "{1234567890124} items",
    ]
    assert shown([f"denied: {name}" for name in (ACCOUNTS[0], USER)]) == ["denied: *"]


@pytest.mark.parametrize(
    "user", [USER, "arn:aws:sts::999999999999:assumed-role/of-a-scheduler-with-a-long-name/session"]
)
@pytest.mark.parametrize("length", range(1, 60))
def test_texts_that_were_cut_at_different_places_are_one(user: str, length: int) -> None:
    texts = [
        one_line(STS.format(account, "r" * (length + 7 * number), user)) for number, account in enumerate(ACCOUNTS)
    ]
    (text,) = shown(texts)
    assert STS.format("*", "*", user).startswith(text.removesuffix("..."))
    assert shown(texts[::-1]) == [text]


def test_texts_that_were_cut_and_differ_before_are_different() -> None:
    texts = [one_line(STS.format(ACCOUNTS[0], "r" * 60, "Ada")), one_line(STS.format(ACCOUNTS[0], "r" * 60, "Bob"))]
    assert shown(texts) == texts
