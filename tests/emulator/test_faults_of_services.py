"""Every kind of fault in every service, in JSON and in CBOR: what a client of any kind gets."""

from __future__ import annotations

import httpx2
import pytest

from aiopartnercentral.emulator import Clock, CorruptItem, Emulator, Fault, UnknownUnionMember
from aiopartnercentral.emulator.faults.config_file import KINDS, fault_of
from aiopartnercentral.emulator.faults.context import FaultContext
from aiopartnercentral.emulator.faults.json_mutations import is_union
from aiopartnercentral.emulator.seed.random import DeterministicRandom
from aiopartnercentral.emulator.services import SERVICES
from tests.emulator.conformance import assert_answer_conforms
from tests.emulator.raw_requests import request_of
from tests.emulator.workflows import invitation

pytestmark = pytest.mark.anyio

ADA = "111111111111"
KEYS = {
    "latency": {"seconds": 0.001},
    "uniform_latency": {"minimum": 0.001, "maximum": 0.002},
    "exponential_latency": {"mean": 0.001, "maximum": 0.002},
    "lognormal_latency": {"median": 0.001, "maximum": 0.002},
    "slow_body": {"bytes_per_second": 100_000},
    "throttle": {"rate": 0, "capacity": 0},
    "unknown_union_member": {"everywhere": True},
    "unknown_enum_value": {"everywhere": True},
    "extra_member": {"everywhere": True},
}
# How an item of a service is created, and listed; seeded items are listed where it needs more than one request.
CREATED = {
    "partnercentral-account": (
        "CreateConnectionInvitation",
        lambda number: invitation(f"22222222222{number}"),
        "ListConnectionInvitations",
    ),
    "partnercentral-selling": (None, None, "ListOpportunities"),
    "partnercentral-benefits": (None, None, "ListBenefitApplications"),
    "partnercentral-channel": (
        "CreateProgramManagementAccount",
        lambda number: {
            "catalog": "AWS",
            "clientToken": f"t{number}",
            "program": "DISTRIBUTION",
            "displayName": "Looms",
            "accountId": f"22222222222{number}",
        },
        "ListProgramManagementAccounts",
    ),
    "partnercentral-marketing": (None, None, "ListCampaigns"),
    "partnercentral-revenue-measurement": (
        "CreateRevenueAttribution",
        lambda number: {"Catalog": "AWS", "Name": f"Engine {number}", "TenancyModel": "MULTI_TENANT"},
        "ListRevenueAttributions",
    ),
}
IN_PAGES = [kind for kind in KINDS if kind != "unknown_union_member"]


class Caller:
    """Items of a service, and requests for pages of one of them."""

    def __init__(self, name, emulator, http):
        self.service, self.emulator, self.http = SERVICES[name], emulator, http
        self.create, self.request, self.list = CREATED[name]

    async def send(self, operation, request):
        sent = request_of(self.service, operation, ADA if self.create else "123456789012", request)
        return await self.http.post(self.emulator.endpoint_url + sent.pop("url"), **sent)

    async def seed(self):
        for number in range(3 if self.create else 0):
            made = await self.send(self.create, self.request(number))
            assert made.status_code == 200, made.content

    @property
    def members(self):
        """Return the names of catalog, page size and page token."""
        return ["catalog", "maxResults", "nextToken"] if "channel" in self.service.name else [
            "Catalog", "MaxResults", "NextToken"
        ]  # fmt: skip

    async def page(self, token=None):
        catalog, size, next_token = self.members
        return await self.send(self.list, {catalog: "AWS", size: 1, **({next_token: token} if token else {})})

    def read(self, response):
        return self.service.decode(response.content)

    def token(self, response):
        return self.read(response).get(self.members[2])

    def items(self, response):
        (found,) = [value for value in self.read(response).values() if isinstance(value, list)]
        return found


@pytest.fixture(params=sorted(SERVICES))
async def caller(request, http):
    async with Emulator({"AWS": 30}, clock=Clock(running=False)) as emulator:
        made = Caller(request.param, emulator, http)
        await made.seed()
        yield made


async def strike(caller, kind, token):
    """Return the answer for a page into which a fault is injected; None if there was none."""
    fault = {"kind": kind, "service": caller.service.name, **KEYS.get(kind, {})}
    caller.emulator.faults = [fault_of(fault)]
    try:
        return await caller.page(token)
    except (httpx2.ReadError, httpx2.RemoteProtocolError):
        assert kind in ("reset", "truncated_body")
        return None
    finally:
        caller.emulator.faults = []
        assert caller.emulator.requests[-1].faults == (kind,)


ERRORS = {
    "server_error": "InternalServerException",
    "throttle": "ThrottlingException",
    "expired_page_token": "ValidationException",
}


@pytest.mark.parametrize("kind", IN_PAGES)
async def test_a_fault_of_every_kind(kind, caller):
    service, first = caller.service, await caller.page()
    assert (first.status_code, len(caller.items(first))) == (200, 1)
    token = caller.token(first)
    unchanged = caller.items(await caller.page(token))
    answer = await strike(caller, kind, token)
    if answer is None:
        return
    value = None if kind == "invalid_json" else caller.read(answer)
    assert (answer.headers["content-type"] == service.content_type) == (kind != "wrong_content_type")
    match kind:
        case "server_error" | "throttle" | "expired_page_token":
            assert value["__type"].rpartition("#")[2] == ERRORS[kind]
            assert answer.status_code >= (500 if kind == "server_error" else 400)
            assert_answer_conforms(caller.list, answer.status_code, value, service.name)
        case "invalid_json":
            with pytest.raises(ValueError, match="the body is"):
                caller.read(answer)
        case "unknown_enum_value" | "extra_member":
            assert "NOVELTY" in str(value).upper()
        case "corrupt_item":
            assert next(service.validator.problems(service.output_shape(caller.list), value), None) is not None
        case "repeated_page_token":
            assert caller.token(answer) == token
        case "empty_page":
            assert caller.items(answer) == []
            assert caller.items(await caller.page(caller.token(answer))) == unchanged
        case _:
            assert caller.items(answer) == unchanged


def with_union(service, shape, path=()):
    """Return a value of a shape that has a union somewhere in it; None if there is none."""
    described = service.shapes[shape]
    if shape in path:
        return None
    if is_union(described):
        return {next(iter(described["members"])): {}}
    kind = described["type"]
    if kind in ("list", "map"):
        inner = with_union(service, described["member" if kind == "list" else "value"]["shape"], (*path, shape))
        return None if inner is None else [inner] if kind == "list" else {"key": inner}
    for name, member in described.get("members", {}).items():
        inner = with_union(service, member["shape"], (*path, shape))
        if inner is not None:
            return {name: inner}
    return None


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_union_of_every_answer_gets_a_member_that_the_model_does_not_have(name):
    service, changed = SERVICES[name], 0
    for operation in service.validator.operations:
        shape = service.output_shape(operation)
        value = None if shape is None else with_union(service, shape)
        if value is None:
            continue
        context = FaultContext(operation, ADA, "AWS", {}, service)
        context.respond(service.encode(value))
        assert UnknownUnionMember(member="Novelty").after(context, DeterministicRandom("a"))
        assert "'Novelty'" in str(service.decode(context.response.body))
        changed += 1
    assert (changed > 0) == any(map(is_union, service.shapes.values())) or name == "partnercentral-benefits"


@pytest.mark.parametrize("member", ["Nothing", "nothing"])
def test_a_member_that_no_item_has_is_refused_with_those_that_there_are(member):
    for name in SERVICES:
        with pytest.raises(ValueError, match=r"^fault 1: member must be one of "):
            Emulator(faults=[Fault(CorruptItem(member=member), service=name)])
