"""The items of the service `selling` in one catalog: those of each account, and those that accounts share."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral.emulator.seed.items import EARLIEST_EXPIRY, SEED_DATE
from aiopartnercentral.emulator.seed.random import MAX_ITEMS, DeterministicRandom, make_identifier
from aiopartnercentral.emulator.services import SELLING
from aiopartnercentral.emulator.state.clock import format_timestamp, next_timestamp
from aiopartnercentral.emulator.state.collection import ItemCollection
from aiopartnercentral.emulator.state.steps import step

if TYPE_CHECKING:
    from aiopartnercentral.emulator.seed.selling_work import SeededWork

REVIEWS: Final = ("Submitted", "In review")
"""The review statuses in which nothing can be changed."""

Item = dict[str, Any]
# There is an engagement for every fourth opportunity, and the owner has started every second one, with a job.
_OPPORTUNITIES_PER_JOB: Final = 8


def _same(item: Item) -> Item:
    return item


def _summary(opportunity: Item) -> Item:
    summary: Item = SELLING.validator.known("OpportunitySummary", opportunity)
    return summary


def _engagement_summary(engagement: Item) -> Item:
    summary: Item = SELLING.validator.known("EngagementSummary", counted(engagement))
    return summary


def counted(engagement: Item) -> Item:
    """Return an engagement with what follows from its members and contexts."""
    return engagement | {
        "MemberCount": len(engagement["Members"]),
        "ContextTypes": list(dict.fromkeys(each["Type"] for each in engagement["Contexts"])),
    }


TASKS: Final = (
    "EngagementFromOpportunity",
    "EngagementByAcceptingInvitation",
    "OpportunityFromEngagement",
    "ProspectingFromEngagement",
)
"""The kinds of tasks."""


@attrs.define(eq=False)
class SellingAccount:
    """The items of one account.

    Attributes:
        account: the account.
        seed: its seeded items.
        opportunities: its opportunities.
        solutions: its solutions.
        customers: its customer accounts.
        customer_jobs: its bulk jobs of customer accounts.
        opportunity_jobs: its bulk jobs of opportunities.
        jobs: its resource snapshot jobs.
        tasks: its tasks of each kind.
        tags: the tags of each resource, by its ARN.
        role: the ARN of the role of its resource snapshot jobs; None if it is not set.
        duns: the identifier of the customer account that was created with each D-U-N-S number.
    """

    account: str
    seed: SeededWork
    opportunities: ItemCollection = attrs.field(init=False)
    solutions: ItemCollection = attrs.field(init=False)
    customers: ItemCollection = attrs.field(init=False)
    customer_jobs: ItemCollection = attrs.field(init=False)
    opportunity_jobs: ItemCollection = attrs.field(init=False)
    jobs: ItemCollection = attrs.field(init=False)
    tasks: dict[str, ItemCollection] = attrs.field(init=False)
    tags: dict[str, dict[str, str]] = attrs.field(factory=dict)
    role: str | None = None
    duns: dict[str, str] = attrs.field(factory=dict)
    _jobs_of: defaultdict[str, list[str]] = attrs.field(factory=lambda: defaultdict(list), init=False)

    def __attrs_post_init__(self) -> None:
        """Make the collections."""
        seed, counts = self.seed, self.seed.counts
        self.opportunities = ItemCollection(
            seed.opportunities,
            seed.opportunity,
            _summary,
            index_of=seed.opportunity_ids.index,
        )
        self.solutions = ItemCollection(seed.solutions, seed.solution, _same, index_of=seed.solution_ids.index)
        self.customers = ItemCollection(counts["customer"], seed.customer, _same)
        self.customer_jobs = ItemCollection(counts["customer_job"], seed.customer_job, _same)
        self.opportunity_jobs = ItemCollection(counts["opportunity_job"], seed.opportunity_job, _same)
        self.jobs = ItemCollection(counts["snapshot_job"], seed.snapshot_job, _same)
        self.tasks = {kind: ItemCollection(counts[kind], partial(seed.task, kind), _same) for kind in TASKS}

    def add_job(self, job: Item) -> None:
        """Add a resource snapshot job."""
        self.jobs.add(job)
        self._jobs_of[job["ResourceId"]].append(job["Id"])

    def jobs_of(self, resource: str) -> list[Item]:
        """Return the resource snapshot jobs of an opportunity, without visiting others."""
        index = self.opportunities.index(resource)
        seeded, is_other = divmod(self.opportunities.count if index is None else index, _OPPORTUNITIES_PER_JOB)
        made = [] if is_other or seeded >= self.jobs.count else [self.seed.snapshot_job(seeded)["Id"]]
        found = map(self.jobs.find, [*made, *self._jobs_of.get(resource, ())])
        return [job for job in found if job is not None]

    def customer_with(self, duns: str | None, other_than: str) -> Item | None:
        """Return another customer account with a D-U-N-S number."""
        if duns is None:
            return None
        index = self.seed.duns.index(duns)
        identifiers = [self.seed.customer(index)["Id"]] if index < self.customers.count else []
        for identifier in (*identifiers, self.duns.get(duns, "")):
            found = self.customers.find(identifier)
            if found is not None and found["Id"] != other_than and found["Account"].get("Duns") == duns:
                return found
        return None


Change = Callable[[datetime], None]


@attrs.define(eq=False)
class SellingCatalog:
    """All items of one catalog.

    Attributes:
        seed: the seeded items of the account that owns them.
        engagements: the engagements of all accounts; `Members` has the accounts that see it.
        invitations: the engagement invitations of all accounts.
        snapshots: the resource snapshots of all accounts.
        groups: the engagement groups of each account, and the number of changes of the engagements they follow from.
    """

    seed: SeededWork
    engagements: ItemCollection = attrs.field(init=False)
    invitations: ItemCollection = attrs.field(init=False)
    snapshots: ItemCollection = attrs.field(init=False)
    groups: dict[str, tuple[int, list[Item]]] = attrs.field(factory=dict, init=False)
    _invited: dict[tuple[str, str], str] = attrs.field(factory=dict, init=False)
    _snapshots: defaultdict[str, list[int]] = attrs.field(factory=lambda: defaultdict(list), init=False)
    _accounts: dict[str, SellingAccount] = attrs.field(factory=dict, init=False)
    _counts: Counter[str] = attrs.field(factory=Counter, init=False)
    _changes: list[tuple[datetime, int, Change]] = attrs.field(factory=list, init=False)
    _scheduled: int = attrs.field(default=0, init=False)
    _seed_expiries: int = attrs.field(default=0, init=False)
    _senders: array[int] = attrs.field(factory=lambda: array("Q"), init=False)

    def __attrs_post_init__(self) -> None:
        """Make the shared collections."""
        seed = self.seed
        self.engagements = ItemCollection(seed.engagements, seed.engagement, _engagement_summary)
        self.invitations = ItemCollection(seed.engagements, seed.invitation, _same)
        self.snapshots = ItemCollection(seed.snapshots, seed.snapshot, _same)

    @property
    def name(self) -> str:
        """The catalog's name."""
        return self.seed.catalog

    def of(self, account: str) -> SellingAccount:
        """Return the items of an account."""
        if account not in self._accounts:
            seed = self.seed if account == self.seed.account_id else attrs.evolve(self.seed, opportunities=0)
            self._accounts[account] = SellingAccount(account, seed)
        return self._accounts[account]

    def accounts(self) -> list[SellingAccount]:
        """Return the items of all accounts that have been used; the owner's of the seeded data come first."""
        owner = self.of(self.seed.account_id)
        return [owner, *(each for _, each in sorted(self._accounts.items()) if each is not owner)]

    def identifier(self, prefix: str, **salt: int) -> str:
        """Return an unused identifier.

        Each catalog counts for itself: a change that is due in another one has no effect on it.
        """
        return make_identifier(prefix, self._random(prefix), MAX_ITEMS - self._counts[prefix], **salt)

    def opportunity_id(self) -> str:
        """Return an unused identifier of an opportunity."""
        self._counts["O"] += 1
        return self.seed.opportunity_ids.make(MAX_ITEMS - self._counts["O"])

    def _random(self, prefix: str) -> DeterministicRandom:
        self._counts[prefix] += 1
        return DeterministicRandom(f"{self.seed.seed}/{self.name}/made/{prefix}/{self._counts[prefix]}")

    def schedule(self, due: datetime, change: Change) -> None:
        """Apply a change at a time; it gets that time."""
        self._scheduled += 1
        heappush(self._changes, (due, self._scheduled, change))

    def settle(self, now: datetime) -> None:
        """Apply the changes that are due."""
        while now >= EARLIEST_EXPIRY and self._seed_expiries < self.invitations.count:
            step()
            item = self.invitations.item(self._seed_expiries)
            if item["Status"] == "PENDING":
                self.schedule_expiry(item)
            self._seed_expiries += 1
        while self._changes and self._changes[0][0] <= now:
            step()
            due, _, change = heappop(self._changes)
            self._pass_nights(due)
            change(due)
        self._pass_nights(now)

    def _pass_nights(self, now: datetime) -> None:
        """Let the nights until a time change the seeded items."""
        night = max(0, (now - SEED_DATE).days) if self.seed.nightly_changes else 0
        if night <= self.seed.night:
            return
        self.seed = attrs.evolve(self.seed, night=night)
        self.engagements.refresh(self.seed.engagement)
        owner = self._accounts.get(self.seed.account_id)
        if owner is not None:
            owner.seed = self.seed
            owner.opportunities.refresh(self.seed.opportunity)
            owner.customers.refresh(self.seed.customer)

    def schedule_expiry(self, invitation: Item) -> None:
        """Let a pending invitation expire when its time has come."""

        def expire(_: datetime) -> None:
            latest = self.invitations.find(invitation["Id"])
            if latest is not None and latest["Status"] == "PENDING":
                self.invitations.change(latest | {"Status": "EXPIRED"})

        self.schedule(datetime.fromisoformat(invitation["ExpirationDate"]), expire)

    def change_opportunity(self, account: str, item: Item, now: datetime) -> Item:
        """Replace an opportunity, take the snapshots of its running jobs, and return it."""
        own = self.of(account)
        changed = item | {"LastModifiedDate": next_timestamp(now, item["LastModifiedDate"])}
        own.opportunities.change(changed)
        for job in own.jobs_of(item["Id"]):
            if job["Status"] == "Running":
                self.run_job(job, now)
        return changed

    def start_review(self, account: str, identifier: str, submitted: datetime, step: timedelta) -> None:
        """Let AWS review a submitted opportunity: after one step it is in review, after another one it is decided."""
        for number, decide in ((1, lambda _: ("In review", None)), (2, decision)):
            self.schedule(submitted + number * step, _reviewing(self, account, identifier, decide))

    def run_job(self, job: Item, now: datetime) -> None:
        """Take the snapshot of a job, which runs from now on, unless nothing has changed since the one before."""
        opportunity = self.of(job["Account"]).opportunities.find(job["ResourceId"])
        if opportunity is None:
            raise LookupError(job["ResourceId"])
        latest = self.latest_snapshot(job["EngagementId"], job["ResourceId"])
        if latest is None or latest["Content"] != opportunity:
            self.take_snapshot(job["EngagementId"], job["Account"], opportunity, now)
        ran = {"Status": "Running", "LastSuccessfulExecutionDate": format_timestamp(now)}
        self.of(job["Account"]).jobs.change(job | ran)

    def latest_snapshot(self, engagement: str, resource: str) -> Item | None:
        """Return the latest snapshot of a resource in an engagement."""
        found = self.snapshots_of(engagement, resource)
        return self.snapshots.item(found[-1]) if found else None

    def is_member(self, account: str, engagement: int) -> bool:
        """Return whether an account is a member of the engagement at an index, without making a seeded one."""
        stored = self.engagements.stored(engagement)
        if stored is not None:
            return account in stored["Members"]
        if account == self.seed.account_id:
            return self.seed.is_member(engagement)
        return engagement % 2 == 1 and account == self._sender(engagement)

    def may_have_invitation(self, account: str, index: int, role: str) -> bool:
        """Return whether an account may have the role in the invitation at an index, without making a seeded one."""
        if self.invitations.is_stored(index):
            return True
        is_own = index % 2 == 0
        if account == self.seed.account_id:
            return is_own == (role == "SENDER")
        return role == "SENDER" and not is_own and account == self._sender(index)

    def _sender(self, index: int) -> str:
        """Return the account that has started a seeded engagement with an odd index; it takes little memory."""
        known = 2 * len(self._senders) + 1
        self._senders.extend(int(self.seed.sender(each).account_id) for each in range(known, index + 1, 2))
        return f"{self._senders[index // 2]:012d}"

    def snapshots_of(self, engagement: str, resource: str) -> list[int]:
        """Return the indices of the snapshots of a resource in an engagement, in the order of their revisions."""
        return [each for each in self.snapshots_in(engagement) if self.snapshots.item(each)["Resource"] == resource]

    def snapshots_in(self, engagement: str) -> list[int]:
        """Return the indices of the snapshots in an engagement, oldest first, without visiting those in others."""
        seeded = self._seeded(engagement)
        first = [] if seeded is None or seeded % 2 else [seeded // 2]
        return [*first, *self._snapshots.get(engagement, ())]

    def invitation_of(self, engagement: str, receiver: str) -> Item | None:
        """Return the latest invitation of an account to an engagement, without visiting others."""
        if (engagement, receiver) in self._invited:
            return self.invitations.find(self._invited[engagement, receiver])
        seeded = self._seeded(engagement)
        item = None if seeded is None else self.invitations.item(seeded)
        return item if item and item["Receiver"]["Account"]["AwsAccountId"] == receiver else None

    def add_invitation(self, invitation: Item) -> None:
        """Add a pending invitation, which will expire."""
        self.invitations.add(invitation)
        self._invited[invitation["EngagementId"], invitation["Receiver"]["Account"]["AwsAccountId"]] = invitation["Id"]
        self.schedule_expiry(invitation)

    def _seeded(self, engagement: str) -> int | None:
        """Return the index of a seeded engagement, which its invitation has too; None for any other engagement."""
        index = self.engagements.index(engagement)
        return index if index is not None and index < self.engagements.count else None

    def take_snapshot(self, engagement: str, account: str, opportunity: Item, now: datetime) -> Item:
        """Add a snapshot, and return it."""
        snapshot = {
            "Id": self.identifier("snap"),
            "Engagement": engagement,
            "Resource": opportunity["Id"],
            "Revision": len(self.snapshots_of(engagement, opportunity["Id"])) + 1,
            "CreatedBy": account,
            "CreatedAt": format_timestamp(now),
            "Content": opportunity,
        }
        self._snapshots[engagement].append(len(self.snapshots))
        self.snapshots.add(snapshot)
        return snapshot


def decision(opportunity: Item) -> tuple[str, str | None]:
    """Return how AWS decides on an opportunity, and why.

    No register has a company with the number zero, and no company has a site in the reserved domain `.invalid`; so
    tests can get each decision.
    """
    account = opportunity["Customer"]["Account"]
    if not account.get("Duns", "1").strip("0"):
        return "Rejected", "No register has this D-U-N-S number"
    if has_invalid_website(account):
        return "Action Required", "The website of the customer does not exist"
    return "Approved", None


def has_invalid_website(account: Item) -> bool:
    """Return whether the website of a customer is in the reserved domain `.invalid`."""
    url = account.get("WebsiteUrl", "")
    host = url.partition("://")[2].partition("/")[0] or url
    return bool(host.endswith(".invalid"))


def _reviewing(
    catalog: SellingCatalog, account: str, identifier: str, decide: Callable[[Item], tuple[str, str | None]]
) -> Change:
    """Return the change that sets the review status of an opportunity, if it is still under review then."""

    def change(due: datetime) -> None:
        item = catalog.of(account).opportunities.find(identifier)
        if item is None or item["LifeCycle"]["ReviewStatus"] not in REVIEWS:
            return
        status, reason = decide(item)
        life_cycle = item["LifeCycle"] | {"ReviewStatus": status}
        life_cycle.pop("ReviewStatusReason", None)
        if reason is not None:
            life_cycle["ReviewStatusReason"] = reason
        catalog.change_opportunity(account, item | {"LifeCycle": life_cycle}, due)

    return change
