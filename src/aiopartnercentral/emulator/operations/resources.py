"""Plain resources: they are created, read, updated, deleted, listed and tagged, and belong to one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral.emulator.errors import EmulatedServiceError, conflict
from aiopartnercentral.emulator.operations import paging
from aiopartnercentral.emulator.operations.arns import catalog_of, identifier_of
from aiopartnercentral.emulator.operations.tagging import as_list, as_tags, with_tags, without_tags
from aiopartnercentral.emulator.seed.selling import arn
from aiopartnercentral.emulator.state.collection import encode
from aiopartnercentral.emulator.state.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.records import RecordStore

Item = dict[str, Any]
_PAGE_SIZE: Final = 100


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
    """

    path: str
    prefix: str
    id_member: str = "Id"
    revision_member: str | None = None
    salt: int = 8

    def records(self, context: RequestContext) -> dict[str, Record]:
        """Return the resources of all accounts by identifier, oldest first."""
        return context.records.records[self.path]

    def find(self, context: RequestContext, identifier: str, accounts: Iterable[str] = ()) -> Record:
        """Return a resource of the caller, or raise EmulatedServiceError.

        Arguments:
            context: the request.
            identifier: its identifier or its ARN.
            accounts: members of the resource that name further accounts which see it.
        """
        found = self.records(context).get(identifier_of(identifier))
        if found is None or context.account not in (found.account, *(found.item.get(name) for name in accounts)):
            details = {"ResourceId": identifier_of(identifier), "ResourceType": self.path}
            message = f"The {self.path.replace('-', ' ')} does not exist"
            raise EmulatedServiceError(
                "ResourceNotFoundException", message, reason="RESOURCE_NOT_FOUND", details=details
            )
        return found

    def add(self, context: RequestContext, item: Item, *, parent: str = "", tags: Sequence[Item] = ()) -> Item:
        """Add a resource of the caller, and return it with its identifier, ARN and first revision.

        Arguments:
            context: the request.
            item: its other members.
            parent: the path of the ARN above it, such as `program-management-account/pma-...`.
            tags: its tags.
        """
        is_pascal = self.id_member[0].isupper()
        accepted = as_tags([_in_pascal_case(each) for each in tags], "Tags" if is_pascal else "tags")
        identifier = context.records.identifier(self.prefix, self.salt)
        path = f"{parent}/{self.path}" if parent else self.path
        members = {
            self.id_member: identifier,
            "Arn" if is_pascal else "arn": arn(context.account, context.catalog_name, path, identifier),
            "Catalog" if is_pascal else "catalog": context.catalog_name,
            **({self.revision_member: "1"} if self.revision_member else {}),
            **item,
        }
        record = Record(context.account, {})
        record.replace(members)
        self.records(context)[identifier] = record
        context.records.tags[members["Arn" if is_pascal else "arn"]] = accepted
        return members

    def change(self, record: Record, changes: Item) -> Item:
        """Make a new revision of a resource, and return it."""
        item = {**record.item, **changes}
        if self.revision_member is not None:
            item[self.revision_member] = str(len(record.revisions) + 1)
        record.replace(item)
        return item

    def remove(self, context: RequestContext, record: Record) -> None:
        """Delete a resource and its tags."""
        del self.records(context)[record.item[self.id_member]]
        context.records.tags.pop(record.item["Arn" if self.id_member[0].isupper() else "arn"], None)

    def revision(self, record: Record, number: str | None) -> Item:
        """Return a revision of a resource, by default the latest, or raise EmulatedServiceError."""
        position = len(record.revisions) if number is None else int(number)
        if not 1 <= position <= len(record.revisions):
            details = {"ResourceId": record.item[self.id_member], "ResourceType": self.path}
            message = f"The {self.path.replace('-', ' ')} does not have this revision"
            raise EmulatedServiceError(
                "ResourceNotFoundException", message, reason="RESOURCE_NOT_FOUND", details=details
            )
        return record.revisions[position - 1]

    def check_revision(self, record: Record, given: str | None) -> None:
        """Raise EmulatedServiceError if a request is about an earlier revision."""
        latest = record.item[self.revision_member or ""]
        if given not in (None, latest):
            details = {"ResourceId": record.item[self.id_member], "ResourceType": self.path}
            raise conflict("REVISION_MISMATCH", details)

    def listed(
        self,
        context: RequestContext,
        *,
        result_key: str,
        shape: str,
        keep: Callable[[Item], bool],
        order: Callable[[Item], Any] | None = None,
        descending: bool = False,
        is_visible: Callable[[Record], bool] | None = None,
        shown: Callable[[Record], Item] = lambda record: record.item,
    ) -> bytes:
        """Return a page of the resources that the caller sees.

        Arguments:
            context: the request.
            result_key: the member of the response that holds the items.
            shape: the shape of an item in it.
            keep: returns whether an item passes the filters.
            order: returns what to sort an item by; None for the order of creation.
            descending: whether the order is descending.
            is_visible: returns whether the caller sees a resource; by default those that it owns.
            shown: returns a resource as it is shown; by default as it is stored.
        """
        visible = is_visible or (lambda record: record.account == context.account)
        items = [shown(each) for each in self.records(context).values() if visible(each) and keep(each.item)]
        if order is not None:
            items.sort(key=order, reverse=descending)
        known, request = context.service.validator.known, context.request
        return paging.page(
            context,
            range(len(items)),
            lambda indices: [encode(known(shape, items[index])) for index in indices],
            result_key=result_key,
            size=request.get("MaxResults", request.get("maxResults", _PAGE_SIZE)),
        )


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
        store = context.state.records(context.service.name, name)
        if given in store.tags:
            return store, given
    details = {"ResourceId": given, "ResourceType": "resource"}
    raise EmulatedServiceError(
        "ResourceNotFoundException", "The resource does not exist", reason="RESOURCE_NOT_FOUND", details=details
    )


def list_tags_for_resource(context: RequestContext) -> bytes:
    """Return the tags of a resource."""
    store, given = _tagged(context)
    service, shape = context.service, context.service.output_shape(context.operation)
    tags = as_list(store.tags[given])
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
    store.tags[given] = with_tags(store.tags[given], added, field)
    return encode({})


def untag_resource(context: RequestContext) -> bytes:
    """Remove tags from a resource; unknown keys are ignored."""
    store, given = _tagged(context)
    store.tags[given] = without_tags(store.tags[given], _member(context, "TagKeys"))
    return encode({})
