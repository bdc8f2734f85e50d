"""The items of all services in one form: how they are found by identifier, and a summary of each."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import anyio.lowlevel
import attrs

from aiopartnercentral.emulator.dashboard.redaction import HIDDEN, redacted_item
from aiopartnercentral.emulator.state.collection import ItemCollection
from aiopartnercentral.emulator.state.records import RecordCollection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aiopartnercentral.emulator.services import Service

Item = dict[str, Any]

INDEXED: Final = 50_000
"""How many items of a collection are filtered, sorted and searched, the newest first."""
BUDGET_SECONDS: Final = 0.4
"""How long a page may take to summarise items; the next request of the page continues."""
_CHUNK: Final = 50
# How many items that are known already are examined at once.
_KNOWN_CHUNK: Final = 5000

# The members that a summary is made of, in any case of their first letter; the first one that an item has is used.
_NAMES: Final = ("DisplayName", "EngagementTitle", "Title", "CampaignName", "Name", "CustomerUseCase")
_STATUSES: Final = ("Status", "State", "EnrichmentStatus", "ReviewStatus", "TaskStatus", "Visibility")
_DETAILS: Final = (
    *("ConnectionType", "ParticipantType", "OpportunityType", "Stage", "Industry", "Category", "PayloadType"),
    *("Program", "HandshakeType", "AssociationType", "FulfillmentTypes", "TenancyModel", "CampaignType"),
    *("Platform", "Type"),
)
_CREATED: Final = ("CreatedAt", "CreatedDate", "InvitationDate", "StartTime", "StartedAt", "ConnectedAt")
_UPDATED: Final = ("UpdatedAt", "LastModifiedDate", "LastModifiedAt", "ModifiedAt", "LastSuccessfulExecutionDate")
_TIMES: Final = (*(f"{name[0].lower()}{name[1:]}" for name in _UPDATED), *_UPDATED, *_CREATED)
_EXPIRES: Final = ("ExpiresAt", "ExpirationDate")
_MOST_DETAILS: Final = 3
_MOST_CHANGES: Final = 40


@attrs.frozen
class Summary:
    """A row of a list.

    Attributes:
        identifier: the identifier.
        account: the account that owns the item.
        name: its name, or another text that tells it from others.
        details: values such as types and stages.
        status: its status, and that of each of its parts.
        created: when it was created.
        updated: when it was changed.
        expires: when it expires if it is still pending then.
    """

    identifier: str
    account: str
    name: str
    details: str
    status: str
    created: str
    updated: str
    expires: str

    def shown(self, now: datetime) -> dict[str, str]:
        """Return what is shown at a time."""
        # The state itself marks expired items only when a request is executed.
        is_expired = self.status == "PENDING" and self.expires and datetime.fromisoformat(self.expires) <= now
        return {
            "id": self.identifier,
            "name": self.name,
            "details": self.details,
            "status": "EXPIRED" if is_expired else self.status,
            "account": self.account,
            "created": self.created,
            "updated": self.updated or self.created,
        }


@attrs.frozen(eq=False, slots=False)
class Collection:
    """The items of one kind in a catalog: those of one account, or those of all accounts.

    Arguments:
        service: the service.
        kind: the name of the kind.
        catalog: the name of the catalog.
        account: the account that owns them; None if several accounts do.
        items: the items themselves, or records of them.
        tags: the tags of each resource, by its ARN.
    """

    service: Service
    kind: str
    catalog: str
    account: str | None
    items: ItemCollection | RecordCollection
    tags: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)

    def __len__(self) -> int:
        return len(self.indices)

    @cached_property
    def indices(self) -> Sequence[int]:
        """The indices of the items, oldest first."""
        return self.items.indices if isinstance(self.items, ItemCollection) else self.items.all()

    def at(self, index: int) -> tuple[str, str, Item]:
        """Return identifier, account and contents of an item."""
        if isinstance(self.items, ItemCollection):
            item = self.items.item(index)
            return item["Id"], self.account or _owner(item), item
        record = self.items.at(index)
        return record.item[self._id_member], record.account, record.item

    @cached_property
    def _id_member(self) -> str:
        """The member of a record's item that has its identifier."""
        for index in self.indices:
            for name, value in self.items.at(index).item.items() if isinstance(self.items, RecordCollection) else ():
                if isinstance(value, str) and self.has(value):
                    return name
        return "Id"

    def has(self, identifier: str) -> bool:
        """Return whether there is an item with an identifier."""
        found = self.items.find(identifier) if isinstance(self.items, ItemCollection) else self.items.get(identifier)
        return found is not None

    def sizes(self) -> dict[str, int]:
        """Return the number of items of each account, as far as no item must be visited for that."""
        if self.account is not None:
            return {self.account: len(self)}
        owners = self.items.accounts() if isinstance(self.items, RecordCollection) else ()
        return {account: len(self.of(account)) for account in owners}

    def of(self, account: str) -> Sequence[int]:
        """Return the indices of the records that an account owns."""
        return self.items.of(account) if isinstance(self.items, RecordCollection) else ()

    def versions(self, identifier: str) -> list[Item]:
        """Return the latest versions of an item, oldest first; empty if it does not exist."""
        if isinstance(self.items, ItemCollection):
            return self.items.versions(identifier)
        found = self.items.get(identifier)
        return [] if found is None else list(found.revisions)

    def tags_of(self, item: Item) -> Mapping[str, str]:
        """Return the tags of an item."""
        return self.tags.get(str(item.get("Arn", item.get("arn"))), {})

    def owner_of(self, identifier: str) -> str:
        """Return the account that owns an existing item."""
        if isinstance(self.items, ItemCollection):
            return self.account or _owner(self.items.find(identifier) or {})
        found = self.items.get(identifier)
        return "" if found is None else found.account

    def summary(self, index: int) -> Summary:
        """Return the summary of an item."""
        identifier, account, item = self.at(index)
        members: dict[str, list[str]] = {}
        for name, text in _leaves("", redacted_item(self.service, item), []):
            if text != HIDDEN:
                members.setdefault(f"{name[:1].upper()}{name[1:]}", []).append(text)

        def first(names: tuple[str, ...]) -> list[str]:
            return next((members[name] for name in names if name in members), [])

        details = [text for name in _DETAILS for text in dict.fromkeys(members.get(name, ()))]
        if "ConnectionTypes" in item:
            details = [*item["ConnectionTypes"]]
        # An item's own status counts, or else those of its parts.
        status = next((name for name in _STATUSES if name in members), "")
        own = item.get(status, item.get(f"{status[:1].lower()}{status[1:]}"))
        statuses = [own] if isinstance(own, str) else members.get(status, [])
        return Summary(
            identifier,
            account,
            next(iter(first(_NAMES)), ""),
            ", ".join(list(dict.fromkeys(details))[:_MOST_DETAILS]),
            ", ".join(dict.fromkeys(statuses)),
            next(iter(first(_CREATED)), ""),
            next(iter(first(_UPDATED)), ""),
            next(iter(first(_EXPIRES)), ""),
        )


@attrs.frozen(eq=False, slots=False)
class Entry:
    """An item of an index; what a filter needs of it is made when it is first needed.

    Attributes:
        collection: the collection that has the item.
        index: its index there.
        stored: the item if it was changed or added; another entry replaces this one after a change.
    """

    collection: Collection
    index: int
    stored: object

    @cached_property
    def text(self) -> str:
        """All its values in lower case, one a line, for the search."""
        identifier, account, item = self.collection.at(self.index)
        return "\n".join((identifier, account, *(text for _, text in _leaves("", item, [])))).lower()

    @cached_property
    def summary(self) -> Summary:
        """Its summary."""
        return self.collection.summary(self.index)


def _owner(item: Mapping[str, Any]) -> str:
    """Return the account that has made an item which several accounts share."""
    return str(item.get("CreatedBy") or item.get("SenderAwsAccountId") or "")


def _leaves(name: str, value: object, found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Add the names and the texts of all values in a JSON value to a list, and return it."""
    if isinstance(value, dict):
        for key, item in value.items():
            _leaves(key, item, found)
    elif isinstance(value, list | tuple):
        for item in value:
            _leaves(name, item, found)
    elif value is not None:
        found.append((name, str(value)))
    return found


def history(versions: list[Item]) -> list[Item]:
    """Return what each version of an item has changed, the latest first."""
    changes: list[Item] = []
    for number, (before, after) in enumerate(zip([{}, *versions], versions, strict=False), 1):
        old, new = dict(_flat("", before)), dict(_flat("", after))
        differences = [
            {"member": name, "before": old.get(name), "after": new.get(name)}
            for name in dict.fromkeys((*old, *new))
            if old.get(name) != new.get(name)
        ]
        moment = next((new[name] for name in _TIMES if name in new), None)
        shown = differences[:_MOST_CHANGES] if number > 1 else []
        changes.append({"version": number, "at": moment, "changes": shown, "count": len(differences)})
    return changes[::-1]


def _flat(path: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield the path and the value of everything in a JSON value that is not an object or a list."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if entries is None:
        yield path, value
    else:
        for key, item in entries:
            yield from _flat(f"{path}.{key}" if path else str(key), item)


@attrs.define
class Budget:
    """How long a page may take to summarise items; however short it is, some are summarised.

    Arguments:
        seconds: how long.
    """

    seconds: float
    _started: float = attrs.field(factory=perf_counter, init=False)
    _made: int = attrs.field(default=0, init=False)

    async def spend(self) -> bool:
        """Count an item, and let other requests be served now and then; returns whether there is still time."""
        if self._made and self._made % _CHUNK == 0:
            await anyio.lowlevel.checkpoint()
            if perf_counter() > self._started + self.seconds:
                return False
        self._made += 1
        return True


@attrs.define(eq=False)
class Index:
    """The items that were examined before, so that the next filter, order or search needs less time."""

    _known: dict[tuple[str, str, str, str | None], tuple[object, int, dict[int, Entry]]] = attrs.field(
        factory=dict, init=False, repr=False
    )

    async def entries(self, collection: Collection, budget: Budget, *parts: str) -> tuple[list[Entry], bool]:
        """Return the newest items, newest first, and whether these are all.

        Other requests are served in between. Cancelling this keeps what is known so far.

        Arguments:
            collection: the items.
            budget: how long this and the other collections of a page may take.
            parts: the names of the attributes of each entry that are needed.
        """
        key = (collection.service.name, collection.kind, collection.catalog, collection.account)
        items = collection.items
        refreshes = items.refreshes if isinstance(items, ItemCollection) else 0
        known_items, known_refreshes, known = self._known.get(key, (None, 0, {}))
        if known_items is not items or known_refreshes != refreshes:
            known = {}
            self._known[key] = (items, refreshes, known)
        found: list[Entry] = []
        indices = collection.indices
        oldest = max(0, len(indices) - INDEXED)
        for position in range(len(indices) - 1, oldest - 1, -1):
            if position % _KNOWN_CHUNK == 0:
                await anyio.lowlevel.checkpoint()
            index = indices[position]
            stored, entry = items.stored(index), known.get(index)
            if entry is None or entry.stored is not stored:
                entry = known[index] = Entry(collection, index, stored)
            if any(part not in vars(entry) for part in parts):
                if not await budget.spend():
                    return found, False
                for part in parts:
                    getattr(entry, part)
            found.append(entry)
        return found, oldest == 0
