"""What all commands have in common: where the database is, who acts, and how trouble is told."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar
from uuid import UUID

import psycopg
import typer
from psycopg import AsyncConnection
from psycopg_pool import PoolTimeout
from pydantic import ValidationError

from adapters.credentials import KeyUnknown
from adapters.postgres import PostgresTrouble
from adapters.schema import SchemaTrouble
from adapters.vault import SealBroken, VaultKeyMissing
from domain.identity import OURS, SLUG, LeadId, Position, StreamId, lead_stream
from domain.log import LogUnavailable
from domain.refusal import Refusal
from projections.projector import status
from projections.projector.tables import Connection
from services.importing.mapping import MappingTrouble
from services.importing.reading import FileTrouble
from services.running import NotYours, read_note
from services.settings import NoDatabase, Settings, as_role
from services.wiring import Office, open_office

T = TypeVar("T")
ROLE = "leadledger_desk"
PATIENCE_SECONDS = 5.0
"""For a read model that is behind the log."""
WAIT_SECONDS = 60.0
"""For one of the few connections: an import has hundreds of rows waiting, and nobody else."""
LETTERS = "small letters, digits, dots, hyphens and underscores"

EXPECTED = (
    FileTrouble,
    KeyUnknown,
    MappingTrouble,
    NoDatabase,
    NotYours,
    PostgresTrouble,
    Refusal,
    SchemaTrouble,
    SealBroken,
    VaultKeyMissing,
)
"""What can go wrong without anything being broken; each says itself what to do."""


def say(line: str) -> None:
    """Talk on stderr; stdout is for the answer."""
    print(line, file=sys.stderr, flush=True)


def answer(told: str) -> None:
    """What was asked for."""
    print(told, flush=True)


def answer_json(told: Any) -> None:
    """What was asked for, for machines."""
    print(json.dumps(told, indent=2, default=_plain, ensure_ascii=False), flush=True)


def _plain(value: Any) -> str:
    """Instants as the API spells them."""
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def fail(why: str, code: int = 1) -> NoReturn:
    """Say what is wrong, and end."""
    say(why)
    raise typer.Exit(code)


def somebody(told: str) -> str:
    """A name that says who, fit to stay on record."""
    if not SLUG.fullmatch(told):
        fail(f"--as {told!r} is no name that can stand on record: {LETTERS}.", code=2)
    if told in OURS:
        fail(f"--as {told}: that is a part of Leadledger; say who you are, as you are called on record.", code=2)
    return told


Who = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="WHO",
        envvar="LEADLEDGER_AS",
        callback=somebody,
        help="Who you are: a person on record, or another name that is no secret.",
    ),
]
"""Nobody is anonymous, on the command line either; the login of the machine would be personal data."""


def read_settings() -> Settings:
    """From the surroundings. A wrong one is told with its name."""
    try:
        return Settings()
    except ValidationError as wrong:
        told = [(str(one["loc"][0]).upper(), one["msg"].removeprefix("Value error, ")) for one in wrong.errors()]
        fail("\n".join(f"LEADLEDGER_{name}: {why}" for name, why in told), code=2)


def settings_of_a_database() -> Settings:
    """The database that LEADLEDGER_DSN names, or that of the product which is running. Raises NoDatabase."""
    settings = read_settings()
    if settings.dsn is not None:
        return settings
    running = read_note(settings.home)
    if running is None:
        raise NoDatabase(
            f"Leadledger does not run on {settings.home}. Start it with `./leadledger up` in another terminal, or name "
            "a database with LEADLEDGER_DSN."
        )
    key = Path(running.vault_key_file)
    found = {"dsn": running.dsn, "projector_dsn": running.projector_dsn, "vault_key_file": key}
    return settings.model_copy(update=found)


@asynccontextmanager
async def an_office() -> AsyncIterator[Office]:
    """The desk and the questions, on the database that was found."""
    settings = settings_of_a_database()
    # The pools inside would try for half a minute what is refused at once.
    async with await AsyncConnection.connect(as_role(settings.dsn, ROLE)):
        pass
    async with open_office(settings, wait_seconds=WAIT_SECONDS) as office:
        yield office


async def caught_up(connection: Connection, head: Position, projection: str) -> None:
    """Wait a moment for a read model, and say so if it does not come as far as the log was."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        behind = [one.lag_events for one in await status(connection, head) if one.projection == projection]
        if behind == [0]:
            return
        if time.monotonic() > give_up_at:
            how_far = f"{behind[0]:,} events behind the log" if behind else "not there yet"
            say(f"The {projection} is {how_far}; what it lacks is not shown. See `./leadledger projections status`.")
            return
        await asyncio.sleep(0.02)


def a_stream(id: str) -> StreamId:
    """The stream of the lead that is called so on the command line."""
    try:
        return lead_stream(LeadId(str(UUID(id))))
    except ValueError:
        fail(f"{id!r} is no lead's id; an id looks like 8d5b5c3e-1f0a-5b59-9a77-0d6c8b0a3f11.", code=2)


def an_instant(told: str | None, option: str) -> datetime | None:
    """An instant as it is told on the command line, with its offset."""
    if told is None:
        return None
    try:
        instant = datetime.fromisoformat(told)
    except ValueError:
        fail(f"{option}: {told!r} is no instant; write it as 2026-03-02T09:00:00Z.", code=2)
    if instant.tzinfo is None:
        fail(f"{option}: {told!r} lacks an offset from UTC; write it as 2026-03-02T09:00:00Z.", code=2)
    return instant


def run(work: Coroutine[Any, Any, T]) -> T:
    """Carry a command out; trouble that can be expected is told in its own words."""
    with telling_trouble():
        return asyncio.run(work)


@contextmanager
def telling_trouble() -> Iterator[None]:
    """End with 1 and a sentence instead of a traceback, where we know what happened."""
    try:
        yield
    except EXPECTED as trouble:
        fail(str(trouble))
    except LogUnavailable as gone:
        fail(f"The log cannot be reached at the moment ({gone}). Nothing is half done; run the same command again.")
    except (psycopg.OperationalError, PoolTimeout) as gone:
        fail(f"PostgreSQL cannot be used: {' '.join(str(gone).split())}")
    except psycopg.errors.InsufficientPrivilege as refused:
        fail(f"This database login may not do that: {refused.diag.message_primary}.")
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        fail("This database has no Leadledger schema yet; install it: ./leadledger schema install")
