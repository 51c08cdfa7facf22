"""The database that `up` works on: its own embedded PostgreSQL, or the one that LEADLEDGER_DSN names."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from adapters import postgres, schema
from projections.projector.lease import free_all
from services.running import write_private
from services.settings import Settings

NAME = "leadledger"
DESK, PROJECTOR = "leadledger_desk", "leadledger_projector"
STEADY_AFTER_SECONDS = 60.0
TRIES = 5


class DatabaseTrouble(Exception):
    """The database cannot be used; the message says what to do."""


@dataclass
class Database:
    """Where the processes find PostgreSQL, each under a login of its own."""

    owner_dsn: str
    """Who may change the schema; never given to a process that answers callers."""
    dsn: str
    projector_dsn: str
    server: postgres.RunningServer | None = None


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """Start or find it, and bring its schema and logins into shape. Raises DatabaseTrouble and PostgresTrouble."""
    if settings.dsn is not None:
        yield await _external(settings, settings.dsn)
        return
    server = await _start(settings.home)
    database = Database(owner_dsn="", dsn="", projector_dsn="", server=server)
    try:
        await asyncio.to_thread(_create_database, server.dsn())
        database.owner_dsn = server.dsn(NAME)
        await schema.install(database.owner_dsn)
        async with await psycopg.AsyncConnection.connect(database.owner_dsn, autocommit=True) as owner:
            # After a `kill -9` the former projector's leases would keep the new one waiting for ten seconds.
            await free_all(owner)
        database.dsn = await asyncio.to_thread(_login, server, settings.home, DESK)
        database.projector_dsn = await asyncio.to_thread(_login, server, settings.home, PROJECTOR)
        yield database
    finally:
        # The one that runs now; a server that died has been replaced.
        await asyncio.shield(asyncio.to_thread((database.server or server).stop))


async def keep(database: Database, home: Path, say: Callable[[str], None]) -> None:
    """Start the embedded server again if it dies. Raises PostgresTrouble when it does not come back."""
    tries = 0
    while (server := database.server) is not None:
        began = time.monotonic()
        while not await asyncio.to_thread(server.wait, 1.0):
            pass
        tries = 1 if time.monotonic() - began > STEADY_AFTER_SECONDS else tries + 1
        if tries > TRIES:
            raise DatabaseTrouble(f"PostgreSQL ends again and again; the end of its story is in {server.log}.")
        say("PostgreSQL has died; starting it again")
        await asyncio.to_thread(server.stop)
        database.server = await _start(home, port=server.port)
        say("PostgreSQL is back")
    await asyncio.Event().wait()


async def _start(home: Path, port: int | None = None) -> postgres.RunningServer:
    starting = asyncio.ensure_future(asyncio.to_thread(postgres.start, home, port=port))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # A thread cannot be stopped half way; what it started can.
        await asyncio.to_thread((await starting).stop)
        raise


def _create_database(owner_dsn: str) -> None:
    with psycopg.connect(owner_dsn, autocommit=True) as owner:
        if owner.execute("SELECT FROM pg_database WHERE datname = %s", [NAME]).fetchone() is None:
            owner.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(NAME)))


def _login(server: postgres.RunningServer, home: Path, role: str) -> str:
    """A login that is a member of one role and can do nothing else; its password lies in a file of ours alone."""
    user, file = f"{role}_login", home / f"{role}.password"
    if not file.exists():
        write_private(file, secrets.token_urlsafe(32))
    password = file.read_text(encoding="utf-8").strip()
    with psycopg.connect(server.dsn(NAME)) as owner:
        if owner.execute("SELECT FROM pg_roles WHERE rolname = %s", [user]).fetchone() is None:
            owner.execute(sql.SQL("CREATE ROLE {} LOGIN NOINHERIT").format(sql.Identifier(user)))
        # Hashed here, so that the server never sees the password itself in a statement.
        hashed = owner.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256").decode()
        owner.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(user), sql.Literal(hashed)))
        owner.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(user)))
    return server.dsn(NAME, user=user, password=password)


async def _external(settings: Settings, dsn: str) -> Database:
    projector_dsn, owner_dsn = settings.projector_dsn or dsn, settings.owner_dsn or dsn
    try:
        await schema.install(owner_dsn)
        await asyncio.to_thread(_let_in, owner_dsn, dsn, DESK)
        await asyncio.to_thread(_let_in, owner_dsn, projector_dsn, PROJECTOR)
    except psycopg.OperationalError as refused:
        raise DatabaseTrouble(f"The database that LEADLEDGER_DSN names cannot be used: {refused}") from None
    except psycopg.errors.InsufficientPrivilege as refused:
        raise DatabaseTrouble(
            f"The login of LEADLEDGER_DSN may not install the schema ({refused.diag.message_primary}). Let the owner "
            "of the database do it: LEADLEDGER_OWNER_DSN=... leadledger schema install"
        ) from None
    return Database(owner_dsn=owner_dsn, dsn=dsn, projector_dsn=projector_dsn)


def _let_in(owner_dsn: str, dsn: str, role: str) -> None:
    """Let a login act in a role, if it may not yet and the owner may let it."""
    with psycopg.connect(dsn) as login:
        [(user, may)] = login.execute("SELECT session_user, pg_has_role(session_user, %s, 'SET')", [role]).fetchall()
    if may:
        return
    grant = sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(user))
    with psycopg.connect(owner_dsn) as owner:
        try:
            owner.execute(grant)
        except psycopg.errors.InsufficientPrivilege:
            place = conninfo_to_dict(dsn).get("host", "the server")
            raise DatabaseTrouble(
                f"The login {user} may not act as {role}. Let a superuser of {place} run: {grant.as_string(owner)};"
            ) from None
