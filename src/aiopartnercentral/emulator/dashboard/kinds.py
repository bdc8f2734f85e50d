"""The kinds of items of all services, and where the state has them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator import services
from aiopartnercentral.emulator.dashboard.resources import Collection
from aiopartnercentral.emulator.operations.context import RequestContext
from aiopartnercentral.emulator.operations.marketing import social_connections
from aiopartnercentral.emulator.state.collection import ItemCollection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from aiopartnercentral.emulator.services import Service
    from aiopartnercentral.emulator.state.catalog import AccountCatalog
    from aiopartnercentral.emulator.state.records import RecordStore
    from aiopartnercentral.emulator.state.selling import SellingCatalog
    from aiopartnercentral.emulator.state.state import State

Item = dict[str, Any]

_RECORD_SERVICES: Final = (services.BENEFITS, services.CHANNEL, services.MARKETING, services.REVENUE)
# For each service with tasks of records: the name of the tasks, and the kind of the records.
_RECORD_TASKS: Final = {
    services.MARKETING.name: ("campaign-asset-activation-tasks", "campaign"),
    services.REVENUE.name: ("revenue-attribution-allocations-tasks", "revenue-attribution"),
}
_PARTNER_TASKS: Final = (
    "profile-update-tasks",
    "qualifications-association-tasks",
    "qualifications-disassociation-tasks",
)
# Kinds that another name tells from similar ones of the service.
_CLEARER: Final = {"allocation": "marketplace-revenue-share-allocation"}
_SOCIAL: Final = "social-connection"
_WORD: Final = re.compile("(?<=[a-z])(?=[A-Z])")


def _given(items: Sequence[Item]) -> ItemCollection:
    """Return a collection of these items, of which each has an `Id`."""
    places = {item["Id"]: index for index, item in enumerate(items)}
    return ItemCollection(
        len(items), items.__getitem__, dict, index_of=lambda identifier: places.get(identifier, len(items))
    )


def collections(state: State, now: datetime) -> Iterator[Collection]:
    """Yield all collections; those of the owner of the seeded data come before those of other accounts."""
    for name in state.sizes:
        for own in state.catalogs_unsettled(name):
            own.update_profiles(now)
            yield from _of_account(own, now)
        yield from _of_selling(state.selling(name, now))
        for service in _RECORD_SERVICES:
            yield from _of_records(state, service, name, now)


def _of_account(own: AccountCatalog, now: datetime) -> Iterator[Collection]:
    named = {"connections": own.connections, "connection-invitations": own.invitations, "partners": own.partners}
    named["connection-preferences"] = _given([own.preferences | {"Id": own.preferences["Arn"].rpartition("/")[2]}])
    tasks: dict[str, list[Item]] = {kind: [] for kind in _PARTNER_TASKS}
    for partner, latest in own.tasks.items():
        for kind, task in zip(tasks, (latest.profile, latest.association, latest.disassociation), strict=True):
            if task is not None:
                tasks[kind].append({"Id": task.task_id, "PartnerId": partner, **task.as_response(now)})
    for kind, found in tasks.items():
        named[kind] = _given(found)
    for kind, items in named.items():
        yield Collection(services.ACCOUNT, kind, own.name, own.account, items, own.tags)


def _of_selling(selling: SellingCatalog) -> Iterator[Collection]:
    for own in selling.accounts():
        named = {
            "opportunities": own.opportunities,
            "solutions": own.solutions,
            "customer-accounts": own.customers,
            "customer-account-bulk-jobs": own.customer_jobs,
            "opportunity-bulk-jobs": own.opportunity_jobs,
            "resource-snapshot-jobs": own.jobs,
            **{f"{_WORD.sub('-', kind).lower()}-tasks": tasks for kind, tasks in own.tasks.items()},
        }
        for kind, items in named.items():
            yield Collection(services.SELLING, kind, selling.name, own.account, items, own.tags)
    shared = {
        "engagements": selling.engagements,
        "engagement-invitations": selling.invitations,
        "engagement-groups": _given(selling.seed.groups()),
        "resource-snapshots": selling.snapshots,
    }
    for kind, items in shared.items():
        yield Collection(services.SELLING, kind, selling.name, None, items)


def _of_records(state: State, service: Service, name: str, now: datetime) -> Iterator[Collection]:
    store = state.records(service.name, name, now)
    for kind in store.seeds:
        if kind == _SOCIAL:
            yield from _social_connections(state, name, now)
        else:
            yield Collection(service, _CLEARER.get(kind, kind), name, None, store.kind(kind), store.tags)
    if service.name in _RECORD_TASKS:
        yield from _tasks(store, service, name, state.owner)


def _social_connections(state: State, name: str, now: datetime) -> Iterator[Collection]:
    """Yield the social connections of each account; they follow from verifications, unless they are seeded."""
    prefix = f"{_SOCIAL}/{name}/"
    others = {account for account, kind in state.verifications if kind.startswith(prefix)} - {state.owner}
    for account in (state.owner, *sorted(others)):
        context = RequestContext(
            services.MARKETING, "ListSocialConnections", {"Catalog": name}, account, now, "", state
        )
        found = social_connections.connections(context)
        yield Collection(services.MARKETING, _SOCIAL, name, account, _given(found))


def _tasks(store: RecordStore, service: Service, name: str, owner: str) -> Iterator[Collection]:
    """Yield the latest task of each record of a service, for each account."""
    tasks, records = _RECORD_TASKS[service.name]
    found: dict[str, list[Item]] = {owner: []}
    for identifier, task in store.tasks.items():
        record = store.kind(records).get(identifier)
        if record is not None:
            found.setdefault(record.account, []).append({"Id": task["TaskId"], **task})
    for account, listed in sorted(found.items(), key=lambda each: (each[0] != owner, each[0])):
        yield Collection(service, tasks, name, account, _given(listed))
