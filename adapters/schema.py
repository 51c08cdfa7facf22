"""The database's own shape: numbered SQL files, each applied once and never changed afterwards."""

from __future__ import annotations

import hashlib
from pathlib import Path

import psycopg
from psycopg import sql

FILES = Path(__file__).with_suffix("")

# Two processes that start at once install one after the other; the number only has to be ours.
LOCK = 7309453020


class SchemaTrouble(Exception):
    """The database does not have the shape that this program needs."""


class SchemaMissing(SchemaTrouble):
    """The database has no Leadledger schema."""


class SchemaOlder(SchemaTrouble):
    """The database was set up by an older version of the program."""


class SchemaNewer(SchemaTrouble):
    """The database was set up by a newer version of the program."""


class SchemaFileChanged(SchemaTrouble):
    """A file that had been applied has another text now."""


async def install(dsn: str) -> None:
    """Bring the database of this owner connection to the shape of this program; doing it again changes nothing."""
    async with await psycopg.AsyncConnection.connect(dsn) as owner:
        await owner.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        await owner.execute("CREATE SCHEMA IF NOT EXISTS log")
        await owner.execute(
            """
            CREATE TABLE IF NOT EXISTS log.schema_files (
                name       text        PRIMARY KEY,
                sha256     text        NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now()
            )
            """
        )
        applied = await _applied(owner)
        for name in _still_to_apply(applied):
            text = (FILES / name).read_text(encoding="utf-8")
            await owner.execute(sql.SQL(text))
            await owner.execute(
                "INSERT INTO log.schema_files (name, sha256) VALUES (%s, %s)", [name, _sha256(text.encode())]
            )


async def check(dsn: str) -> None:
    """Return if the database has the shape of this program; else say which of the two is behind."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        try:
            applied = await _applied(connection)
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            raise SchemaMissing(
                "This database has no Leadledger schema. Install it as the database's owner: "
                "`leadledger up` does it, or adapters.schema.install(dsn)."
            ) from None
    if missing := _still_to_apply(applied):
        raise SchemaOlder(
            f"This database lacks {', '.join(missing)}. Install them as the database's owner: "
            "`leadledger up` does it, or adapters.schema.install(dsn)."
        )


def _still_to_apply(applied: dict[str, str]) -> list[str]:
    ours = {file.name: _sha256(file.read_bytes()) for file in sorted(FILES.glob("*.sql"))}
    if unknown := sorted(applied.keys() - ours.keys()):
        raise SchemaNewer(
            f"This database has {', '.join(unknown)}, which this version of Leadledger does not know. "
            "Run the version that set it up, or a later one."
        )
    for name, sha256 in applied.items():
        if ours[name] != sha256:
            raise SchemaFileChanged(
                f"adapters/schema/{name} was applied to this database with another text. "
                "Put the old text back, and write the change as a new file."
            )
    return [name for name in ours if name not in applied]


async def _applied(connection: psycopg.AsyncConnection) -> dict[str, str]:
    rows = await (await connection.execute("SELECT name, sha256 FROM log.schema_files")).fetchall()
    return {str(name): str(sha256) for name, sha256 in rows}


def _sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
