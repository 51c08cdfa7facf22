"""API keys: who holds one, what it grants, and until when; only its hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from domain.event import Role

SECRET_BYTES = 32
NOTED_EVERY_SECONDS = 60


@dataclass(frozen=True)
class ApiKey:
    """One key, without its secret."""

    id: str
    """The part before the secret, `lk_3f9a1c2b`: it may stand in events and logs."""
    subject: str
    """A PersonId, or the name of a service."""
    role: Role
    scopes: list[str]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    last_used_at: datetime | None


class KeyUnknown(Exception):
    """There is no such key."""


class Credentials:
    """Creates, finds and revokes API keys."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def create(
        self, subject: str, role: Role, *, scopes: Sequence[str], created_by: str, expires_at: datetime | None
    ) -> tuple[str, str]:
        """A new key: its id, and the whole of it, which is shown once and never stored."""
        id = f"lk_{secrets.token_hex(5)}"
        key = f"{id}_{secrets.token_urlsafe(SECRET_BYTES)}"
        async with self._pool.connection() as connection:
            await connection.execute(
                """
                INSERT INTO access.api_keys (id, sha256, subject, role, scopes, created_by, expires_at)
                VALUES (%s, %s, %s, %s, %s, %s, %s)
                """,
                (id, _hash(key), subject, role, list(scopes), created_by, expires_at),
            )
        return id, key

    async def find(self, key: str) -> ApiKey | None:
        """The key that is this secret, if it is in force by the database's clock; and note that it is in use."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(ApiKey))
            await cursor.execute(
                """
                SELECT
                    id, subject, role, scopes, created_at, created_by, expires_at, revoked_at, revoked_by, last_used_at
                FROM access.api_keys
                WHERE sha256 = %s
                    AND revoked_at IS NULL
                    AND (expires_at IS NULL OR expires_at > clock_timestamp())
                """,
                (_hash(key),),
            )
            found = await cursor.fetchone()
            if found is not None:
                await _note_use(connection, found.id)
        return found

    async def revoke(self, id: str, *, by: str) -> None:
        """The key opens nothing any more; whoever revoked it first did. Raises KeyUnknown."""
        async with self._pool.connection() as connection:
            revoked = await connection.execute(
                """
                UPDATE access.api_keys
                SET revoked_at = coalesce(revoked_at, clock_timestamp()),
                    revoked_by = CASE WHEN revoked_at IS NULL THEN %s ELSE revoked_by END
                WHERE id = %s
                """,
                (by, id),
            )
            if revoked.rowcount == 0:
                raise KeyUnknown(f"There is no key {id}; `leadledger keys list` shows those there are.")

    async def all(self) -> list[ApiKey]:
        """Every key there ever was, oldest first."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(ApiKey))
            await cursor.execute(
                """
                SELECT
                    id, subject, role, scopes, created_at, created_by, expires_at, revoked_at, revoked_by, last_used_at
                FROM access.api_keys
                ORDER BY created_at, id
                """
            )
            return await cursor.fetchall()

    async def services(self) -> frozenset[str]:
        """What services are called, and were: their names stand on record."""
        async with self._pool.connection() as connection:
            found = await connection.execute("SELECT DISTINCT subject FROM access.api_keys WHERE role = 'service'")
            return frozenset(subject for (subject,) in await found.fetchall())


async def _note_use(connection: AsyncConnection, id: str) -> None:
    # Nobody is kept out because it cannot be written: on a standby, on a full disk.
    with suppress(psycopg.Error):
        await connection.execute(
            """
            UPDATE access.api_keys
            SET last_used_at = clock_timestamp()
            WHERE id = %s
                AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - make_interval(secs => %s))
            """,
            (id, NOTED_EVERY_SECONDS),
        )


def _hash(key: str) -> bytes:
    """A key holds 256 random bits, so that a plain hash cannot be guessed back."""
    return hashlib.sha256(key.encode()).digest()
