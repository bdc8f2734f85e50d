"""Customer accounts: a partner creates them, and AWS matches each to a customer that it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiopartnercentral.emulator.errors import conflict, not_found
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.matching import moment
from aiopartnercentral.emulator.operations.tagging import as_list, as_tags
from aiopartnercentral.emulator.seed.selling import arn
from aiopartnercentral.emulator.state.clock import format_timestamp, next_timestamp
from aiopartnercentral.emulator.state.collection import encode
from aiopartnercentral.emulator.state.selling import has_invalid_website

if TYPE_CHECKING:
    from datetime import datetime

    from aiopartnercentral.emulator.operations.context import RequestContext

Item = dict[str, Any]
# What a match says of a customer account.
_OUTCOME = ("AwsEnrichment", "ReasonCode", "Message", "ExistingCustomerAccountArn")


def find_customer(context: RequestContext, identifier: str) -> Item:
    """Return a customer account of the caller, or raise EmulatedServiceError."""
    found = context.own.customers.find(identifier_of(identifier))
    if found is None:
        raise not_found("CUSTOMER_ACCOUNT_NOT_FOUND")
    return found


def create_customer_account(context: RequestContext) -> bytes:
    """Create a customer account, which AWS then matches."""
    return _response(context, add_customer(context))


def add_customer(context: RequestContext, **more: str) -> Item:
    """Add the customer account of a request, and return it."""
    tags = as_tags(context.request.get("Tags", ()), "Tags")
    identifier, now = context.selling.identifier("cust-acc"), format_timestamp(context.now)
    item = {
        "Catalog": context.selling.name,
        "Id": identifier,
        "Arn": arn(context.account, context.selling.name, "customer-account", identifier),
        "CreatedDate": now,
        **more,
        **_given(context),
    }
    context.own.customers.add(item)
    context.own.tags[item["Arn"]] = tags
    _match(context, item)
    return item


def update_customer_account(context: RequestContext) -> bytes:
    """Replace what a partner tells of a customer account, which is then matched again."""
    before = find_customer(context, context.request["Identifier"])
    if moment(context.request["LastModifiedDate"]) != moment(before["LastModifiedDate"]):
        raise conflict("CUSTOMER_ACCOUNT_HAS_CHANGED_SINCE_LAST_MODIFIED_DATE")
    kept = {name: value for name, value in before.items() if name not in (*_OUTCOME, "PartnerAccountIdentifier")}
    changed = {"LastModifiedDate": next_timestamp(context.now, before["LastModifiedDate"])}
    item = {**kept, **_given(context), **changed}
    context.own.customers.change(item)
    _match(context, item)
    return _response(context, item)


def _given(context: RequestContext) -> Item:
    request = context.request
    named = {name: request[name] for name in ("PartnerAccountIdentifier",) if name in request}
    changed = format_timestamp(context.now)
    return {"Account": request["Account"], "EnrichmentStatus": "PENDING", "LastModifiedDate": changed, **named}


def _response(context: RequestContext, item: Item) -> bytes:
    output = context.service.output_shape(context.operation) or ""
    return encode(context.service.validator.known(output, {**item, "Status": item["EnrichmentStatus"]}))


def _match(context: RequestContext, item: Item) -> None:
    """Let AWS match a customer account, unless it changes or is deleted before that."""
    own, identifier, revision = context.own, item["Id"], item["LastModifiedDate"]
    number = item["Account"].get("Duns")
    if number is not None and own.customer_with(number, identifier) is None:
        own.duns[number] = identifier

    def finish(due: datetime) -> None:
        latest = own.customers.find(identifier)
        if latest is None or (latest["EnrichmentStatus"], latest["LastModifiedDate"]) != ("PENDING", revision):
            return
        other = own.customer_with(latest["Account"].get("Duns"), identifier)
        own.customers.change(
            {**latest, **_outcome(latest["Account"], other), "LastModifiedDate": next_timestamp(due, revision)}
        )

    context.selling.schedule(context.now + context.state.task_time, finish)


def _outcome(account: Item, other: Item | None) -> Item:
    """Return how AWS matches a customer account: what it adds is only what the partner has told."""
    if other is not None:
        message = "Another customer account has this D-U-N-S number."
        reason = {"ReasonCode": "DUPLICATE_CUSTOMER_MATCH", "ExistingCustomerAccountArn": other["Arn"]}
        return {"EnrichmentStatus": "ACTION_REQUIRED", "Message": message, **reason}
    if not account.get("Duns", "1").strip("0"):
        message = "No register has this D-U-N-S number: correct it."
        return {"EnrichmentStatus": "ACTION_REQUIRED", "Message": message, "ReasonCode": "PROCESSING_ERROR"}
    if has_invalid_website(account):
        return {"EnrichmentStatus": "NO_MATCH_FOUND"}
    told = {
        "AccountName": account["CompanyName"],
        "Industry": account.get("Industry"),
        "Country": account.get("Address", {}).get("CountryCode"),
    }
    customer = {name: value for name, value in told.items() if value}
    return {"EnrichmentStatus": "ENRICHED", "AwsEnrichment": {"Customer": customer}}


def get_customer_account(context: RequestContext) -> bytes:
    """Return one customer account."""
    found = find_customer(context, context.request["Identifier"])
    tags = as_list(context.own.tags.get(found["Arn"], {}))
    shown = {**found, **({"Tags": tags} if tags else {})}
    return encode(context.service.validator.known("GetCustomerAccountResponse", shown))


def delete_customer_account(context: RequestContext) -> bytes:
    """Delete a customer account; deleting one that does not exist has no effect."""
    own = context.own
    found = own.customers.find(identifier_of(context.request["Identifier"]))
    if found is not None:
        own.customers.remove(found["Id"])
        own.tags.pop(found["Arn"], None)
        job = own.customer_jobs.find(found.get("Import", ""))
        if job is not None:
            own.customer_jobs.change({**job, "DeletedCount": job["DeletedCount"] + 1})
    return encode({})


def as_engagement_customer(customer: Item) -> Item:
    """Return what an engagement tells of a customer account."""
    account = customer["Account"]
    told = {name: account.get(name) for name in ("CompanyName", "Industry", "WebsiteUrl")}
    told["CountryCode"] = account.get("Address", {}).get("CountryCode")
    return {name: value for name, value in told.items() if value}
