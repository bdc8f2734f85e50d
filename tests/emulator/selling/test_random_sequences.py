"""Random requests about opportunities and invitations of two accounts, compared with a small reference model."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from aiopartnercentral.emulator import Clock, Emulator
from aiopartnercentral.emulator.services import SELLING
from tests.emulator.raw_requests import Wire
from tests.emulator.selling.requests import customer, invitation, opportunity, token

if TYPE_CHECKING:
    from collections.abc import Iterator

WHO = st.integers(0, 1)
_pairs = count()
TASK_SECONDS = 60
# The decision of AWS depends on the customer.
OUTCOMES = {"Approved": {}, "Rejected": {"Duns": "000000000"}, "Action Required": {"WebsiteUrl": "a.invalid"}}
# The clock passes any date that is nearer.
LIFE_CYCLE = {"Stage": "Qualified", "TargetCloseDate": "9000-01-01"}
EDITABLE = {"Pending Submission", "Approved", "Action Required"}


class Deal:
    """What the reference knows of an opportunity."""

    def __init__(self, owner: int, outcome: str) -> None:
        self.owner = owner
        self.outcome = outcome
        self.status = "Pending Submission"
        self.minutes_under_review = 0

    def submit(self) -> None:
        self.status, self.minutes_under_review = "Submitted", 0

    def wait(self) -> None:
        if self.status in ("Submitted", "In review"):
            self.minutes_under_review += 1
            self.status = "In review" if self.minutes_under_review == 1 else self.outcome


class Selling(RuleBasedStateMachine):
    wire: Wire
    clock: Clock

    deals = Bundle("deals")
    engagements = Bundle("engagements")

    @initialize()
    def begin(self) -> None:
        pair = 2 * next(_pairs)
        self.accounts = (f"{pair:012d}", f"{pair + 1:012d}")
        self.known: dict[str, Deal] = {}
        self.members: dict[str, set[int]] = {}
        # The pending invitation of an account to an engagement, and the days for which it has been.
        self.invited: dict[tuple[str, int], tuple[str, int]] = {}

    def send(self, who: int, operation: str, **request: Any) -> tuple[str | None, Any]:
        response = self.wire.send(operation, {"Catalog": "AWS", **request}, self.accounts[who], SELLING)
        body = response.json()
        if response.status_code == 200:
            return None, body
        assert response.status_code == 400, body
        return body["__type"], body

    @rule(target=deals, who=WHO, outcome=st.sampled_from(sorted(OUTCOMES)))
    def create(self, who: int, outcome: str) -> str:
        request = opportunity(Customer=customer(**OUTCOMES[outcome]), LifeCycle=LIFE_CYCLE)
        error, made = self.send(who, "CreateOpportunity", ClientToken=token(), **request)
        assert error is None
        self.known[made["Id"]] = Deal(who, outcome)
        return made["Id"]

    @rule(deal=deals, who=WHO)
    def submit(self, deal: str, who: int) -> None:
        expected = None
        if who != self.known[deal].owner:
            expected = "ResourceNotFoundException"
        elif self.known[deal].status != "Pending Submission":
            expected = "ValidationException"
        error, _ = self.send(who, "SubmitOpportunity", Identifier=deal, InvolvementType="Co-Sell")
        assert error == expected
        if error is None:
            self.known[deal].submit()

    @rule(deal=deals, is_late=st.booleans())
    def update(self, deal: str, *, is_late: bool) -> None:
        known = self.known[deal]
        _, item = self.send(known.owner, "GetOpportunity", Identifier=deal)
        latest = "2025-09-01T00:00:00Z" if is_late else item["LastModifiedDate"]
        request = {
            name: value
            for name, value in opportunity(Customer=item["Customer"], LifeCycle=LIFE_CYCLE).items()
            if name != "Catalog"
        }
        error, _ = self.send(known.owner, "UpdateOpportunity", Identifier=deal, LastModifiedDate=latest, **request)
        if is_late:
            assert error == "ConflictException"
        elif known.status not in EDITABLE:
            assert error == "ValidationException"
        else:
            assert error is None
            if known.status == "Action Required":
                known.submit()

    @rule(target=engagements, who=WHO)
    def engage(self, who: int) -> str:
        _, made = self.send(who, "CreateEngagement", ClientToken=token())
        self.members[made["Id"]] = {who}
        return made["Id"]

    @rule(engagement=engagements, who=WHO)
    def invite(self, engagement: str, who: int) -> None:
        error, made = self.send(
            who,
            "CreateEngagementInvitation",
            ClientToken=token(),
            EngagementIdentifier=engagement,
            Invitation=invitation(self.accounts[1 - who]),
        )
        if who not in self.members[engagement]:
            assert error == "ResourceNotFoundException"
        elif 1 - who in self.members[engagement] or (engagement, 1 - who) in self.invited:
            assert error == "ConflictException"
        else:
            assert error is None
            self.invited[engagement, 1 - who] = (made["Id"], 0)

    @rule(engagement=engagements, who=WHO, accepts=st.booleans())
    def answer(self, engagement: str, who: int, *, accepts: bool) -> None:
        key = (engagement, who)
        if key not in self.invited:
            return
        identifier, _ = self.invited.pop(key)
        operation = "AcceptEngagementInvitation" if accepts else "RejectEngagementInvitation"
        error, _ = self.send(1 - who, operation, Identifier=identifier)
        assert error == "ValidationException"
        for expected in (None, "ConflictException"):
            error, _ = self.send(who, operation, Identifier=identifier)
            assert error == expected
        if accepts:
            self.members[engagement].add(who)

    @rule(target=deals)
    def wait(self) -> Any:
        self.clock.advance(timedelta(seconds=TASK_SECONDS))
        for deal in self.known.values():
            deal.wait()
        return multiple()

    @rule()
    def wait_for_days(self) -> None:
        self.clock.advance(timedelta(days=8))
        for deal in self.known.values():
            deal.wait()
            deal.wait()
        aged = {key: (identifier, days + 8) for key, (identifier, days) in self.invited.items()}
        self.invited = {key: value for key, value in aged.items() if value[1] < 15}

    @invariant()
    def both_see_what_the_reference_says(self) -> None:
        for who in (0, 1):
            _, page = self.send(who, "ListOpportunities", MaxResults=100)
            statuses = {item["Id"]: item["LifeCycle"]["ReviewStatus"] for item in page["OpportunitySummaries"]}
            assert statuses == {each: deal.status for each, deal in self.known.items() if deal.owner == who}
            _, page = self.send(who, "ListEngagements", MaxResults=100)
            counts = {item["Id"]: item["MemberCount"] for item in page["EngagementSummaryList"]}
            assert counts == {each: len(members) for each, members in self.members.items() if who in members}
            _, page = self.send(who, "ListEngagementInvitations", ParticipantType="RECEIVER", Status=["PENDING"])
            pending = {item["Id"] for item in page["EngagementInvitationSummaries"]}
            assert pending == {identifier for (_, each), (identifier, _) in self.invited.items() if each == who}


@pytest.fixture(scope="module")
def machine() -> Iterator[type[Selling]]:
    emulator = Emulator({"AWS": 0}, clock=Clock(running=False), task_seconds=TASK_SECONDS)
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(emulator),
        httpx2.Client(trust_env=False, timeout=60) as http,
    ):
        Selling.wire, Selling.clock = Wire(emulator.endpoint_url, http), emulator.clock
        yield Selling


def test_any_sequence_of_requests_agrees_with_the_reference(machine):
    run_state_machine_as_test(machine, settings=settings(stateful_step_count=30))
