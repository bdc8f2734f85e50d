"""What an opportunity is associated with: solutions, products and offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.emulator.errors import invalid_field, not_found
from aiopartnercentral.emulator.operations.selling.opportunities import check_editable, find_opportunity
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import RequestContext


def associate_opportunity(context: RequestContext) -> bytes:
    """Associate an opportunity with an entity; doing it again has no effect."""
    kind, entity = _entity(context)
    item = find_opportunity(context, context.request["OpportunityIdentifier"])
    check_editable(item)
    if kind == "Solutions":
        solution = context.own.solutions.find(entity)
        if solution is None:
            raise not_found("SOLUTION_NOT_FOUND")
        if solution["Status"] != "Active":
            raise invalid_field("RelatedEntityIdentifier", "must be an active solution", "INVALID_RESOURCE_STATE")
    related = item["RelatedEntityIdentifiers"]
    if entity not in related.get(kind, ()):
        changed = related | {kind: [*related.get(kind, ()), entity]}
        context.selling.change_opportunity(context.account, item | {"RelatedEntityIdentifiers": changed}, context.now)
    return encode({})


def disassociate_opportunity(context: RequestContext) -> bytes:
    """End the association of an opportunity with an entity."""
    kind, entity = _entity(context)
    item = find_opportunity(context, context.request["OpportunityIdentifier"])
    check_editable(item)
    related = item["RelatedEntityIdentifiers"]
    if entity not in related.get(kind, ()):
        raise not_found("ASSOCIATION_NOT_FOUND")
    changed = related | {kind: [each for each in related[kind] if each != entity]}
    context.selling.change_opportunity(context.account, item | {"RelatedEntityIdentifiers": changed}, context.now)
    return encode({})


def _entity(context: RequestContext) -> tuple[str, str]:
    """Return the kind and the identifier of the entity, or raise EmulatedServiceError if it is of another kind."""
    kind, entity = context.request["RelatedEntityType"], context.request["RelatedEntityIdentifier"]
    shapes = context.service.shapes
    member = shapes[shapes["RelatedEntityIdentifiers"]["members"][kind]["shape"]]["member"]["shape"]
    for problem in context.service.validator.problems(member, entity, "RelatedEntityIdentifier"):
        raise invalid_field(problem.name, problem.message, problem.code)
    return kind, entity
