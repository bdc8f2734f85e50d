"""A service with engagements, their members, opportunities and their details, answered over HTTP."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral import selling
from aiopartnercentral.bulk import Limits, Source
from tests.support.servers import Reply, scripted_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.support.servers import Received, ScriptedServer

MEMBERS = selling.listings.list_engagements().each(selling.listings.list_engagement_members, {"identifier": "id"})
DETAILS = selling.listings.list_opportunities().each(selling.Client.get_opportunity, {"identifier": "id"})
FAST = Limits(rate=10_000, backoff=0.001)


def engagement(name: str | None) -> dict[str, Any]:
    return {"Title": "t"} if name is None else {"Id": name, "Title": "t"}


def member(name: str) -> dict[str, Any]:
    return {"CompanyName": name, "AccountId": "123456789012"}


def opportunity(name: str | None) -> dict[str, Any]:
    found = {"Catalog": "AWS", "LastModifiedDate": "2026-01-01T00:00:00Z", "CreatedDate": "2026-01-01T00:00:00Z"}
    return found if name is None else {**found, "Id": name}


def detail(name: str) -> dict[str, Any]:
    return {**opportunity(name), "RelatedEntityIdentifiers": {}}


def error(code: str, status: int = 400) -> Reply:
    return Reply({"__type": code, "Message": "m"}, status=status)


@attrs.define
class Partners:
    """What a catalog has: pages of parents, each with the pages of its children.

    Attributes:
        pages: the pages of parents, which are pairs of a name and the names on each page of its children.
        before: called with each request; what it returns is the reply.
    """

    pages: Sequence[Sequence[tuple[str | None, Sequence[Sequence[str]]]]]
    before: Callable[[Received], Reply | None] = attrs.field(default=lambda _: None)
    delay: float = 0.0

    @property
    def parents(self) -> Mapping[str | None, Sequence[Sequence[str]]]:
        return {name: children for page in self.pages for name, children in page}

    @property
    def children(self) -> list[tuple[str, str]]:
        """The name of each parent and child, in order."""
        return [
            (str(name), child)
            for page in self.pages
            for name, children in page
            if name is not None
            for each in children
            for child in each
        ]

    def answer(self, received: Received) -> Reply:
        reply = self.before(received)
        return self.reply(received) if reply is None else reply

    def reply(self, received: Received) -> Reply:
        body = received.body
        number = int(body.get("NextToken", "p0")[1:])
        match received.operation:
            case "ListEngagements" | "ListOpportunities":
                pages, key = self.pages, "EngagementSummaryList"
                items = [engagement(name) for name, _ in self.pages[number]]
                if received.operation == "ListOpportunities":
                    key, items = "OpportunitySummaries", [opportunity(name) for name, _ in self.pages[number]]
            case "ListEngagementMembers":
                pages, key = self.parents[body["Identifier"]] or [[]], "EngagementMemberList"
                items = [member(name) for name in pages[number]]
            case _:
                return Reply(detail(body["Identifier"]), delay=self.delay)
        more = {"NextToken": f"p{number + 1}"} if number + 1 < len(pages) else {}
        return Reply({key: items, **more}, delay=self.delay)


def world(*sizes: int, children: int = 3, per_page: int = 2) -> Partners:
    """Return pages of so many parents, each with so many children."""
    names = iter(range(sum(sizes)))
    pages = [[(f"eng-{next(names):014}", size) for _ in range(size)] for size in sizes]
    return Partners(
        [
            [
                (
                    name,
                    [
                        [f"{name}.{number}" for number in range(start, min(start + per_page, children))]
                        for start in range(0, children, per_page)
                    ],
                )
                for name, _ in page
            ]
            for page in pages
        ]
    )


@contextmanager
def serving(**catalogs: Partners) -> Iterator[ScriptedServer]:
    """Serve catalogs by their names."""
    with scripted_server() as server:
        server.answer = lambda received: catalogs[received.body["Catalog"]].answer(received)
        yield server


def source(server: ScriptedServer, catalog: str = "AWS", label: str = "acme") -> Source:
    return Source(catalog, endpoint_url=server.url, region_name="us-east-1", label=label, account=label)


def asked(server: ScriptedServer, operation: str) -> list[Any]:
    return [json.dumps(each.body, sort_keys=True) for each in server.received if each.operation == operation]
