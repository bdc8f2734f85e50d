"""Any sequence of requests about the items of four services leads to the states that AWS documents for them.

A life cycle is a table: which operation leads from which state to which one, and what time does. Requests that are not
in the table are refused and change nothing. The emulator is restarted with its state file at any point.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import httpx2
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from aiopartnercentral.emulator import Clock, Emulator
from aiopartnercentral.emulator.seed.records import SeededRecords
from aiopartnercentral.emulator.services import BENEFITS, CHANNEL, MARKETING, REVENUE
from tests.emulator.caller import reason_of
from tests.emulator.conformance import assert_answer_conforms
from tests.emulator.raw_requests import request_of
from tests.emulator.service_requests import ATTESTATION as KIND, allocation, attestation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from anyio.from_thread import BlockingPortal

    from aiopartnercentral.emulator.services import Service

ACCOUNTS = ("111111111111", "222222222222", "333333333333")
OWNER, OTHER, STRANGER = range(3)
MINUTE, FORTNIGHT = timedelta(seconds=60), timedelta(days=15)
AWS = SeededRecords(0, "AWS", ACCOUNTS[OWNER], 0)
BENEFIT, TEMPLATE = AWS.benefits["benefit"].identify(0), AWS.marketing["campaign-template"].identify(0)
NOT_FOUND = ["ResourceNotFoundException", "RESOURCE_NOT_FOUND"]
_tokens = count()


def token() -> str:
    return f"token-{next(_tokens)}"


@attrs.frozen(kw_only=True)
class LifeCycle:
    """The states of one kind of items.

    Arguments:
        service: the service.
        first: the state of a new item.
        steps: the next state by state and operation.
        refusals: the reason of a refusal by state and operation, or by operation.
        timers: how long an item is in a state, and what then follows.
        members: members of the request that creates an item, which determine what becomes of it.
        create: creates an item, and returns its identifier.
        request: returns a request about an item.
        read: returns the states of an account's items by identifier.
        answered_by: the operations that another account than the owner has to call.
    """

    service: Service
    first: str
    steps: dict[tuple[str, str], str]
    refusals: dict[Any, Any]
    timers: dict[str, tuple[timedelta, str]]
    members: dict[str, Any] = attrs.field(factory=dict)
    create: Callable[..., str]
    request: Callable[..., dict[str, Any]]
    read: Callable[..., dict[str, str]]
    answered_by: frozenset[str] = frozenset()

    @property
    def operations(self) -> list[str]:
        return sorted({operation for _, operation in self.steps})


def _listed(send: Any, operation: str, **members: Any) -> list[dict[str, Any]]:
    (items,) = [value for value in send(OWNER, operation, **members).values() if isinstance(value, list)]
    return items


def _apply(send: Any, members: dict[str, Any]) -> str:
    made = send(OWNER, "CreateBenefitApplication", ClientToken=token(), BenefitIdentifier=BENEFIT, **members)
    return made["Id"]


def _about_application(send: Any, operation: str, identifier: str) -> dict[str, Any]:
    request: dict[str, Any] = {"Identifier": identifier}
    if operation[:5] in ("Amend", "Updat"):
        request["Revision"] = send(OWNER, "GetBenefitApplication", Identifier=identifier)["Revision"]
    if operation[:5] == "Amend":
        request |= {"AmendmentReason": "x", "Amendments": [{"FieldPath": "Name", "NewValue": "Loom"}]}
    if operation[:6] in ("AmendB", "Update", "Cancel"):
        request["ClientToken"] = token()
    if operation[:6] == "Recall":
        request["Reason"] = "x"
    return request


def _applications(send: Any, who: int) -> dict[str, str]:
    items = send(who, "ListBenefitApplications")["BenefitApplicationSummaries"]
    allocated = send(who, "ListBenefitAllocations")["BenefitAllocationSummaries"]
    approved = {each["Id"] for each in items if each["Status"] == "APPROVED"}
    assert sorted(each["BenefitApplicationId"] for each in allocated) == sorted(approved)
    return {each["Id"]: each["Status"] for each in items}


_OUTCOMES = {
    "APPROVED": {},
    "REJECTED": {"BenefitApplicationDetails": {"Amount": 0}},
    "ACTION_REQUIRED": {"PartnerContacts": [{"Email": "ada@looms.invalid"}]},
}


def _decided(outcome: str) -> LifeCycle:
    return LifeCycle(
        service=BENEFITS,
        first="PENDING_SUBMISSION",
        steps={
            **{(each, "SubmitBenefitApplication"): "IN_REVIEW" for each in ("PENDING_SUBMISSION", "ACTION_REQUIRED")},
            **{(each, "UpdateBenefitApplication"): each for each in ("PENDING_SUBMISSION", "ACTION_REQUIRED")},
            **{(each, "AmendBenefitApplication"): each for each in ("IN_REVIEW", "ACTION_REQUIRED")},
            **{(each, "CancelBenefitApplication"): "CANCELED"
               for each in ("PENDING_SUBMISSION", "IN_REVIEW", "ACTION_REQUIRED")},
            ("IN_REVIEW", "RecallBenefitApplication"): "PENDING_SUBMISSION",
        },
        refusals={None: {("Status", "INVALID_RESOURCE_STATE")}},
        timers={"IN_REVIEW": (MINUTE, outcome)},
        members=_OUTCOMES[outcome],
        create=_apply,
        request=_about_application,
        read=_applications,
    )  # fmt: skip


def _manage(send: Any, **members: Any) -> str:
    request = {"program": "MANAGED_SERVICES_PROVIDER", "displayName": "Looms", "accountId": ACCOUNTS[OTHER], **members}
    made = send(OWNER, "CreateProgramManagementAccount", clientToken=token(), **request)
    return made["programManagementAccountDetail"]["id"]


def _shake(send: Any, _: dict[str, Any]) -> str:
    kind = {"handshakeType": "PROGRAM_MANAGEMENT_ACCOUNT", "associatedResourceIdentifier": _manage(send)}
    return send(OWNER, "CreateChannelHandshake", clientToken=token(), **kind)["channelHandshakeDetail"]["id"]


def _handshakes(send: Any, who: int) -> dict[str, str]:
    told = {}
    for role in ("SENDER", "RECEIVER"):
        kind = {"handshakeType": "PROGRAM_MANAGEMENT_ACCOUNT", "participantType": role}
        told |= {each["id"]: each["status"] for each in send(who, "ListChannelHandshakes", **kind)["items"]}
    accounts = send(who, "ListProgramManagementAccounts")["items"]
    if who == OWNER:
        statuses = [each["status"] == "ACTIVE" for each in accounts]
        assert statuses.count(True) == list(told.values()).count("ACCEPTED")
    return told


HANDSHAKES = LifeCycle(
    service=CHANNEL,
    first="PENDING",
    steps={
        ("PENDING", "AcceptChannelHandshake"): "ACCEPTED",
        ("PENDING", "RejectChannelHandshake"): "REJECTED",
        ("PENDING", "CancelChannelHandshake"): "CANCELED",
    },
    refusals={None: {("identifier", "INVALID_RESOURCE_STATE")}},
    timers={"PENDING": (timedelta(days=15), "EXPIRED")},
    create=_shake,
    request=lambda _send, _operation, identifier: {"identifier": identifier},
    read=_handshakes,
    answered_by=frozenset({"AcceptChannelHandshake", "RejectChannelHandshake"}),
)


def _contract(send: Any, members: dict[str, Any]) -> str:
    owner = _manage(send)
    kind = {"associationType": "MANAGED_SERVICES_END_CUSTOMER", "displayName": "Engine", "sector": "COMMERCIAL"}
    made = send(
        OWNER, "CreateRelationship", clientToken=token(), programManagementAccountIdentifier=owner, **kind
    )["relationshipDetail"]["id"]  # fmt: skip
    payload = attestation(owner, made, endDate="2100-01-01T00:00:00Z", **members)
    made = send(OWNER, "CreateChannelContract", clientToken=token(), **KIND, payload=payload)
    return made["channelContractDetail"]["id"]


def _contracts(variant: str) -> LifeCycle:
    days = {"ACCEPTED": MINUTE, "EXPIRED": timedelta(days=30)}
    address = {"ACCEPTED": "charles@looms.example", "EXPIRED": "charles@looms.invalid"}[variant]
    return LifeCycle(
        service=CHANNEL,
        first="PENDING",
        steps={("PENDING", "CancelChannelContract"): "CANCELED"},
        refusals={None: {("identifier", "INVALID_RESOURCE_STATE")}},
        timers={"PENDING": (days[variant], variant)},
        members={"signatoryEmail": address},
        create=_contract,
        request=lambda _send, _operation, identifier: {"identifier": identifier, "clientToken": token()},
        read=lambda send, who: {
            each["id"]: each["status"] for each in send(who, "ListChannelContracts", **KIND)["items"]
        },
    )


def _document(send: Any, _: dict[str, Any]) -> str:
    made = send(OWNER, "CreateCampaign", Name="Engine", CampaignTemplateId=TEMPLATE, EndOn="2100-01-01")
    place = {"CampaignIdentifier": made["Id"]}
    entries = [{"SourceAssetTemplateIdentifier": "document"}]
    (asset,) = send(OWNER, "BatchCreateCampaignAsset", **place, Entries=entries)["Successful"]
    values = [{"FieldId": "Title", "Value": {"Text": "Looms"}}]
    send(OWNER, "UpdateCampaignAsset", **place, CampaignAssetIdentifier=asset["Id"], FieldValues=values)
    return f"{made['Id']}/{asset['Id']}"


def _about_document(_: Any, operation: str, identifier: str) -> dict[str, Any]:
    campaign, asset = identifier.split("/")
    if operation.startswith("Start"):
        return {"CampaignIdentifier": campaign, "CampaignAssetIdentifiers": [asset]}
    more = {} if operation == "UpdateCampaign" else {"CampaignAssetIdentifier": asset}
    return {"CampaignIdentifier": campaign, **more}


def _documents(send: Any, who: int) -> dict[str, str]:
    told = {}
    for campaign in send(who, "ListCampaigns")["Items"]:
        place = {"CampaignIdentifier": campaign["CampaignId"]}
        for asset in send(who, "ListCampaignAssets", **place)["Items"]:
            state = f"{asset['State']} {asset.get('LastActivationStatus', 'NONE')}"
            assert campaign["State"] == ("ACTIVE" if asset["State"] == "ACTIVE" else "DRAFT")
            told[f"{campaign['CampaignId']}/{asset['Id']}"] = state
    return told


_IDLE, _STARTING = ("INACTIVE NONE", "ACTIVE SUCCEEDED"), ("INACTIVE IN_PROGRESS", "ACTIVE IN_PROGRESS")
_START = "StartCampaignAssetActivationTask"
DOCUMENTS = LifeCycle(
    service=MARKETING,
    first=_IDLE[0],
    steps={
        **{(before, _START): after for before, after in zip(_IDLE, _STARTING, strict=True)},
        **{(each, operation): each for each in _IDLE for operation in ("UpdateCampaign", "UpdateCampaignAsset")},
        (_IDLE[0], "DeactivateCampaignAsset"): _IDLE[0],
        (_IDLE[0], "DeleteCampaignAsset"): "DELETED",
        # The campaign is still there, and a task tells that the asset does not exist.
        ("DELETED", "UpdateCampaign"): "DELETED",
        ("DELETED", _START): "DELETED",
    },
    refusals={
        **{(each, operation): "CAMPAIGN_ACTIVATION_IN_PROGRESS"
           for each in _STARTING for operation in (_START, "UpdateCampaign")},
        **{(each, operation): "ASSET_START_IN_PROGRESS" for each in _STARTING
           for operation in ("UpdateCampaignAsset", "DeactivateCampaignAsset", "DeleteCampaignAsset")},
        ("ACTIVE SUCCEEDED", "DeactivateCampaignAsset"): "ASSET_NOT_DEACTIVATABLE",
        ("ACTIVE SUCCEEDED", "DeleteCampaignAsset"): "ASSET_ALREADY_ACTIVE",
        None: "ResourceNotFoundException",
    },
    timers=dict.fromkeys(_STARTING, (MINUTE, "ACTIVE SUCCEEDED")),
    create=_document,
    request=_about_document,
    read=_documents,
)  # fmt: skip


def _attribute(send: Any, _: dict[str, Any]) -> str:
    return send(OWNER, "CreateRevenueAttribution", Name=token(), TenancyModel="MULTI_TENANT")["Id"]


def _about_attribution(send: Any, operation: str, identifier: str) -> dict[str, Any]:
    latest = send(OWNER, "GetRevenueAttribution", Identifier=identifier)["LatestRevision"]
    if operation == "UpdateRevenueAttribution":
        return {"Identifier": identifier, "Revision": latest, "Description": "x"}
    place = {"RevenueAttributionIdentifier": identifier, "RevenueAttributionRevision": latest}
    # A third one of 40 percent is too much.
    return {**place, "RevenueShareAllocations": [allocation(RevenueSharePercent="40")]}


def _attributions(send: Any, who: int) -> dict[str, str]:
    told = {}
    for each in send(who, "ListRevenueAttributions")["RevenueAttributionSummaries"]:
        place = {"RevenueAttributionIdentifier": each["Id"]}
        made = send(who, "ListRevenueAttributionAllocations", **place)["RevenueAttributionAllocationSummaries"]
        assert len(made) == each["TotalRevenueAttributionAllocationCount"]
        task = send.__self__.send(who, "GetRevenueAttributionAllocationsTask", place)[1]
        told[each["Id"]] = f"{len(made)} {task.get('Status', 'NONE')}"
    return told


_ENDED = ["0 NONE", "1 COMPLETE", "2 COMPLETE", "2 FAILED"]
_RUNNING = ["0 IN_PROGRESS", "1 IN_PROGRESS", "2 IN_PROGRESS"]
_ALLOCATE = "StartRevenueAttributionAllocationsTask"
ATTRIBUTIONS = LifeCycle(
    service=REVENUE,
    first=_ENDED[0],
    steps={
        **{(each, "UpdateRevenueAttribution"): each for each in _ENDED},
        **{(each, _ALLOCATE): f"{each[0]} IN_PROGRESS" for each in _ENDED},
    },
    refusals={None: "CONCURRENT_MODIFICATION"},
    timers={each: (MINUTE, after) for each, after in zip(_RUNNING, _ENDED[1:], strict=True)},
    create=_attribute,
    request=_about_attribution,
    read=_attributions,
)

CYCLES = {
    **{f"applications: {outcome}": _decided(outcome) for outcome in _OUTCOMES},
    "handshakes": HANDSHAKES,
    "signed contracts": _contracts("ACCEPTED"),
    "unsigned contracts": _contracts("EXPIRED"),
    "documents": DOCUMENTS,
    "attributions": ATTRIBUTIONS,
}


@attrs.define
class Known:
    """What the reference knows of an item."""

    state: str
    age: timedelta = timedelta(0)

    def enter(self, state: str) -> None:
        if state != self.state:
            self.state, self.age = state, timedelta(0)

    def wait(self, cycle: LifeCycle, passed: timedelta) -> None:
        self.age += passed
        while self.state in cycle.timers and self.age >= cycle.timers[self.state][0]:
            self.age -= cycle.timers[self.state][0]
            self.state = cycle.timers[self.state][1]


class Sequences(RuleBasedStateMachine):
    cycle: ClassVar[LifeCycle]
    portal: ClassVar[BlockingPortal]
    http: ClassVar[httpx2.Client]
    directory: ClassVar[Path]

    items = Bundle("items")

    @initialize()
    def begin(self) -> None:
        self.path = self.directory / f"{token()}.jsonl"
        self.known: dict[str, Known] = {}
        self.start()

    def start(self) -> None:
        state = {"clock": Clock(running=False), "task_seconds": MINUTE.total_seconds(), "state": self.path}
        self.emulator = Emulator({"AWS": 0}, **state)
        self.running = self.portal.wrap_async_context_manager(self.emulator)
        self.running.__enter__()

    def teardown(self) -> None:
        self.running.__exit__(None, None, None)
        self.path.unlink()

    def send(self, who: int, operation: str, request: dict[str, Any]) -> tuple[int, Any]:
        service = self.cycle.service
        catalog = {service.input_member(operation, "Catalog"): "AWS"}
        sent = request_of(service, operation, ACCOUNTS[who], {**catalog, **request})
        response = self.http.post(self.emulator.endpoint_url + sent.pop("url"), **sent)
        body = service.decode(response.content)
        assert_answer_conforms(operation, response.status_code, body, service.name)
        assert response.status_code < 500, body
        return response.status_code, body

    def ask(self, who: int, operation: str, **request: Any) -> Any:
        status, body = self.send(who, operation, request)
        assert status == 200, body
        return body

    @rule(target=items)
    def create(self) -> str:
        identifier = self.cycle.create(self.ask, self.cycle.members)
        assert identifier not in self.known
        self.known[identifier] = Known(self.cycle.first)
        return identifier

    @rule(item=items, choices=st.lists(st.integers(0, 60), min_size=3, max_size=9))
    def live(self, item: str, choices: list[int]) -> None:
        for choice in choices:
            if choice % 4 == 0:
                self.wait((MINUTE, MINUTE, FORTNIGHT)[choice // 4 % 3])
            else:
                self.act(item, choice)
            self.check()

    def act(self, item: str, choice: int) -> None:
        cycle, known = self.cycle, self.known[item]
        # Most are possible in this state.
        operations = [each for each in cycle.operations if (known.state, each) in cycle.steps] * 3 + cycle.operations
        operation = operations[choice % len(operations)]
        who = OTHER if operation in cycle.answered_by else OWNER
        status, body = self.send(who, operation, cycle.request(self.ask, operation, item))
        after = cycle.steps.get((known.state, operation))
        if after is None:
            expected = cycle.refusals.get((known.state, operation), cycle.refusals[None])
            assert (status != 200, reason_of(body)) == (True, expected)
        else:
            assert status == 200, body
            known.enter(after)

    @rule(item=items, who=st.sampled_from([OWNER, OTHER, STRANGER]), choice=st.integers(0, 10))
    def trespass(self, item: str, who: int, choice: int) -> None:
        cycle = self.cycle
        operation = cycle.operations[choice % len(cycle.operations)]
        if who != (OTHER if operation in cycle.answered_by else OWNER):
            _, body = self.send(who, operation, cycle.request(self.ask, operation, item))
            is_seen = cycle.answered_by and who != STRANGER
            assert reason_of(body) in ([{("identifier", "ACTION_NOT_PERMITTED")}] if is_seen else NOT_FOUND)
        expected = cycle.read(self.ask, OWNER) if cycle.answered_by else {}
        assert cycle.read(self.ask, OTHER) == expected
        assert cycle.read(self.ask, STRANGER) == {}

    @rule(passed=st.sampled_from([MINUTE, FORTNIGHT, MINUTE / 2]))
    def wait(self, passed: timedelta) -> None:
        self.emulator.clock.advance(passed)
        for known in self.known.values():
            known.wait(self.cycle, passed)

    @rule()
    def restart(self) -> None:
        before = [self.cycle.read(self.ask, who) for who in (OWNER, OTHER, STRANGER)]
        now = self.emulator.clock.now()
        self.running.__exit__(None, None, None)
        self.start()
        assert self.emulator.clock.now() == now
        assert [self.cycle.read(self.ask, who) for who in (OWNER, OTHER, STRANGER)] == before

    @invariant()
    def check(self) -> None:
        expected = {item: known.state for item, known in self.known.items() if known.state != "DELETED"}
        assert self.cycle.read(self.ask, OWNER) == expected


@pytest.fixture(scope="module")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal("asyncio") as found:
        yield found


@pytest.mark.parametrize("name", CYCLES)
def test_any_sequence_of_requests_agrees_with_the_reference(name, portal, tmp_path):
    with httpx2.Client(trust_env=False, timeout=60) as http:
        members = {"cycle": CYCLES[name], "portal": portal, "http": http, "directory": tmp_path}
        machine = type("Machine", (Sequences,), members)
        run_state_machine_as_test(machine, settings=settings(stateful_step_count=20))
