"""A log that a test writes by hand, and the projectors that follow it."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from domain.event import Event, Recorded
from domain.identity import LeadId, Position, StreamId, lead_stream
from projections.projector import Freshness, Log, Projection, Projector

LEAD = LeadId("5d0b8f5e-3c57-4f0e-9d0c-0a4f7b1f3e21")
OTHER = LeadId("6e1c9f6f-4d68-4f1f-8e1d-1b5f8c2f4f32")
PATIENCE_SECONDS = 20.0


class ScriptedLog:
    """What a test tells, in memory, with the instants at which it was recorded."""

    def __init__(self) -> None:
        self.events: list[Recorded[Event]] = []
        self.versions: dict[StreamId, int] = defaultdict(int)
        self._grown = asyncio.Condition()

    def tell(self, *events: Event, of: LeadId | StreamId = LEAD, recorded_at: datetime | None = None) -> Position:
        stream = of if isinstance(of, UUID) else lead_stream(of)
        for event in events:
            self.versions[stream] += 1
            position = Position(len(self.events) + 1)
            when = recorded_at or max(event.at, self.events[-1].recorded_at if self.events else event.at)
            self.events.append(Recorded(event, stream, self.versions[stream], position, when, UUID(int=position)))
        return Position(len(self.events))

    async def tell_followers(self, *events: Event, of: LeadId | StreamId = LEAD) -> Position:
        async with self._grown:
            position = self.tell(*events, of=of)
            self._grown.notify_all()
        return position

    async def read(self, after: Position, limit: int) -> Sequence[Recorded[Event]]:
        return self.events[after : after + limit]

    async def wait(self, after: Position, timeout_seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds), self._grown:
                await self._grown.wait_for(lambda: len(self.events) > after)
        return len(self.events) > after

    async def head(self) -> Position:
        return Position(len(self.events))

    async def load(self, streams: Sequence[tuple[StreamId, int]]) -> dict[StreamId, list[Recorded[Event]]]:
        return {
            stream: [told for told in self.events if told.stream == stream and told.version > version]
            for stream, version in streams
        }


@asynccontextmanager
async def following(
    dsn: str, projection: Projection, log: Log, *, holder: str = "test", lease_seconds: float = 5.0
) -> AsyncIterator[asyncio.Task[None]]:
    """A projector at work until the end of the block."""
    projector = Projector(dsn, projection, log, holder=holder, lease_seconds=lease_seconds)
    task = asyncio.create_task(projector.run())
    try:
        yield task
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def caught_up(dsn: str, projection: Projection, log: Log) -> None:
    """Follow until there is nothing left to fold."""
    async with following(dsn, projection, log):
        await reached(dsn, projection, await log.head())


async def reached(dsn: str, projection: Projection, position: Position) -> None:
    async with Freshness(dsn) as freshness:
        assert await freshness.wait_for(projection.name, position, PATIENCE_SECONDS), f"never reached {position}"


async def rows_of(dsn: str, table: str) -> list[tuple[Any, ...]]:
    """Everything that readers of a table see, in an order that depends on nothing but the rows."""
    async with await AsyncConnection.connect(dsn) as connection:
        found = await connection.execute(f"SELECT * FROM read.{table} ORDER BY {table}")
        return await found.fetchall()


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
