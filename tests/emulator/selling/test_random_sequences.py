"""Random requests of two accounts, with restarts between them, compared with a small reference model."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

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
    multiple,
    rule,
    run_state_machine_as_test,
)

from aiopartnercentral.emulator import Clock, Emulator
from aiopartnercentral.emulator.services import SELLING
from tests.emulator.raw_requests import Wire
from tests.emulator.selling.requests import customer, invitation, opportunity, token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from anyio.from_thread import BlockingPortal

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
        self.changes = 0

    def submit(self) -> None:
        self.status, self.minutes_under_review = "Submitted", 0
        self.changes += 1

    def wait(self) -> None:
        if self.status in ("Submitted", "In review"):
            self.minutes_under_review += 1
            self.changes += 1
            self.status = "In review" if self.minutes_under_review == 1 else self.outcome


@attrs.define
class Job:
    """What the reference knows of a resource snapshot job."""

    identifier: str
    is_running: bool = False


@attrs.define
class Customer:
    """What the reference knows of a customer account."""

    owner: int
    number: str
    status: str = "PENDING"


@attrs.define
class Prospecting:
    """What the reference knows of a task of prospecting."""

    owner: int
    engagement: str
    has_ended: bool = False


class Selling(RuleBasedStateMachine):
    wire: Wire
    clock: Clock
    restart_emulator: Callable[[], None]

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
        self.associated: set[str] = set()
        # Of each deal in an engagement: its job; the number of its snapshots, and of its changes before the latest one.
        self.jobs: dict[tuple[str, str], Job] = {}
        self.snapshots: dict[tuple[str, str], tuple[int, int]] = {}
        self.customers: dict[str, Customer] = {}
        self.tasks: dict[str, Prospecting] = {}

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
            self.run_jobs()

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
            known.changes += 1
            if known.status == "Action Required":
                known.submit()
            self.run_jobs()

    @rule(deal=deals)
    def associate(self, deal: str) -> None:
        known = self.known[deal]
        product = {"RelatedEntityType": "AwsProducts", "RelatedEntityIdentifier": "AmazonEC2"}
        request = {"OpportunityIdentifier": deal, **product}
        operation = "DisassociateOpportunity" if deal in self.associated else "AssociateOpportunity"
        error, _ = self.send(known.owner, operation, **request)
        assert error == (None if known.status in EDITABLE else "ValidationException")
        if error is None:
            known.changes += 1
            self.associated ^= {deal}
            self.run_jobs()

    def run_jobs(self) -> None:
        """Take a snapshot for each running job whose deal has changed since the latest one."""
        for key, job in self.jobs.items():
            count, latest = self.snapshots.get(key, (0, -1))
            changes = self.known[key[1]].changes
            if job.is_running and latest != changes:
                self.snapshots[key] = (count + 1, changes)

    @rule(engagement=engagements, deal=deals)
    def make_job(self, engagement: str, deal: str) -> None:
        who, key = self.known[deal].owner, (engagement, deal)
        request = {
            "EngagementIdentifier": engagement,
            "ResourceIdentifier": deal,
            "ResourceType": "Opportunity",
            "ResourceSnapshotTemplateIdentifier": "OpportunitySummary",
            "ClientToken": token(),
        }
        error, made = self.send(who, "CreateResourceSnapshotJob", **request)
        if who not in self.members[engagement]:
            assert error == "ResourceNotFoundException"
        elif key in self.jobs:
            assert error == "ConflictException"
        else:
            assert error is None
            self.jobs[key] = Job(made["Id"])

    @rule(who=WHO, outcome=st.sampled_from(sorted(OUTCOMES)))
    def begin_to_share(self, who: int, outcome: str) -> None:
        """Make what few sequences would otherwise come to: a running job."""
        self.make_job(self.engage(who), self.create(who, outcome))
        self.act_on_job(next(reversed(self.jobs)), "Start")

    @rule(data=st.data(), operation=st.sampled_from(["Start", "Stop", "Start", "Delete"]))
    def change_a_job(self, data: st.DataObject, operation: str) -> None:
        if not self.jobs:
            return
        self.act_on_job(data.draw(st.sampled_from(list(self.jobs))), operation)

    def act_on_job(self, key: tuple[str, str], operation: str) -> None:
        job, who = self.jobs[key], self.known[key[1]].owner
        request = {"ResourceSnapshotJobIdentifier": job.identifier}
        name = f"{operation}ResourceSnapshotJob"
        assert self.send(1 - who, name, **request)[0] == "ResourceNotFoundException"
        error, _ = self.send(who, name, **request)
        if operation == "Delete":
            assert error == ("ConflictException" if job.is_running else None)
            if error is None:
                del self.jobs[key]
            return
        assert error is None
        job.is_running = operation == "Start"
        self.run_jobs()

    @rule(who=WHO, number=st.sampled_from(["111111111", "222222222", "000000000"]))
    def map_a_customer(self, who: int, number: str) -> None:
        account = {"CompanyName": "Byron Ltd", "Duns": number}
        error, made = self.send(who, "CreateCustomerAccount", Account=account)
        assert error is None
        self.customers[made["Id"]] = Customer(who, number)

    @rule(data=st.data(), who=WHO)
    def delete_a_customer(self, data: st.DataObject, who: int) -> None:
        if self.customers:
            identifier = data.draw(st.sampled_from(list(self.customers)))
            assert self.send(who, "DeleteCustomerAccount", Identifier=identifier)[0] is None
            if self.customers[identifier].owner == who:
                del self.customers[identifier]

    @rule(engagement=engagements, who=WHO)
    def prospect(self, engagement: str, who: int) -> None:
        request = {"Identifiers": [engagement], "TaskName": "Prospects", "ClientToken": token()}
        error, made = self.send(who, "StartProspectingFromEngagementTask", **request)
        assert error == (None if who in self.members[engagement] else "ResourceNotFoundException")
        if error is None:
            self.tasks[made["TaskId"]] = Prospecting(who, engagement)

    @rule()
    def restart(self) -> None:
        self.restart_emulator()

    def let_tasks_end(self) -> None:
        self.run_jobs()
        for task in self.tasks.values():
            task.has_ended = True
        for each in self.customers.values():
            each.status = "matched"

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
        self.let_tasks_end()
        return multiple()

    @rule()
    def wait_for_days(self) -> None:
        self.clock.advance(timedelta(days=8))
        for deal in self.known.values():
            deal.wait()
        self.run_jobs()
        for deal in self.known.values():
            deal.wait()
        self.let_tasks_end()
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
            self.check_jobs_and_snapshots(who)
            self.check_customers_and_tasks(who)

    def check_jobs_and_snapshots(self, who: int) -> None:
        _, page = self.send(who, "ListResourceSnapshotJobs", MaxResults=100)
        statuses = {each["Id"]: each["Status"] for each in page["ResourceSnapshotJobSummaries"]}
        mine = [job for (_, deal), job in self.jobs.items() if self.known[deal].owner == who]
        assert statuses == {job.identifier: "Running" if job.is_running else "Stopped" for job in mine}
        seen = {key: count for key, (count, _) in self.snapshots.items() if who in self.members[key[0]]}
        for engagement in {engagement for engagement, _ in seen}:
            _, page = self.send(who, "ListResourceSnapshots", EngagementIdentifier=engagement, MaxResults=100)
            counts = Counter((engagement, each["ResourceId"]) for each in page["ResourceSnapshotSummaries"])
            assert counts == {key: count for key, count in seen.items() if key[0] == engagement}
        _, page = self.send(who, "ListEngagementResourceAssociations", MaxResults=100)
        found = {(each["EngagementId"], each["ResourceId"]) for each in page["EngagementResourceAssociationSummaries"]}
        assert found == seen.keys()

    def check_customers_and_tasks(self, who: int) -> None:
        _, page = self.send(who, "SearchCustomerAccounts", MaxResults=100)
        statuses = {each["Id"]: each["EnrichmentStatus"] for each in page["CustomerAccountSummaries"]}
        mine = {name: each for name, each in self.customers.items() if each.owner == who}
        assert statuses.keys() == mine.keys()
        for name, each in mine.items():
            assert (statuses[name] == "PENDING") == (each.status == "PENDING")
            assert statuses[name] != "ENRICHED" or each.number != "000000000"
        for number in ("111111111", "222222222"):
            # At most one of those that were there when a match ended is not a duplicate.
            assert sum(statuses[name] == "ENRICHED" for name, each in mine.items() if each.number == number) <= 1
        _, page = self.send(who, "ListProspectingFromEngagementTasks", MaxResults=100)
        failed = {each["TaskId"]: each["FailedEngagementCount"] for each in page["TaskSummaries"]}
        # The engagements have no customer.
        assert failed == {name: int(task.has_ended) for name, task in self.tasks.items() if task.owner == who}


class Restartable:
    """An emulator with a state file, in another thread."""

    def __init__(self, portal: BlockingPortal, http: httpx2.Client, path: Path) -> None:
        self.portal, self.http, self.path = portal, http, path
        self.open()

    def open(self) -> None:
        emulator = Emulator({"AWS": 0}, clock=Clock(running=False), task_seconds=TASK_SECONDS, state=self.path)
        self.running = self.portal.wrap_async_context_manager(emulator)
        self.running.__enter__()
        Selling.wire, Selling.clock = Wire(emulator.endpoint_url, self.http), emulator.clock

    def close(self) -> None:
        self.running.__exit__(None, None, None)

    def restart(self) -> None:
        self.close()
        self.open()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[type[Selling]]:
    with start_blocking_portal("asyncio") as portal, httpx2.Client(trust_env=False, timeout=60) as http:
        emulator = Restartable(portal, http, tmp_path / "state.log")
        Selling.restart_emulator = staticmethod(emulator.restart)
        yield Selling
        emulator.close()


def test_any_sequence_of_requests_agrees_with_the_reference(machine):
    run_state_machine_as_test(machine, settings=settings(stateful_step_count=40))
