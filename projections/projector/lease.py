"""One process at a time writes a projection; the others wait, and whoever was paused too long cannot write any more.

A lease is held for some seconds by the database's clock and renewed while its holder lives. Each holder has an epoch,
and each batch checks in its own transaction that the epoch is still in force: that check is the fence, and it holds
even for a process that was stopped, lost its lease, and woke up in the middle of a batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import psycopg

from projections.projector.schema import APPLICATION, connect
from projections.projector.tables import Connection

SECONDS = 10.0


class Fenced(Exception):
    """Somebody else holds the lease now, or another generation is in force; begin again from the start."""


@dataclass
class Lease:
    """The right to write a projection, for as long as the epoch is in force."""

    name: str
    epoch: int
    seconds: float
    lost: bool = False


@asynccontextmanager
async def held(
    dsn: str, name: str, holder: str, worker: Connection, *, seconds: float = SECONDS
) -> AsyncIterator[Lease]:
    """Wait for the lease as long as it takes; renew it until the end of the block, then let the next one have it."""
    async with await connect(dsn) as connection:
        await connection.execute("INSERT INTO read.leases (name) VALUES (%s) ON CONFLICT DO NOTHING", [name])
        # The world that is waited for is another process: there is nothing here that could be set.
        while (lease := await take(connection, name, holder, worker, seconds)) is None:  # noqa: ASYNC110
            await asyncio.sleep(min(0.5, seconds / 10))
    keeper = asyncio.create_task(_keep(dsn, lease))
    try:
        yield lease
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError, psycopg.Error, TimeoutError):
            await keeper
        with suppress(psycopg.Error, TimeoutError):
            async with asyncio.timeout(2):
                await _release(dsn, lease)


async def take(connection: Connection, name: str, holder: str, worker: Connection, seconds: float) -> Lease | None:
    """The lease, unless somebody else has it."""
    async with connection.transaction():
        free = await connection.execute(
            """
            SELECT epoch, CASE WHEN holder IS NOT NULL THEN backend END
            FROM read.leases
            WHERE name = %s
              AND expires_at < clock_timestamp()
            FOR UPDATE
            """,
            [name],
        )
        row = await free.fetchone()
        if row is None:
            return None
        epoch, former = row
        if former is not None:
            await _end(connection, former)
        await connection.execute(
            """
            UPDATE read.leases
            SET epoch = %s,
                holder = %s,
                backend = %s,
                expires_at = clock_timestamp() + make_interval(secs => %s)
            WHERE name = %s
            """,
            [epoch + 1, holder, worker.info.backend_pid, seconds, name],
        )
    return Lease(name, epoch + 1, seconds)


async def free_all(connection: Connection) -> None:
    """Let everybody take every lease at once; only for a server that has just started, on which no holder can live."""
    there = await connection.execute("SELECT to_regclass('read.leases') IS NOT NULL")
    if (await there.fetchone() or (False,))[0]:
        await connection.execute("UPDATE read.leases SET expires_at = '-infinity', holder = NULL")


async def _end(connection: Connection, backend: int) -> None:
    """A holder that was stopped in the middle of a transaction has rows locked that the next one will need."""
    # Only as who we logged in may we look at, and end, what the same login runs.
    await connection.execute("SET LOCAL ROLE NONE")
    await connection.execute(
        """
        SELECT pg_terminate_backend(pid)
        FROM pg_stat_activity
        WHERE pid = %s
          AND application_name = %s
          AND usename = session_user
          AND datname = current_database()
        """,
        [backend, APPLICATION],
    )
    await connection.execute("RESET ROLE")


async def _keep(dsn: str, lease: Lease) -> None:
    while not lease.lost:
        # A broken connection is no reason to give up: the lease outlives it, and the fence watches meanwhile.
        with suppress(psycopg.OperationalError):
            async with await connect(dsn) as connection:
                while await _renewed(connection, lease):  # noqa: ASYNC110
                    await asyncio.sleep(lease.seconds / 4)
                lease.lost = True
        await asyncio.sleep(min(0.5, lease.seconds / 10))


async def _renewed(connection: Connection, lease: Lease) -> bool:
    renewed = await connection.execute(
        """
        UPDATE read.leases
        SET expires_at = clock_timestamp() + make_interval(secs => %s)
        WHERE name = %s
          AND epoch = %s
        """,
        [lease.seconds, lease.name, lease.epoch],
    )
    return renewed.rowcount == 1


async def _release(dsn: str, lease: Lease) -> None:
    async with await connect(dsn) as connection:
        await connection.execute(
            "UPDATE read.leases SET expires_at = clock_timestamp(), holder = NULL WHERE name = %s AND epoch = %s",
            [lease.name, lease.epoch],
        )
