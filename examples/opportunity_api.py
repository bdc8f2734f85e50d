"""A service that answers from Partner Central: the open opportunities of a catalog, and one with all its details.

    uvicorn opportunity_api:app

It needs FastAPI and uvicorn. `/docs` describes the responses.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, FastAPI, HTTPException, Request

from aiopartnercentral import selling

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with selling.connect() as client:  # one for all requests, on the event loop of the service
        app.state.client = client
        yield


def client_of(request: Request) -> selling.Client:
    client: selling.Client = request.app.state.client
    return client


app = FastAPI(title="Opportunities", lifespan=lifespan)
Client = Annotated[selling.Client, Depends(client_of)]


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
    try:
        return await client.get_opportunity(catalog=catalog, identifier=identifier)
    except selling.ResourceNotFoundException:
        raise HTTPException(404, "no such opportunity") from None
