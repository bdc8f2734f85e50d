"""Collections of listings of the six services over HTTP: files that DuckDB reads, a killed run, one run over all."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import attrs
import duckdb
import pytest

from aiopartnercentral import ServiceError
from aiopartnercentral._pagination.report import Outcome
from aiopartnercentral.bulk import Collection, Limits, Source, Throttled
from aiopartnercentral.sinks import open_sink
from tests.support.servers import Received, Reply, scripted_server
from tests.support.service_server import (
    Service,
    item_shape,
    listings,
    loaded,
    number_member,
    pages,
    required_arguments,
)
from tests.support.services import NAMES
from tests.support.tasks import GUARD

pytestmark = pytest.mark.anyio

PROGRAM = Path(__file__).with_name("collect_program.py")
CATALOGS = ("AWS", "Sandbox")
COUNTS = (3, 0, 2)
EVERYTHING = sorted(f"{catalog}/{number}" for catalog in CATALOGS for number in range(sum(COUNTS)))


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")


@pytest.fixture(params=NAMES)
def service(request: pytest.FixtureRequest) -> Service:
    return Service(loaded(request.param))


def name_of(service: Service) -> str:
    name: str = service.package.package.__name__.rpartition(".")[2]
    return name


def listing_of(service: Service, operation: Any) -> Any:
    make = getattr(service.package.package.listings, service.package.names.methods[operation.name])
    return make(**required_arguments(service, operation))


def read(path: Path, service: Service, operation: Any) -> list[str]:
    """Return the numbers of the items in a file, as DuckDB reads it."""
    member = number_member(service, operation)
    column = (
        member if path.suffix == ".ndjson" else service.package.names.fields[item_shape(service, operation), member]
    )
    rows = duckdb.sql(f"select \"{column}\" from '{path}'").fetchall()  # noqa: S608 - of the model
    return sorted(number for (number,) in rows)


@pytest.mark.parametrize("extension", ["parquet", "ndjson"])
async def test_files_of_every_listing_are_read_by_duckdb(service: Service, extension: str, tmp_path: Path) -> None:
    operations = {operation.name: operation for operation in listings(service)}
    answers = {name: pages(service, operation, COUNTS, numbered=True) for name, operation in operations.items()}
    with scripted_server() as server:
        server.answer = lambda received: answers[received.operation](received)
        sources = [Source(catalog, endpoint_url=server.url, label=catalog, account="a") for catalog in CATALOGS]
        made = [listing_of(service, operation) for operation in operations.values()]
        collection = Collection[Any](made, sources, limits=Limits(rate=1000))
        collected = await collection.collect()
        report = await collection.into(open_sink(tmp_path / f"{{operation}}.{extension}", cls=collection.item_classes))
    assert len(collected) == report.items == len(EVERYTHING) * len(operations)
    for name, operation in operations.items():
        (path,) = tmp_path.glob(f"{name}*.{extension}")
        assert read(path, service, operation) == EVERYTHING
        field = service.package.names.fields[item_shape(service, operation), number_member(service, operation)]
        assert sorted(getattr(item, field) for origin, item in collected if origin.operation == name) == EVERYTHING


def test_a_killed_run_is_resumed_and_has_every_item_once(service: Service, tmp_path: Path) -> None:
    operation, counts = next(listings(service)), (2,) * 30
    output = tmp_path / ("out.parquet" if service.is_cbor else "out.ndjson")
    answer = pages(service, operation, counts, numbered=True, delay=0.01)
    method, arguments = service.package.names.methods[operation.name], required_arguments(service, operation)
    running, checkpoint = list[subprocess.Popen[str]](), tmp_path / "run.json"

    def is_saved() -> bool:
        """Return whether the checkpoint has a page of each catalog."""
        if not checkpoint.exists():
            return False
        return all(entry.get("pages") for entry in json.loads(checkpoint.read_bytes())["sources"])

    def killing(received: Received) -> Reply:
        reply = answer(received)
        if len(running) == 1 and len(server.received) >= len(counts):  # half of all pages
            if not is_saved():
                return attrs.evolve(reply, delay=0.5)
            running[0].kill()
        return reply

    with scripted_server() as server:
        server.answer = killing
        given = [name_of(service), method, json.dumps(arguments), str(checkpoint), str(output), server.url]
        codes = []
        for _ in range(2):
            command = [sys.executable, str(PROGRAM), *given]
            running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROGRAM.parents[2]))
            said, _ = running[-1].communicate(timeout=GUARD)
            codes.append(running[-1].returncode)
    assert (codes, said) == ([-9, 0], "120\n")
    first_pages = [each for each in server.received if operation.pagination.input_token not in each.body]
    assert len(first_pages) == len(CATALOGS)  # the second process has not begun again
    expected = sorted(f"{catalog}/{number}" for catalog in CATALOGS for number in range(sum(counts)))
    assert read(output, service, operation) == expected
    assert [path.name for path in tmp_path.iterdir()] == [output.name]


async def test_one_run_over_all_services_has_the_right_outcome_for_each_source() -> None:
    """Account `b` is denied `benefits`; account `a` is throttled for `selling`, and slowed down there alone."""
    services = [Service(loaded(name)) for name in NAMES]
    chosen = {operation.name: (each, operation) for each in services for operation in [next(listings(each))]}
    answers = {name: pages(each, operation, COUNTS, numbered=True) for name, (each, operation) in chosen.items()}
    packages = {name: name_of(each) for name, (each, _) in chosen.items()}
    events: list[Any] = []

    def of_a(received: Received) -> Reply:
        asked = sum(each.operation == received.operation for each in a.received)
        if packages[received.operation] == "selling" and asked in (2, 5):
            return chosen[received.operation][0].error("ThrottlingException", "slow down")
        return answers[received.operation](received)

    def of_b(received: Received) -> Reply:
        if packages[received.operation] == "benefits":
            return chosen[received.operation][0].error("AccessDeniedException", "no")
        return answers[received.operation](received)

    with scripted_server() as a, scripted_server() as b:
        a.answer, b.answer = of_a, of_b
        servers = {"a": a, "b": b}
        sources = [
            Source(catalog, endpoint_url=server.url, account=account, label=f"{account}/{catalog}")
            for account, server in servers.items()
            for catalog in CATALOGS
        ]
        collection = Collection[Any](
            [listing_of(*each) for each in chosen.values()],
            sources,
            on_error="report",
            limits=Limits(rate=1000, backoff=0.001),
            observer=events.append,
        )
        collected = await collection.collect()
    report = collected.report
    assert len(report.sources) == len(NAMES) * 4
    for origin, state in report.sources.items():
        place = (origin.account, packages[origin.operation])
        if place == ("b", "benefits"):
            assert (state.outcome, state.items) == (Outcome.FAILED, 0)
            assert isinstance(state.error, ServiceError)
            assert type(state.error) is loaded("benefits").package.AccessDeniedException
        else:
            assert (state.outcome, state.items) == (Outcome.COMPLETE, sum(COUNTS)), origin
        assert (state.throttled > 0) <= (place == ("a", "selling")), origin
    throttled = [event for event in events if isinstance(event, Throttled)]
    assert {(event.origin.account, packages[event.origin.operation]) for event in throttled} == {("a", "selling")}
    rates = [event.rate for event in throttled]
    assert len(rates) == sum(state.throttled for state in report.sources.values()) == 2
    assert 1000 > rates[0] > rates[1]  # of one limiter, which both catalogs of the account share
    counts = Counter((origin.account, packages[origin.operation], origin.catalog) for origin, _ in collected)
    assert counts == {
        (account, name, catalog): sum(COUNTS)
        for account in servers
        for name in NAMES
        for catalog in CATALOGS
        if (account, name) != ("b", "benefits")
    }
