"""How the parts are put together: the one place that knows which adapter stands behind which port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from psycopg_pool import AsyncConnectionPool

from adapters.credentials import Credentials
from adapters.event_store import EventStore
from adapters.postgres_recorder import PostgresRecorder
from adapters.vault import KeyFile, Vault
from commands.command import utc_now
from commands.desk import Desk
from services.settings import Settings, as_role

READERS = 8
"""Connections on which one process asks its questions."""
LONGEST_WAIT_SECONDS = 2.0
"""For one of them; whoever waits longer is told that the database is away, and asks again."""


@dataclass(frozen=True)
class Office:
    """Everything that answers callers: where wishes go, and where questions are asked."""

    desk: Desk
    log: EventStore
    vault: Vault
    credentials: Credentials
    questions: AsyncConnectionPool


@asynccontextmanager
async def open_office(
    settings: Settings, *, wait_seconds: float = LONGEST_WAIT_SECONDS, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[Office]:
    """The desk, by this clock, and the questions: for the API and the CLI."""
    dsn = as_role(settings.dsn, "leadledger_desk")
    keys = KeyFile.read(settings.vault_key)
    questions = AsyncConnectionPool(
        dsn,
        min_size=1,
        max_size=READERS,
        timeout=wait_seconds,
        # It would try more and more rarely; having given up, it tries again for whoever asks next.
        reconnect_timeout=wait_seconds,
        open=False,
        kwargs={"autocommit": True},
    )
    async with questions, EventStore(PostgresRecorder(dsn)) as log:
        vault = Vault(keys, questions)
        desk = Desk(log, vault, now)
        log.on_reconnect(desk.forget)
        yield Office(desk, log, vault, Credentials(questions), questions)


@asynccontextmanager
async def open_log(dsn: str | None, role: str) -> AsyncIterator[EventStore]:
    """The log alone, for whoever follows it."""
    async with EventStore(PostgresRecorder(as_role(dsn, role))) as log:
        yield log
