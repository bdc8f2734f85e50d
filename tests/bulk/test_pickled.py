"""Collections and what they are made of go to other processes, without secrets."""

from __future__ import annotations

import copy
import os
import pickle
import sys
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import cloudpickle
import pytest
from aiobotocore.config import AioConfig

from aiopartnercentral import account, blocking, selling
from aiopartnercentral.bulk import Collection, Credentials, Limits, Role, Source
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.sinks import S3Options
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


WITH_SECRETS = [
    (Source("AWS", role=Role(arn=ROLE, external_id="s3cret"), label="mine"), "an external id, .* external_id_env"),
    (Source("AWS", credentials=Vault().fetch, label="mine"), "a credentials provider .* a profile or a role"),
    (Source("AWS", credentials=Vault(), label="mine"), "a credentials provider .* a profile or a role"),
    (Source("AWS", credentials=partial(provide), label="mine"), "a credentials provider"),
    (Source("AWS", credentials=lambda given=provide: given(), label="mine"), "a credentials provider"),
]


@pytest.mark.parametrize("pickler", [pickle, cloudpickle])
@pytest.mark.parametrize(("source", "message"), WITH_SECRETS)
def test_secrets_are_not_pickled(pickler, source, message) -> None:
    sources = [Source("AWS", profile="ada"), source]
    values: list[Any] = [source, sources, Collection(LISTING, sources)]
    if pickler is cloudpickle:  # which copies functions
        values.append(lambda: source)
    for value in values:
        with pytest.raises(pickle.PicklingError, match=f"^source mine has {message}") as raised:
            pickler.dumps(value)
        assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (Role(arn=ROLE, external_id="s3cret"), f"^role {ROLE} has an external id, .* external_id_env"),
        (Credentials(access_key_id="AKIDEXAMPLE", secret_access_key="s3cret"), "^Credentials are secret"),
        (S3Options(role=Role(arn=ROLE, external_id="s3cret")), "^S3Options has an external id, .* external_id_env"),
        (S3Options(credentials=Credentials(access_key_id="a", secret_access_key="s3cret")), "^S3Options has"),
        (S3Options(credentials=Vault().fetch), "^S3Options has a credentials provider"),
        (S3Options(config=AioConfig(proxies={"https": "http://me:s3cret@proxy"})), "^config has a proxy with user"),
    ],
)
def test_parts_with_secrets_are_not_pickled_alone_either(value, message) -> None:
    checkpoint: dict[str, Any] = {"checkpoint": "s3://bucket/run", "checkpoint_s3": value}
    whole = [Collection(LISTING, "AWS", **checkpoint)] if isinstance(value, S3Options) else []
    for each in (value, [value], *whole):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(pickle.PicklingError, match=message) as raised:
                pickle.dumps(each, protocol)
            assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("value", [source for source, _ in WITH_SECRETS] + [Collection(LISTING, WITH_SECRETS[0][0])])
def test_what_is_not_pickled_can_be_copied(value) -> None:
    for copied in (copy.copy(value), copy.deepcopy(value), copy.deepcopy([value])[0]):
        assert copied == value


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


@pytest.mark.parametrize(
    "stream",
    [
        Collection(LISTING, SOURCES).blocking(),
        Collection(LISTING, SOURCES).batches().blocking(),
        Collection(LISTING, SOURCES).arrow().blocking(),
    ],
)
def test_a_blocking_stream_is_not_pickled(stream: object) -> None:
    with pytest.raises(pickle.PicklingError, match="only a collection itself can be pickled"):
        pickle.dumps(stream)


def test_what_blocking_returns_is_not_pickled() -> None:
    for manager in (Collection(LISTING, SOURCES), account.connect()):
        with pytest.raises(
            pickle.PicklingError, match=r"^a blocking .* cannot be pickled, .* call blocking\(\) where it"
        ):
            pickle.dumps(blocking(manager))


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


class Locked:
    def __init__(self) -> None:
        self.secret, self.lock = "s3cret", threading.Lock()

    def observe(self, event: object) -> None:
        del event

    __call__ = observe


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"observer": lambda _: None}, "observer is <lambda>, which cannot be pickled: pass a function of an imported"),
        ({"observer": Locked().observe}, "observer is Locked.observe, which cannot be pickled: pass a function of an"),
        ({"observer": Locked()}, "observer is of the type Locked, which cannot be pickled"),
        (
            {"config": AioConfig(client_cert=threading.Lock())},
            "config is of the type AioConfig, which cannot be pickled",
        ),
        ({"json_converter": account.make_json_converter()}, "json_converter is of the type JsonConverter"),
    ],
)
def test_an_argument_that_cannot_be_pickled_is_named(arguments: Any, message) -> None:
    with pytest.raises(pickle.PicklingError, match=f"^{message}") as raised:
        pickle.dumps(Collection(LISTING, SOURCES, **arguments))
    assert "s3cret" not in str(raised.value)
