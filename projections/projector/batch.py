"""One batch in one transaction: the rows it changes, the streams it parks, and how far the projection is now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from domain.event import Event, Recorded, Unreadable
from domain.identity import Position, StreamId
from projections.projector.lease import Fenced
from projections.projector.log import Log
from projections.projector.parking import Trouble, park, parked_among
from projections.projector.projection import CannotRead, Projection, Work
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
    concerns = projection.concerns
    ours = [recorded for recorded in events if concerns(recorded.event)]
    async with connection.transaction():
        await stand(connection, footing, after)
        if ours:
            parked = await parked_among(connection, projection.name, generation, {recorded.stream for recorded in ours})
            skipped = Counter(recorded.stream for recorded in ours if recorded.stream in parked)
            todo = [recorded for recorded in ours if recorded.stream not in parked] if parked else ours
            work = await projection.load(connection, generation, todo, log)
            troubles = _fold_in_memory(work, todo, skipped, refused)
            await work.write(connection)
            await park(connection, projection.name, generation, troubles, skipped)
        await advance(connection, footing, events[-1].position)


def _fold_in_memory(
    work: Work, events: Sequence[Recorded[Any]], skipped: Counter[StreamId], refused: Exception | None
) -> dict[StreamId, Trouble]:
    """Any exception is the event's fault until somebody has looked: its stream waits, the others go on."""
    troubles: dict[StreamId, Trouble] = {}
    fold = work.fold
    for recorded in events:
        if troubles and recorded.stream in troubles:
            skipped[recorded.stream] += 1
            continue
        try:
            if refused is not None:
                raise refused
            if isinstance(recorded.event, Unreadable):
                raise CannotRead(recorded.event.topic)
            fold(recorded)
        except Exception as problem:
            troubles[recorded.stream] = Trouble.with_(recorded, problem)
    return troubles


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
