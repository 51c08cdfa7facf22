"""One batch in one transaction: the rows it changes, the streams it parks, and how far the projection is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from domain.event import Event, Recorded
from domain.identity import Position, StreamId
from projections.projector.lease import Fenced
from projections.projector.log import Log
from projections.projector.parking import Trouble, fold_stream, park, parked_among
from projections.projector.projection import Projection, by_stream
from projections.projector.tables import Connection

CHANNEL = "leadledger_read"
"""Where `<projection> <position>` is told after each batch."""


@dataclass(frozen=True)
class Footing:
    """Which generation of a projection is written, and by which right."""

    projection: Projection
    generation: int
    epoch: int


async def fold_batch(
    connection: Connection, footing: Footing, after: Position, events: Sequence[Recorded[Event]], log: Log
) -> None:
    """Everything or nothing of these events; what PostgreSQL itself refuses is narrowed down to the one event."""
    try:
        await _fold(connection, footing, after, events, log)
    except (psycopg.DataError, psycopg.IntegrityError) as refused:
        if len(events) == 1:
            await _fold(connection, footing, after, events, log, refused=refused)
        else:
            middle = len(events) // 2
            await fold_batch(connection, footing, after, events[:middle], log)
            await fold_batch(connection, footing, events[middle - 1].position, events[middle:], log)


async def _fold(
    connection: Connection,
    footing: Footing,
    after: Position,
    events: Sequence[Recorded[Event]],
    log: Log,
    refused: Exception | None = None,
) -> None:
    projection, generation = footing.projection, footing.generation
    matters = projection.functions
    told = by_stream(recorded for recorded in events if type(recorded.event) in matters)
    async with connection.transaction():
        await stand(connection, footing, after)
        if told:
            parked = await parked_among(connection, projection.name, generation, told)
            skipped = {stream: len(told.pop(stream)) for stream in parked}
            work = await projection.load(connection, generation, told, log)
            troubles: dict[StreamId, Trouble] = {}
            for stream, its_events in told.items():
                trouble, behind = (
                    fold_stream(work, stream, its_events)
                    if refused is None
                    else (Trouble.with_(its_events[0], refused), 0)
                )
                if trouble is not None:
                    troubles[stream], skipped[stream] = trouble, behind
            await work.write(connection)
            await park(connection, projection.name, generation, troubles, skipped)
        await advance(connection, footing, events[-1].position)


async def stand(connection: Connection, footing: Footing, position: Position) -> None:
    """The fence: until the end of this transaction nobody else writes this generation, and we are where we think."""
    found = await connection.execute(
        """
        SELECT position
        FROM read.progress
        WHERE projection = %s
          AND generation = %s
          AND epoch = %s
        FOR UPDATE
        """,
        [footing.projection.name, footing.generation, footing.epoch],
    )
    row = await found.fetchone()
    if row is None or row[0] != position:
        raise Fenced


async def advance(connection: Connection, footing: Footing, position: Position) -> None:
    """Say how far we are, to who asks and to who waits; nobody waits for what is only being built."""
    await connection.execute(
        """
        WITH moved AS (
            UPDATE read.progress
            SET position = %(position)s
            WHERE projection = %(projection)s
              AND generation = %(generation)s
            RETURNING live
        )
        SELECT pg_notify(%(channel)s, %(told)s)
        FROM moved
        WHERE live
        """,
        {
            "position": position,
            "projection": footing.projection.name,
            "generation": footing.generation,
            "channel": CHANNEL,
            "told": f"{footing.projection.name} {position}",
        },
    )
