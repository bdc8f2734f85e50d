"""A service that answers from Partner Central: open opportunities, the details of one, and a change of its next steps.

    uvicorn opportunity_api:app

It needs FastAPI and uvicorn. `/docs` describes the responses.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import attrs
from botocore.exceptions import BotoCoreError
from fastapi import Body, Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from aiopartnercentral import ServiceError, TimeExceededError, modify, selling

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with selling.connect(timeout=30) as client:  # one for all requests, on the event loop of the service
        app.state.client = client
        yield


def client_of(request: Request) -> selling.Client:
    client: selling.Client = request.app.state.client
    return client


app = FastAPI(title="Opportunities", lifespan=lifespan)
Client = Annotated[selling.Client, Depends(client_of)]
STATUSES = {"ResourceNotFoundException": 404, "ConflictException": 409, "ValidationException": 422}


@app.exception_handler(ServiceError)
async def service_error(_: Request, error: ServiceError) -> JSONResponse:
    status = 503 if error.is_retryable else STATUSES.get(error.code, 502)
    return JSONResponse({"code": error.code, "request_id": error.request_id}, status)


@app.exception_handler(TimeExceededError)
async def too_slow(_: Request, error: TimeExceededError) -> JSONResponse:
    return JSONResponse({"code": type(error).__name__, "request_id": None}, 504)


@app.exception_handler(BotoCoreError)
async def not_reached(_: Request, error: BotoCoreError) -> JSONResponse:
    """Answer that there is no connection, or that there are no credentials."""
    return JSONResponse({"code": type(error).__name__, "request_id": None}, 503)


@app.get("/{catalog}/opportunities")
async def opportunities(catalog: str, client: Client, limit: int = 50) -> list[selling.OpportunitySummary]:
    found: list[selling.OpportunitySummary] = []
    async for each in client.paginate.list_opportunities(catalog=catalog):
        is_open = each.life_cycle is None or each.life_cycle.stage not in {"Closed Lost", "Launched"}
        if is_open:
            found.append(each)
        if len(found) >= limit:
            break  # no further page is fetched
    return found


@app.get("/{catalog}/opportunities/{identifier}")
async def opportunity(catalog: str, identifier: str, client: Client) -> selling.GetOpportunityResponse:
    return await client.get_opportunity(catalog=catalog, identifier=identifier)


@app.put("/{catalog}/opportunities/{identifier}/next-steps")
async def next_steps(catalog: str, identifier: str, text: Annotated[str, Body(embed=True)], client: Client) -> bool:
    def changed(request: selling.UpdateOpportunityRequest) -> selling.UpdateOpportunityRequest:
        life_cycle = attrs.evolve(request.life_cycle or selling.LifeCycle(), next_steps=text)
        return attrs.evolve(request, life_cycle=life_cycle)

    current = selling.GetOpportunityRequest(catalog=catalog, identifier=identifier)
    return (await modify(client, current, selling.UpdateOpportunityRequest, changed)).is_sent
