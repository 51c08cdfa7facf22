"""What all commands have in common: where the database is, who acts, and how trouble is told."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar
from uuid import UUID

import psycopg
import typer
from psycopg import AsyncConnection
from psycopg_pool import PoolTimeout
from pydantic import ValidationError
from pydantic_core import from_json

from adapters.credentials import KeyUnknown
from adapters.postgres import PostgresTrouble
from adapters.schema import SchemaTrouble
from adapters.vault import SealBroken, VaultKeyMissing
from commands.command import Command
from domain.access import Principal
from domain.identity import OURS, SLUG, LeadId, Position
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
C = TypeVar("C", bound=Command[Any])
ROLE = "leadledger_desk"
WAIT_SECONDS = 60.0
"""For one of the few connections: an import has hundreds of rows waiting, and nobody else."""
PROJECTOR_WAIT_SECONDS = 5.0
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


def somebody(told: str | None) -> str | None:
    """A name that says who, fit to stay on record; where it need not be given, perhaps none."""
    if told is None:
        return None
    if not SLUG.fullmatch(told):
        fail(f"--as {told!r} is no name that can stand on record: {LETTERS}.", code=2)
    if told in OURS:
        fail(f"--as {told}: that is a part of Leadledger; say who you are, as you are called on record.", code=2)
    return told


AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
WHO = typer.Option(
    "--as",
    metavar="WHO",
    envvar="LEADLEDGER_AS",
    callback=somebody,
    help="Who you are: a person on record, or another name that is no secret.",
)
Who = Annotated[str, WHO]
PerhapsWho = Annotated[str | None, WHO]
"""Nobody is anonymous, on the command line either; the login of the machine would be personal data."""


def handed_in_by(who: str, wish: Command[Any]) -> Principal:
    """Whoever has the database may hand in this wish, in the name that they gave."""
    return Principal(id=who, role="service", via="cli", scopes=frozenset({wish.action}))


async def caught_up(connection: Connection, head: Position, projection: str) -> None:
    """Wait a moment for the projector, and say so if it does not come as far as the log was."""
    give_up_at = time.monotonic() + PROJECTOR_WAIT_SECONDS
    while True:
        behind = [one.lag_events for one in await status(connection, head) if one.projection == projection]
        if behind == [0]:
            return
        if time.monotonic() > give_up_at:
            events = "event" if behind == [1] else "events"
            how_far = f"{behind[0]:,} {events} behind the log" if behind else "not there yet"
            see = "what it lacks is not shown; see `./leadledger projections status`"
            say(f"Read model {projection} is {how_far}: {see}.")
            return
        await asyncio.sleep(0.02)


def instant(told: str, option: str) -> datetime:
    """With its offset from UTC; else the command ends."""
    try:
        found = datetime.fromisoformat(told)
    except ValueError:
        fail(f"{option}: {told!r} is no instant; write it as 2026-03-02T09:00:00Z.", code=2)
    if found.tzinfo is None:
        fail(f"{option}: {told!r} lacks an offset from UTC; write it as 2026-03-02T09:00:00Z.", code=2)
    return found


def short(at: datetime) -> str:
    """`2026-03-02 09:00:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def a_lead(id: str) -> LeadId:
    """The id of a lead; else the command ends."""
    try:
        return LeadId(str(UUID(id)))
    except ValueError:
        fail(f"{id!r} is no lead's id; an id looks like 8d5b5c3e-1f0a-5b59-9a77-0d6c8b0a3f11.", code=2)


def wish_in(file: Path, kind: type[C], **about: str) -> C:
    """The wish that a file tells in JSON, as the API takes it; its name may be left out, and stands on the line."""
    try:
        told = from_json(file.read_bytes())
    except OSError as refused:
        fail(f"{file} cannot be read: {refused.strerror}.")
    except ValueError as wrong:
        fail(f"{file} is no JSON: {wrong}.", code=2)
    if not isinstance(told, dict):
        fail(f"{file} is no JSON object.", code=2)
    for name, value in about.items():
        if told.get(name, value) != value:
            fail(f"{file} is about {name} {told[name]!r}, and not about {value}.", code=2)
    return a_wish(kind, str(file), **{**told, **about})


def a_wish(kind: type[C], said_in: str, **told: object) -> C:
    """The wish, if it is one; else the command ends, and says where it was said and what is wrong."""
    try:
        return kind.model_validate(told)
    except ValidationError as wrong:
        fail("\n".join(f"{said_in}: {_where(one['loc'])}: {one['msg'].rstrip('.')}." for one in wrong.errors()), code=2)


def _where(loc: tuple[int | str, ...]) -> str:
    return ".".join(map(str, loc))


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
