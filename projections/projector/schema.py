"""The projectors' own tables: how far each projection is, who may write it, and which streams are parked."""

from __future__ import annotations

from psycopg import AsyncConnection

from projections.projector.projection import Projection
from projections.projector.tables import READER, Connection

APPLICATION = "leadledger projector"

# Losing the last projected batches to a crash loses nothing: rows and position are lost together and the log is still
# there. The other way round cannot happen either: what a batch was folded from stands before it in the write-ahead log,
# so no crash keeps the batch and loses the event.
SESSION = """
    SELECT set_config('synchronous_commit', 'off', false),
           set_config('timezone', 'UTC', false),
           set_config('application_name', %s, false),
           set_config('idle_in_transaction_session_timeout', '60s', false)
"""

OWN_TABLES = """
    CREATE TABLE IF NOT EXISTS read.progress (
        projection text NOT NULL,
        generation integer NOT NULL,
        version integer NOT NULL,
        position bigint NOT NULL,
        epoch bigint NOT NULL,
        live boolean NOT NULL,
        PRIMARY KEY (projection, generation)
    );
    CREATE UNIQUE INDEX IF NOT EXISTS one_live_generation ON read.progress (projection) WHERE live;

    CREATE TABLE IF NOT EXISTS read.leases (
        name text PRIMARY KEY,
        epoch bigint NOT NULL DEFAULT 0,
        holder text,
        backend integer,
        expires_at timestamptz NOT NULL DEFAULT '-infinity'
    );

    CREATE TABLE IF NOT EXISTS read.parked (
        projection text NOT NULL,
        generation integer NOT NULL,
        stream uuid NOT NULL,
        version integer NOT NULL,
        position bigint NOT NULL,
        event text NOT NULL,
        error text NOT NULL,
        skipped bigint NOT NULL DEFAULT 0,
        parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (projection, generation, stream)
    );
"""


async def connect(dsn: str) -> Connection:
    """A connection for a projector's work."""
    connection = await AsyncConnection.connect(dsn, autocommit=True)
    await connection.execute(SESSION, [APPLICATION])
    return connection


async def install(connection: Connection, projection: Projection) -> None:
    """Make what is not there yet; two projectors that start together do it once."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('leadledger read'))")
        found = await connection.execute(
            "SELECT to_regnamespace('read') IS NOT NULL, to_regclass('read.parked') IS NOT NULL"
        )
        schema_there, tables_there = await found.fetchone() or (False, False)
        if not schema_there:
            await connection.execute("CREATE SCHEMA read")
        if not tables_there:
            await connection.execute(OWN_TABLES)
            await _let_readers_in(connection)
        begun = await connection.execute(
            "SELECT 1 FROM read.progress WHERE projection = %s AND live", [projection.name]
        )
        if not await begun.fetchone():
            await begin(connection, projection)


async def begin(connection: Connection, projection: Projection) -> None:
    """The first generation: empty, and seen by readers from the start."""
    for table in projection.tables:
        await table.drop(connection, 1)
        await table.create(connection, 1)
        await table.index(connection, 1)
        await table.show(connection, 1)
    await connection.execute(
        """
        INSERT INTO read.progress (projection, generation, version, position, epoch, live)
        VALUES (%s, 1, %s, 0, 0, true)
        """,
        [projection.name, projection.version],
    )


async def _let_readers_in(connection: Connection) -> None:
    roles = await connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [READER])
    if await roles.fetchone():
        await connection.execute(f"GRANT USAGE ON SCHEMA read TO {READER}")
        await connection.execute(f"GRANT SELECT ON read.progress, read.leases, read.parked TO {READER}")
