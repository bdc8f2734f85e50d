"""Campaign templates, which AWS publishes for all accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.operations import paging
from aiopartnercentral.emulator.operations.matching import is_one_of, moment
from aiopartnercentral.emulator.operations.resources import PAGE_SIZE, Resource, response
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiopartnercentral.emulator.operations.context import RequestContext

Item = dict[str, Any]

TEMPLATES: Final = Resource("campaign-template", "tmpl", is_public=True)
# The members of a template by the filter for them.
_FACETS: Final = {
    "Industry": "Industry",
    "UseCase": "UseCase",
    "Language": "LanguageCode",
    "AwsServices": "AwsServices",
    "CustomerSegments": "CustomerSegments",
    "Themes": "Themes",
    "Collection": "Collection",
}
_PREFIX_LENGTH: Final = 3
_UNMATCHED: Final = 3


def find_template(context: RequestContext, identifier: str) -> Item:
    """Return a template that is available by now, or raise EmulatedServiceError."""
    item = TEMPLATES.find(context, identifier).item
    if not _is_available(context, item):
        raise TEMPLATES.missing(identifier)
    return item


def _is_available(context: RequestContext, item: Item) -> bool:
    return moment(item["EffectiveDateBegin"]) <= context.now


def get_campaign_template(context: RequestContext) -> bytes:
    """Return one template."""
    return response(context, {"CampaignTemplate": find_template(context, context.request["Identifier"])})


def search_campaign_templates(context: RequestContext) -> bytes:
    """Return a page of the templates that match, the best matches first."""
    request, records = context.request, TEMPLATES.records(context)
    found = []
    for index in records.all():
        item = records.at(index).item
        rank = _rank(item, request["SearchText"]) if "SearchText" in request else 0
        if _is_available(context, item) and rank < _UNMATCHED and _passes(item, context):
            found.append((rank, index))
    found.sort()
    known = context.service.validator.known
    page = paging.page(
        context,
        range(len(found)),
        lambda some: [encode(known("CampaignTemplateSummary", records.at(found[each][1]).item)) for each in some],
        result_key="CampaignTemplates",
        size=request.get("MaxResults", PAGE_SIZE),
    )
    return b'{"TotalResults":%d,' % len(found) + page[1:]


def _passes(item: Item, context: RequestContext) -> bool:
    """Return whether a template has, for each filter, one of its values."""
    for facet, member in _FACETS.items():
        values = item[member] if isinstance(item[member], list) else [item[member]]
        if not any(is_one_of(each, context.request.get(facet)) for each in values):
            return False
    return True


def _rank(item: Item, text: str) -> int:
    """Return how well a template matches: its name has the text, or one has a whole word of it, or a prefix."""
    wanted, name = text.lower().split(), item["Name"].lower()
    if f" {' '.join(wanted)} " in f" {name} ":
        return 0
    words = f"{name} {item['Description'].lower()}".split()
    if not set(words).isdisjoint(wanted):
        return 1
    is_prefix = bool(wanted) and len(wanted[-1]) >= _PREFIX_LENGTH and _has_prefix(words, wanted[-1])
    return 2 if is_prefix else _UNMATCHED


def _has_prefix(words: Sequence[str], prefix: str) -> bool:
    return any(word.startswith(prefix) for word in words)
