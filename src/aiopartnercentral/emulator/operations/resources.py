"""Plain resources: they are created, read, updated, deleted, listed and tagged, and belong to one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral.emulator.errors import EmulatedServiceError, conflict
from aiopartnercentral.emulator.operations import page_tokens, paging
from aiopartnercentral.emulator.operations.arns import catalog_of, identifier_of
from aiopartnercentral.emulator.operations.tagging import as_list, as_tags, with_tags, without_tags
from aiopartnercentral.emulator.seed.selling import arn
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence
    from datetime import datetime

    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.records import Record, RecordCollection, RecordStore

Item = dict[str, Any]
PAGE_SIZE: Final = 100
"""The items of a page without MaxResults."""
_UNFILTERED: Final = frozenset({"catalog", "maxresults", "nexttoken"})


def chosen(context: RequestContext, *names: str) -> Item:
    """Return the members of these names that a request has."""
    return {name: context.request[name] for name in names if name in context.request}


@attrs.frozen
class Resource:
    """A kind of resources.

    Arguments:
        path: what the ARN calls it, such as `revenue-attribution`.
        prefix: the beginning of its identifiers.
        id_member: the member of an item that has the identifier.
        revision_member: the member of an item that has the number of its revision; None if it has none.
        salt: the number of random letters and digits in an identifier.
        parent_member: the member of an item that has the identifier of the resource above it.
        is_public: whether all accounts see all of them.
    """

    path: str
    prefix: str
    id_member: str = "Id"
    revision_member: str | None = None
    salt: int = 8
    parent_member: str | None = None
    is_public: bool = False

    @property
    def arn_member(self) -> str:
        """The member of an item that has its ARN."""
        return "Arn" if self.id_member[0].isupper() else "arn"

    def records(self, context: RequestContext) -> RecordCollection:
        """Return the resources of all accounts."""
        return context.records.kind(self.path)

    def find(self, context: RequestContext, identifier: str, accounts: Iterable[str] = ()) -> Record:
        """Return a resource of the caller, or raise EmulatedServiceError.

        Arguments:
            context: the request.
            identifier: its identifier or its ARN.
            accounts: members of the resource that name further accounts which see it.
        """
        found = self.records(context).get(identifier_of(identifier))
        seen_by = () if found is None else (found.account, *(found.item.get(name) for name in accounts))
        if found is None or not (self.is_public or context.account in seen_by):
            raise self.missing(identifier)
        return found

    def missing(self, identifier: str) -> EmulatedServiceError:
        """Return the error for a resource that does not exist, or not for the caller."""
        details = {"ResourceId": identifier_of(identifier), "ResourceType": self.path}
        message = f"The {self.path.replace('-', ' ')} does not exist"
        return EmulatedServiceError("ResourceNotFoundException", message, reason="RESOURCE_NOT_FOUND", details=details)

    def refusal(self, reason: str, record: Record, identifier: str | None = None) -> EmulatedServiceError:
        """Return the ConflictException about a resource, or about another one with an identifier."""
        details = {"ResourceId": identifier or record.item[self.id_member], "ResourceType": self.path}
        return conflict(reason, details)

    def add(
        self,
        context: RequestContext,
        item: Item,
        *,
        parent: str = "",
        tags: Sequence[Item] = (),
        identifier: str | None = None,
    ) -> Item:
        """Add a resource of the caller, and return it with its identifier, ARN and first revision.

        Arguments:
            context: the request.
            item: its other members.
            parent: the path of the ARN above it, such as `program-management-account/pma-...`.
            tags: its tags.
            identifier: its identifier; by default an unused one.
        """
        is_pascal = self.id_member[0].isupper()
        accepted = as_tags([_in_pascal_case(each) for each in tags], "Tags" if is_pascal else "tags")
        identifier = identifier or context.records.identifier(self.prefix, self.salt)
        path = f"{parent}/{self.path}" if parent else self.path
        members = {
            self.id_member: identifier,
            self.arn_member: arn(context.account, context.catalog_name, path, identifier),
            "Catalog" if is_pascal else "catalog": context.catalog_name,
            **({self.revision_member: "1"} if self.revision_member else {}),
            **item,
        }
        above = members[self.parent_member] if self.parent_member else ""
        self.records(context).add(identifier, context.account, members, above)
        if accepted:
            context.records.tags[members[self.arn_member]] = accepted
        return members

    def change(self, record: Record, changes: Item) -> Item:
        """Make a new revision of a resource, without the members that are changed to None, and return it."""
        item = {name: value for name, value in {**record.item, **changes}.items() if value is not None}
        if self.revision_member is not None:
            item[self.revision_member] = str(len(record.revisions) + 1)
        record.replace(item)
        return item

    def remove(self, context: RequestContext, record: Record) -> None:
        """Delete a resource and its tags."""
        self.records(context).remove(record.item[self.id_member])
        context.records.tags.pop(record.item[self.arn_member], None)

    def children(self, context: RequestContext, parent: Record, id_member: str = "Id") -> list[Record]:
        """Return the resources below a resource, which has its identifier in some member."""
        return self.records(context).children(parent.item[id_member])

    def revision(self, record: Record, number: str | None) -> Item:
        """Return a revision of a resource, by default the latest, or raise EmulatedServiceError."""
        position = len(record.revisions) if number is None else int(number)
        if not 1 <= position <= len(record.revisions):
            raise self.missing(record.item[self.id_member])
        return record.revisions[position - 1]

    def check_revision(self, record: Record, given: str | None) -> None:
        """Raise EmulatedServiceError if a request is about an earlier revision."""
        latest = record.item[self.revision_member or ""]
        if given not in (None, latest):
            raise self.refusal("REVISION_MISMATCH", record)

    def listed(
        self,
        context: RequestContext,
        *,
        result_key: str,
        shape: str,
        keep: Callable[[Item], bool],
        order: Callable[[Item], Any] | None = None,
        descending: bool = False,
        indices: Sequence[int] | None = None,
        is_visible: Callable[[Record], bool] | None = None,
        shown: Callable[[Record], Item] = lambda record: record.item,
        due: Callable[[Record], datetime | None] | None = None,
        depends_on: Hashable = None,
        is_passing: bool = False,
    ) -> bytes:
        """Return a page of the resources that the caller sees.

        Arguments:
            context: the request.
            result_key: the member of the response that holds the items.
            shape: the shape of an item in it.
            keep: returns whether an item, as it is shown, passes the filters.
            order: returns what to sort an item by; None for the order of creation.
            descending: whether the order is descending.
            indices: those of the resources to list; by default of those that the caller owns.
            is_visible: returns whether the caller sees a resource; without it, it sees those that it owns.
            shown: returns a resource as it is shown; by default as it is stored.
            due: returns when what is shown of a resource changes next without a request; by default it never does.
            depends_on: what differs after a change of something else that what is shown depends on.
            is_passing: whether two requests may be shown the same resource differently, as that of a revision is.
        """
        request, records = context.request, self.records(context)
        records.refresh(depends_on, context.now)
        if indices is None:
            indices = records.all() if is_visible or self.is_public else records.of(context.account)

        latest: dict[int, Item] = {}

        def seen(index: int) -> Item:
            # A filter and an order look at the same resource one after the other.
            if index not in latest:
                latest.clear()
                record = records.at(index)
                if due is not None:
                    records.expire(due(record))
                latest[index] = shown(record)
            return latest[index]

        def passes(index: int) -> bool:
            return (is_visible is None or is_visible(records.at(index))) and keep(seen(index))

        known = context.service.validator.known

        def summaries(some: Sequence[int]) -> Iterable[bytes]:
            if is_passing:
                return [encode(known(shape, seen(index))) for index in some]
            return records.encoded.of(shape, some, lambda index: known(shape, seen(index)))

        size = request.get("MaxResults", request.get("maxResults", PAGE_SIZE))
        is_filtered = is_visible is not None or not _UNFILTERED.issuperset(map(str.lower, request))
        if order is None and not is_filtered:
            return paging.page(context, indices, summaries, result_key=result_key, size=size)
        key = page_tokens.list_key(context.service.name, context.account, context.operation, request)
        if order is None:
            return paging.page_of_matches(
                context,
                lambda first, count: records.selections.following(key, indices, passes, first, count),
                summaries,
                result_key=result_key,
                size=size,
            )
        found = records.selections.every(key, indices, passes, lambda index: order(seen(index)), descending=descending)
        return paging.page(context, found, summaries, result_key=result_key, size=size, ascending=False)


def response(context: RequestContext, members: Item) -> bytes:
    """Return the members of a value that the response of the operation has."""
    return encode(context.service.validator.known(context.service.output_shape(context.operation) or "", members))


def _in_pascal_case(tag: Item) -> Item:
    return {f"{name[0].upper()}{name[1:]}": value for name, value in tag.items()}


def _member(context: RequestContext, name: str) -> Any:  # noqa: ANN401 - JSON of any shape
    """Return a required member of a request by its name in PascalCase; some services begin it with a small letter."""
    return context.request[context.service.input_member(context.operation, name) or name]


def _tagged(context: RequestContext) -> tuple[RecordStore, str]:
    """Return where the tags of the caller's resource of a request are, and its ARN."""
    given: str = _member(context, "ResourceArn")
    name = catalog_of(given)
    if name is not None and name in context.state.sizes and given.split(":")[4] == context.account:
        store = context.state.records(context.service.name, name, context.now)
        record = store.kind(given.split("/")[-2]).get(identifier_of(given))
        if record is not None and given in (record.item.get("Arn"), record.item.get("arn")):
            return store, given
    details = {"ResourceId": given, "ResourceType": "resource"}
    raise EmulatedServiceError(
        "ResourceNotFoundException", "The resource does not exist", reason="RESOURCE_NOT_FOUND", details=details
    )


def list_tags_for_resource(context: RequestContext) -> bytes:
    """Return the tags of a resource."""
    store, given = _tagged(context)
    service, shape = context.service, context.service.output_shape(context.operation)
    tags = as_list(store.tags.get(given, {}))
    if "key" in service.shapes["Tag"]["members"]:
        tags = [{name.lower(): value for name, value in tag.items()} for tag in tags]
    told = {service.member(shape, "ResourceArn"): given, service.member(shape, "Tags"): tags}
    members = service.shapes[shape or ""]["members"]
    # Not every service tells the ARN, and some allow no empty list.
    return encode(
        {
            name: value
            for name, value in told.items()
            if name is not None and (value or not service.shapes[members[name]["shape"]].get("min"))
        }
    )


def tag_resource(context: RequestContext) -> bytes:
    """Add tags to a resource; existing keys get the new values."""
    store, given = _tagged(context)
    added = [_in_pascal_case(each) for each in _member(context, "Tags")]
    field = context.service.input_member(context.operation, "Tags") or "Tags"
    store.tags[given] = with_tags(store.tags.get(given, {}), added, field)
    return encode({})


def untag_resource(context: RequestContext) -> bytes:
    """Remove tags from a resource; unknown keys are ignored."""
    store, given = _tagged(context)
    store.tags[given] = without_tags(store.tags.get(given, {}), _member(context, "TagKeys"))
    return encode({})
