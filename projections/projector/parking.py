"""A stream that a projection could not fold waits aside, in sight, while everything else goes on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import psycopg

from domain.event import Recorded, Unreadable
from domain.identity import Position, StreamId
from projections.projector.log import Log
from projections.projector.projection import Projection, Work
from projections.projector.tables import Connection


@dataclass(frozen=True)
class Trouble:
    """Which event stopped a stream, and what kind of error; never the error's text, which may quote a person."""

    version: int
    position: Position
    event: str
    error: str

    @classmethod
    def with_(cls, recorded: Recorded[Any], problem: Exception) -> Self:
        """What may be told of a problem."""
        event = recorded.event
        topic = event.topic if isinstance(event, Unreadable) else type(event).__name__
        return cls(recorded.version, recorded.position, topic, type(problem).__name__)


@dataclass(frozen=True)
class Parked:
    """A stream that waits aside: its rows are as they were before the event that stopped it."""

    projection: str
    stream: StreamId
    trouble: Trouble
    skipped: int
    """How many later events of the stream wait behind that one."""
    parked_at: datetime


async def parked(connection: Connection, projection: str, *, limit: int = 100) -> list[Parked]:
    """The streams that a projection has set aside, the oldest first."""
    found = await connection.execute(
        """
        SELECT parked.stream, parked.version, parked.position, parked.event, parked.error, parked.skipped, parked_at
        FROM read.parked
        JOIN read.progress USING (projection, generation)
        WHERE projection = %s
          AND progress.live
        ORDER BY parked_at, stream
        LIMIT %s
        """,
        [projection, limit],
    )
    return [
        Parked(projection, StreamId(stream), Trouble(version, Position(position), event, error), skipped, parked_at)
        for stream, version, position, event, error, skipped, parked_at in await found.fetchall()
    ]


async def retry(connection: Connection, projection: Projection, stream: StreamId, log: Log) -> bool:
    """Fold a parked stream again from its beginning; False when it is stopped again, and its rows stay as they were."""
    async with connection.transaction():
        found = await connection.execute(
            "SELECT generation, position FROM read.progress WHERE projection = %s AND live FOR UPDATE",
            [projection.name],
        )
        generation, position = await found.fetchone() or (0, 0)
        if not await parked_among(connection, projection.name, generation, {stream}):
            return True
        told = (await log.load([(stream, 0)])).get(stream, [])
        events = [
            recorded for recorded in told if recorded.position <= position and projection.concerns(recorded.event)
        ]
        trouble = await _refold(connection, projection, generation, stream, events, log)
        if trouble is None:
            await connection.execute(
                "DELETE FROM read.parked WHERE projection = %s AND generation = %s AND stream = %s",
                [projection.name, generation, stream],
            )
        else:
            behind = {stream: sum(recorded.position > trouble.position for recorded in events)}
            await park(connection, projection.name, generation, {stream: trouble}, behind)
    return trouble is None


def fold_stream(work: Work, stream: StreamId, told: Sequence[Recorded[Any]]) -> tuple[Trouble | None, int]:
    """What stopped the stream, if anything did, and how many events wait behind that one.

    Any exception is the event's fault until somebody has looked: its stream waits, the others go on.
    """
    coming = iter(told)
    try:
        work.fold(stream, coming)
    except Exception as problem:
        behind = sum(1 for _ in coming)
        return Trouble.with_(told[len(told) - behind - 1], problem), behind
    return None, 0


class Stopped(Exception):
    """A stream is still in trouble; what was folded of it is undone."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble


async def _refold(
    connection: Connection,
    projection: Projection,
    generation: int,
    stream: StreamId,
    events: list[Recorded[Any]],
    log: Log,
) -> Trouble | None:
    try:
        # A transaction in the transaction: what PostgreSQL refuses is undone without losing the place.
        async with connection.transaction():
            await projection.forget(connection, generation, [stream])
            work = await projection.load(connection, generation, {stream: events}, log)
            trouble, _ = fold_stream(work, stream, events)
            if trouble is not None:
                raise Stopped(trouble)
            await work.write(connection)
    except Stopped as stopped:
        return stopped.trouble
    except (psycopg.DataError, psycopg.IntegrityError) as refused:
        return Trouble.with_(events[-1], refused)
    return None


async def parked_among(
    connection: Connection, projection: str, generation: int, streams: Collection[StreamId]
) -> set[StreamId]:
    """Which of these streams are set aside."""
    found = await connection.execute(
        "SELECT stream FROM read.parked WHERE projection = %s AND generation = %s AND stream = ANY(%b)",
        [projection, generation, list(streams)],
    )
    return {stream for (stream,) in await found.fetchall()}


async def park(
    connection: Connection,
    projection: str,
    generation: int,
    troubles: Mapping[StreamId, Trouble],
    skipped: Mapping[StreamId, int],
) -> None:
    """Set the streams in trouble aside, and count what waits behind them."""
    for stream, trouble in troubles.items():
        await connection.execute(
            """
            INSERT INTO read.parked (projection, generation, stream, version, position, event, error)
            VALUES (%s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (projection, generation, stream) DO UPDATE
            SET version = EXCLUDED.version,
                position = EXCLUDED.position,
                event = EXCLUDED.event,
                error = EXCLUDED.error,
                skipped = 0
            """,
            [projection, generation, stream, trouble.version, trouble.position, trouble.event, trouble.error],
        )
    if skipped:
        await connection.execute(
            """
            UPDATE read.parked
            SET skipped = parked.skipped + behind.events
            FROM unnest(%b::uuid[], %b::bigint[]) AS behind (stream, events)
            WHERE parked.projection = %s
              AND parked.generation = %s
              AND parked.stream = behind.stream
            """,
            [list(skipped), list(skipped.values()), projection, generation],
        )
