"""A read model's table: written down as SQL, one physical table a generation, read through a view of its plain name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, LiteralString
from uuid import UUID

from psycopg import AsyncConnection, sql

Connection = AsyncConnection[Any]
READER = "leadledger_desk"
"""The role that asks the questions."""

_COLUMN = re.compile(r"^\s*([a-z_]+) ([a-z]+)", re.MULTILINE)


@dataclass(frozen=True)
class Table:
    """`columns` and `indexes` are SQL, a column a line; the first column is the stream that a row tells about."""

    name: str
    columns: LiteralString
    indexes: tuple[LiteralString, ...] = ()
    told_apart_by: int = 1
    """So many of the first columns tell a row from all others, where rows are written again."""

    @cached_property
    def types(self) -> dict[str, str]:
        """Each column's SQL type, in the order of the table."""
        return dict(_COLUMN.findall(self.columns))

    @cached_property
    def key(self) -> sql.Identifier:
        """The column that says which stream a row tells about."""
        return sql.Identifier(next(iter(self.types)))

    @cached_property
    def names(self) -> sql.Composed:
        """The columns, as a list for a statement."""
        return sql.SQL(", ").join(map(sql.Identifier, self.types))

    def of(self, generation: int) -> sql.Identifier:
        """The physical table of a generation."""
        return sql.Identifier("read", f"{self.name}_g{generation}")

    async def create(self, connection: Connection, generation: int) -> None:
        """Make an empty generation; nobody reads it until `show`."""
        await connection.execute(sql.SQL("CREATE TABLE {} ({})").format(self.of(generation), sql.SQL(self.columns)))

    async def index(self, connection: Connection, generation: int) -> None:
        """Make the generation quick to ask; after filling it, where that is possible."""
        for index in self.indexes:
            await connection.execute(sql.SQL("CREATE INDEX ON {} {}").format(self.of(generation), sql.SQL(index)))

    async def show(self, connection: Connection, generation: int) -> None:
        """Let readers see this generation from the end of the transaction on."""
        view = sql.Identifier("read", self.name)
        # Not CREATE OR REPLACE, which cannot take a column away.
        await connection.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(view))
        await connection.execute(
            sql.SQL("CREATE VIEW {} AS SELECT {} FROM {}").format(view, self.names, self.of(generation))
        )
        roles = await connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [READER])
        if await roles.fetchone():
            await connection.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(view, sql.Identifier(READER)))

    async def drop(self, connection: Connection, generation: int) -> None:
        """Throw a generation away."""
        await connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self.of(generation)))

    async def load(self, connection: Connection, generation: int, streams: Sequence[UUID]) -> list[tuple[Any, ...]]:
        """Every row that tells about these streams."""
        async with connection.cursor(binary=True) as cursor:
            await cursor.execute(
                sql.SQL("SELECT {} FROM {} WHERE {} = ANY(%b)").format(self.names, self.of(generation), self.key),
                [streams],
            )
            return await cursor.fetchall()

    async def upsert(self, connection: Connection, generation: int, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write rows, new or known by what tells them apart, in one statement."""
        if not rows:
            return
        key = sql.SQL(", ").join(map(sql.Identifier, list(self.types)[: self.told_apart_by]))
        arrays = sql.SQL(", ").join(sql.SQL("%b::{}[]").format(sql.SQL(kind)) for kind in self.types.values())
        changes = sql.SQL(", ").join(
            sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(column)) for column in list(self.types)[1:]
        )
        await connection.execute(
            sql.SQL(
                """
                INSERT INTO {table} ({names})
                SELECT * FROM unnest({arrays})
                ON CONFLICT ({key}) DO UPDATE
                SET {changes}
                """
            ).format(table=self.of(generation), names=self.names, arrays=arrays, key=key, changes=changes),
            [list(column) for column in zip(*rows, strict=True)],
        )

    async def append(self, connection: Connection, generation: int, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows in one binary stream."""
        if not rows:
            return
        copying = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(self.of(generation), self.names)
        async with connection.cursor() as cursor, cursor.copy(copying) as copy:
            copy.set_types(list(self.types.values()))
            for row in rows:
                await copy.write_row(row)

    async def forget(self, connection: Connection, generation: int, streams: Sequence[UUID]) -> None:
        """Delete every row that tells about these streams."""
        if streams:
            await connection.execute(
                sql.SQL("DELETE FROM {} WHERE {} = ANY(%b)").format(self.of(generation), self.key), [streams]
            )
