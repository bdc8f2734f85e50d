"""A service whose opportunities change, also while they are listed, and which filters by time as the real one does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import attrs

from tests.support.servers import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.servers import Received

PAGE = 3
KEY = {"ListOpportunities": "OpportunitySummaries", "SearchOpportunities": "OpportunitySearchSummaries"}
PARTNERS = "ListPartners"


@attrs.define
class Opportunity:
    number: int
    modified: datetime
    visible: datetime
    before: Opportunity | None = None


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"


@attrs.define(eq=False)
class ChangingService:
    """The answers of the service; its clock is its own, and moves with every request.

    Attributes:
        now: its clock; a month behind this machine's, so that it stays behind in a test of many days.
        delay: how long a change takes until listings show it.
        denied: catalogs to which it denies access.
        failing: catalogs of which it answers no page after the first one.
        step: how far the clock moves with each request.
        seconds: how long an answer takes, by the clock on the wall.
        sends_date: whether its answers have the time.
        dates_wrong: how far ahead the time in its answers is.
        on_request: called before each request is answered.
        asked: the lower bound of each request, by catalog.
    """

    now: datetime = attrs.field(factory=lambda: datetime.now(UTC) - timedelta(days=30))
    delay: timedelta = timedelta()
    denied: set[str] = attrs.field(factory=set)
    failing: set[str] = attrs.field(factory=set)
    step: timedelta = timedelta(seconds=1)
    seconds: float = 0.0
    sends_date: bool = True
    dates_wrong: timedelta = timedelta()
    on_request: Callable[[str], None] = lambda _: None
    asked: list[tuple[str, datetime | None]] = attrs.field(factory=list)
    items: dict[str, dict[str, Opportunity]] = attrs.field(factory=dict)

    def change(self, catalog: str, name: str) -> None:
        """Create or change an opportunity."""
        catalogued = self.items.setdefault(catalog, {})
        before = catalogued.get(name)
        number = 1 if before is None else before.number + 1
        catalogued[name] = Opportunity(number, self.now, self.now + self.delay, before)

    def revisions(self, catalog: str) -> set[tuple[str, str]]:
        """Return the identifier and the time of the last revision of everything in a catalog."""
        return {(name, _text(item.modified)) for name, item in self.items.get(catalog, {}).items()}

    def __call__(self, received: Received) -> Reply:
        catalog = received.body["Catalog"]
        self.on_request(catalog)
        reply = self._answer(received.operation, received.body, catalog)
        # To the second, like any server's.
        date = (
            {"Date": format_datetime((self.now + self.dates_wrong).replace(microsecond=0), usegmt=True)}
            if self.sends_date
            else {"Date": ""}
        )
        self.now += self.step
        return attrs.evolve(reply, headers=date, delay=self.seconds)

    def _answer(self, operation: str, body: dict[str, Any], catalog: str) -> Reply:
        after, token = _bound(operation, body), body.get("NextToken")
        self.asked.append((catalog, after))
        if catalog in self.denied:
            return Reply({"__type": "AccessDeniedException", "Message": "no", "Reason": "ACCESS_DENIED"}, status=400)
        if catalog in self.failing and token:
            return Reply({"__type": "ResourceNotFoundException", "Message": "no"}, status=400)
        if operation == PARTNERS:
            return Reply({"PartnerSummaryList": [_partner(catalog)]})
        found = []
        for name, item in sorted(self.items.get(catalog, {}).items()):
            shown: Opportunity | None = item
            while shown is not None and shown.visible > self.now:
                shown = shown.before
            if shown is not None and name > (token or "") and (after is None or _lets_through(operation, shown, after)):
                found.append(_summary(catalog, name, shown))
        more = {"NextToken": found[PAGE - 1]["Id"]} if len(found) > PAGE else {}
        return Reply({KEY[operation]: found[:PAGE], **more})


def _lets_through(operation: str, item: Opportunity, after: datetime) -> bool:
    return item.modified >= after if operation == "SearchOpportunities" else item.modified > after


def _bound(operation: str, body: dict[str, Any]) -> datetime | None:
    if operation == "SearchOpportunities":
        given = body.get("Filter")
        if given is None:
            return None
        own = given.get("AndAllFilters", [given])[-1].get("GreaterThanOrEquals")
        if own is None:
            return None
        assert own["Key"] == "LastModifiedDate"
        return datetime.fromisoformat(own["Value"]["DateValue"])
    bound = body.get("LastModifiedDate")
    return None if bound is None else datetime.fromisoformat(bound["AfterLastModifiedDate"])


def _summary(catalog: str, name: str, item: Opportunity) -> dict[str, Any]:
    return {
        "Catalog": catalog,
        "Id": name,
        "Arn": f"arn:aws:partnercentral:us-east-1::catalog/{catalog}/opportunity/{name}",
        "LastModifiedDate": _text(item.modified),
        "CreatedDate": "2024-05-01T12:00:00Z",
        "PartnerOpportunityIdentifier": f"revision {item.number}",
    }


def _partner(catalog: str) -> dict[str, Any]:
    return {"Catalog": catalog, "Arn": "a", "Id": "partner-1", "LegalName": "n", "CreatedAt": "2024-05-01T12:00:00Z"}
