"""Each service of the library as its user meets it, over HTTP, and each of its shapes as botocore has it."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import Any

import attrs
import pytest

from aiopartnercentral import OpenEnum, ServiceError
from aiopartnercentral.bulk import Collection, Limits, Source
from codegen import check
from codegen.project import pinned
from codegen.services import MODELS
from tests.all_services import properties
from tests.support.sampler import Sampler
from tests.support.servers import Reply, scripted_server
from tests.support.service_server import Service, listings, loaded, pages, required_arguments
from tests.support.services import NAMES

pytestmark = pytest.mark.anyio

CALLS = {
    "account": "GetPartner",
    "selling": "GetOpportunity",
    "benefits": "GetBenefit",
    "channel": "GetRelationship",
    "marketing": "GetCampaign",
    "revenue": "GetRevenueAttribution",
}


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")


@pytest.fixture(params=NAMES)
def service(request: pytest.FixtureRequest) -> Service:
    return Service(loaded(request.param))


def operation_of(service: Service) -> Any:
    wanted = CALLS[service.package.package.__name__.rpartition(".")[2]]
    return next(each for each in service.package.service.operations if each.name == wanted)


def test_the_committed_package_is_what_is_generated(service: Service) -> None:
    config = service.package.service.config
    assert check.differences(check.render(pinned.load(config, MODELS)), config.output) == []


def test_every_shape_and_request_is_as_botocore_has_it(service: Service) -> None:
    package = service.package
    assert properties.check(package) >= len(package.service.operations)


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "through botocore"])
async def test_a_call_is_signed_for_the_service_and_its_response_is_typed(
    service: Service,
    direct: bool,  # noqa: FBT001 - of pytest
) -> None:
    """Botocore serves it with the pinned model, however old botocore is: `nox -s oldest` has the oldest."""
    package, operation = service.package, operation_of(service)
    value, arguments = Sampler(service.model).fullest(operation.output), required_arguments(service, operation)
    with scripted_server() as server:
        server.replies(Reply(service.wire(operation.output, value)))
        async with package.package.connect(endpoint_url=server.url, direct=direct) as client:
            response = await getattr(client, package.names.methods[operation.name])(catalog="AWS", **arguments)
    assert response == package.json.loads(json.dumps(value), package.cls(operation.output))
    assert response.response_metadata.request_id == "request-1"
    (received,) = server.received
    assert received.operation == operation.name
    assert sorted(map(str, received.body.values())) == sorted(["AWS", *arguments.values()])
    metadata = pinned.load(package.service.config, MODELS).service["metadata"]
    assert f"/us-east-1/{metadata['signingName']}/aws4_request" in received.headers["authorization"]


async def test_every_listing_is_collected_from_two_catalogs(service: Service) -> None:
    package, catalogs = service.package, ("AWS", "Sandbox")
    answers = {operation.name: pages(service, operation, (2, 1)) for operation in listings(service)}
    made = []
    with scripted_server() as server:
        server.answer = lambda received: answers[received.operation](received)
        async with package.package.connect(endpoint_url=server.url) as client:
            for operation in listings(service):
                method, filters = package.names.methods[operation.name], required_arguments(service, operation)
                made.append(getattr(package.package.listings, method)(**filters))
                paginator = getattr(client.paginate, method)(catalogs=catalogs, **filters)
                collected = await paginator.collect()
                assert sorted(catalog for catalog, _ in collected) == ["AWS"] * 3 + ["Sandbox"] * 3
                item = collected[0][1]
                assert all(package.json.loads(raw, type(item)) == item for _, raw in await paginator.raw().collect())
        sources = [Source(name, endpoint_url=server.url) for name in catalogs]
        in_bulk = await Collection[Any](made, sources, limits=Limits(rate=1000)).collect()
    counts = Counter((origin.operation, origin.catalog) for origin, _ in in_bulk)
    assert counts == {(name, catalog): 3 for name in answers for catalog in catalogs}
    fan_out = package.service.config.fan_out
    assert Counter(each.body[fan_out] for each in server.received) == dict.fromkeys(catalogs, 6 * len(answers))


async def test_a_catalog_may_be_a_member_of_an_enum(service: Service) -> None:
    package, operation = service.package, next(listings(service))
    enum = getattr(package.package, "Catalog", getattr(package.package, "CatalogName", str))
    first, second = ("AWS", enum("Tomorrow")) if enum is not str else ("AWS", "Tomorrow")
    with scripted_server() as server:
        server.answer = pages(service, operation, (1,))
        async with package.package.connect(endpoint_url=server.url) as client:
            make = getattr(client.paginate, package.names.methods[operation.name])
            collected = await make(catalogs=[first, second], **required_arguments(service, operation)).collect()
    assert {(type(catalog), catalog) for catalog, _ in collected} == {(str, "AWS"), (str, "Tomorrow")}
    assert {each.body[operation.pagination.fan_out] for each in server.received} == {"AWS", "Tomorrow"}


async def test_a_value_that_an_enum_does_not_have_is_kept(service: Service) -> None:
    package, operation = service.package, next(listings(service))
    pagination = operation.pagination
    result = package.service.structure(operation.output).member(pagination.result_key)
    target = service.model[result.target]["member"]["shape"]
    enums = {
        member.name
        for member in package.service.structure(target).members
        if service.model[member.target].get("enum") and service.model[member.target]["type"] == "string"
    }
    item = {**Sampler(service.model).fullest(target), **dict.fromkeys(enums, "OF_TOMORROW")}
    page = {**Sampler(service.model).smallest(operation.output), result.name: [item]}
    page.pop(pagination.output_token, None)
    with scripted_server() as server:
        server.replies(Reply(service.wire(operation.output, page)))
        async with package.package.connect(endpoint_url=server.url) as client:
            make = getattr(client.paginate, package.names.methods[operation.name])
            ((_, got),) = await make(catalogs=["AWS"], **required_arguments(service, operation)).collect()
    values = [getattr(got, field.name) for field in attrs.fields(type(got))]
    unknown = [value for value in values if isinstance(value, OpenEnum) and value.is_unknown]
    assert unknown.count("OF_TOMORROW") == len(enums)
    assert json.loads(package.json.dumps(got)) == item


ROBOT = {"Robot": {"Wheels": [4, 0.5]}}


def with_robot(service: Service, shape: str, above: tuple[str, ...] = ()) -> Any:
    """Return a small value of a shape with an unknown member in its first union, or None if it has no union."""
    found, sampler = service.model[shape], Sampler(service.model)
    if found.get("union"):
        return ROBOT
    inner = {name: member["shape"] for name, member in found.get("members", {}).items()}
    inner |= {part: found[part]["shape"] for part in ("member", "value") if part in found}
    for name, target in inner.items():
        value = None if target in above else with_robot(service, target, (*above, shape))
        if value is not None and name == "member" and found["type"] == "list":
            return [value]
        if value is not None:
            return {**sampler.smallest(shape), name: value} if found["type"] == "structure" else {"k": value}
    return None


@pytest.mark.parametrize("name", [name for name in NAMES if loaded(name).unions])
async def test_a_union_member_that_the_model_does_not_have_is_kept(name: str) -> None:
    service, package = Service(loaded(name)), loaded(name)
    reading = [each for each in package.service.operations if each.name.startswith(("Get", "List"))]
    operation = next(each for each in reading if with_robot(service, each.output) is not None)
    value, arguments = with_robot(service, operation.output), required_arguments(service, operation)
    catalog = package.names.fields[operation.input, package.service.config.fan_out]
    with scripted_server() as server:
        server.replies(Reply(service.wire(operation.output, value)))
        async with package.package.connect(endpoint_url=server.url) as client:
            response = await getattr(client, package.names.methods[operation.name])(**{catalog: "AWS"}, **arguments)
    assert "Unknown" in repr(response)
    assert json.loads(package.json.dumps(response)) == value


async def test_every_error_of_the_model_has_its_class(service: Service) -> None:
    package, operation = service.package, operation_of(service)
    arguments = required_arguments(service, operation)
    errors = [error.name for error in package.service.errors()]
    assert len(errors) >= 6
    with scripted_server() as server:
        async with package.package.connect(endpoint_url=server.url) as client:
            call = getattr(client.with_options(attempts=1), package.names.methods[operation.name])
            for error in errors:
                server.replies(service.error(error, "no"))
                with pytest.raises(ServiceError) as caught:
                    await call(catalog="AWS", **arguments)
                assert type(caught.value) is package.cls(error)
                assert caught.value.message == "no"


def test_the_services_share_no_package_name_and_have_one_region() -> None:
    services = [loaded(name).package.Client.service for name in NAMES]
    assert all(one.name != other.name for one, other in pairwise(sorted(services, key=lambda each: each.name)))
    assert {each.region for each in services} == {"us-east-1"}
