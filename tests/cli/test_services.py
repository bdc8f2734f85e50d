"""Every listing of every service, collected by the command over HTTP, and read back."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from aiopartnercentral.cli.services import facts
from aiopartnercentral.cli.subcommands import subcommand
from tests.cli.processes import Ended
from tests.cli.service import sources_file, value_of
from tests.support.sampler import Sampler
from tests.support.servers import Reply, scripted_server
from tests.support.service_server import Service, listings, loaded, pages
from tests.support.services import NAMES, package

if TYPE_CHECKING:
    from collections.abc import Iterable

CATALOGS = ("--catalog", "AWS", "--catalog", "Sandbox")


@pytest.fixture(params=NAMES)
def service(request: pytest.FixtureRequest) -> Service:
    return Service(loaded(request.param))


def name_of(service: Service) -> str:
    return service.package.package.__name__.rpartition(".")[2]


def command_of(service: Service, operation: Any) -> str:
    return service.package.names.methods[operation.name].replace("_", "-")


def filters_of(service: Service, operation: Any, *, required: bool = False) -> dict[str, tuple[Any, list[str]]]:
    """Return a value of each filter by its member in the request, and the options that give it."""
    names, found = service.package.names, {}
    known = {each.name: each for each in subcommand(name_of(service), command_of(service, operation)).filters}
    for member in service.package.service.structure(operation.input).members:
        option = known.get(names.arguments[operation.name, member.name])
        if option is not None and (option.required or not required):
            shape, value = service.model[member.target], value_of(service.model, member.target)
            if shape["type"] == "list":
                value = [value_of(service.model, shape["member"]["shape"], depth) for depth in (3, 1)]
            texts = value if isinstance(value, list) else [value]
            written = [text if isinstance(text, str) else json.dumps(text) for text in texts]
            found[member.name] = (value, [part for text in written for part in (option.example[0], text)])
    return found


def collected(service: Service, operations: Iterable[Any], *, required: bool = False) -> list[str]:
    """Return the arguments that collect these listings, with all filters or with those that are required."""
    return [
        argument
        for operation in operations
        for argument in (
            command_of(service, operation),
            *(part for _, parts in filters_of(service, operation, required=required).values() for part in parts),
        )
    ]


def item_shape(service: Service, operation: Any) -> str:
    result = service.package.service.structure(operation.output).member(operation.pagination.result_key)
    shape: str = service.model[result.target]["member"]["shape"]
    return shape


def item_of(service: Service, operation: Any) -> Any:
    return Sampler(service.model).fullest(item_shape(service, operation))


def members_of(service: Service, operation: Any, *types: str) -> dict[str, str]:
    """Return the columns of the members of an item that have one of these types, by the members' names."""
    shape, fields = item_shape(service, operation), service.package.names.fields
    members = service.model[shape]["members"].items()
    return {name: fields[shape, name] for name, each in members if service.model[each["shape"]]["type"] in types}


def test_all_listings_of_a_service_with_all_filters_as_ndjson(run_here, service, tmp_path):
    answers = {operation.name: pages(service, operation, (2, 1)) for operation in listings(service)}
    with scripted_server() as server:
        server.answer = lambda received: answers[received.operation](received)
        arguments = ["--endpoint-url", server.url, "--output", tmp_path / "{service}" / "{operation}-{catalog}.ndjson"]
        arguments += ["--checkpoint", tmp_path / "run"]
        ended = run_here("collect", *collected(service, listings(service)), *CATALOGS, *arguments)
    assert (ended.code, ended.out, ended.err) == (0, b"", "")
    assert len(server.received) == 4 * len(answers)
    for operation in listings(service):
        method, pagination = service.package.names.methods[operation.name], operation.pagination
        for catalog in ("AWS", "Sandbox"):
            lines = (tmp_path / facts(name_of(service)).name / f"{method}-{catalog}.ndjson").read_text().splitlines()
            assert [json.loads(line) for line in lines] == [item_of(service, operation)] * 3
        members = {each.name: each for each in service.package.service.structure(operation.input).members}
        expected = {
            name: service.received(members[name].target, value)
            for name, (value, _) in filters_of(service, operation).items()
        }
        for received in server.received:
            if received.operation == operation.name:
                paging = (pagination.fan_out, pagination.input_token)
                assert {name: value for name, value in received.body.items() if name not in paging} == expected


def test_all_listings_of_a_service_as_parquet_csv_and_tables(run_here, service, tmp_path):
    answers = {operation.name: pages(service, operation, (2, 1)) for operation in listings(service)}
    common = ["collect", *collected(service, listings(service), required=True), *CATALOGS]
    with scripted_server() as server:
        server.answer = lambda received: answers[received.operation](received)
        for extension in ("parquet", "csv"):
            arguments = ["--endpoint-url", server.url, "--output", tmp_path / f"{{operation}}.{extension}"]
            assert run_here(*common, *arguments) == Ended(0, b"", "")
        shown = run_here(*common, "--endpoint-url", server.url, "--format", "table", "--ordered")
    assert (shown.code, shown.err) == (0, "")
    for operation in listings(service):
        method, item = service.package.names.methods[operation.name], item_of(service, operation)
        expected = {field: item[name] for name, field in members_of(service, operation, "string").items()}
        assert expected
        rows = pq.read_table(tmp_path / f"{method}.parquet").to_pylist()
        lines = [*csv.DictReader((tmp_path / f"{method}.csv").read_text("utf-8").splitlines(keepends=True))]
        assert [row["source_catalog"] for row in rows].count("AWS") == 3
        assert len(rows) == len(lines) == 6
        for row in rows:
            assert {name: row[name] for name in expected} == expected
        assert lines[0].keys() >= {"source_label", "source_catalog"}


def test_an_item_is_exploded_by_each_list_or_map_of_its_class(run_here, service):
    many = [
        (operation, field, item[member])
        for operation in listings(service)
        for item in [item_of(service, operation)]
        for member, field in members_of(service, operation, "list", "map").items()
        if item[member]
    ]
    assert bool(many) == any(members_of(service, operation, "list", "map") for operation in listings(service))
    for operation, field, elements in many[:2]:
        with scripted_server() as server:
            server.answer = pages(service, operation, (1,))
            command = ["collect", *collected(service, [operation], required=True)]
            options = ["--endpoint-url", server.url, "--format", "csv", "--explode", field]
            ended = run_here(*command, "--catalog", "AWS", *options)
        assert (ended.code, ended.err) == (0, "")
        rows = [*csv.DictReader(ended.out.decode().splitlines(keepends=True))]
        assert len(rows) == len(elements)


def test_one_run_over_all_services_is_resumed(run_here, tmp_path):
    found = [Service(loaded(name)) for name in NAMES]
    chosen = {each.name: (service, each) for service in found for each in [next(listings(service))]}
    (refused,) = (name for name, (service, _) in chosen.items() if name_of(service) == "selling")
    answers = {name: pages(service, operation, (2, 1)) for name, (service, operation) in chosen.items()}
    denied = Reply({"__type": "AccessDeniedException", "Message": "no"}, status=403)
    report, output = tmp_path / "report.json", tmp_path / "{label}-{operation}.ndjson"
    with scripted_server() as server:
        server.answer = lambda each: denied if each.operation == refused else answers[each.operation](each)
        sources = sources_file(tmp_path / "sources.toml", {"a": server.url, "b": server.url})
        commands = [part for service, each in chosen.values() for part in collected(service, [each], required=True)]
        options = ["--sources", sources, "--output", output, "--checkpoint", tmp_path / "run", "--report", report]
        command = ["collect", *commands, *options, "--rate", 1000]
        ended = run_here(*command)
        assert ended.code == 1
        assert "AccessDeniedException" in ended.err
        outcomes = Counter(each["outcome"] for each in json.loads(report.read_text())["sources"])
        assert outcomes == {"complete": 4 * len(NAMES) - 4, "failed": 4}
        server.answer = lambda each: answers[each.operation](each)
        server.received.clear()
        ended = run_here(*command)
    assert ended.code == 0
    assert {each.operation for each in server.received} == {refused}
    said = json.loads(report.read_text())
    assert said["complete"]
    assert said["versions"].keys() >= {package(name).Client.service.name for name in NAMES}
    for name, (service, operation) in chosen.items():
        files = [*tmp_path.glob(f"*-{service.package.names.methods[name]}.ndjson")]
        items = [json.loads(line) for file in files for line in file.read_text().splitlines()]
        assert (len(files), items) == (4, [item_of(service, operation)] * 12)


def test_listings_whose_items_have_one_class_have_a_table_each(run_here):
    selling = Service(loaded("selling"))
    alike = {each.name: each for each in listings(selling) if each.name.endswith("BulkJobResults")}
    assert len({item_shape(selling, each) for each in alike.values()}) == 1
    with scripted_server() as server:
        server.answer = lambda received: pages(selling, alike[received.operation], (1,))(received)
        arguments = ["--catalog", "AWS", "--endpoint-url", server.url, "--format", "table"]
        ended = run_here("collect", *collected(selling, alike.values(), required=True), *arguments)
    titles = [line for line in ended.out.decode().splitlines() if line.endswith(":")]
    assert sorted(titles) == ["list_customer_account_bulk_job_results:", "list_opportunity_bulk_job_results:"]


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("2026-11-29", 1795910400),
        ("2026-11-29T02:15", 1795918500),
        ("2026-11-29 02:15:00.5Z", 1795918500.5),
        ("2026-11-29T03:15:00+01:00", 1795918500),
        ("2026-11-28T21:15:00-0500", 1795918500),
    ],
)
def test_a_time_is_in_utc_unless_it_has_a_zone(run_here, typed, seconds):
    with scripted_server() as server:
        server.answer = lambda _: Reply({"RevenueAttributionSummaries": []})
        options = ["--created-after", typed, "--catalog", "AWS", "--endpoint-url", server.url]
        run_here("collect", "list-revenue-attributions", *options, TZ="America/New_York")
        options = ["--last-modified-date", json.dumps({"AfterLastModifiedDate": typed}), *options[2:]]
        run_here("collect", "list-opportunities", *options)
    as_cbor, as_json = server.received
    assert as_cbor.body["CreatedAfter"].timestamp() == seconds
    assert datetime.fromisoformat(as_json.body["LastModifiedDate"]["AfterLastModifiedDate"]).timestamp() == seconds
