"""Is it alive, is it ready, how far is everything: for whoever keeps it running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated

import psycopg
from fastapi import APIRouter, Path, Query, Request, Response
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, Field

from adapters import schema
from commands.command import NothingThere
from domain.access import Principal
from domain.identity import Position
from domain.log import LogUnavailable
from projections.projector import Status, parked, status
from services.api.answers import ParkedLine, ParkedStreams, Progress, Projections
from services.api.asking import Asks, Question, allowed, of_the_desk
from services.api.counting import exposition
from services.api.describing import Questions
from services.api.problems import NobodyKeeps, NotReady, documented
from services.api.reading import MOST_LINES

NEEDED = frozenset(
    {
        "calendars",
        "deadlines",
        "desk",
        "leads",
        "ledger",
        "notices",
        "people",
        "policies",
        "queues",
        "rulebook",
        "sources",
        "teams",
        "timeline",
    }
)
"""The read models that questions are answered from, and that the timekeeper and the notifier work from."""
LONGEST_LOOK_SECONDS = 2.0
"""Whoever asks here asks every few seconds, and has the next question ready."""

public = APIRouter(tags=["Operations"])
operations = Questions(tags=["Operations"])


class Alive(BaseModel):
    """The process answers."""

    alive: bool = True


class Lag(BaseModel):
    """How far one read model is."""

    projection: str
    position: Position
    lag_events: int = Field(description="Events of the log that it has not read yet.")
    parked_streams: int = Field(description="Streams that it has set aside because an event could not be folded.")


class Ready(BaseModel):
    """The database is there and has the right shape, and every read model is being kept."""

    ready: bool = True
    log_head: Position
    projections: list[Lag]


@public.get("/health", openapi_extra={"security": []})
async def health() -> Alive:
    """Whether the process is alive; it asks nobody."""
    return Alive()


@public.get("/ready", openapi_extra={"security": []}, responses=documented(503))
async def ready(request: Request, ask: Question) -> Ready:
    """Whether it makes sense to send requests here."""
    async with in_time():
        if not request.app.state.schema_checked:
            await schema.check(request.app.state.dsn)
            request.app.state.schema_checked = True
        head, found = await _how_far(ask)
    if NEEDED - {one.projection for one in found}:
        raise NotReady
    if abandoned := [one.projection for one in found if one.abandoned]:
        raise NobodyKeeps(abandoned)
    return Ready(log_head=head, projections=[Lag.model_validate(one, from_attributes=True) for one in found])


@public.get("/metrics", openapi_extra={"security": []}, response_class=Response)
async def metrics(ask: Question) -> Response:
    """What Prometheus collects; while the database is away, only what this process knows itself."""
    head, found = Position(0), list[Status]()
    with suppress(LogUnavailable, psycopg.OperationalError, PoolTimeout):
        async with in_time():
            head, found = await _how_far(ask)
    return exposition(
        head,
        {one.projection: one.lag_events for one in found},
        {one.projection: one.parked_streams for one in found},
    )


@operations.get("/projections")
async def projections(
    caller: Annotated[Principal, allowed("projections.see", of_the_desk)], ask: Question
) -> Projections:
    """Every read model: how far it is, who keeps it, what it has set aside, and a rebuild's progress."""
    head, found = await _how_far(ask)
    return Projections(log_head=head, items=[Progress.model_validate(one, from_attributes=True) for one in found])


@asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    """Looking takes no longer than this. Raises LogUnavailable."""
    try:
        async with asyncio.timeout(LONGEST_LOOK_SECONDS):
            yield
    except TimeoutError:
        raise LogUnavailable from None


@operations.get("/projections/{projection}/parked")
async def parked_streams(
    caller: Annotated[Principal, allowed("projections.see", of_the_desk)],
    projection: Annotated[str, Path(max_length=64, description="A read model's name.")],
    ask: Question,
    limit: Annotated[int, Query(ge=1, le=MOST_LINES, description="How many lines at most.")] = 50,
) -> ParkedStreams:
    """What a read model has set aside, the oldest first: which stream, since when, and which event stopped it."""
    if projection not in NEEDED:
        raise NothingThere
    found = await ask(parked, projection, limit=limit)
    return ParkedStreams(
        projection=projection,
        items=[
            ParkedLine(stream=one.stream, parked_at=one.parked_at, skipped=one.skipped, **vars(one.trouble))
            for one in found
        ],
    )


async def _how_far(ask: Asks) -> tuple[Position, list[Status]]:
    head = await ask.office.log.head()
    return head, await ask(status, head)
