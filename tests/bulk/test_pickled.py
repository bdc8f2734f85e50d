"""Collections and what they are made of go to other processes, without secrets."""

from __future__ import annotations

import os
import pickle
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import cloudpickle
import pytest
from aiobotocore.config import AioConfig

from aiopartnercentral import account, selling
from aiopartnercentral.bulk import Collection, Credentials, Limits, Role, Source
from aiopartnercentral.emulator import Emulator
from tests.support.bulk_sources import FAST, LISTING, of
from tests.support.nested_service import DETAILS, MEMBERS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

ROLE = "arn:aws:iam::111122223333:role/partners"
SOURCES = [
    Source("AWS", profile="ada"),
    Source("Sandbox", role=Role(arn=ROLE, external_id_env="READER_ID"), label="role"),
    Source("AWS", endpoint_url="http://127.0.0.1:9", label="default"),
]


def observe(event: object) -> None:
    del event


async def provide() -> Credentials:
    return Credentials(access_key_id="AKIDEXAMPLE", secret_access_key=os.environ["PROVIDED"])


class Vault:
    def __init__(self) -> None:
        self.secret = "s3cret"

    async def fetch(self) -> Credentials:
        return Credentials(access_key_id="AKIDEXAMPLE", secret_access_key=self.secret)

    __call__ = fetch


@pytest.mark.parametrize(
    "value",
    [
        LISTING,
        MEMBERS,
        DETAILS,
        selling.listings.list_opportunities(max_items=3),
        Limits(rates={"ListPartners": 1}, run_seconds=None),
        *SOURCES,
        SOURCES[1].role,
        Collection(LISTING, "AWS"),
        Collection([MEMBERS, DETAILS, LISTING], SOURCES, limits=FAST, on_error="report", observer=observe),
        Collection({"mine": LISTING}, SOURCES, checkpoint="progress", ignore_errors={"AccessDeniedException"}),
        Collection(selling.listings.list_opportunities(), SOURCES, since=datetime(2026, 1, 1, tzinfo=UTC), timeout=3),
        Collection(LISTING, Source("AWS", credentials=provide)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_pickled_is_equal_after(value) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(value, protocol))
        assert again == value
        assert isinstance(value, Limits) or hash(again) == hash(value)
        assert type(again) is type(value)


def test_collections_differ_in_each_argument() -> None:
    base: dict[str, Any] = {"listings": LISTING, "sources": "AWS"}
    others: list[dict[str, Any]] = [
        {"listings": MEMBERS},
        {"sources": "Sandbox"},
        {"limits": FAST},
        {"on_error": "raise"},
        {"on_malformed": "report"},
        {"ignore_errors": ["AccessDeniedException"]},
        {"buffer_pages": 1},
        {"checkpoint": "progress"},
        {"checkpoint_max_age": timedelta(hours=1)},
        {"checkpoint": "progress", "restart": True},
        {"overlap": timedelta(hours=1)},
        {"observer": observe},
        {"timeout": 3.0},
    ]
    made = [Collection[Any](**{**base, **other}) for other in [{}, *others]]
    assert all(
        (one == other) == (number == index) for number, one in enumerate(made) for index, other in enumerate(made)
    )
    assert made[0] != "AWS"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            Source("AWS", role=Role(arn=ROLE, external_id="s3cret"), label="mine"),
            "an external id, .* external_id_env",
        ),
        (
            Source("AWS", credentials=Vault().fetch, label="mine"),
            "a credentials provider .* a profile or a role",
        ),
        (Source("AWS", credentials=Vault(), label="mine"), "a credentials provider .* a profile or a role"),
        (Source("AWS", credentials=partial(provide), label="mine"), "a credentials provider"),
        (Source("AWS", credentials=lambda given=provide: given(), label="mine"), "a credentials provider"),
    ],
)
def test_secrets_are_not_pickled(source, message) -> None:
    with pytest.raises(pickle.PicklingError, match=f"^source mine has {message}") as raised:
        pickle.dumps(Collection(LISTING, [Source("AWS", profile="ada"), source]))
    assert "s3cret" not in str(raised.value)


async def test_an_open_client_is_not_pickled() -> None:
    keys: dict[str, Any] = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret"}
    async with account.connect(**keys) as client:
        with pytest.raises(pickle.PicklingError, match=r"source mine has an open client, .* a profile or a role"):
            pickle.dumps(Collection(LISTING, Source("AWS", client=client, label="mine")))


@pytest.mark.parametrize("form", ["raw", "batches", "arrow"])
def test_other_forms_of_a_collection_are_not_pickled(form: str) -> None:
    view = getattr(Collection(LISTING, SOURCES), form)()
    with pytest.raises(pickle.PicklingError, match="only a collection itself can be pickled"):
        pickle.dumps(view)


def test_collections_with_equal_configs_are_equal() -> None:
    first, second, other = (Collection(LISTING, SOURCES, config=AioConfig(read_timeout=each)) for each in (3, 3, 4))
    assert first == second == pickle.loads(pickle.dumps(first))
    assert first != other
    assert first != Collection(LISTING, SOURCES)


def test_limits_can_be_in_sets() -> None:
    rates = [{"ListPartners": 1}, {"ListPartners": 1}, {"ListPartners": 2}, {}]
    assert len({Limits(rates=each) for each in rates}) == 3


def test_the_password_of_a_proxy_is_not_pickled() -> None:
    config = AioConfig(proxies={"https": "http://me:s3cret@proxy:80"})
    with pytest.raises(pickle.PicklingError, match="config has a proxy with user name and password") as raised:
        pickle.dumps(Collection(LISTING, "AWS", config=config))
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("form", ["report", "file"])
async def test_where_an_incremental_run_begins_is_pickled(tmp_path: Path, form: str) -> None:
    listing = selling.listings.list_opportunities()
    async with Emulator({"AWS": 3}) as emulator:
        report = (await Collection(listing, of(emulator, "a"), limits=FAST).collect()).report
        path = tmp_path / "report.json"
        path.write_text(__import__("json").dumps(report.as_json()))
        whole = Collection(listing, of(emulator, "a"), limits=FAST, since=report if form == "report" else path)
        pickled = pickle.dumps(whole)
        path.unlink()
        again = pickle.loads(pickled)
        assert again == whole
        assert again.origins[0].label == "a"
        (start,) = (state.since for state in again.pending.values())
        assert start == next(state.since for state in whole.pending.values())
        assert start is not None
        assert await again.collect() == []


PROGRAM = """
import pickle, sys
with pickle.load(sys.stdin.buffer).blocking() as stream:
    print(sum(1 for _ in stream))
"""


async def test_another_process_collects_what_was_pickled() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}
    async with Emulator({"AWS": 35}) as emulator:
        pickled = pickle.dumps(Collection(LISTING, of(emulator, "a"), limits=FAST))
        done = await anyio.run_process([sys.executable, "-c", PROGRAM], input=pickled, env={**os.environ, **keys})
    assert done.stdout == b"35\n"


def collect_all(whole: Collection[Any]) -> int:
    with whole.blocking() as stream:
        return sum(1 for _ in stream)


async def test_another_process_calls_a_function_of_a_notebook() -> None:
    """Spark and Ray pickle functions by value with cloudpickle, with the collections that they refer to."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}
    async with Emulator({"AWS": 35}) as emulator:
        whole = Collection(LISTING, of(emulator, "a"), limits=FAST)
        assert cloudpickle.loads(cloudpickle.dumps(whole)) == whole
        cloudpickle.register_pickle_by_value(sys.modules[__name__])
        try:
            pickled = cloudpickle.dumps(lambda: collect_all(whole))
        finally:
            cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
        program = "import pickle, sys; print(pickle.load(sys.stdin.buffer)())"
        done = await anyio.run_process([sys.executable, "-c", program], input=pickled, env={**os.environ, **keys})
    assert done.stdout == b"35\n"


def test_cloudpickle_has_no_secrets_either() -> None:
    whole = Collection(LISTING, Source("AWS", role=Role(arn=ROLE, external_id="s3cret"), label="mine"))
    with pytest.raises(pickle.PicklingError, match=r"^source mine has an external id") as raised:
        cloudpickle.dumps(lambda: collect_all(whole))
    assert "s3cret" not in str(raised.value)
