"""What all commands have in common: where the database is, who acts, and how trouble is told."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import psycopg
import typer
from psycopg_pool import PoolTimeout
from pydantic import ValidationError

from adapters.credentials import KeyUnknown
from adapters.postgres import PostgresTrouble
from adapters.schema import SchemaTrouble
from adapters.vault import SealBroken, VaultKeyMissing
from domain.log import LogUnavailable
from domain.refusal import Refusal
from services.importing.mapping import MappingTrouble
from services.importing.reading import FileTrouble
from services.running import NotYours, read_note
from services.settings import NoDatabase, Settings
from services.wiring import Office, open_office

T = TypeVar("T")

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
    print(json.dumps(told, indent=2, default=str, ensure_ascii=False), flush=True)


def fail(why: str, code: int = 1) -> NoReturn:
    """Say what is wrong, and end."""
    say(why)
    raise typer.Exit(code)


def read_settings() -> Settings:
    """From the surroundings. A wrong one is told with its name."""
    try:
        return Settings()
    except ValidationError as wrong:
        told = [f"LEADLEDGER_{str(one['loc'][0]).upper()}: {one['msg']}" for one in wrong.errors()]
        fail("\n".join(told), code=2)


def settings_of_a_database() -> Settings:
    """The database that LEADLEDGER_DSN names, or that of the product which is running. Raises NoDatabase."""
    settings = read_settings()
    if settings.dsn is not None:
        return settings
    running = read_note(settings.home)
    if running is None:
        raise NoDatabase(
            f"Leadledger does not run on {settings.home}. Start it with `leadledger up` in another terminal, or name a "
            "database with LEADLEDGER_DSN."
        )
    key = Path(running.vault_key_file)
    found = {"dsn": running.dsn, "projector_dsn": running.projector_dsn, "vault_key_file": key}
    return settings.model_copy(update=found)


@asynccontextmanager
async def an_office() -> AsyncIterator[Office]:
    """The desk and the questions, on the database that was found."""
    async with open_office(settings_of_a_database()) as office:
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
        fail(f"PostgreSQL cannot be reached: {' '.join(str(gone).split())}")
    except psycopg.errors.InsufficientPrivilege as refused:
        fail(f"This database login may not do that: {refused.diag.message_primary}.")
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        fail("This database has no Leadledger schema yet; install it: leadledger schema install")
