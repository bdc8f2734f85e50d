"""What Spark is told and its tasks read, without Spark: options, partitions, rows of failures."""

from __future__ import annotations

import json
import pickle
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from anyio.from_thread import start_blocking_portal

from aiopartnercentral import SourcesFailedError, account, selling
from aiopartnercentral.bulk import Collection, Limits, Role, Source
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.errors import SourcesFileError
from aiopartnercentral.integrations.spark import _listing_of_options, _scan, _scan_of_options, data_source
from tests.support.bulk_sources import FAST, LISTING, of
from tests.support.nested_service import MEMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from aiopartnercentral.integrations.spark import _Scan

DOWN = Source("AWS", endpoint_url="http://127.0.0.1:9", label="down", account="down")
SECRET = "value-that-nobody-may-see"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(Emulator({"AWS": 25})) as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")


def scan(*sources: Source, on_error: Any = "row", partitions: int = 4, listing: Any = LISTING) -> _Scan:
    options = {"limits": Limits(rate=10_000, backoff=0.001, attempts=1)}
    return _scan(listing, sources, on_error=on_error, partitions=partitions, options=options)


def rows(made: _Scan) -> list[dict[str, Any]]:
    batches = [batch for number in range(len(made.parts)) for batch in made.read(number)]
    return list(pa.Table.from_batches(batches, made.schema).to_pylist())


def test_partitions_have_whole_accounts_and_together_every_row_once(emulator) -> None:
    sources = [Source("AWS", endpoint_url=emulator.endpoint_url, label=f"{n}", account=f"{n % 3}") for n in range(7)]
    made = scan(*sources)
    parts = [pickle.loads(part).origins for part in made.parts]
    accounts = [{origin.account for origin in part} for part in parts]
    assert len(made.parts) == 3
    assert sum(map(len, accounts)) == 3
    found = rows(made)
    assert len({(row["source_label"], row["id"]) for row in found}) == len(found) == 7 * 25


def test_a_failure_is_a_row_after_those_of_the_others(emulator) -> None:
    *others, failure = rows(scan(of(emulator, "a"), DOWN, partitions=1))
    assert {row["source_error"] for row in others} == {None}
    assert len(others) == 25
    assert {name: value for name, value in failure.items() if value is not None} == {
        "source_label": "down",
        "source_catalog": "AWS",
        "source_error": "cannot connect to http://127.0.0.1:9/: check the network, the region and the address",
    }


def test_a_failure_is_raised_if_that_is_asked_for(emulator) -> None:
    made = scan(of(emulator, "a"), DOWN, partitions=1, on_error="raise")
    assert made.schema == Collection(LISTING, "AWS").arrow_schema()
    with pytest.raises(SourcesFailedError, match="down"):
        rows(made)


def test_the_error_follows_the_parent_of_a_nested_listing() -> None:
    assert scan(DOWN, listing=MEMBERS).schema.names[:4] == [
        *("source_label", "source_catalog", "source_parent", "source_error")
    ]


@pytest.mark.parametrize("name", ["checkpoint", "restart", "checkpoint_max_age"])
def test_a_checkpoint_is_refused(name) -> None:
    with pytest.raises(ValueError, match=f"{name}: a checkpoint is a local file"):
        _scan(LISTING, "AWS", on_error="row", partitions=1, options={name: True})


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"on_error": "finish"}, ValueError),
        ({"partitions": 0}, ValueError),
        ({"listing": "account.list_connections"}, TypeError),
        ({"options": {"limit": FAST}}, TypeError),
    ],
)
def test_a_bad_argument_is_named(arguments: Any, error) -> None:
    given: dict[str, Any] = {"listing": LISTING, "sources": "AWS", "on_error": "row", "partitions": 1, "options": {}}
    with pytest.raises(error, match=next(iter(arguments.get("options", arguments)))):
        _scan(**(given | arguments))


def test_a_source_with_a_secret_is_refused() -> None:
    role = Role(arn="arn:aws:iam::111122223333:role/r", external_id=SECRET)
    with pytest.raises(pickle.PicklingError, match="external_id_env") as raised:
        scan(Source("AWS", role=role))
    assert SECRET not in str(raised.value)


@pytest.fixture
def sources_file(emulator, tmp_path) -> Path:
    file: Path = tmp_path / "sources.toml"
    tables = (
        f'[[source]]\ncatalogs = ["AWS"]\nendpoint_url = "{emulator.endpoint_url}"\nlabel = "{label}"\n'
        f'account = "{label}"\n'
        for label in "abc"
    )
    file.write_text("".join(tables))
    return file


def of_options(given: Mapping[str, str]) -> _Scan:
    return _scan_of_options(given, on_error="row", partitions=32)


def test_options_name_everything(sources_file) -> None:
    given = {"Sources": str(sources_file), "LISTING": "account.list_connections", "onerror": "raise"}
    made = of_options(given | {"partitions": "2", "filters": '{"page_size": 5, "connection_type": "SUBSIDIARY"}'})
    assert len(made.parts) == 2
    assert made.schema == Collection(LISTING, "AWS").arrow_schema()
    listing = account.listings.list_connections(page_size=5, connection_type="SUBSIDIARY")
    assert pickle.loads(made.parts[0])._arguments["listings"] == {"ListConnections": listing}


def test_filters_are_values_of_the_service_model() -> None:
    filters = {
        "last_modified_date": {"AfterLastModifiedDate": "2026-01-02T00:00:00Z"},
        "life_cycle_stage": ["Qualified"],
    }
    made: Any = _listing_of_options("selling.list_opportunities", json.dumps({**filters, "max_items": 3}))
    assert made.max_items == 3
    assert made.filters["last_modified_date"].after_last_modified_date.year == 2026
    assert made.filters["life_cycle_stage"] == [selling.Stage.QUALIFIED]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sources": None}, "option sources is missing"),
        ({"listing": None}, "option listing is missing"),
        ({"listing": "list_connections"}, "the service in option listing must be 'account'"),
        ({"listing": "types.list_connections"}, "the service in option listing must be 'account'"),
        ({"listing": "account.list_connection"}, "the name in option listing must be 'list_connection_invitations'"),
        ({"partitions": "many"}, "option partitions must be a number"),
        ({"partitions": "0"}, "partitions must be an integer of at least 1, not 0"),
        ({"onError": "ignore"}, "option onError must be 'row' or 'raise', not 'ignore'"),
        (
            {"page_size": "5"},
            "option 'page_size' is unknown: allowed are sources, listing, filters, onError",
        ),
        ({"path": "sources.toml"}, "option 'path' is unknown"),
        ({"filters": "page_size=5"}, "option filters must be a JSON object"),
        ({"filters": "[" * 100_000}, "option filters must be a JSON object"),
        ({"filters": '{"page_size": "five"}'}, "option filters: page_size does not match the service model"),
        ({"filters": '{"status": "ACTIVE"}'}, "has no option status"),
        ({"filters": '{"catalog": "AWS"}'}, "has no option catalog"),
    ],
)
def test_a_bad_option_is_named(sources_file, options, message) -> None:
    given = {"sources": str(sources_file), "listing": "account.list_connections"} | options
    with pytest.raises((TypeError, ValueError), match=message):
        of_options({name: value for name, value in given.items() if value is not None})


@pytest.mark.parametrize(
    "name", ["external_id", "externalId", "aws_secret_access_key", "AWS_ACCESS_KEY_ID", "session.token", "password"]
)
def test_an_option_that_may_be_a_secret_is_refused_without_its_value(sources_file, name) -> None:
    given = {"sources": str(sources_file), "listing": "account.list_connections", name: SECRET}
    with pytest.raises(ValueError, match=f"option '{name}' may be a secret.* external_id_env") as raised:
        of_options(given)
    assert SECRET not in str(raised.value)


def test_a_sources_file_is_read_when_the_query_is_planned(tmp_path) -> None:
    given = {"sources": str(tmp_path / "s.toml"), "listing": "account.list_connections"}
    with pytest.raises(FileNotFoundError):
        of_options(given)
    (tmp_path / "s.toml").write_text(f'[[source]]\nexternal_id = "{SECRET}"')
    with pytest.raises(SourcesFileError) as raised:
        of_options(given)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"listing": LISTING}, "listing and sources must be given together"),
        ({"sources": "AWS"}, "listing and sources must be given together"),
        ({"limits": FAST}, "limits: only with a listing and sources"),
    ],
)
def test_a_data_source_has_both_or_neither(arguments: Any, message) -> None:
    pytest.importorskip("pyspark.sql.datasource")
    with pytest.raises(TypeError, match=message):
        data_source(**arguments)


def test_what_to_install_is_said(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(ImportError, match="part of the extra 'spark'"):
        data_source()
