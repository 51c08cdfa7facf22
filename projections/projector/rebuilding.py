"""Fold a projection anew beside the one in force, catch up with it, and let readers change over in one transaction.

A rebuild that dies leaves the old generation as it was; what it left half built is dropped at the next attempt.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from psycopg import errors

from domain.identity import Position
from projections.projector.batch import CHANNEL, Footing, fold_batch, stand
from projections.projector.lease import SECONDS, Fenced, held
from projections.projector.log import Log
from projections.projector.pages import Pages
from projections.projector.projection import Projection
from projections.projector.schema import connect, install
from projections.projector.sweeping import sweep_rarely
from projections.projector.tables import Connection

NEAR = 500
"""So few facts behind, the rest is folded while the one in force is held."""
ATTEMPTS = 100
READERS_WAIT_AT_MOST = "500ms"

logger = logging.getLogger(__name__)
Progress = Callable[[Position, Position], None]


class ReadersDoNotLetGo(Exception):
    """Somebody holds a transaction open on read.{name}; end it and rebuild again. The old generation is in force."""


async def rebuild(
    dsn: str,
    projection: Projection,
    log: Log,
    *,
    holder: str,
    progress: Progress = lambda position, head: None,
    lease_seconds: float = SECONDS,
) -> None:
    """Build beside and change over; a second rebuild of the same projection waits for the first to end."""
    sweep_rarely()
    async with await connect(dsn) as connection:
        await install(connection, projection)
        # An index that is sorted in memory is made in half the time.
        await connection.execute("SET maintenance_work_mem = '256MB'")
        # What is only being built may be lost; see the change-over.
        await connection.execute("SET synchronous_commit = off")
        async with held(dsn, f"{projection.name} rebuild", holder, connection, seconds=lease_seconds) as lease:
            await drop_leftovers(connection, projection)
            footing = await _begin(connection, projection, lease.epoch)
            position = await _catch_up(connection, footing, Position(0), log, progress)
            for table in projection.tables:
                await table.index(connection, footing.generation)
            for _ in range(ATTEMPTS):
                position = await _catch_up(connection, footing, position, log, progress)
                try:
                    position = await _change_over(connection, footing, position, log)
                    break
                except errors.LockNotAvailable:
                    logger.info("projection %s: waiting for a reader to end its transaction", projection.name)
            else:
                raise ReadersDoNotLetGo(projection.name)
            await drop_leftovers(connection, projection)
            progress(position, position)


async def drop_leftovers(connection: Connection, projection: Projection) -> None:
    """Whatever is not in force was in force before, or was never finished."""
    async with connection.transaction():
        await connection.execute("DELETE FROM read.progress WHERE projection = %s AND NOT live", [projection.name])
        await connection.execute(
            """
            DELETE FROM read.parked
            WHERE projection = %s
              AND generation NOT IN (SELECT generation FROM read.progress WHERE projection = %s)
            """,
            [projection.name, projection.name],
        )
        for table in projection.tables:
            found = await connection.execute(
                """
                SELECT substring(relname FROM '[0-9]+$')::integer
                FROM pg_class
                WHERE relnamespace = 'read'::regnamespace
                  AND relkind = 'r'
                  AND relname ~ %s
                  AND substring(relname FROM '[0-9]+$')::integer NOT IN (
                      SELECT generation FROM read.progress WHERE projection = %s
                  )
                """,
                [f"^{table.name}_g[0-9]+$", projection.name],
            )
            for (generation,) in await found.fetchall():
                await table.drop(connection, generation)


async def _begin(connection: Connection, projection: Projection, epoch: int) -> Footing:
    async with connection.transaction():
        begun = await connection.execute(
            """
            INSERT INTO read.progress (projection, generation, version, position, epoch, live)
            SELECT projection, generation + 1, %s, 0, %s, false
            FROM read.progress
            WHERE projection = %s
              AND live
            RETURNING generation
            """,
            [projection.version, epoch, projection.name],
        )
        row = await begun.fetchone()
        if row is None:
            raise Fenced
        for table in projection.tables:
            await table.create(connection, row[0])
    return Footing(projection, row[0], epoch)


async def _catch_up(
    connection: Connection, footing: Footing, position: Position, log: Log, progress: Progress
) -> Position:
    """Fold until little is left of what there was to fold when we began; the head may move on meanwhile."""
    head = await log.head()
    pages = Pages(log, position)
    try:
        while position + NEAR < head and (events := await pages.turn()):
            await fold_batch(connection, footing, position, events, log)
            position = events[-1].position
            progress(position, head)
            head = await log.head()
    finally:
        await pages.close()
    return position


async def _change_over(connection: Connection, footing: Footing, position: Position, log: Log) -> Position:
    """Hold the generation in force, fold what it already has and we have not, and take its place."""
    projection = footing.projection
    async with connection.transaction():
        await connection.execute("SELECT set_config('lock_timeout', %s, true)", [READERS_WAIT_AT_MOST])
        # Flushed with all that was committed before it.
        await connection.execute("SET LOCAL synchronous_commit = on")
        found = await connection.execute(
            "SELECT generation, position, epoch FROM read.progress WHERE projection = %s AND live FOR UPDATE",
            [projection.name],
        )
        old, reached, epoch = await found.fetchone() or (0, 0, 0)
        await stand(connection, footing, position)
        while position < reached and (events := await log.read(position, reached - position)):
            await fold_batch(connection, footing, position, events, log)
            position = events[-1].position
        for table in projection.tables:
            await table.show(connection, footing.generation)
        await connection.execute(
            "DELETE FROM read.progress WHERE projection = %s AND generation = %s", [projection.name, old]
        )
        await connection.execute(
            "UPDATE read.progress SET live = true, epoch = %s WHERE projection = %s AND generation = %s",
            [epoch, projection.name, footing.generation],
        )
        await connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, f"{projection.name} {position}"])
    return position
